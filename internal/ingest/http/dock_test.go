package http_test

import (
	"context"
	"fmt"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/ingest/http"
	"github.com/larder-data/larder/internal/lake/folder"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/state/sqlite"
	"github.com/larder-data/larder/internal/table"
)

// clock is a clock that waiting moves.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	waited []time.Duration
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) Wait(_ context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.waited = c.now.Add(d), append(c.waited, d)
	return nil
}

// dock is a service, a lake and a warehouse, with a clock of its own.
type dock struct {
	testing.TB
	dir     string
	url     string
	server  *httptest.Server
	clock   *clock
	env     map[string]string
	source  project.Source
	archive *folder.Folder
	reader  *http.Reader
	parser  *format.Reader
	duck    *duckdb.Engine
	store   *sqlite.Store
	runs    int
}

// newDock starts a service and describes it: the YAML of its source, where URL
// stands for its address.
func newDock(t testing.TB, handler nethttp.Handler, yaml string) *dock {
	t.Helper()
	d := &dock{TB: t, dir: t.TempDir(), clock: &clock{now: time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)}}
	d.server = httptest.NewServer(handler)
	d.url = d.server.URL
	t.Cleanup(d.server.Close)
	d.env = map[string]string{"TOKEN": "s3cr3t-token", "ID": "client-7", "SECRET": "cl13nt-s3cr3t", "REFRESH": "r3fr3sh-1"}
	d.describe(yaml)
	d.archive = folder.Open(filepath.Join(d.dir, "lake"))
	d.reader = http.NewReader(d.dir, d.clock.Now, http.Clock{Now: d.clock.Now, Wait: d.clock.Wait, Jitter: func() float64 { return 0 }})
	d.parser = format.NewReader(format.Options{Threads: 1})
	var err error
	if d.duck, err = duckdb.OpenMemory(t.Context(), "UTC"); err != nil {
		t.Fatal(err)
	}
	if d.store, err = sqlite.Open(t.Context(), filepath.Join(d.dir, "state.db"), sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, closing := range []func() error{d.reader.Close, d.duck.Close, d.store.Close, d.archive.Close, d.parser.Close} {
			if err := closing(); err != nil {
				t.Error(err)
			}
		}
	})
	return d
}

func (d *dock) describe(yaml string) {
	d.Helper()
	source, err := d.load(yaml)
	if err != nil {
		d.Fatal(err)
	}
	d.source = source
}

func (d *dock) load(yaml string) (project.Source, error) {
	d.Helper()
	yaml = "kind: http\nurl: " + d.url + "\n" + strings.TrimPrefix(yaml, "\n")
	for name, text := range map[string]string{"larder.yml": "name: shop\n", "sources/api.yml": yaml} {
		path := filepath.Join(d.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			d.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			d.Fatal(err)
		}
	}
	p, err := project.Load(d.dir, project.Options{
		Kinds: map[string]project.Kind{"http": {Source: &http.Source{}, Table: &http.Table{}, Column: &format.Column{}}},
		Env:   func(name string) (string, bool) { value, ok := d.env[name]; return value, ok },
	})
	if err != nil {
		return project.Source{}, err
	}
	return p.Sources[0], nil
}

// Check lets everything pass.
func (d *dock) Check(context.Context, string, engine.Staged) ([]state.Result, error) { return nil, nil }

// Version says that there is nothing to check.
func (d *dock) Version(string) string { return "" }

func (d *dock) ingester() *ingest.Ingester {
	return ingest.New(d.archive, map[string]ingest.Reader{"http": d.reader}, d.parser, []project.Source{d.source}, d.clock.Now)
}

// land runs a table, an hour after the run before.
func (d *dock) land(name string) (ingest.Landed, error) {
	d.Helper()
	d.runs++
	d.clock.mu.Lock()
	d.clock.now = d.clock.now.Add(time.Hour)
	d.clock.mu.Unlock()
	return d.ingester().Land(d.Context(), ingest.Step{
		Env: "prod", Run: fmt.Sprintf("run%03d", d.runs), Dataset: "lake.api_" + name, Warehouse: d.duck, Ledger: d.store, Checker: d,
	})
}

func (d *dock) landed(name string) ingest.Landed {
	d.Helper()
	landed, err := d.land(name)
	if err != nil {
		d.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
	return landed
}

// fails lands and wants a fault of the kind that says so, and shows no secret.
func (d *dock) fails(name string, kind fault.Kind, says ...string) error {
	d.Helper()
	_, err := d.land(name)
	if err == nil || fault.KindOf(err) != kind {
		d.Errorf("got %v (%s), want %s", err, fault.KindOf(err), kind)
		return err
	}
	for _, say := range says {
		if !strings.Contains(err.Error(), say) {
			d.Errorf("%q does not say %q", err, say)
		}
	}
	d.silent(err)
	return err
}

// silent wants no secret in an error.
func (d *dock) silent(err error) {
	d.Helper()
	for name, secret := range d.env {
		if text := err.Error() + fault.HintOf(err); strings.Contains(text, secret) {
			d.Errorf("%s stands in %q", name, text)
		}
	}
	if fault.HintOf(err) == "" {
		d.Errorf("%q has no hint", err)
	}
}

// rows returns the answer to a query, a line a row.
func (d *dock) rows(sql string) []string {
	d.Helper()
	batch, err := engine.ReadAll(d.Context(), d.duck, sql, 0)
	if err != nil {
		d.Fatal(err)
	}
	out := []string{}
	for _, row := range batch.Rows {
		var cells []string
		for i, v := range row {
			cells = append(cells, table.Format(v, batch.Columns[i].Type))
		}
		out = append(out, strings.Join(cells, " "))
	}
	return out
}

func (d *dock) has(sql string, want ...string) {
	d.Helper()
	got := d.rows(sql)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
		d.Errorf("%s (-want +got):\n%s", sql, diff)
	}
}

// loads are the names of the loads that count, with their rows and proof.
func (d *dock) loads(name string) []string {
	d.Helper()
	manifests, err := d.archive.Manifests(d.Context(), "lake.api_"+name)
	if err != nil {
		d.Fatal(err)
	}
	out := []string{}
	for _, m := range manifests {
		out = append(out, fmt.Sprintf("%s: %d %s", m.File, m.Rows, m.Completeness.By))
	}
	return out
}

func (d *dock) sameLoads(name string, want ...string) {
	d.Helper()
	if diff := cmp.Diff(want, d.loads(name)); diff != "" {
		d.Errorf("loads of %s (-want +got):\n%s", name, diff)
	}
}
