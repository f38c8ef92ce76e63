package sftp

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/pkg/sftp"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
)

// pieceTries is how often a download that was cut is gone on with while nothing
// more of it comes.
const pieceTries = 3

// Fetch downloads a file to a temporary one. Busy when it is not what was
// listed, before or after; Held when it is larger than the table takes.
func (r *Reader) Fetch(ctx context.Context, t ingest.Table, a ingest.Arrival) (ingest.Local, error) {
	s, err := r.decode(t)
	if err != nil {
		return ingest.Local{}, err
	}
	if a.Size > s.maxSize {
		return ingest.Local{}, fault.New(fault.Held, "%s has %d bytes, more than the %d it may have", a.Name, a.Size, s.maxSize).
			WithHint("raise max_size: if it is right")
	}
	path, err := r.download(ctx, s, a)
	if err != nil {
		return ingest.Local{}, fault.Wrap(a.Name, s.explain(err))
	}
	release := func() { _ = os.Remove(path) } // a leftover lies in the temporary folder
	hash, err := format.Hash(ctx, a.Name, path)
	if err != nil {
		release()
		return ingest.Local{}, err
	}
	return ingest.Local{Path: path, Size: a.Size, Hash: hash, Release: release}, nil
}

// download writes a file into a temporary one, whose ending says how it is
// compressed.
func (r *Reader) download(ctx context.Context, s settings, a ingest.Arrival) (path string, err error) {
	to, err := os.CreateTemp("", "larder-*"+compressed(a.Name))
	if err != nil {
		return "", fault.New(fault.OutOfRoom, "%w", err)
	}
	err = r.pieces(ctx, s, a, to)
	if e := to.Close(); err == nil && e != nil {
		err = fault.New(fault.OutOfRoom, "%w", e)
	}
	if err != nil {
		_ = os.Remove(to.Name()) // a leftover lies in the temporary folder
		return "", err
	}
	return to.Name(), nil
}

// compressed is the ending that says how a file is compressed.
func compressed(name string) string {
	for _, ending := range []string{".gz", ".zst"} {
		if strings.HasSuffix(strings.ToLower(name), ending) {
			return ending
		}
	}
	return ""
}

// pieces goes on with a download that is cut from where it was cut, as long as
// something comes.
func (r *Reader) pieces(ctx context.Context, s settings, a ingest.Arrival, to *os.File) error {
	have := int64(0)
	for idle := 0; ; {
		before := have
		err := r.use(ctx, s, func(c *sftp.Client, alive func()) error {
			n, err := piece(c, a, have, &writer{to: to, room: a.Size - have, alive: alive})
			have += n
			return err
		})
		if err == nil || !lost(err) {
			return err
		}
		if idle++; have > before {
			idle = 0
		}
		if idle >= pieceTries {
			return s.fault(fault.Unreachable, "it was cut off after %d of %d bytes", have, a.Size).
				WithHint("nothing of it was loaded; the next run fetches it again")
		}
	}
}

// piece writes what is missing, of the file that was listed and no other.
func piece(c *sftp.Client, a ingest.Arrival, from int64, to *writer) (int64, error) {
	file, err := c.Open(a.Path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }() // only read
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	if !same(info, a) {
		return 0, changed()
	}
	if _, err := file.Seek(from, io.SeekStart); err != nil {
		return 0, err
	}
	_, err = file.WriteTo(to)
	if err == nil && to.room > 0 {
		err = changed() // it became shorter
	}
	if err != nil {
		return to.wrote, err
	}
	// Another file may have taken its name, or it was written on.
	if info, err = c.Stat(a.Path); err == nil && !same(info, a) {
		err = changed()
	}
	return to.wrote, err
}

func changed() error {
	return fault.New(fault.Busy, "it changed while it was read").WithHint("the next run reads it again")
}

// writer writes to a file, and no more than was listed.
type writer struct {
	to          *os.File
	room, wrote int64
	alive       func()
}

// Write writes all of p or says why not.
func (w *writer) Write(p []byte) (int, error) {
	w.alive()
	if int64(len(p)) > w.room {
		return 0, changed()
	}
	n, err := w.to.Write(p)
	w.room -= int64(n)
	w.wrote += int64(n)
	if err != nil {
		err = fault.New(fault.OutOfRoom, "%w", err).WithHint("free some disk space and run again: nothing was lost")
	}
	return n, err
}
