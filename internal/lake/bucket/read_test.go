package bucket_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake/bucket"
	"github.com/larder-data/larder/internal/s3test"
)

const indexKey = "x/lake.a/index.jsonl.zst"

// filled is a lake of so many loads, and an index of those there were when it
// was written last.
func filled(t *testing.T, s *s3test.Server, loads int64) string {
	t.Helper()
	b := open(t, s, "x", t.TempDir())
	for n := range loads {
		m := load(n)
		m.HasRows = false
		draft, err := b.Begin(t.Context(), m.Dataset, m.ID)
		must(t, err)
		must(t, draft.Commit(t.Context(), m))
	}
	return ids(t, b)
}

// With an index few objects are read, however many loads there are.
func TestTheIndexSparesReading(t *testing.T) {
	for name, start := range s3test.Both {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			want := filled(t, s, 100)
			read := s.Asked(http.MethodGet)
			if got := ids(t, open(t, s, "x", t.TempDir())); got != want {
				t.Errorf("the loads are %q", got)
			}
			if n := s.Asked(http.MethodGet) - read; n != 1 {
				t.Errorf("%d objects were read, want the index alone", n)
			}
		})
	}
}

// The index only spares reading: lost, cut off or scribbled over, the loads are
// the same.
func TestADamagedIndexLosesNothing(t *testing.T) {
	for name, damage := range map[string]func(text []byte) []byte{
		"lost":     nil,
		"blank":    func([]byte) []byte { return []byte{0} },
		"cut off":  func(text []byte) []byte { return text[:len(text)/2] },
		"scribble": func([]byte) []byte { return []byte("what?") },
	} {
		t.Run(name, func(t *testing.T) {
			s := s3test.Fake(t)
			want := filled(t, s, 40)
			c := s.Client(t).Client
			if damage == nil {
				must(t, c.RemoveObject(t.Context(), s3test.Bucket, indexKey, minio.RemoveObjectOptions{}))
			} else {
				put(t, s, indexKey, damage(get(t, s, indexKey)))
			}
			for range 2 {
				if got := ids(t, open(t, s, "x", t.TempDir())); got != want {
					t.Errorf("the loads are %q", got)
				}
			}
			if len(get(t, s, indexKey)) < 100 {
				t.Error("the index was not mended")
			}
		})
	}
}

// What the index says of a load that was written anew, or is gone, counts for
// nothing.
func TestAnOutdatedIndexLosesNothing(t *testing.T) {
	s := s3test.Fake(t)
	filled(t, s, 40)
	c := s.Client(t).Client
	must(t, c.RemoveObject(t.Context(), s3test.Bucket, "x/lake.a/manifests/000003-a.json", minio.RemoveObjectOptions{}))
	must(t, c.RemoveObject(t.Context(), s3test.Bucket, "x/lake.a/manifests/000004-a.json", minio.RemoveObjectOptions{}))
	again := load(4)
	again.HasRows, again.Run = false, "again"
	b := open(t, s, "x", t.TempDir())
	draft, err := b.Begin(t.Context(), again.Dataset, again.ID)
	must(t, err)
	must(t, draft.Commit(t.Context(), again))
	loads, err := open(t, s, "x", t.TempDir()).Manifests(t.Context(), "lake.a")
	must(t, err)
	if len(loads) != 39 || loads[3].ID != again.ID || loads[3].Run != "again" {
		t.Errorf("%d loads, the fourth %s of run %q", len(loads), loads[3].ID, loads[3].Run)
	}
}

func get(t *testing.T, s *s3test.Server, key string) []byte {
	t.Helper()
	body, _, _, err := s.Client(t).GetObject(t.Context(), s3test.Bucket, key, minio.GetObjectOptions{})
	must(t, err)
	defer body.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(body)
	must(t, err)
	return text.Bytes()
}

func put(t *testing.T, s *s3test.Server, key string, text []byte) {
	t.Helper()
	_, err := s.Client(t).Client.PutObject(t.Context(), s3test.Bucket, key, bytes.NewReader(text), int64(len(text)), minio.PutObjectOptions{})
	must(t, err)
}

func TestADamagedManifestIsTold(t *testing.T) {
	s := s3test.Fake(t)
	filled(t, s, 2)
	put(t, s, "x/lake.a/manifests/000001-a.json", []byte("{"))
	_, err := open(t, s, "x", t.TempDir()).Manifests(t.Context(), "lake.a")
	refused(t, err, fault.Broken, "manifests/000001-a.json")
}

// rowsKey is the object of the rows of the only load.
func rowsKey(t *testing.T, s *s3test.Server) string {
	t.Helper()
	keys := s.Keys(t, "x/lake.a/loads/")
	if len(keys) != 1 {
		t.Fatalf("objects: %v", keys)
	}
	return keys[0]
}

// Objects that are not what was written are told, and never read.
func TestObjectsThatChanged(t *testing.T) {
	for name, c := range map[string]struct {
		to   []byte
		says string
	}{
		"lost": {nil, "has lost the object"}, "changed": {[]byte("MINE"), "is not what was written"},
		"longer": {[]byte("mine!"), "more bytes"}, "shorter": {[]byte("min"), "fewer bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			s := s3test.Fake(t)
			must(t, commit(t.Context(), open(t, s, "x", t.TempDir()), load(1), []byte("mine")))
			key := rowsKey(t, s)
			if c.to == nil {
				must(t, s.Client(t).Client.RemoveObject(t.Context(), s3test.Bucket, key, minio.RemoveObjectOptions{}))
			} else {
				put(t, s, key, c.to)
			}
			cache := t.TempDir()
			_, err := open(t, s, "x", cache).Files(t.Context(), load(1))
			if err == nil || !strings.Contains(err.Error(), c.says) || fault.HintOf(err) == "" {
				t.Errorf("got %v, hint %q", err, fault.HintOf(err))
			}
			if kept := cached(t, cache); len(kept) > 0 {
				t.Errorf("it is kept: %v", kept)
			}
		})
	}
}

// cached are the files in a cache.
func cached(t *testing.T, cache string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(cache, "files", "*"))
	must(t, err)
	return found
}

// What was written or read once is not asked for again, unless the file here is
// not what it should be.
func TestTheCache(t *testing.T) {
	s := s3test.Fake(t)
	mine, other := t.TempDir(), t.TempDir()
	b := open(t, s, "x", mine)
	must(t, commit(t.Context(), b, load(1), []byte("mine")))
	asked := func(b *bucket.Bucket) int {
		t.Helper()
		before := s.Asked(http.MethodGet)
		if got := string(rows(t, b, load(1))); got != "mine" {
			t.Errorf("the rows are %q", got)
		}
		return s.Asked(http.MethodGet) - before
	}
	if n := asked(b); n != 0 {
		t.Errorf("who wrote it asks %d times", n)
	}
	if n := asked(open(t, s, "x", mine)); n != 1 {
		t.Errorf("another process here asks %d times, want for the manifest alone", n)
	}
	far := open(t, s, "x", other)
	if first, second := asked(far), asked(far); first != 2 || second != 0 {
		t.Errorf("another machine asks %d times, then %d times", first, second)
	}
	for name, text := range map[string]string{"changed": "MINE", "cut off": "mi", "empty": "", "longer": "mine!"} {
		must(t, os.WriteFile(cached(t, other)[0], []byte(text), 0o644))
		if n := asked(far); n != 1 {
			t.Errorf("when the file is %s it asks %d times", name, n)
		}
		if n := asked(far); n != 0 {
			t.Errorf("after it was %s it asks %d times", name, n)
		}
	}
}

// The cache stays within its size; what goes is what was used least, and a file
// that is being read stays readable.
func TestTheCacheIsBounded(t *testing.T) {
	s := s3test.Fake(t)
	cache := t.TempDir()
	var tick atomic.Int64
	clock := func() time.Time { return time.Unix(1_800_000_000+tick.Add(1), 0) }
	with := settings(s, cache)
	with.CacheSize = placed("5 KB")
	b := opened(t, with, "x", clock)
	text := func(n int64) []byte { return bytes.Repeat([]byte{byte('a' + n)}, 1000) }
	must(t, commit(t.Context(), b, load(0), text(0)))
	held, err := b.Files(t.Context(), load(0))
	must(t, err)
	for n := int64(1); n < 20; n++ {
		must(t, commit(t.Context(), b, load(n), text(n)))
		if n%2 == 0 {
			rows(t, b, load(2)) // used again and again
		}
		total := int64(0)
		for _, path := range cached(t, cache) {
			info, err := os.Stat(path)
			must(t, err)
			total += info.Size()
		}
		if total > 5000 {
			t.Fatalf("the cache has %d bytes", total)
		}
	}
	read, err := os.ReadFile(held.Rows[0])
	if err != nil || !bytes.Equal(read, text(0)) {
		t.Errorf("the file that is held: %.10q, %v", read, err)
	}
	held.Release()
	if _, err := os.Stat(held.Rows[0]); err == nil {
		t.Error("what was released is still there")
	}
	before := s.Asked(http.MethodGet)
	rows(t, b, load(2))
	if n := s.Asked(http.MethodGet) - before; n != 0 {
		t.Errorf("what was used last is asked for %d times", n)
	}
	rows(t, b, load(1))
	if n := s.Asked(http.MethodGet) - before; n != 1 {
		t.Errorf("what was used least is asked for %d times", n)
	}
}

// Several processes share a cache that is far too small for them.
func TestManyShareACache(t *testing.T) {
	s := s3test.Fake(t)
	writer := open(t, s, "x", t.TempDir())
	for n := range int64(8) {
		must(t, commit(t.Context(), writer, load(n), bytes.Repeat([]byte{byte('a' + n)}, 1000)))
	}
	with := settings(s, t.TempDir())
	with.CacheSize = placed("3 KB")
	done := make(chan error, 4)
	for range cap(done) {
		b := opened(t, with, "x", time.Now)
		go func() {
			for n := range int64(80) {
				files, err := b.Files(t.Context(), load(n%8))
				if err != nil {
					done <- err
					return
				}
				text, err := os.ReadFile(files.Rows[0])
				if err != nil || !bytes.Equal(text, bytes.Repeat([]byte{byte('a' + n%8)}, 1000)) {
					done <- fmt.Errorf("load %d: %.10q, %w", n%8, text, err)
					return
				}
				files.Release()
			}
			done <- nil
		}()
	}
	for range cap(done) {
		must(t, <-done)
	}
}

// A download that is cut goes on where it was cut.
func TestCutDownloads(t *testing.T) {
	s := s3test.Fake(t)
	want := bytes.Repeat([]byte("0123456789"), 1000)
	must(t, commit(t.Context(), open(t, s, "x", t.TempDir()), load(1), want))
	var ranges []string
	s.Answer(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/loads/") {
			return false
		}
		ranges = append(ranges, r.Header.Get("Range"))
		s.Serve(&cutting{w, 4000}, r)
		return true
	})
	if got := rows(t, open(t, s, "x", t.TempDir()), load(1)); !bytes.Equal(got, want) {
		t.Errorf("%d bytes came", len(got))
	}
	if !slices.Equal(ranges, []string{"", "bytes=4000-", "bytes=8000-"}) {
		t.Errorf("asked for %q", ranges)
	}
}

// cutting ends the connection in the middle of a body.
type cutting struct {
	http.ResponseWriter
	left int
}

func (c *cutting) Write(p []byte) (int, error) {
	if len(p) > c.left {
		_, _ = c.ResponseWriter.Write(p[:c.left])
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	c.left -= len(p)
	return c.ResponseWriter.Write(p)
}

// BenchmarkManifests reads what loads a dataset has, of a process that knows
// none of them yet and of one that does, and counts the requests of each.
// LARDER_LOADS sets another number of loads.
func BenchmarkManifests(b *testing.B) {
	loads := int64(2000)
	if text := os.Getenv("LARDER_LOADS"); text != "" {
		if _, err := fmt.Sscan(text, &loads); err != nil {
			b.Fatal(err)
		}
	}
	s := s3test.Fake(b)
	writer := open(b, s, "x", b.TempDir())
	for n := range loads {
		m := load(n)
		m.HasRows, m.File, m.Hash = false, fmt.Sprintf("2026/%06d.csv", n), fmt.Sprintf("xxh3-128:%032x", n)
		draft, err := writer.Begin(b.Context(), m.Dataset, m.ID)
		must(b, err)
		must(b, draft.Commit(b.Context(), m))
	}
	_, err := writer.Manifests(b.Context(), "lake.a")
	must(b, err)
	var took, asked [2]int64
	for b.Loop() {
		reader := open(b, s, "x", b.TempDir())
		for n := range took {
			requests, start := s.Asked(http.MethodGet)+s.Asked("LIST"), time.Now()
			found, err := reader.Manifests(b.Context(), "lake.a")
			if err != nil || int64(len(found)) != loads {
				b.Fatalf("%d loads, %v", len(found), err)
			}
			took[n] += int64(time.Since(start))
			asked[n] += int64(s.Asked(http.MethodGet) + s.Asked("LIST") - requests)
		}
	}
	for n, name := range []string{"first", "again"} {
		b.ReportMetric(float64(took[n])/1e6/float64(b.N), name+"-ms/op")
		b.ReportMetric(float64(asked[n])/float64(b.N), name+"-requests/op")
	}
}
