package mysql_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	source "github.com/larder-data/larder/internal/ingest/mysql"
	"github.com/larder-data/larder/internal/lake/folder"
	"github.com/larder-data/larder/internal/mariadbtest"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/state/sqlite"
	"github.com/larder-data/larder/internal/table"
)

// yard is a database to read from, and a lake, a warehouse and a ledger to land in.
type yard struct {
	testing.TB
	dir     string
	server  *mariadbtest.Server
	base    string
	archive *folder.Folder
	parser  *format.Reader
	duck    *duckdb.Engine
	store   *sqlite.Store
	clock   time.Time
	runs    int
	reader  *source.Reader
	source  project.Source
}

func newYard(t *testing.T, server *mariadbtest.Server, settings string) *yard {
	t.Helper()
	y := &yard{TB: t, reader: source.NewReader(), dir: t.TempDir(), server: server, base: server.Database(t), clock: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	y.describe(settings)
	y.archive, y.parser = folder.Open(filepath.Join(y.dir, "lake")), format.NewReader(format.Options{})
	var err error
	if y.duck, err = duckdb.OpenMemory(t.Context(), "UTC"); err != nil {
		t.Fatal(err)
	}
	if y.store, err = sqlite.Open(t.Context(), filepath.Join(y.dir, "state.db"), sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(y.duck.Close(), y.store.Close(), y.archive.Close(), y.parser.Close()); err != nil {
			t.Error(err)
		}
	})
	return y
}

// describe writes what the project says of the table "rows".
func (y *yard) describe(settings string) {
	y.Helper()
	y.write("tables:\n  rows:\n    " + strings.ReplaceAll(settings, "\n", "\n    ") + "\n")
}

// write writes what the project says of the source beside its kind and address.
func (y *yard) write(settings string) {
	y.Helper()
	for name, text := range map[string]string{"larder.yml": "name: shop\n", "sources/db.yml": "kind: mysql\nurl: ${SHOP_URL}\n" + settings} {
		path := filepath.Join(y.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			y.Fatal(err)
		}
	}
	y.source = sourceAt(y, y.server.URL(y.base))
}

func (y *yard) client(statements ...string) []string {
	y.Helper()
	out, err := y.server.Client(y.base, statements...)
	if err != nil {
		y.Fatal(err)
	}
	return out
}

// Check lets everything pass.
func (y *yard) Check(context.Context, string, engine.Staged) ([]state.Result, error) { return nil, nil }

func (y *yard) Version(string) string { return "" }

func (y *yard) ingester() *ingest.Ingester {
	return ingest.New(y.archive, map[string]ingest.Reader{"mysql": y.reader}, y.parser, []project.Source{y.source}, func() time.Time { return y.clock })
}

func (y *yard) land() (ingest.Landed, error) {
	run, end := y.run()
	defer end()
	return run("rows")
}

// run begins a run and returns what lands a table in it, and what ends it.
func (y *yard) run() (land func(name string) (ingest.Landed, error), end func()) {
	ctx, end := context.WithCancel(context.Background())
	y.runs++
	y.clock = y.clock.Add(time.Minute)
	ingester := y.ingester()
	return func(name string) (ingest.Landed, error) {
		return ingester.Land(ctx, ingest.Step{
			Env: "prod", Run: fmt.Sprintf("run%03d", y.runs), Dataset: "lake.db_" + name, Warehouse: y.duck, Ledger: y.store, Checker: y,
		})
	}, end
}

func (y *yard) landed() ingest.Landed {
	y.Helper()
	l, err := y.land()
	if err != nil {
		y.Fatal(err)
	}
	return l
}

func (y *yard) refused(kind fault.Kind, says string) {
	y.Helper()
	_, err := y.land()
	if fault.KindOf(err) != kind || !strings.Contains(fmt.Sprint(err), says) {
		y.Errorf("got %v (%s), want %s saying %q", err, fault.KindOf(err), kind, says)
	}
}

func (y *yard) rows(sql string) []string {
	y.Helper()
	batch, err := engine.ReadAll(context.Background(), y.duck, sql, 0)
	if err != nil {
		y.Fatal(err)
	}
	var out []string
	for _, row := range batch.Rows {
		var cells []string
		for i, v := range row {
			cells = append(cells, table.Format(v, batch.Columns[i].Type))
		}
		out = append(out, strings.Join(cells, "|"))
	}
	slices.Sort(out)
	return out
}

func (y *yard) same(got []string, want ...string) {
	y.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		y.Error(diff)
	}
}

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("rapid.checks", "15"); err != nil { // each has a database of its own
		panic(err)
	}
	os.Exit(m.Run())
}

func (y *yard) loads() []string {
	y.Helper()
	manifests, err := y.archive.Manifests(context.Background(), "lake.db_rows")
	if err != nil {
		y.Fatal(err)
	}
	var out []string
	for _, m := range manifests {
		out = append(out, fmt.Sprintf("%s: %d rows, %s %s of %s", m.File, m.Rows, m.Completeness.By, m.Completeness.Got, m.Completeness.Said))
	}
	return out
}

// sourceAt is the source at another address.
func sourceAt(y *yard, url string) project.Source {
	y.Helper()
	p, err := project.Load(y.dir, project.Options{
		Env:   func(string) (string, bool) { return url, true },
		Kinds: map[string]project.Kind{"mysql": {Source: &source.Source{}, Table: &source.Table{}, Column: &source.Column{}}},
	})
	if err != nil {
		y.Fatal(err)
	}
	return p.Sources[0]
}
