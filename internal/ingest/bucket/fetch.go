package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
)

// pieceTries is how often a download that was cut is gone on with while nothing
// more of it comes.
const pieceTries = 3

// Fetch downloads an object to a temporary file: all of it, and of the version
// that was listed. Busy when it is another by now, Held when it is larger than
// the table takes.
func (r *Reader) Fetch(ctx context.Context, t ingest.Table, a ingest.Arrival) (ingest.Local, error) {
	s, err := decode(t, r.env)
	if err != nil {
		return ingest.Local{}, err
	}
	if a.Size > s.maxSize {
		return ingest.Local{}, fault.New(fault.Held, "%s has %d bytes, more than the %d it may have", a.Name, a.Size, s.maxSize).
			WithHint("raise max_size: if it is right")
	}
	client, err := r.client(s.bucket)
	if err != nil {
		return ingest.Local{}, err
	}
	d := download{settings: s, client: client, object: a, patient: r.patient}
	path, err := d.file(ctx)
	if err != nil {
		return ingest.Local{}, fault.Wrap(a.Name, err)
	}
	release := func() { _ = os.Remove(path) } // a leftover lies in the temporary folder
	hash, err := format.Hash(ctx, a.Name, path)
	if err != nil {
		release()
		return ingest.Local{}, err
	}
	return ingest.Local{Path: path, Size: a.Size, Hash: hash, Release: release}, nil
}

// download is one object on its way.
type download struct {
	settings
	client  *minio.Core
	object  ingest.Arrival
	patient time.Duration
	to      *os.File
	have    int64
	gzipped bool // by what the service says, whatever its name
}

// file downloads into a temporary file, whose ending says how it is compressed.
func (d *download) file(ctx context.Context) (path string, err error) {
	ending := compressed(d.object.Name)
	if d.to, err = os.CreateTemp("", "larder-*"+ending); err != nil {
		return "", fault.New(fault.OutOfRoom, "%w", err)
	}
	path = d.to.Name()
	err = d.all(ctx)
	if e := d.to.Close(); err == nil && e != nil {
		err = fault.New(fault.OutOfRoom, "%w", e)
	}
	if err == nil && d.gzipped && ending == "" {
		if e := os.Rename(path, path+".gz"); e != nil {
			err = fault.New(fault.OutOfRoom, "%w", e)
		} else {
			return path + ".gz", nil
		}
	}
	if err != nil {
		_ = os.Remove(path) // a leftover lies in the temporary folder
		return "", err
	}
	return path, nil
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

// all goes on with a download that is cut from where it was cut, as long as
// something comes.
func (d *download) all(ctx context.Context) error {
	for idle := 0; ; {
		before := d.have
		err := d.piece(ctx)
		if err == nil && d.have == d.object.Size {
			return nil
		}
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		if ctx.Err() != nil {
			return fault.New(fault.Interrupted, "stopped while downloading")
		}
		if idle++; d.have > before {
			idle = 0
		}
		if !wasCut(err) {
			return d.explain(err)
		}
		if idle >= pieceTries {
			return fault.New(fault.Unreachable, "it was cut off after %d of %d bytes: %w", d.have, d.object.Size, err).
				WithHint("nothing of it was loaded; the next run fetches it again")
		}
	}
}

// wasCut reports whether a download ended early, which going on may mend.
func wasCut(err error) bool {
	var answer minio.ErrorResponse
	var known *fault.Error
	return !errors.As(err, &answer) && !errors.As(err, &known)
}

// piece asks for what is missing and writes what comes.
func (d *download) piece(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// A service that sends nothing more, and does not say so, is left.
	watch := time.AfterFunc(d.patient, stop)
	defer watch.Stop()
	options := minio.GetObjectOptions{}
	if d.object.Tag != "" {
		if err := options.SetMatchETag(d.object.Tag); err != nil {
			return fault.New(fault.Internal, "%w", err)
		}
	}
	if d.have > 0 {
		if err := options.SetRange(d.have, 0); err != nil {
			return fault.New(fault.Internal, "%w", err)
		}
	}
	body, info, header, err := d.client.GetObject(ctx, d.bucket.Name, d.object.Path, options)
	if err != nil {
		return err
	}
	defer body.Close()
	if d.object.Tag != "" && info.ETag != "" && info.ETag != d.object.Tag {
		return changed()
	}
	if err := d.rewind(header); err != nil {
		return err
	}
	d.gzipped = strings.EqualFold(header.Get("Content-Encoding"), "gzip")
	return d.copy(body, watch)
}

func changed() error {
	return fault.New(fault.Busy, "it changed while it was read").WithHint("the next run reads it again")
}

// rewind starts again when the service sends everything instead of the rest.
func (d *download) rewind(header http.Header) error {
	if d.have == 0 || strings.HasPrefix(header.Get("Content-Range"), fmt.Sprintf("bytes %d-", d.have)) {
		return nil
	}
	d.have = 0
	if _, err := d.to.Seek(0, io.SeekStart); err != nil {
		return fault.New(fault.OutOfRoom, "%w", err)
	}
	if err := d.to.Truncate(0); err != nil {
		return fault.New(fault.OutOfRoom, "%w", err)
	}
	return nil
}

// copy writes what comes, and no more than was listed.
func (d *download) copy(body io.Reader, watch *time.Timer) error {
	buffer := make([]byte, 1<<18)
	for {
		n, err := body.Read(buffer)
		watch.Reset(d.patient)
		if d.have+int64(n) > d.object.Size {
			return changed()
		}
		if _, e := d.to.Write(buffer[:n]); e != nil {
			return fault.New(fault.OutOfRoom, "%w", e).WithHint("free some disk space and run again: nothing was lost")
		}
		d.have += int64(n)
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
