package files

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/ingest"
)

// Look returns the files the table's globs name, by name. A folder that does
// not exist is NotFound; a glob that matches nothing is not.
func (r *Reader) Look(ctx context.Context, t ingest.Table) ([]ingest.Arrival, error) {
	s, err := decode(t)
	if err != nil {
		return nil, err
	}
	root := r.root(s)
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

func (r *Reader) root(s settings) string {
	if filepath.IsAbs(s.path) {
		return s.path
	}
	return filepath.Join(r.options.Root, s.path)
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
		if entry.IsDir() || !globs(strings.Split(glob, "/"), strings.Split(name, "/")) {
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

// globs matches a path with a glob, part by part; ** stands for any number of
// folders.
func globs(glob, name []string) bool {
	if len(glob) == 0 {
		return len(name) == 0
	}
	if glob[0] == "**" {
		for i := range len(name) + 1 {
			if globs(glob[1:], name[i:]) {
				return true
			}
		}
		return false
	}
	if len(name) == 0 {
		return false
	}
	ok, err := path.Match(glob[0], name[0])
	return err == nil && ok && globs(glob[1:], name[1:])
}

// Hash returns the XXH3 hash, 128 bits, of a file's bytes.
func (r *Reader) Hash(ctx context.Context, a ingest.Arrival) (string, error) {
	file, err := os.Open(a.Path)
	if err != nil {
		return "", opening(a, err)
	}
	defer file.Close()
	hash := xxh3.New()
	if _, err := io.Copy(hash, reading{ctx, file}); err != nil {
		return "", opening(a, err)
	}
	sum := hash.Sum128().Bytes()
	return fmt.Sprintf("xxh3-128:%x", sum), nil
}

// reading stops a copy when the context ends.
type reading struct {
	ctx  context.Context
	from io.Reader
}

func (r reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, fault.New(fault.Interrupted, "%w", err)
	}
	return r.from.Read(p)
}

func opening(a ingest.Arrival, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.Denied, "%s cannot be read: %w", a.Name, fs.ErrPermission).WithHint("check the file's permissions")
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Busy, "%s is gone again", a.Name)
	default:
		return fault.Wrap(a.Name, err)
	}
}

// Steady reports whether the file's size and time are still those Look found.
// Whoever writes to it changes its time.
func (r *Reader) Steady(a ingest.Arrival) bool {
	info, err := os.Stat(a.Path)
	return err == nil && info.Size() == a.Size && info.ModTime().Equal(a.Modified)
}
