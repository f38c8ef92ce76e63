package sftp

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pkg/sftp"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
)

// Reader finds and fetches files. It may be used by several goroutines at once.
type Reader struct {
	root    string
	now     func() time.Time
	wait    func(context.Context, time.Duration) error
	patient time.Duration // how long a server may say nothing

	mu    sync.Mutex
	lines map[login]*connection
}

var _ ingest.Lister = (*Reader)(nil)

// NewReader returns a Reader for the sources of a project in the folder root.
func NewReader(root string, now func() time.Time) *Reader {
	return &Reader{root: root, now: now, wait: wait, patient: time.Minute, lines: map[login]*connection{}}
}

// wait lets time pass, unless the context ends.
func wait(ctx context.Context, long time.Duration) error {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fault.New(fault.Interrupted, "%w", ctx.Err())
	case <-timer.C:
		return nil
	}
}

// Close hangs up; a Reader that is used again connects again.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for l, c := range r.lines {
		c.close()
		delete(r.lines, l)
	}
	return nil
}

// use does something on a connection: one that stands, or a new one when there
// is none or it broke while nobody used it. It hangs up when the context ends
// or the server says nothing; alive is to be called when it does.
func (r *Reader) use(ctx context.Context, s settings, do func(c *sftp.Client, alive func()) error) error {
	for {
		c, fresh, err := r.line(ctx, s)
		if err != nil {
			return err
		}
		stopped := context.AfterFunc(ctx, func() { r.hangUp(s.login, c) })
		watch := time.AfterFunc(r.patient, func() { r.hangUp(s.login, c) })
		err = do(c.files, func() { watch.Reset(r.patient) })
		stopped()
		watch.Stop()
		if ctx.Err() != nil {
			return fault.New(fault.Interrupted, "stopped while reading from %s", s.login.address)
		}
		if !lost(err) {
			return err
		}
		if r.hangUp(s.login, c); fresh {
			return err
		}
	}
}

// line returns a connection and whether it is new.
func (r *Reader) line(ctx context.Context, s settings) (c *connection, fresh bool, err error) {
	r.mu.Lock()
	c, ok := r.lines[s.login]
	r.mu.Unlock()
	if ok {
		return c, false, nil
	}
	if c, err = s.connect(ctx); err != nil {
		return nil, false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if other, ok := r.lines[s.login]; ok { // somebody was quicker
		c.close()
		return other, false, nil
	}
	r.lines[s.login] = c
	return c, true, nil
}

func (r *Reader) hangUp(l login, c *connection) {
	r.mu.Lock()
	if r.lines[l] == c {
		delete(r.lines, l)
	}
	r.mu.Unlock()
	c.close()
}

// lost reports whether a connection is no more.
func lost(err error) bool {
	return errors.Is(err, sftp.ErrSSHFxConnectionLost) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)
}

// Layout returns how the table's files are written.
func (r *Reader) Layout(t ingest.Table) (format.Layout, error) {
	s, err := r.decode(t)
	if err != nil {
		return format.Layout{}, err
	}
	return format.LayoutOf(t.Source, t.SourceTable, s.Settings)
}

// Look returns the files the table's globs name, by name, without those that
// are still being uploaded: by their names, or because they grow. A folder that
// does not exist is NotFound; a glob that matches nothing is not.
func (r *Reader) Look(ctx context.Context, t ingest.Table) ([]ingest.Arrival, error) {
	s, err := r.decode(t)
	if err != nil {
		return nil, err
	}
	var found map[string]ingest.Arrival
	err = r.use(ctx, s, func(c *sftp.Client, alive func()) error {
		found = map[string]ingest.Arrival{}
		w := walk{settings: s, files: c, alive: alive, found: found}
		return w.all(ctx)
	})
	if err == nil {
		err = r.watch(ctx, s, found)
	}
	if err != nil {
		return nil, s.explain(err)
	}
	out := make([]ingest.Arrival, 0, len(found))
	for _, a := range found {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b ingest.Arrival) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// fresh is how young a file is that may still be uploaded.
const fresh = 2 * time.Minute

// watch looks a second time at files that are fresh, and leaves those that
// changed for the next run.
func (r *Reader) watch(ctx context.Context, s settings, found map[string]ingest.Arrival) error {
	var young []ingest.Arrival
	for _, a := range found {
		if r.now().Sub(a.Modified) < fresh {
			young = append(young, a)
		}
	}
	if len(young) == 0 || s.settle <= 0 {
		return nil
	}
	if err := r.wait(ctx, s.settle); err != nil {
		return err
	}
	return r.use(ctx, s, func(c *sftp.Client, alive func()) error {
		for _, a := range young {
			info, err := c.Stat(a.Path)
			alive()
			switch {
			case errors.Is(err, fs.ErrNotExist):
				delete(found, a.Name)
			case err != nil:
				return err
			case !same(info, a):
				delete(found, a.Name)
			}
		}
		return nil
	})
}

// same reports whether a file looks as it was listed.
func same(info os.FileInfo, a ingest.Arrival) bool {
	return info.Size() == a.Size && info.ModTime().Equal(a.Modified)
}

// walk finds files below a folder.
type walk struct {
	settings
	files *sftp.Client
	alive func()
	found map[string]ingest.Arrival
}

// deepest is how many folders lie in one another; more are a circle.
const deepest = 64

func (w *walk) all(ctx context.Context) error {
	if _, err := w.files.Stat(w.root); errors.Is(err, fs.ErrNotExist) {
		return w.fault(fault.NotFound, "there is no folder %s on %s", w.root, w.login.address).
			WithHint("check path:, as the login sees it")
	} else if err != nil {
		return err
	}
	for _, glob := range w.Files.Value {
		start := ingest.Fixed(glob)
		start = start[:strings.LastIndexByte(start, '/')+1] // the folder everything it names lies in
		if err := w.folder(ctx, glob, strings.TrimSuffix(start, "/"), 0); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) folder(ctx context.Context, glob, name string, depth int) error {
	if depth > deepest {
		return w.fault(fault.Broken, "the folders of %s lie more than %d deep in one another", w.login.address, deepest).
			WithHint("write files: so that it names the folder itself")
	}
	entries, err := w.files.ReadDirContext(ctx, path.Join(w.root, name))
	w.alive()
	if depth == 0 && errors.Is(err, fs.ErrNotExist) {
		return nil // nothing matches yet
	} else if err != nil {
		return err
	}
	for _, e := range entries {
		below := path.Join(name, e.Name()) // a name that leads elsewhere is cut to its last part by then
		switch {
		case e.IsDir() && (strings.Contains(glob, "**") || strings.Count(below, "/") < strings.Count(glob, "/")):
			if err := w.folder(ctx, glob, below, depth+1); err != nil {
				return err
			}
		case e.Mode().IsRegular() && ingest.Matches(glob, below) && !unfinished(e.Name()):
			w.found[below] = ingest.Arrival{Name: below, Path: path.Join(w.root, below), Size: e.Size(), Modified: e.ModTime().UTC()}
		}
	}
	return nil
}

// unfinished reports whether a name is one programs give to what they are
// still writing.
func unfinished(name string) bool {
	if strings.HasPrefix(name, ".") {
		return true
	}
	for _, ending := range []string{".part", ".filepart", ".partial", ".tmp", ".temp", ".crdownload", ".uploading"} {
		if strings.HasSuffix(strings.ToLower(name), ending) {
			return true
		}
	}
	return false
}

// explain turns what the server says into a fault.
func (s settings) explain(err error) error {
	var known *fault.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(err, fs.ErrPermission):
		return s.fault(fault.Denied, "%s may not read there on %s", s.login.user, s.login.address).WithHint("check path:, and what the login may read")
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Busy, "it is gone again").WithHint("the next run looks again")
	case lost(err):
		return s.fault(fault.Unreachable, "%s hung up", s.login.address).WithHint("nothing was lost; the next run goes on")
	}
	return s.fault(fault.Broken, "%s says: %w", s.login.address, err).WithHint("ask who runs the server")
}
