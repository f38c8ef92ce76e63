package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
)

// Files brings the load's files to this machine, from the cache or the bucket,
// into a folder that lives until they are released. Broken is told when the
// bucket holds something else than the manifest says.
func (b *Bucket) Files(ctx context.Context, m lake.Manifest) (files lake.Files, err error) {
	op := "load " + m.ID + " of " + m.Dataset
	if !m.HasRows && m.Quarantined == 0 {
		return files, nil
	}
	r, err := b.record(ctx, m)
	if err != nil {
		return files, fault.Wrap(op, err)
	}
	at, err := b.bench.Draft()
	if err != nil {
		return files, onDisk(err)
	}
	files.Done = func() { _ = os.RemoveAll(at) } // what is left goes with Close
	for _, one := range []struct {
		*object
		name string
		into *[]string
	}{{r.Objects.Rows, rowsFile, &files.Rows}, {r.Objects.Quarantine, quarantineFile, &files.Quarantine}} {
		if one.object == nil {
			continue
		}
		path := filepath.Join(at, one.name)
		if err := b.bring(ctx, b.folder(m.Dataset)+one.Key, one.object, path); err != nil {
			files.Release()
			return lake.Files{}, fault.Wrap(op, err)
		}
		*one.into = []string{path}
	}
	return files, nil
}

// record returns a load's manifest with its objects.
func (b *Bucket) record(ctx context.Context, m lake.Manifest) (record, error) {
	name, s := manifestName(m.ID), b.shelf(b.folder(m.Dataset))
	s.mu.Lock()
	e, ok := s.known[name]
	s.mu.Unlock()
	if ok {
		return e.Record, nil
	}
	r, tag, err := b.read(ctx, b.folder(m.Dataset), name)
	if err != nil {
		return r, b.home.bucket.Explain(err)
	}
	s.put(name, tag, r)
	return r, nil
}

// bring makes an object's bytes readable at a path.
func (b *Bucket) bring(ctx context.Context, key string, o *object, path string) error {
	found, err := b.cache.take(ctx, key, o, path)
	if err != nil {
		return onDisk(err)
	}
	if found {
		return nil
	}
	d := download{bucket: b, key: key, object: o}
	if err := d.into(ctx, path); err != nil {
		return err
	}
	b.cache.add(path, key, o.Size)
	return nil
}

// download is one object on its way here.
type download struct {
	bucket *Bucket
	key    string
	object *object
	to     *os.File
	have   int64
}

// How patient a download is.
const (
	pieceTries = 3           // how often it is gone on with while nothing more comes
	patience   = time.Minute // how long a body may bring nothing
)

// into downloads to a path and looks at what came.
func (d *download) into(ctx context.Context, path string) (err error) {
	if d.to, err = os.Create(path); err != nil {
		return onDisk(err)
	}
	err = d.all(ctx)
	if closed := d.to.Close(); err == nil && closed != nil {
		err = onDisk(closed)
	}
	if err != nil {
		return err
	}
	whole, err := d.object.is(ctx, path)
	switch {
	case err != nil:
		return onDisk(err)
	case !whole:
		return d.broken("the object %s is not what was written")
	}
	return nil
}

func (d *download) name() string {
	return d.bucket.address() + strings.TrimPrefix(d.key, d.bucket.home.prefix)
}

// broken tells what is wrong with the object.
func (d *download) broken(what string) error {
	return fault.New(fault.Broken, what, d.name()).
		WithHint("bring it back from a copy of the bucket; or move the load's manifest away, and the next run loads its file again")
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
		var answer minio.ErrorResponse
		var known *fault.Error
		switch {
		case absent(err):
			return d.broken("the bucket has lost the object %s")
		case errors.As(err, &answer) && answer.StatusCode == http.StatusRequestedRangeNotSatisfiable:
			return d.broken("the object %s has fewer bytes than were written")
		case errors.As(err, &answer), errors.As(err, &known):
			return d.bucket.home.bucket.Explain(err)
		case idle >= pieceTries:
			return fmt.Errorf("%s, after %d of %d bytes: %w", d.name(), d.have, d.object.Size, d.bucket.home.bucket.Explain(err))
		}
	}
}

// piece asks for what is missing and writes what comes.
func (d *download) piece(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// A service that sends nothing more, and does not say so, is left.
	watch := time.AfterFunc(patience, stop)
	defer watch.Stop()
	var options minio.GetObjectOptions
	if d.have > 0 {
		if err := options.SetRange(d.have, 0); err != nil {
			return fault.New(fault.Internal, "%w", err)
		}
	}
	body, _, header, err := d.bucket.client.GetObject(ctx, d.bucket.home.bucket.Name, d.key, options)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := d.rewind(header); err != nil {
		return err
	}
	return d.copy(body, watch)
}

// rewind starts again when the service sends everything instead of the rest.
func (d *download) rewind(header http.Header) error {
	if d.have == 0 || strings.HasPrefix(header.Get("Content-Range"), fmt.Sprintf("bytes %d-", d.have)) {
		return nil
	}
	d.have = 0
	if _, err := d.to.Seek(0, io.SeekStart); err != nil {
		return onDisk(err)
	}
	if err := d.to.Truncate(0); err != nil {
		return onDisk(err)
	}
	return nil
}

// copy writes what comes, and no more than the object has.
func (d *download) copy(body io.Reader, watch *time.Timer) error {
	buffer := make([]byte, 1<<18)
	for {
		n, err := body.Read(buffer)
		watch.Reset(patience)
		if d.have+int64(n) > d.object.Size {
			return d.broken("the object %s has more bytes than were written")
		}
		if _, e := d.to.Write(buffer[:n]); e != nil {
			return onDisk(e)
		}
		d.have += int64(n)
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
