package files

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
)

// Reader finds files. It may be used by several goroutines at once.
type Reader struct{ root string }

var _ ingest.Lister = (*Reader)(nil)

// NewReader returns a Reader for the sources of a project in the folder root.
func NewReader(root string) *Reader { return &Reader{root} }

// Layout returns how the table's files are written.
func (r *Reader) Layout(t ingest.Table) (format.Layout, error) {
	s, err := decode(t)
	if err != nil {
		return format.Layout{}, err
	}
	return format.LayoutOf(t.Source, t.SourceTable, s.Settings)
}

// Look returns the files the table's globs name, by name. A folder that does
// not exist is NotFound; a glob that matches nothing is not.
func (r *Reader) Look(ctx context.Context, t ingest.Table) ([]ingest.Arrival, error) {
	s, err := decode(t)
	if err != nil {
		return nil, err
	}
	root := r.folder(s)
	if _, err := os.Stat(root); err != nil {
		return nil, s.missing(root, err)
	}
	found := map[string]ingest.Arrival{}
	for _, glob := range s.Files.Value {
		if err := match(ctx, root, filepath.ToSlash(glob), found); err != nil {
			return nil, fault.Wrap("files: "+glob, err)
		}
	}
	out := make([]ingest.Arrival, 0, len(found))
	for _, a := range found {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b ingest.Arrival) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

func (r *Reader) folder(s settings) string {
	if filepath.IsAbs(s.path) {
		return s.path
	}
	return filepath.Join(r.root, s.path)
}

func (s settings) missing(root string, err error) error {
	kind := fault.Unreachable
	if errors.Is(err, fs.ErrNotExist) {
		kind = fault.NotFound
	}
	return fault.At(s.Files.Where, kind, "the folder %s cannot be read: %w", root, errors.Unwrap(err)).
		WithHint("check path: in the source; a variable in it, such as LARDER_DATA, may point elsewhere")
}

// match adds the files below root that a glob names. Folders are walked only
// below the part of the glob that has no pattern.
func match(ctx context.Context, root, glob string, found map[string]ingest.Arrival) error {
	glob = path.Clean(glob)
	fixed := ""
	for part := range strings.SplitSeq(glob, "/") {
		if strings.ContainsAny(part, "*?[{") {
			break
		}
		fixed = path.Join(fixed, part)
	}
	if fixed == glob {
		fixed = path.Dir(glob)
	}
	start := filepath.Join(root, filepath.FromSlash(fixed))
	if _, err := os.Stat(start); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return filepath.WalkDir(start, func(at string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fault.New(fault.Unreachable, "%w", err)
		}
		relative, err := filepath.Rel(root, at)
		if err != nil {
			return fault.New(fault.Internal, "%w", err)
		}
		name := filepath.ToSlash(relative)
		if entry.IsDir() || !ingest.Matches(glob, name) {
			return nil
		}
		info, err := os.Stat(at) // through a symbolic link
		if err != nil {
			return fault.New(fault.Unreachable, "%w", err)
		}
		if info.Mode().IsRegular() {
			found[name] = ingest.Arrival{Name: name, Path: at, Size: info.Size(), Modified: info.ModTime()}
		}
		return nil
	})
}

// Fetch returns the file where it lies: it is read in place.
func (r *Reader) Fetch(ctx context.Context, _ ingest.Table, a ingest.Arrival) (ingest.Local, error) {
	path := a.Path
	hash, err := format.Hash(ctx, a.Name, path)
	changed := func(ctx context.Context) (bool, error) {
		// Whoever writes to a file changes its time.
		if info, err := os.Stat(path); err == nil && info.Size() == a.Size && info.ModTime().Equal(a.Modified) {
			return false, nil
		}
		again, err := format.Hash(ctx, a.Name, path)
		return again != hash, err
	}
	return ingest.Local{Path: path, Size: a.Size, Hash: hash, Changed: changed}, err
}
