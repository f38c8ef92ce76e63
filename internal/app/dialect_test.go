package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/pgtest"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// twoEngines is a project with a model of each kind: one text for both engines,
// an override, and a model for PostgreSQL alone.
const twoEngines = `
-- larder.yml --
name: shop
targets:
  local: {engine: duckdb}
  cloud: {engine: postgres, url: "%s"}
target: cloud
vars:
  least: 2
-- sources/erp.yml --
kind: files
path: data
tables:
  lines:
    files: lines.csv
    columns: {day: date, sku: varchar, pieces: integer}
-- data/lines.csv --
day,sku,pieces
2026-01-01,a,1
2026-01-01,b,5
2026-01-02,c,3
2026-01-02,a,2
-- models/warehouse/lines.sql --
select day, sku, pieces from lake.erp_lines where pieces >= $least and day < $now::date -- $least
-- models/warehouse/most.sql --
select day, arg_max(sku, pieces) as sku, max(pieces) as pieces from warehouse.lines group by all
-- models/warehouse/most.postgres.sql --
-- the same with what PostgreSQL has
select day, (array_agg(l.sku order by l.pieces desc))[1] as sku, max(l.pieces) as pieces
from warehouse.lines as l
where l.pieces >= $least
group by day
-- models/warehouse/newest.sql --
/* larder
dialect: postgres
columns: {day: date, sku: varchar, share: "decimal(9,2)"}
*/
select distinct on (m.sku) m.day, m.sku, warehouse.lines.pieces::decimal(9,2) as share
from warehouse.most as m join warehouse.lines using (day, sku)
order by m.sku, m.day desc; -- the end
-- models/marts/report.sql --
select day, sku, share * 2 as double_share from warehouse.newest
`

// asked are the rows of a query, a line each.
func asked(t *testing.T, a *App, sql string) []string {
	t.Helper()
	q, err := a.Query(t.Context(), sql, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	batch, err := engine.ReadAll(t.Context(), q.asked, q.sql, 0)
	if err != nil {
		t.Fatal(err)
	}
	return lines(batch)
}

// lines are the rows of an answer in order, cells divided by blanks.
func lines(batch table.Batch) []string {
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

// in opens a project on PostgreSQL in an environment.
func in(t *testing.T, dir, env string) *App {
	t.Helper()
	clock := time.Date(2026, 3, 31, 18, 0, 0, 0, time.UTC)
	a, err := Load(t.Context(), Options{Dir: dir, Env: env, Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := a.Connect(context.Background()); err != nil {
		t.Fatal(err)
	}
	return a
}

// executed plans and runs.
func executed(t *testing.T, a *App) build.Report {
	t.Helper()
	plan, err := a.Plan(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	report, err := a.Run(t.Context(), plan, RunOptions{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func rewrite(t *testing.T, dir, file, from, to string) {
	t.Helper()
	name := filepath.Join(dir, file)
	text, err := os.ReadFile(name)
	if err != nil || !strings.Contains(string(text), from) {
		t.Fatalf("%s has no %s: %v", file, from, err)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(text), from, to, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestModelsForPostgreSQL builds a project with overrides and dialects on a real
// server, in production and in an environment of somebody's, and breaks their
// contracts.
func TestModelsForPostgreSQL(t *testing.T) {
	pg := pgtest.Start(t)
	dir := unpack(t, fmt.Sprintf(twoEngines, pg.URL(pg.Database(t))))
	a := in(t, dir, "")
	done(t, executed(t, a), "lake.erp_lines", "marts.report", "warehouse.lines", "warehouse.most", "warehouse.newest")
	same(t, asked(t, a, "table marts.report"), "2026-01-01 b 10.00", "2026-01-02 c 6.00")
	done(t, executed(t, a))

	// A comment builds nothing, a word builds what it stands in.
	rewrite(t, dir, "models/warehouse/most.postgres.sql", "-- the same", "-- still the same")
	done(t, executed(t, in(t, dir, "")))
	rewrite(t, dir, "models/warehouse/most.postgres.sql", "desc", "asc")
	ada := in(t, dir, "ada")
	done(t, executed(t, ada), "marts.report", "warehouse.most", "warehouse.newest")
	same(t, asked(t, ada, "table marts.report"), "2026-01-01 b 10.00", "2026-01-02 a 4.00")
	same(t, asked(t, ada, "select distinct on (day) day, sku from marts.report order by day"), "2026-01-01 b", "2026-01-02 a")
	same(t, asked(t, a, "table marts.report"), "2026-01-01 b 10.00", "2026-01-02 c 6.00")

	// What returns something else than it promises is not built.
	rewrite(t, dir, "models/warehouse/most.postgres.sql", "max(l.pieces) as pieces", "max(l.pieces)::bigint as pieces, 1 as n")
	rewrite(t, dir, "models/warehouse/newest.sql", "decimal(9,2) as share", "decimal(9,4) as share")
	b := in(t, dir, "")
	for _, s := range executed(t, b).Steps {
		want := map[string]string{
			"warehouse.most":   "pieces is BIGINT, not INTEGER; the column n is one too many",
			"warehouse.newest": "waits for warehouse.most", "marts.report": "waits for warehouse.most",
		}[s.Dataset]
		if want == "" || !strings.Contains(s.Error, want) {
			t.Errorf("%s is %s: %s", s.Dataset, s.Outcome, s.Error)
		}
	}
	same(t, asked(t, b, "table marts.report"), "2026-01-01 b 10.00", "2026-01-02 c 6.00")
	// A mistake the server finds is told with its line in the model's own file.
	rewrite(t, dir, "models/warehouse/most.postgres.sql", "max(l.pieces)::bigint as pieces, 1 as n", "max(l.pices) as pieces")
	line := "LINE " + strconv.Itoa(lineOf(t, dir, "models/warehouse/most.postgres.sql", "l.pices"))
	for _, s := range executed(t, in(t, dir, "")).Steps {
		if s.Dataset == "warehouse.most" && !strings.Contains(s.Error, line) {
			t.Errorf("%s should be told as %s: %s", s.Dataset, line, s.Error)
		}
	}
	rewrite(t, dir, "models/warehouse/most.postgres.sql", "max(l.pices) as pieces", "max(l.pieces) as pieces")
	for _, s := range executed(t, in(t, dir, "")).Steps {
		if s.Dataset == "warehouse.newest" && !strings.Contains(s.Error, "share is DECIMAL(9,4), not DECIMAL(9,2)") {
			t.Errorf("%s is %s: %s", s.Dataset, s.Outcome, s.Error)
		}
	}
}

// lineOf is the line of a file a text first stands on.
func lineOf(t *testing.T, dir, file, text string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, file))
	before, _, found := strings.Cut(string(content), text)
	if err != nil || !found {
		t.Fatalf("%s has no %s: %v", file, text, err)
	}
	return strings.Count(before, "\n") + 1
}

// done wants a report of just these steps, all of them well.
func done(t *testing.T, r build.Report, datasets ...string) {
	t.Helper()
	var got []string
	for _, s := range r.Steps {
		if s.Outcome != state.Done {
			t.Errorf("%s is %s: %s", s.Dataset, s.Outcome, s.Error)
		}
		got = append(got, s.Dataset)
	}
	slices.Sort(got)
	if !slices.Equal(got, datasets) {
		t.Errorf("built %v, want %v", got, datasets)
	}
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
