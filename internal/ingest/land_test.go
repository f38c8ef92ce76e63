package ingest_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/ingest/files"
	"github.com/larder-data/larder/internal/lake/folder"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/state/sqlite"
	"github.com/larder-data/larder/internal/table"
)

// dock is a lake, a warehouse and a ledger, all real, with a folder for files.
type dock struct {
	testing.TB
	dir     string
	source  project.Source
	archive *folder.Folder
	reader  *files.Reader
	parser  *format.Reader
	duck    *duckdb.Engine
	store   *sqlite.Store
	blocks  bool // a check stands in the way
	runs    int
	clock   time.Time
}

const lines = `kind: files
path: data
tables:
  lines:
    files: "*.csv"
    %s
`

func newDock(t *testing.T, settings string) *dock {
	t.Helper()
	d := &dock{TB: t, dir: t.TempDir(), clock: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	d.source = sourceOf(t, d.dir, fmt.Sprintf(lines, settings))
	if err := os.MkdirAll(filepath.Join(d.dir, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	var err error
	if d.duck, err = duckdb.OpenMemory(t.Context(), "UTC"); err != nil {
		t.Fatal(err)
	}
	if d.store, err = sqlite.Open(t.Context(), filepath.Join(d.dir, "state.db"), sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	d.open()
	t.Cleanup(func() {
		if err := errors.Join(d.duck.Close(), d.store.Close(), d.archive.Close(), d.parser.Close()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// open opens the lake anew, as another process would.
func (d *dock) open() {
	d.archive = folder.Open(filepath.Join(d.dir, "lake"))
	d.reader, d.parser = files.NewReader(d.dir), format.NewReader(format.Options{})
}

func (d *dock) file(name, text string) {
	d.Helper()
	path := filepath.Join(d.dir, "data", name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		d.Fatal(err)
	}
	d.clock = d.clock.Add(time.Minute)
	if err := os.Chtimes(path, d.clock, d.clock); err != nil { // a coarse clock must not hide a change
		d.Fatal(err)
	}
}

// Check is the dock's checker: it blocks when told to.
func (d *dock) Check(_ context.Context, dataset string, staged engine.Staged) ([]state.Result, error) {
	if _, err := engine.ReadAll(d.Context(), d.duck, "SELECT count(*) FROM "+staged.Relation.String(), 1); err != nil {
		return nil, err
	}
	if d.blocks {
		return []state.Result{{Dataset: dataset, Check: "c", Status: state.Block}}, fault.New(fault.Held, "check c of %s", dataset)
	}
	return nil, nil
}

func (d *dock) Version(string) string { return "v1" }

func (d *dock) land() (ingest.Landed, error) {
	d.Helper()
	d.runs++
	i := ingest.New(d.archive, map[string]ingest.Reader{"files": d.reader}, d.parser, []project.Source{d.source}, func() time.Time { return d.clock })
	return i.Land(d.Context(), ingest.Step{
		Env: "prod", Run: fmt.Sprintf("run%03d", d.runs), Dataset: "lake.erp_lines", Warehouse: d.duck, Ledger: d.store, Checker: d,
	})
}

func (d *dock) landed() ingest.Landed {
	d.Helper()
	landed, err := d.land()
	if err != nil {
		d.Fatal(err)
	}
	return landed
}

// held lands and wants a Held fault that says so.
func (d *dock) held(says string) {
	d.Helper()
	_, err := d.land()
	if fault.KindOf(err) != fault.Held || !strings.Contains(err.Error(), says) {
		d.Errorf("got %v, want Held saying %q", err, says)
	}
}

// rows returns the answer to a query, a line a row, in order.
func (d *dock) rows(sql string) []string {
	d.Helper()
	batch, err := engine.ReadAll(d.Context(), d.duck, sql, 0)
	if err != nil {
		d.Fatal(err)
	}
	var out []string
	for _, row := range batch.Rows {
		var cells []string
		for i, v := range row {
			cells = append(cells, table.Format(v, batch.Columns[i].Type))
		}
		out = append(out, strings.Join(cells, " "))
	}
	slices.Sort(out)
	return out
}

func (d *dock) same(got, want []string) {
	d.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		d.Error(diff)
	}
}

func noted(l ingest.Landed, part string) bool {
	return slices.ContainsFunc(l.Notes, func(n string) bool { return strings.Contains(n, part) })
}

const ab = "columns: {a: integer, b: integer}"

func TestTheSameBytesAgainChangeNothing(t *testing.T) {
	d := newDock(t, ab)
	d.file("1.csv", "a,b\n1,10\n2,20\n")
	if l := d.landed(); !l.Changed || l.Rows != 2 {
		t.Errorf("%+v", l)
	}
	if l := d.landed(); l.Changed {
		t.Errorf("nothing was new: %+v", l)
	}
	d.file("1.csv", "a,b\n1,10\n2,20\n") // touched only
	if l := d.landed(); l.Changed {
		t.Errorf("a touched file is no news: %+v", l)
	}
	d.file("copy.csv", "a,b\n1,10\n2,20\n")
	if l := d.landed(); !noted(l, "copy.csv has the same bytes as 1.csv") {
		t.Errorf("%+v", l)
	}
	if l := d.landed(); len(l.Notes) > 0 {
		t.Errorf("it is told once: %v", l.Notes)
	}
	d.same(d.rows("select a, b, _file, _row from lake.erp_lines"), []string{"1 10 1.csv 1", "2 20 1.csv 2"})
}

func TestACorrectedFileSupersedes(t *testing.T) {
	d := newDock(t, ab)
	d.file("1.csv", "a,b\n1,10\n2,20\n")
	d.file("2.csv", "a,b\n3,30\n")
	d.landed()
	d.file("1.csv", "a,b\n1,11\n")
	if l := d.landed(); !noted(l, "1.csv was corrected") {
		t.Errorf("%+v", l)
	}
	d.same(d.rows("select a, b from lake.erp_lines"), []string{"1 11", "3 30"})
	d.same(d.rows("select a, b from lake.erp_lines__loads"), []string{"1 10", "1 11", "2 20", "3 30"})
}

func TestColumnsOfInferredTables(t *testing.T) {
	d := newDock(t, "null: ['']")
	d.file("1.csv", "a,b\n1,x\n")
	d.landed()
	d.file("2.csv", "a,b,c\n2,y,2.5\n")
	if l := d.landed(); !noted(l, "c") {
		t.Errorf("an added column is told: %v", l.Notes)
	}
	d.same(d.rows("select a, b, c from lake.erp_lines"), []string{"1 x ", "2 y 2.5"})
	d.file("3.csv", "a,c\n3,1\n")
	d.held("3.csv lacks the column b")
	d.same(d.rows("select a from lake.erp_lines"), []string{"1", "2"})
	d.file("3.csv", "a,b,c\nmany,z,1\n")
	d.held("3.csv")
	d.file("3.csv", "a,b,c\n3,z,1\n")
	d.landed()
	d.same(d.rows("select a, b from lake.erp_lines"), []string{"1 x", "2 y", "3 z"})
}

func TestKeysWindowsAndDeletions(t *testing.T) {
	d := newDock(t, "key: [a]\n    version: v\n    deleted: b < 0\n    columns: {a: integer, v: integer, b: integer}")
	d.file("1.csv", "a,v,b\n1,1,10\n2,1,20\n1,2,11\n")
	d.landed()
	d.same(d.rows("select a, b from lake.erp_lines"), []string{"1 11", "2 20"})
	d.file("2.csv", "a,v,b\n1,1,99\n2,2,-1\n3,1,30\n")
	d.landed()
	d.same(d.rows("select a, b from lake.erp_lines"), []string{"1 11", "3 30"})

	w := newDock(t, "window: day\n    columns: {day: date, b: integer}")
	w.file("1.csv", "day,b\n2026-03-01,1\n2026-03-02,2\n")
	w.landed()
	w.file("2.csv", "day,b\n2026-03-02,3\n2026-03-02,4\n")
	w.landed()
	w.same(w.rows("select b from lake.erp_lines"), []string{"1", "3", "4"})
}

// What a check holds is archived all the same, and lands with what mends it.
func TestHeldLoadsStayArchived(t *testing.T) {
	d := newDock(t, ab)
	d.file("1.csv", "a,b\n1,10\n")
	d.landed()
	d.blocks = true
	d.file("2.csv", "a,b\n2,-20\n")
	d.held("check c")
	d.same(d.rows("select a from lake.erp_lines"), []string{"1"})
	d.blocks = false
	d.file("2.csv", "a,b\n2,20\n")
	d.landed()
	d.same(d.rows("select a, b from lake.erp_lines"), []string{"1 10", "2 20"})
}

func TestUnreadableRows(t *testing.T) {
	d := newDock(t, "quarantine: 1\n    columns: {a: integer, money: \"decimal(18,2)\"}")
	d.file("1.csv", "a,money\n1,1.25\n2,1.255\n3,-0.05\n4,9999999999999999.99\n")
	if l := d.landed(); !noted(l, "1 of 4 rows cannot be read") {
		t.Errorf("%+v", l)
	}
	d.same(d.rows("select a, money from lake.erp_lines"), []string{"1 1.25", "3 -0.05", "4 9999999999999999.99"})
	d.same(d.rows("select line, column_name, reason, text from lake.erp_lines__quarantine"), []string{"3 money not exactly a decimal(18,2) 1.255"})
	d.file("2.csv", "a,money\nx,1\ny,2\n")
	d.held("2 of 2 rows of 2.csv cannot be read: line 2, column a: not of type integer")
}

func TestAFileThatGrowsWhileItIsReadIsReadAgain(t *testing.T) {
	d := newDock(t, ab)
	d.file("1.csv", "a,b\n1,10\n")
	grown := false
	reader := &growing{Lister: d.reader, grow: func() {
		if !grown {
			grown = true
			d.file("1.csv", "a,b\n1,10\n2,20\n")
		}
	}}
	i := ingest.New(d.archive, map[string]ingest.Reader{"files": reader}, d.parser, []project.Source{d.source}, time.Now)
	_, err := i.Archive(t.Context(), "lake.erp_lines", "run")
	if fault.KindOf(err) != fault.Busy || !strings.Contains(err.Error(), "1.csv changed while it was read") {
		t.Errorf("got %v", err)
	}
	d.landed()
	d.same(d.rows("select a from lake.erp_lines"), []string{"1", "2"})
}

// growing is a reader whose files change under its hands.
type growing struct {
	ingest.Lister
	grow func()
}

func (g *growing) Fetch(ctx context.Context, t ingest.Table, a ingest.Arrival) (ingest.Local, error) {
	local, err := g.Lister.Fetch(ctx, t, a)
	changed := local.Changed
	local.Changed = func(ctx context.Context) (bool, error) {
		g.grow()
		return changed(ctx)
	}
	return local, err
}

// Whatever files come, are corrected and are lost in whatever order, and however
// often the process starts anew: the table is what the newest version of each
// file says, and nothing that arrived is gone.
func TestAnyOrderOfArrivals(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := newDock(t, ab)
		d.TB = t
		now, ever := map[string]string{}, map[string]bool{}
		for step := range rapid.IntRange(1, 4).Draw(r, "steps") {
			for range rapid.IntRange(1, 3).Draw(r, "files") {
				name := rapid.SampledFrom([]string{"1.csv", "2.csv", "3.csv"}).Draw(r, "file")
				value := fmt.Sprintf("%d %d", step, rapid.IntRange(0, 2).Draw(r, "value"))
				d.file(name, "a,b\n"+strings.Replace(value, " ", ",", 1)+"\n")
				now[name] = value
			}
			if rapid.Bool().Draw(r, "another process") {
				if err := errors.Join(d.archive.Close(), d.parser.Close()); err != nil {
					r.Fatal(err)
				}
				d.open()
			}
			d.landed()
			distinct := map[string]bool{} // equal bytes under several names count once
			for _, value := range now {
				distinct[value], ever[value] = true, true
			}
			var missing []string
			got := d.rows("select a, b from lake.erp_lines")
			for value := range distinct {
				if !slices.Contains(got, value) {
					missing = append(missing, value)
				}
			}
			if len(missing) > 0 || len(got) > len(now) {
				r.Fatalf("after %v the table has %v", now, got)
			}
		}
		for _, value := range d.rows("select distinct a, b from lake.erp_lines__loads") {
			if !ever[value] {
				r.Fatalf("%s never arrived", value)
			}
		}
	})
}

// A line without an end, of a file that is no text or was written wrong: DuckDB
// would leave it out without a word.
func TestALineOfManyMegabytes(t *testing.T) {
	d := newDock(t, "quarantine: 2\n    columns: {a: integer, b: varchar}")
	long := "a,b\n1,x\n2," + strings.Repeat("y", 100<<20) + "\n3,z\n"
	d.file("1.csv", long)
	d.held("1.csv: a line has more than 16 MB")
	var zipped strings.Builder
	w := gzip.NewWriter(&zipped)
	if _, err := io.WriteString(w, long); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(d.dir, "data", "1.csv")); err != nil {
		t.Fatal(err)
	}
	d.source = sourceOf(t, d.dir, strings.Replace(fmt.Sprintf(lines, ab), "*.csv", "*.csv.gz", 1))
	d.file("1.csv.gz", zipped.String())
	d.held("1.csv.gz: a line has more than 16 MB")
	d.file("1.csv.gz", "no gzip")
	d.held("1.csv.gz")
	d.file("1.csv", "a,b\n1,2\n")
	d.source = sourceOf(t, d.dir, fmt.Sprintf(lines, ab))
	d.landed()
	d.same(d.rows("select a, b from lake.erp_lines"), []string{"1 2"})
}
