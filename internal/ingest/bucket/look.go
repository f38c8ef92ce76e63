package bucket

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/s3"
)

// Reader finds and fetches objects. It may be used by several goroutines at
// once.
type Reader struct {
	env     func(string) (string, bool)
	patient time.Duration // how long a body may bring nothing

	mu      sync.Mutex
	clients map[any]*minio.Core // by service
}

var (
	_ ingest.Lister   = (*Reader)(nil)
	_ ingest.Ascender = (*Reader)(nil)
)

// NewReader returns a Reader; env answers for keys, region and endpoint that a
// source does not name.
func NewReader(env func(string) (string, bool)) *Reader {
	return &Reader{env: env, patient: time.Minute, clients: map[any]*minio.Core{}}
}

// Layout returns how the table's objects are written.
func (r *Reader) Layout(t ingest.Table) (format.Layout, error) {
	s, err := decode(t, r.env)
	if err != nil {
		return format.Layout{}, err
	}
	return format.LayoutOf(t.Source, t.SourceTable, s.Settings)
}

// Look returns the objects the table's globs name, by name. A bucket that does
// not exist is NotFound, one that may not be listed Denied; globs that match
// nothing are no error. With manifest: it is Held until everything listed there
// is complete.
func (r *Reader) Look(ctx context.Context, t ingest.Table) ([]ingest.Arrival, error) {
	return r.look(ctx, t, "")
}

// LookAfter is Look, without what comes up to a name where names ascend.
func (r *Reader) LookAfter(ctx context.Context, t ingest.Table, newest string) ([]ingest.Arrival, error) {
	return r.look(ctx, t, newest)
}

func (r *Reader) look(ctx context.Context, t ingest.Table, newest string) ([]ingest.Arrival, error) {
	s, err := decode(t, r.env)
	if err != nil {
		return nil, err
	}
	client, err := r.client(s.bucket)
	if err != nil {
		return nil, err
	}
	if !s.Ascending {
		newest = ""
	}
	found := map[string]ingest.Arrival{}
	for _, glob := range s.Files.Value {
		if err := s.list(ctx, client, glob, newest, found); err != nil {
			return nil, err
		}
	}
	if s.Manifest.Given() {
		if found, err = r.announced(ctx, client, s, newest, found); err != nil {
			return nil, err
		}
	}
	out := make([]ingest.Arrival, 0, len(found))
	for _, a := range found {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b ingest.Arrival) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// list adds the objects a glob names. What comes before its first pattern is
// asked for, page by page; only what matches is kept.
func (s settings) list(ctx context.Context, client *minio.Core, glob, after string, found map[string]ingest.Arrival) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop() // ends the listing when an object ends it here
	options := minio.ListObjectsOptions{Prefix: s.prefix + ingest.Fixed(glob), Recursive: true}
	if after != "" {
		options.StartAfter = s.prefix + after
	}
	first := ""
	for object := range client.Client.ListObjects(ctx, s.bucket.Name, options) {
		if object.Err != nil {
			return s.explain(object.Err)
		}
		if object.Key == first {
			return fault.New(fault.Broken, "the listing of the bucket %s begins again at %s", s.bucket.Name, first).
				WithHint("the service repeats its pages; tell who runs it")
		}
		first = cmp.Or(first, object.Key)
		name, below := strings.CutPrefix(object.Key, s.prefix)
		if !below {
			return fault.New(fault.Denied, "the bucket %s lists %s, which is not below %s", s.bucket.Name, object.Key, s.prefix).
				WithHint("nothing outside of prefix: is read; tell who runs the service")
		}
		if name == "" || strings.HasSuffix(name, "/") || !ingest.Matches(glob, name) || after != "" && name <= after {
			continue
		}
		if outside(name) {
			return fault.New(fault.Denied, "the object %s has a name that goes up: it is not read", name).
				WithHint("rename it, or write files: so that it does not match")
		}
		found[name] = ingest.Arrival{
			Name: name, Path: object.Key, Size: object.Size, Modified: object.LastModified.UTC(), Tag: object.ETag,
		}
	}
	if err := ctx.Err(); err != nil {
		return fault.New(fault.Interrupted, "%w", err)
	}
	return nil
}

// client returns the connection to the service of a bucket.
func (r *Reader) client(b s3.Bucket) (*minio.Core, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c, ok := r.clients[b.Service()]; ok {
		return c, nil
	}
	c, err := b.Dial(requestTries)
	if err == nil {
		r.clients[b.Service()] = c
	}
	return c, err
}

// requestTries is how often a request is made that the service does not answer
// or has no room for.
const requestTries = 4
