package bucket_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/lake/bucket"
	"github.com/larder-data/larder/internal/s3test"
)

func load(sequence int64) lake.Manifest {
	return lake.Manifest{Format: 1, ID: fmt.Sprintf("%06d-a", sequence), Dataset: "lake.a", Sequence: sequence, HasRows: true, Rows: 1}
}

// commit writes a load with these bytes as its rows.
func commit(ctx context.Context, b *bucket.Bucket, m lake.Manifest, rows []byte) error {
	draft, err := b.Begin(ctx, m.Dataset, m.ID)
	if err != nil {
		return err
	}
	if err := os.WriteFile(draft.RowsPath(), rows, 0o644); err != nil {
		return err
	}
	if err := draft.Commit(ctx, m); err != nil {
		_ = draft.Abandon()
		return err
	}
	return draft.Abandon()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// rows are the bytes of a load's rows.
func rows(t *testing.T, b *bucket.Bucket, m lake.Manifest) []byte {
	t.Helper()
	files, err := b.Files(t.Context(), m)
	must(t, err)
	defer files.Release()
	text, err := os.ReadFile(files.Rows[0])
	must(t, err)
	return text
}

func ids(t *testing.T, b *bucket.Bucket) string {
	t.Helper()
	loads, err := b.Manifests(t.Context(), "lake.a")
	must(t, err)
	var out []string
	for _, m := range loads {
		out = append(out, m.ID)
	}
	return strings.Join(out, " ")
}

func refused(t *testing.T, err error, kind fault.Kind, says string) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind || !strings.Contains(err.Error(), says) || fault.HintOf(err) == "" {
		t.Errorf("got %v (%v), want %v saying %q, with a hint", err, fault.KindOf(err), kind, says)
	}
	if err != nil && strings.Contains(err.Error()+fault.HintOf(err), s3test.Secret) {
		t.Error("the error shows the secret")
	}
}

// below are the objects of the lake but its mark, without what names writers.
func below(t *testing.T, s *s3test.Server, prefix string) []string {
	t.Helper()
	out := []string{}
	for _, key := range s.Keys(t, prefix+"/") {
		if key = strings.TrimPrefix(key, prefix+"/"); key != ".larder-lake" {
			out = append(out, key)
		}
	}
	return out
}

// large is more than one part, and no two parts alike.
func large() []byte {
	text := make([]byte, 70<<20)
	for i := range text {
		text[i] = byte(i * 7 >> (i >> 22))
	}
	return text
}

func TestLargeLoadsGoInParts(t *testing.T) {
	s := s3test.Real(t)
	want := large()
	must(t, commit(t.Context(), open(t, s, "x", t.TempDir()), load(1), want))
	if s.Asked(http.MethodPost) != 2 {
		t.Errorf("%d requests begin and end parts, want 2", s.Asked(http.MethodPost))
	}
	if got := rows(t, open(t, s, "x", t.TempDir()), load(1)); !bytes.Equal(got, want) {
		t.Errorf("%d bytes came back, not those that were written", len(got))
	}
}

// A service that stores something else is found out before the load counts:
// gofakes3 stores the signatures of parts among their bytes.
func TestAServiceThatStoresSomethingElse(t *testing.T) {
	s := s3test.Fake(t)
	b := open(t, s, "x", t.TempDir())
	refused(t, commit(t.Context(), b, load(1), large()), fault.Broken, "the service has stored")
	if got := below(t, s, "x"); len(got) > 0 {
		t.Errorf("it left %v", got)
	}
}

// Of two that write one load at once one wins, and its rows are those it wrote.
func TestTwoWritersOfOneLoad(t *testing.T) {
	for name, start := range s3test.Both {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			for round := range int64(10) {
				var won, lost atomic.Int64
				var group errgroup.Group
				for writer := range int64(4) {
					b := open(t, s, "x", t.TempDir())
					group.Go(func() error {
						m := load(round)
						m.Run = fmt.Sprint("run ", writer)
						err := commit(t.Context(), b, m, []byte(m.Run))
						switch {
						case err == nil:
							won.Add(1)
						case fault.KindOf(err) == fault.Conflict:
							lost.Add(1)
						default:
							return err
						}
						return nil
					})
				}
				must(t, group.Wait())
				if won.Load() != 1 || lost.Load() != 3 {
					t.Fatalf("%d have written it, %d were told that others did", won.Load(), lost.Load())
				}
			}
			b := open(t, s, "x", t.TempDir())
			loads, err := b.Manifests(t.Context(), "lake.a")
			must(t, err)
			for _, m := range loads {
				if got := string(rows(t, b, m)); got != m.Run {
					t.Errorf("%s was written by %s and has rows of %s", m.ID, m.Run, got)
				}
			}
			later := opened(t, settings(s, t.TempDir()), "x", func() time.Time { return time.Now().Add(25 * time.Hour) })
			_, err = later.Sweep(t.Context()) // of a loser who could not tell who won
			must(t, err)
			if got := below(t, s, "x"); len(got) != 20 {
				t.Errorf("losers leave objects behind: %v", got)
			}
		})
	}
}

// A manifest that was written while its answer was lost counts, whatever the
// service says to the second request.
func TestAnAnswerThatIsLost(t *testing.T) {
	for name, start := range s3test.Both {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			b := open(t, s, "x", t.TempDir())
			var once sync.Once
			s.Answer(func(w http.ResponseWriter, r *http.Request) bool {
				lost := false
				if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") {
					once.Do(func() {
						s.Serve(httptest.NewRecorder(), r)
						lost = true
					})
				}
				if lost {
					panic(http.ErrAbortHandler)
				}
				return false
			})
			must(t, commit(t.Context(), b, load(1), []byte("mine")))
			if got := string(rows(t, open(t, s, "x", t.TempDir()), load(1))); got != "mine" {
				t.Errorf("its rows are %q", got)
			}
		})
	}
}

// What the service refuses leaves no load. Objects a manifest may still name, when
// its request arrives late, stay until they are old.
func TestCommitsThatFail(t *testing.T) {
	for _, c := range []struct {
		name   string
		at     string
		status int
		code   string
		kind   fault.Kind
		says   string
	}{
		{"no room for rows", "/loads/", http.StatusInsufficientStorage, "InsufficientStorage", fault.OutOfRoom, "has no room"},
		{"no room for the manifest", "/manifests/", http.StatusForbidden, "QuotaExceeded", fault.OutOfRoom, "has no room"},
		{"may not write", "/loads/", http.StatusForbidden, "AccessDenied", fault.Denied, "these keys may not"},
		{"token ran out", "/manifests/", http.StatusBadRequest, "ExpiredToken", fault.Denied, "no longer good"},
		{"wrong secret", "/.larder-lake", http.StatusForbidden, "SignatureDoesNotMatch", fault.Denied, "secret key does not fit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s3test.Fake(t)
			b := open(t, s, "x", t.TempDir())
			s.Answer(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, c.at) {
					return false
				}
				s3test.Refuse(w, c.status, c.code, "said the service")
				return true
			})
			refused(t, commit(t.Context(), b, load(1), []byte("mine")), c.kind, c.says)
			left := below(t, s, "x")
			if c.at != "/manifests/" && len(left) > 0 || ids(t, b) != "" {
				t.Errorf("it left %v", left)
			}
			s.Answer(nil)
			must(t, commit(t.Context(), b, load(1), []byte("mine")))
			later := opened(t, settings(s, t.TempDir()), "x", func() time.Time { return time.Now().Add(25 * time.Hour) })
			if swept, err := later.Sweep(t.Context()); err != nil || swept != len(left) {
				t.Errorf("%d are swept, %v; %v was left", swept, err, left)
			}
		})
	}
}

// A service that writes over what is there is found out before the first load.
func TestAServiceThatWritesOver(t *testing.T) {
	s := s3test.Fake(t)
	s.Answer(func(_ http.ResponseWriter, r *http.Request) bool {
		r.Header.Del("If-None-Match")
		return false
	})
	_, err := open(t, s, "x", t.TempDir()).Begin(t.Context(), "lake.a", "1-a")
	refused(t, err, fault.Invalid, "writes over objects")
}

// An upload that took so long that others may have removed it is not committed.
func TestAnUploadThatTookTooLong(t *testing.T) {
	s := s3test.Fake(t)
	var hours atomic.Int64
	b := opened(t, settings(s, t.TempDir()), "x", func() time.Time { return time.Now().Add(time.Duration(hours.Load()) * time.Hour) })
	s.Answer(func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/loads/") {
			hours.Store(13)
		}
		return false
	})
	refused(t, commit(t.Context(), b, load(1), []byte("mine")), fault.Late, "13h0m0s")
	if got := ids(t, b); got != "" {
		t.Errorf("the loads are %s", got)
	}
}

// TestMain lets the test's own program be the process that is killed.
func TestMain(m *testing.M) {
	if address := os.Getenv("LARDER_TEST_LAKE"); address != "" {
		writeUntilKilled(address, os.Getenv("LARDER_TEST_CACHE"))
	}
	os.Exit(m.Run())
}

// writeUntilKilled commits a large load, and waits to be killed.
func writeUntilKilled(address, cache string) {
	home, err := settings(&s3test.Server{URL: address}, cache).Home(placed("s3://"+s3test.Bucket+"/x"), cache, keys)
	if err == nil {
		var b *bucket.Bucket
		if b, err = bucket.Open(home, time.Now); err == nil {
			err = commit(context.Background(), b, load(1), large())
		}
	}
	fmt.Println(err)
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
}

// A process that is killed while it uploads leaves nothing anybody sees, and the
// next start on its machine removes what it had uploaded.
func TestAKilledUploadIsNotSeen(t *testing.T) {
	for at, is := range map[string]func(r *http.Request) bool{
		"in a part":       func(r *http.Request) bool { return r.URL.Query().Get("partNumber") == "3" },
		"after its parts": func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") },
		"at its manifest": func(r *http.Request) bool {
			return r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/")
		},
	} {
		t.Run(at, func(t *testing.T) {
			s, cache := s3test.Real(t), t.TempDir()
			killed(t, s, cache, is)
			b := open(t, s, "x", cache)
			if got := ids(t, b); got != "" {
				t.Errorf("the loads are %q", got)
			}
			if other, err := open(t, s, "x", t.TempDir()).Sweep(t.Context()); err != nil || other != 0 {
				t.Errorf("another machine sweeps %d of it, %v", other, err)
			}
			if _, err := b.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := below(t, s, "x"); len(got) > 0 {
				t.Errorf("it left %v", got)
			}
			for upload := range s.Client(t).Client.ListIncompleteUploads(t.Context(), s3test.Bucket, "", true) {
				if upload.Err == nil {
					t.Errorf("it left parts of %s", upload.Key)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(cache, "drafts", "*", "*", "*")); len(left) > 0 {
				t.Errorf("it left %v", left)
			}
		})
	}
}

// killed runs a process that writes a load and kills it at a request.
func killed(t *testing.T, s *s3test.Server, cache string, at func(*http.Request) bool) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "LARDER_TEST_LAKE="+s.URL, "LARDER_TEST_CACHE="+cache)
	in, err := child.StdinPipe()
	must(t, err)
	defer in.Close()
	out, err := child.StdoutPipe()
	must(t, err)
	reached, gone := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.Answer(func(_ http.ResponseWriter, r *http.Request) bool {
		if !at(r) {
			return false
		}
		once.Do(func() { close(reached) })
		<-gone
		panic(http.ErrAbortHandler)
	})
	must(t, child.Start())
	done := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		done <- line
	}()
	select {
	case <-reached:
	case line := <-done:
		t.Errorf("it was not stopped: %s", line)
	case <-time.After(time.Minute):
		t.Error("it does not get there")
	}
	must(t, child.Process.Kill())
	_ = child.Wait() // it was killed
	close(gone)
	s.Answer(nil)
}

// What others left behind is removed when it is old, and nothing that a manifest
// names.
func TestLeftoversOfOtherMachines(t *testing.T) {
	for name, start := range s3test.Both {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			c := s.Client(t)
			must(t, commit(t.Context(), open(t, s, "x", t.TempDir()), load(1), []byte("mine")))
			for _, key := range []string{"x/lake.a/loads/000001-a/dead.rows.parquet", "x/lake.a/loads/000002-a/dead.rows.parquet", "other/lake.a/loads/000001-a/dead.rows.parquet"} {
				_, err := c.PutObject(t.Context(), s3test.Bucket, key, strings.NewReader("dead"), 4, "", "", minio.PutObjectOptions{})
				must(t, err)
			}
			_, err := c.NewMultipartUpload(t.Context(), s3test.Bucket, "x/lake.a/loads/000003-a/dead.rows.parquet", minio.PutObjectOptions{})
			must(t, err)
			if got, err := open(t, s, "x", t.TempDir()).Sweep(t.Context()); err != nil || got != 0 {
				t.Errorf("at once it sweeps %d, %v", got, err)
			}
			later := opened(t, settings(s, t.TempDir()), "x", func() time.Time { return time.Now().Add(25 * time.Hour) })
			if got, err := later.Sweep(t.Context()); err != nil || got != 3 {
				t.Errorf("after a day it sweeps %d, %v", got, err)
			}
			lists := s.Asked("LIST")
			if got, err := later.Sweep(t.Context()); err != nil || got != 0 || s.Asked("LIST") != lists {
				t.Errorf("at once again it sweeps %d, %v, with %d listings", got, err, s.Asked("LIST")-lists)
			}
			if got := string(rows(t, open(t, s, "x", t.TempDir()), load(1))); got != "mine" {
				t.Errorf("the rows are %q", got)
			}
			if got := s.Keys(t, "other/"); len(got) != 1 {
				t.Errorf("outside of the lake there is %v", got)
			}
			want := []string{"lake.a/loads", "lake.a/manifests"}
			var got []string
			for _, key := range below(t, s, "x") {
				got = append(got, strings.Join(strings.Split(key, "/")[:2], "/"))
			}
			if diff := cmp.Diff(want, slices.Sorted(slices.Values(got))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
