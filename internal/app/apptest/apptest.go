// Package apptest holds a whole project on one engine against the same project
// on another.
package apptest

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/compile"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// Target is a warehouse to build a project into.
type Target struct {
	Name     string
	Settings string // YAML of the target, on one line: {engine: duckdb}
}

// Built is a project that was built into a target.
type Built struct {
	t      testing.TB
	target Target
	dir    string
	now    time.Time
}

// Build copies a project, with the target as its only one, and builds all of it
// as of now. The test fails when anything is held or fails.
func Build(t testing.TB, project string, target Target, now time.Time) Built {
	t.Helper()
	b := Built{t, target, filepath.Join(t.TempDir(), "project"), now}
	must(t, os.CopyFS(b.dir, os.DirFS(project)))
	must(t, os.RemoveAll(filepath.Join(b.dir, ".larder")))
	local := fmt.Sprintf("targets:\n  %s: %s\ntarget: %s\n", target.Name, target.Settings, target.Name)
	must(t, os.WriteFile(filepath.Join(b.dir, "larder.local.yml"), []byte(local), 0o600))
	a := b.open()
	defer a.Close()
	must(t, a.Connect(t.Context()))
	plan, err := a.Plan(t.Context(), app.Request{})
	must(t, err)
	report, err := a.Run(t.Context(), plan, app.RunOptions{Command: "test"})
	must(t, err)
	for _, s := range report.Steps {
		if s.Outcome != state.Done {
			t.Errorf("on %s %s is %s: %s", target.Name, s.Dataset, s.Outcome, s.Error)
		}
	}
	return b
}

// Dir is the folder of the project that was built.
func (b Built) Dir() string { return b.dir }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
}

func (b Built) open() *app.App {
	b.t.Helper()
	a, err := app.Load(b.t.Context(), app.Options{Dir: b.dir, Version: "test", Now: func() time.Time { return b.now }})
	must(b.t, err)
	return a
}

// most is how many rows of a model are compared one by one.
const most = 100_000

func (b Built) count(a *app.App, dataset string) int64 {
	b.t.Helper()
	n, _ := b.ask(a, "SELECT count(*) FROM "+engine.ParseRelation(dataset).String()).Rows[0][0].(int64)
	return n
}

// rows are a dataset's rows in an order of their own.
func (b Built) rows(a *app.App, dataset string) table.Batch {
	b.t.Helper()
	batch := b.ask(a, "SELECT * FROM "+engine.ParseRelation(dataset).String())
	slices.SortFunc(batch.Rows, func(x, y []any) int { return cmp.Compare(key(batch, x), key(batch, y)) })
	return batch
}

func (b Built) ask(a *app.App, sql string) table.Batch {
	b.t.Helper()
	answer, err := a.Query(b.t.Context(), sql, 0)
	must(b.t, err)
	defer answer.Close()
	rows, err := answer.Rows(context.WithoutCancel(b.t.Context()))
	must(b.t, err)
	defer rows.Close()
	batch := table.Batch{Columns: rows.Columns()}
	for rows.Next() {
		batch.Rows = append(batch.Rows, slices.Clone(rows.Scan()))
	}
	must(b.t, rows.Err())
	return batch
}

// key orders rows: everything in it, floats only roughly.
func key(batch table.Batch, row []any) string {
	parts := make([]string, len(row))
	for i, v := range row {
		switch f := v.(type) {
		case nil:
			parts[i] = "∅"
		case float64:
			parts[i] = fmt.Sprintf("%.6g", f)
		default:
			parts[i] = table.Format(v, batch.Columns[i].Type)
		}
	}
	return strings.Join(parts, "\x1f")
}

// Same fails the test where a model's rows differ between two builds in
// anything but the order: every digit of every decimal counts, floats to 1e-9
// of their size. Of a model with more than most rows only the number of them is
// compared. It returns how many rows were.
func Same(t testing.TB, one, other Built) int {
	t.Helper()
	a, b := one.open(), other.open()
	defer a.Close()
	defer b.Close()
	compared := 0
	for _, dataset := range models(a.Graph) {
		n, m := one.count(a, dataset), other.count(b, dataset)
		if n > most || n != m {
			if n != m {
				t.Errorf("%s has %d rows on %s, %d on %s", dataset, n, one.target.Name, m, other.target.Name)
			}
			continue
		}
		left, right := one.rows(a, dataset), other.rows(b, dataset)
		compared += len(left.Rows)
		for i := range left.Rows {
			if !same(left, left.Rows[i], right, right.Rows[i]) {
				t.Errorf("%s differs\n%s: %v\n%s: %v", dataset, one.target.Name, shown(left, i), other.target.Name, shown(right, i))
				break
			}
		}
	}
	return compared
}

// models are the datasets SQL builds.
func models(g *compile.Graph) []string {
	var out []string
	for _, dataset := range g.Order {
		if g.Nodes[dataset].SQL != "" {
			out = append(out, dataset)
		}
	}
	return out
}

func same(left table.Batch, x []any, right table.Batch, y []any) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		f, isFloat := x[i].(float64)
		g, alsoFloat := y[i].(float64)
		switch {
		case isFloat && alsoFloat:
			if f != g && math.Abs(f-g) > 1e-9*max(math.Abs(f), math.Abs(g)) {
				return false
			}
		case (x[i] == nil) != (y[i] == nil), table.Format(x[i], left.Columns[i].Type) != table.Format(y[i], right.Columns[i].Type):
			return false
		}
	}
	return true
}

func shown(batch table.Batch, row int) string {
	return strings.ReplaceAll(key(batch, batch.Rows[row]), "\x1f", " | ")
}
