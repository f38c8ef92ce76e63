package bucket_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/lake/bucket"
	"github.com/larder-data/larder/internal/s3test"
)

// small is a load of one row.
func small(sequence int64) lake.Manifest {
	return lake.Manifest{
		Format: 1, ID: lake.LoadID(sequence, "abcdefgh"), Dataset: "lake.a", Sequence: sequence,
		File: fmt.Sprintf("%d.csv", sequence), Rows: 1, HasRows: true,
	}
}

// write writes a load; ctx is that of its commit.
func write(ctx context.Context, t *testing.T, b *bucket.Bucket, m lake.Manifest) error {
	t.Helper()
	draft, err := b.Begin(t.Context(), m.Dataset, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(draft.RowsPath(), []byte("rows of "+m.ID), 0o644); err != nil {
		t.Fatal(err)
	}
	err = draft.Commit(ctx, m)
	if err := draft.Abandon(); err != nil {
		t.Error(err)
	}
	return err
}

// readable holds that the lake has so many loads, each with its rows, for
// another machine.
func readable(t *testing.T, s *s3test.Server, prefix string, want int) {
	t.Helper()
	b := open(t, s, prefix, t.TempDir())
	loads, err := b.Manifests(t.Context(), "lake.a")
	if err != nil || len(loads) != want {
		t.Fatalf("%d loads, want %d; %v", len(loads), want, err)
	}
	for _, m := range loads {
		files, err := b.Files(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(files.Rows[0])
		if err != nil || string(text) != "rows of "+m.ID {
			t.Errorf("%q, %v", text, err)
		}
		files.Release()
	}
}

func ofManifest(r *http.Request, method string) bool {
	return r.Method == method && strings.Contains(r.URL.Path, "/manifests/")
}

// done has the server do what a request asks, whatever becomes of the request.
func done(t *testing.T, s *s3test.Server, r *http.Request, body []byte) {
	again, err := http.NewRequestWithContext(context.Background(), r.Method, s.URL+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	again.Header = r.Header.Clone()
	again.Header.Set(repeated, "yes")
	answer, err := http.DefaultClient.Do(again)
	if err != nil {
		t.Error(err)
		return
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("the server says %s", answer.Status)
	}
}

const repeated = "X-Repeated"

// A run is stopped when the service has the manifest in hand: it may still write
// it, and then what it names has to be there.
func TestAManifestWrittenAfterTheRunWasStopped(t *testing.T) {
	s := s3test.Fake(t)
	b := open(t, s, "late", t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	gone, written := make(chan struct{}), make(chan struct{})
	s.Answer(func(_ http.ResponseWriter, r *http.Request) bool {
		if !ofManifest(r, http.MethodPut) || r.Header.Get(repeated) != "" {
			return false
		}
		defer close(written)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		stop()
		<-gone
		done(t, s, r, body)
		return true
	})
	err := write(ctx, t, b, small(1))
	close(gone)
	<-written
	if fault.KindOf(err) != fault.Interrupted {
		t.Errorf("got %v", err)
	}
	readable(t, s, "late", 1)
}

// The answer to a manifest is lost, the second request for it refused, and who
// wrote the first cannot be learned: nothing may be taken away.
func TestARefusalThatCannotBeLookedInto(t *testing.T) {
	s := s3test.Fake(t)
	b := open(t, s, "lost", t.TempDir())
	asked := 0
	s.Answer(func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case ofManifest(r, http.MethodGet):
			s3test.Refuse(w, http.StatusForbidden, "AccessDenied", "no")
			return true
		case !ofManifest(r, http.MethodPut) || r.Header.Get(repeated) != "":
			return false
		}
		if asked++; asked > 1 {
			return false
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		done(t, s, r, body)
		panic(http.ErrAbortHandler)
	})
	err := write(t.Context(), t, b, small(1))
	s.Answer(nil)
	if fault.KindOf(err) != fault.Conflict || asked < 2 {
		t.Errorf("got %v after %d requests", err, asked)
	}
	readable(t, s, "lost", 1)
}

// An index written before loads were moved away does not bring them back to who
// learns of it only when writing its own.
func TestLoadsMovedAwayStayAway(t *testing.T) {
	const many = 20
	s := s3test.Fake(t)
	first := open(t, s, "moved", t.TempDir())
	for n := int64(1); n <= many; n++ {
		if err := write(t.Context(), t, first, small(n)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := first.Manifests(t.Context(), "lake.a"); err != nil {
		t.Fatal(err)
	}
	for _, key := range s.Keys(t, "moved/lake.a/manifests/") {
		if err := s.Client(t).Client.RemoveObject(t.Context(), s3test.Bucket, key, minio.RemoveObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	second := open(t, s, "moved", t.TempDir())
	for n := int64(many + 1); n <= 2*many; n++ {
		if err := write(t.Context(), t, second, small(n)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		loads, err := second.Manifests(t.Context(), "lake.a")
		if err != nil || len(loads) != many || loads[0].Sequence != many+1 {
			t.Errorf("%d loads, %v", len(loads), err)
		}
	}
}
