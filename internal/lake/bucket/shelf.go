package bucket

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
)

const indexFile = "index.jsonl.zst"

// shelf is what is known of one dataset's loads. Manifests never change, so one
// that was read is not read again while the service names its bytes the same.
type shelf struct {
	mu      sync.Mutex
	known   map[string]entry // by the name of the manifest's object
	indexed map[string]bool  // the manifests that stand in the index
	index   string           // the service's name of the index's bytes; "" when it was not read
}

// entry is a manifest, and the service's name of its bytes: a line of the index.
type entry struct {
	Tag    string `json:"tag"`
	Record record `json:"record"`
}

func (b *Bucket) shelf(folder string) *shelf {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, ok := b.shelves[folder]
	if !ok {
		s = &shelf{known: map[string]entry{}, indexed: map[string]bool{}}
		b.shelves[folder] = s
	}
	return s
}

// put notes a manifest that was written.
func (s *shelf) put(name, tag string, r record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[name] = entry{tag, r}
}

// Manifests returns the dataset's complete loads, by Sequence. The bucket's list
// says which there are; the index only spares reading their manifests one by
// one, so a damaged, missing or outdated index is no error.
func (b *Bucket) Manifests(ctx context.Context, dataset string) ([]lake.Manifest, error) {
	records, err := b.records(ctx, b.folder(dataset))
	if err != nil {
		return nil, fault.Wrap("lake of "+dataset, err)
	}
	loads := make([]lake.Manifest, len(records))
	for i, r := range records {
		loads[i] = r.Manifest
	}
	slices.SortFunc(loads, func(x, y lake.Manifest) int {
		return cmp.Or(cmp.Compare(x.Sequence, y.Sequence), cmp.Compare(x.ID, y.ID))
	})
	return loads, nil
}

// records returns the manifests in a dataset's folder as they stand in the bucket.
func (b *Bucket) records(ctx context.Context, folder string) ([]record, error) {
	tags, err := b.listed(ctx, folder+manifestsFolder)
	if err != nil {
		return nil, err
	}
	s := b.shelf(folder)
	s.mu.Lock()
	defer s.mu.Unlock()
	missing := s.missing(tags)
	if len(missing) > fewManifests {
		b.readIndex(ctx, folder, s)
		missing = s.missing(tags)
	}
	if err := b.readAll(ctx, folder, s, tags, missing); err != nil {
		return nil, err
	}
	maps.DeleteFunc(s.known, func(name string, _ entry) bool { _, there := tags[name]; return !there })
	records := make([]record, 0, len(s.known))
	for _, e := range s.known {
		records = append(records, e.Record)
	}
	b.writeIndex(ctx, folder, s, len(tags)) // last: another one's index may tell of loads that are gone
	return records, nil
}

// fewManifests is how many are read one by one rather than the index.
const fewManifests = 4

// listed returns the objects below a folder of manifests, by their names below
// the dataset's folder, with the service's names of their bytes.
func (b *Bucket) listed(ctx context.Context, folder string) (map[string]string, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop() // ends the listing when it is left
	tags := map[string]string{}
	for o := range b.client.Client.ListObjects(ctx, b.home.bucket.Name, minio.ListObjectsOptions{Prefix: folder, Recursive: true}) {
		if o.Err != nil {
			return nil, b.home.bucket.Explain(o.Err)
		}
		name := manifestsFolder + strings.TrimPrefix(o.Key, folder)
		if !strings.HasSuffix(name, manifestEnding) {
			continue
		}
		if _, twice := tags[name]; twice {
			return nil, fault.At(b.home.bucket.Where, fault.Broken, "the bucket lists %s twice", o.Key).
				WithHint("the service repeats its pages; tell who runs it")
		}
		tags[name] = o.ETag
	}
	if err := ctx.Err(); err != nil {
		return nil, fault.New(fault.Interrupted, "%w", err)
	}
	return tags, nil
}

// missing are the manifests listed whose bytes are not known.
func (s *shelf) missing(tags map[string]string) []string {
	var names []string
	for name, tag := range tags {
		if e, ok := s.known[name]; !ok || e.Tag != tag || tag == "" {
			names = append(names, name)
		}
	}
	return names
}

// readers is how many manifests are read at once.
const readers = 16

// readAll reads manifests, several at once.
func (b *Bucket) readAll(ctx context.Context, folder string, s *shelf, tags map[string]string, names []string) error {
	read := make([]record, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, name := range names {
		group.Go(func() (err error) {
			read[i], _, err = b.read(ctx, folder, name)
			return b.home.bucket.Explain(err)
		})
	}
	err := group.Wait()
	if err == nil {
		for i, name := range names {
			s.known[name] = entry{tags[name], read[i]}
		}
	}
	return err
}

// read reads one manifest. That there is none is told as the service does.
func (b *Bucket) read(ctx context.Context, folder, name string) (record, string, error) {
	key := folder + name
	body, info, _, err := b.client.GetObject(ctx, b.home.bucket.Name, key, minio.GetObjectOptions{})
	if err != nil {
		return record{}, "", err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		return record{}, "", err
	}
	r, err := parseRecord(text, b.address()+strings.TrimPrefix(key, b.home.prefix), name)
	return r, info.ETag, err
}

// readIndex takes what the index has, unless it was taken already. One that
// cannot be read is as good as none.
func (b *Bucket) readIndex(ctx context.Context, folder string, s *shelf) {
	var options minio.GetObjectOptions
	if s.index != "" && options.SetMatchETagExcept(s.index) != nil {
		return
	}
	body, info, _, err := b.client.GetObject(ctx, b.home.bucket.Name, folder+indexFile, options)
	if err != nil {
		return
	}
	defer body.Close()
	text, err := zstd.NewReader(body)
	if err != nil {
		return
	}
	defer text.Close()
	s.index, s.indexed = info.ETag, map[string]bool{}
	lines := bufio.NewReaderSize(text, 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		var e entry
		if len(line) > 1 && json.Unmarshal(line, &e) == nil && e.Record.Format == 1 && e.Tag != "" {
			name := manifestName(e.Record.ID)
			s.known[name], s.indexed[name] = e, true
		}
		if err != nil {
			return
		}
	}
}

// writeIndex writes the index anew when it misses much, if it is still the one
// that was read: two that write it do not undo each other's work. That it cannot
// be written is no loss.
func (b *Bucket) writeIndex(ctx context.Context, folder string, s *shelf, loads int) {
	misses := 0
	for name := range s.known {
		if !s.indexed[name] {
			misses++
		}
	}
	if misses < max(indexMisses, loads/indexShare) {
		return
	}
	text, err := s.lines()
	if err != nil {
		return
	}
	var options minio.PutObjectOptions
	if s.index == "" {
		options.SetMatchETagExcept("*")
	} else {
		options.SetMatchETag(s.index)
	}
	info, err := b.client.Client.PutObject(ctx, b.home.bucket.Name, folder+indexFile, bytes.NewReader(text), int64(len(text)), options)
	if refused(err) {
		b.readIndex(ctx, folder, s)
	}
	if err != nil {
		return
	}
	s.index, s.indexed = info.ETag, map[string]bool{}
	for name := range s.known {
		s.indexed[name] = true
	}
}

// The index is written when it misses so many loads, and such a share of them.
const (
	indexMisses = 16
	indexShare  = 256
)

// lines are the index's bytes.
func (s *shelf) lines() ([]byte, error) {
	var out bytes.Buffer
	packed, err := zstd.NewWriter(&out, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	lines := json.NewEncoder(packed)
	for _, name := range slices.Sorted(maps.Keys(s.known)) {
		if err := lines.Encode(s.known[name]); err != nil {
			return nil, err
		}
	}
	err = packed.Close()
	return out.Bytes(), err
}
