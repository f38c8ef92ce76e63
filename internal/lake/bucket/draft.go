package bucket

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
)

const (
	rowsFile       = "rows.parquet"
	quarantineFile = "quarantine.parquet"
	noteFile       = "upload.json" // what a draft began to upload, for who sweeps after it
)

// draft is a load being written in a folder on this machine.
type draft struct {
	bucket        *Bucket
	at            string
	dataset, load string
	writer        string
	done          bool
}

// RowsPath returns where the rows' Parquet is written.
func (d *draft) RowsPath() string { return filepath.Join(d.at, rowsFile) }

// QuarantinePath returns where the quarantined rows' Parquet is written.
func (d *draft) QuarantinePath() string { return filepath.Join(d.at, quarantineFile) }

// Commit uploads the load's files and then, if nobody has written this load, its
// manifest: a reader sees all of the load or nothing. It fails with Conflict
// when there is such a load. When the service does not say what became of the
// manifest, the load may be there: the next reader knows.
func (d *draft) Commit(ctx context.Context, m lake.Manifest) error {
	op := "load " + m.ID + " of " + d.dataset
	if err := ctx.Err(); err != nil {
		return &fault.Error{Op: op, Kind: fault.Interrupted, Err: err}
	}
	if d.done {
		return &fault.Error{Op: op, Kind: fault.Internal, Err: errors.New("the draft is committed or abandoned already")}
	}
	if m.Dataset != d.dataset || m.ID != d.load {
		return &fault.Error{Op: op, Kind: fault.Internal, Err: errors.New("the manifest is of another load than the draft")}
	}
	began := d.bucket.now()
	r := record{Manifest: m, Writer: d.writer}
	if err := d.upload(ctx, &r); err != nil {
		d.withdraw(ctx, r.Objects)
		return fault.Wrap(op, err)
	}
	if took := d.bucket.now().Sub(began); took > longestCommit {
		d.withdraw(ctx, r.Objects)
		return &fault.Error{
			Op: op, Kind: fault.Late, Hint: "run again",
			Err: errors.New("uploading took " + took.Round(time.Minute).String() + ": others may take its objects for forgotten"),
		}
	}
	if err := d.publish(ctx, r); err != nil {
		return fault.Wrap(op, err)
	}
	d.keep(r.Objects)
	_ = d.Abandon() // the load is there; what is left of the draft goes with Close
	return nil
}

// An upload that is not done for is left alone for a day; who took longer than
// half of one does not commit.
const (
	longestCommit = 12 * time.Hour
	forgotten     = 24 * time.Hour
)

// upload brings the files into the bucket, where nobody looks at them yet.
func (d *draft) upload(ctx context.Context, r *record) error {
	folder := loadsFolder + lake.FileName(d.load) + "/" + d.writer + "."
	files := map[string]*object{}
	if r.HasRows {
		r.Objects.Rows = &object{Key: folder + rowsFile}
		files[d.RowsPath()] = r.Objects.Rows
	}
	if r.Quarantined > 0 {
		r.Objects.Quarantine = &object{Key: folder + quarantineFile}
		files[d.QuarantinePath()] = r.Objects.Quarantine
	}
	if len(files) == 0 {
		return nil
	}
	if err := d.note(*r); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for path, o := range files {
		group.Go(func() error { return d.bucket.upload(ctx, path, d.bucket.folder(d.dataset)+o.Key, o) })
	}
	return group.Wait()
}

// upload brings one file into the bucket, large ones in parts, and notes its
// size and hash.
func (b *Bucket) upload(ctx context.Context, path, key string, o *object) error {
	file, err := os.Open(path)
	if err != nil {
		return onDisk(err)
	}
	defer file.Close()
	if o.Size, o.Hash, err = sum(ctx, file); err != nil {
		return onDisk(err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return onDisk(err)
	}
	options := minio.PutObjectOptions{ContentType: "application/vnd.apache.parquet", PartSize: partSize}
	if _, err = b.client.Client.PutObject(ctx, b.home.bucket.Name, key, file, o.Size, options); err != nil {
		return b.home.bucket.Explain(err)
	}
	stored, err := b.client.StatObject(ctx, b.home.bucket.Name, key, minio.StatObjectOptions{})
	if err == nil && stored.Size != o.Size {
		return fault.At(b.home.bucket.Where, fault.Broken, "the service has stored %d bytes where %d were sent", stored.Size, o.Size).
			WithHint("nothing was loaded; tell who runs the service")
	}
	return b.home.bucket.Explain(err)
}

// partSize is how large the parts of a large upload are; up to it there is one.
const partSize = 32 << 20

// note writes down what is about to be uploaded.
func (d *draft) note(r record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fault.New(fault.Internal, "%w", err)
	}
	if err := os.WriteFile(filepath.Join(d.at, noteFile), text, 0o666); err != nil {
		return onDisk(err)
	}
	return nil
}

// publish writes the manifest. A service may refuse it while another one is
// being written that is not there yet: then it is asked again.
func (d *draft) publish(ctx context.Context, r record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fault.New(fault.Internal, "%w", err)
	}
	for range publishTries {
		pending := false
		if pending, err = d.publishOnce(ctx, r, text); !pending {
			return err
		}
	}
	return err
}

const publishTries = 4

// publishOnce writes the manifest, and reports whether it was refused though
// there is none. Where one is there already it may be this one: an answer that
// was lost, and the request made again.
func (d *draft) publishOnce(ctx context.Context, r record, text []byte) (pending bool, err error) {
	b, name, folder := d.bucket, manifestName(d.load), d.bucket.folder(d.dataset)
	tag, err := b.putOnce(ctx, folder+name, text)
	if err == nil {
		b.shelf(folder).put(name, tag, r)
		return false, nil
	}
	// Whether it was written is asked even if the run is being stopped.
	asking, stop := context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
	defer stop()
	there, tag, asked := b.read(asking, folder, name)
	switch {
	case asked == nil && there.Writer == d.writer:
		b.shelf(folder).put(name, tag, there)
		return false, nil
	case asked == nil:
		d.withdraw(ctx, r.Objects)
		return false, fault.New(fault.Conflict, "another run has written this load").WithHint("run again")
	// The manifest may be there, or come when the request arrives late: what it
	// names has to stay. When it is old and nothing names it, it is swept.
	case refused(err):
		return absent(asked), fault.New(fault.Conflict, "the load is there already, or just being written").WithHint("run again")
	}
	return false, b.home.bucket.Explain(err)
}

// answerWithin is how long a stopped run waits to learn what became of its load.
const answerWithin = 10 * time.Second

// withdraw removes what was uploaded and nobody will name. What cannot be
// removed is swept later.
func (d *draft) withdraw(ctx context.Context, o objects) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
	defer stop()
	for _, one := range o.list() {
		key := d.bucket.folder(d.dataset) + one.Key
		_ = d.bucket.client.Client.RemoveObject(ctx, d.bucket.home.bucket.Name, key, minio.RemoveObjectOptions{})
	}
}

// keep moves the files to the cache: who lands the load reads them there.
func (d *draft) keep(o objects) {
	for path, one := range map[string]*object{d.RowsPath(): o.Rows, d.QuarantinePath(): o.Quarantine} {
		if one != nil {
			d.bucket.cache.add(path, d.bucket.folder(d.dataset)+one.Key, one.Size)
		}
	}
}

// Abandon removes the draft's folder; what was uploaded by then is swept later.
func (d *draft) Abandon() error {
	if d.done {
		return nil
	}
	d.done = true
	if err := os.RemoveAll(d.at); err != nil {
		return onDisk(err)
	}
	return nil
}
