// Package bucket keeps the lake's loads in a bucket of S3-compatible storage. A
// load is there once its manifest is, which is written last, and once.
//
//	<prefix>/.larder-lake                                 says that this is a lake
//	<prefix>/<dataset>/manifests/<load>.json              names the load's objects, with size and hash
//	<prefix>/<dataset>/loads/<load>/<writer>.rows.parquet
//	<prefix>/<dataset>/loads/<load>/<writer>.quarantine.parquet
//	<prefix>/<dataset>/index.jsonl.zst                    a copy of the manifests, for reading them fast
//
// Files are written and read in a folder on this machine:
//
//	<cache>/files/       objects by their key, the least used of which go when there are too many
//	<cache>/drafts/      loads being written, and files being read
//
// What a load means and which loads count is the lake package's business.
package bucket

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
)

// Bucket is an Archive in a bucket. Its methods may be called by several
// goroutines at once.
type Bucket struct {
	home   Home
	client *minio.Core
	bench  *lake.Workbench
	cache  *cache
	now    func() time.Time

	mu      sync.Mutex
	shelves map[string]*shelf // what is known of the loads, by the folder of a dataset

	settled sync.Mutex
	writes  bool // the service is known to write once what is to be written once
}

// Open returns the archive at home. Nothing is asked yet, and nothing made on
// this machine before a file is written or read.
func Open(home Home, now func() time.Time) (*Bucket, error) {
	client, err := home.bucket.Dial(requestTries)
	if err != nil {
		return nil, err
	}
	return &Bucket{
		home: home, client: client, bench: lake.NewWorkbench(filepath.Join(home.cache, "drafts")),
		cache: newCache(filepath.Join(home.cache, "files"), home.cacheSize, now), now: now, shelves: map[string]*shelf{},
	}, nil
}

// requestTries is how often a request is made that the service does not answer
// or has no room for.
const requestTries = 4

// Close lets go of the place for drafts and of files not released. It is safe to
// call twice.
func (b *Bucket) Close() error { return b.bench.Close() }

// Begin returns a new draft, in a folder no reader looks at. The first one asks
// the service whether it writes once what is to be written once.
func (b *Bucket) Begin(ctx context.Context, dataset, load string) (lake.Draft, error) {
	if err := ctx.Err(); err != nil {
		return nil, &fault.Error{Op: "load of " + dataset, Kind: fault.Interrupted, Err: err}
	}
	if err := b.settle(ctx); err != nil {
		return nil, fault.Wrap("lake "+b.address(), err)
	}
	at, err := b.bench.Draft()
	if err != nil {
		return nil, onDisk(err)
	}
	return &draft{bucket: b, at: at, dataset: dataset, load: load, writer: newWriter()}, nil
}

func (b *Bucket) address() string { return Scheme + "://" + b.home.bucket.Name + "/" + b.home.prefix }

// mark says that this is a lake.
const (
	markKey  = ".larder-lake"
	markText = `{"format":1}` + "\n"
)

// settle writes the mark, which a second time has to be refused: a service that
// writes over what is there would let two runs write one load.
func (b *Bucket) settle(ctx context.Context) error {
	b.settled.Lock()
	defer b.settled.Unlock()
	for range 2 {
		if b.writes {
			return nil
		}
		_, err := b.putOnce(ctx, b.home.prefix+markKey, []byte(markText))
		if err != nil && !refused(err) {
			return b.home.bucket.Explain(err)
		}
		b.writes = err != nil
	}
	if !b.writes {
		return fault.At(b.home.bucket.Where, fault.Invalid, "the service writes over objects that must not be written over").
			WithHint("it has to honour If-None-Match: *, as Amazon S3, MinIO, Ceph and R2 do; update it, or keep the lake elsewhere")
	}
	return nil
}

// putOnce writes an object that is not there yet, and returns the name the
// service gives its bytes.
func (b *Bucket) putOnce(ctx context.Context, key string, content []byte) (tag string, err error) {
	options := minio.PutObjectOptions{ContentType: "application/json"}
	options.SetMatchETagExcept("*")
	info, err := b.client.Client.PutObject(ctx, b.home.bucket.Name, key, bytes.NewReader(content), int64(len(content)), options)
	return info.ETag, err
}

// refused reports whether the service did not write because of a condition.
func refused(err error) bool {
	var answer minio.ErrorResponse
	return errors.As(err, &answer) && (answer.StatusCode == http.StatusPreconditionFailed || answer.StatusCode == http.StatusConflict)
}

// absent reports whether the service says that there is no such object.
func absent(err error) bool {
	var answer minio.ErrorResponse
	return errors.As(err, &answer) && (answer.Code == minio.NoSuchKey || answer.StatusCode == http.StatusNotFound && answer.Code != minio.NoSuchBucket)
}

// onDisk tells what this machine's disk says, with a hint that fits a cache.
func onDisk(err error) error {
	told := lake.DiskFault("files of the lake on this machine", err)
	var f *fault.Error
	if errors.As(told, &f) && (f.Kind == fault.OutOfRoom || f.Kind == fault.Denied) {
		f.Hint = "make room there, or say another folder with cache: below lake: in larder.yml"
	}
	return told
}

// folder is where a dataset's objects are.
func (b *Bucket) folder(dataset string) string { return b.home.prefix + lake.FileName(dataset) + "/" }
