package compile

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/library"
)

// onPostgres is a project with a target of PostgreSQL beside DuckDB's.
func onPostgres(t testing.TB, models ...Model) Input {
	t.Helper()
	in := input(t, models...)
	in.Engines = []string{library.DuckDB, library.Postgres}
	return in
}

// warningsOf are a dataset's warnings with their places.
func warningsOf(r *Result, dataset string) string {
	var out []string
	for _, w := range r.Graph.Nodes[dataset].Warnings {
		out = append(out, w.Error())
	}
	return strings.Join(out, "\n")
}

// TestTargetsHoldModels: what an engine of any target refuses is an error, and
// what it reads otherwise a warning; both come from the cache as well.
func TestTargetsHoldModels(t *testing.T) {
	breaking := model("mart.breaks", "select store_id,\n  arg_max(net, ordered_at) as newest from shop.orders group by all")
	differing := model("mart.differs", "select order_id, rank() over (order by net desc) as a, rank() over (order by tax desc) as b from mart.breaks join shop.orders using (store_id)")
	cache, err := OpenCache(filepath.Join(t.TempDir(), "compiled"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		in := onPostgres(t, breaking, differing)
		r, err := compileAll(t, in, Options{Cache: cache})
		for _, want := range []string{
			"2:3 breaks on PostgreSQL: the function arg_max is not one of those that mean the same in PostgreSQL (larder.last_by(value, by); or write mart.breaks.postgres.sql beside it)",
			"2:64 breaks on PostgreSQL: GROUP BY ALL",
		} {
			if !toldAt(err, want) {
				t.Errorf("not told: %s\n%s", want, pictureOfErrors(err))
			}
		}
		want := "mart.differs.sql:1:40: model mart.differs: differs on PostgreSQL (null_order): descending, DuckDB has NULLs last and PostgreSQL first"
		if got := warningsOf(r, "mart.differs"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if _, err := compileAll(t, input(t, breaking, differing), Options{Cache: cache}); err != nil {
		t.Errorf("DuckDB alone: %v", err)
	}
}

func TestOverridesAndAcceptedDifferences(t *testing.T) {
	override := overridden("mart.o", "select store_id, arg_max(net, ordered_at) as newest from shop.orders group by all",
		"select store_id, (array_agg(net order by ordered_at desc))[1] as newest from shop.orders group by 1")
	accepting := model("mart.a", "select order_id, rank() over (order by net desc) as n from shop.orders")
	accepting.Accepts = []Accepted{{Rule: nullOrder, Where: fault.Place{Line: 3}}}
	stale := model("mart.s", "select order_id from shop.orders")
	stale.Accepts = accepting.Accepts
	r, err := compileAll(t, onPostgres(t, override, accepting, stale), Options{})
	if err != nil {
		t.Fatal(pictureOfErrors(err))
	}
	for dataset, want := range map[string]string{
		"mart.o": "", "mart.a": "",
		"mart.s": "mart.s.sql:1: model mart.s: the difference null_order is accepted, and there is none",
	} {
		if got := warningsOf(r, dataset); got != want {
			t.Errorf("%s: got %q, want %q", dataset, got, want)
		}
	}
	for _, dataset := range []string{"mart.o", "mart.a"} {
		if found, err := r.Portability(t.Context(), dataset, library.Postgres); err != nil || len(found) > 0 {
			t.Errorf("%s: %v %v", dataset, found, err)
		}
	}
	stale.Accepts = []Accepted{{Rule: "nul_order", Where: fault.Place{File: "x.sql", Line: 3}}}
	_, err = compileAll(t, onPostgres(t, stale), Options{})
	if !toldAt(err, "3 there is no difference between engines called nul_order (did you mean null_order?)") {
		t.Error(pictureOfErrors(err))
	}
	override.Accepts = []Accepted{{Rule: nullOrder, Where: fault.Place{File: "x.sql", Line: 3}}}
	_, err = compileAll(t, onPostgres(t, override), Options{})
	if !toldAt(err, "3 the difference null_order is accepted, and the SQL for PostgreSQL is another (take it out") {
		t.Error(pictureOfErrors(err))
	}
}

// TestAnotherLarderLooksAnew: what another program kept is not believed.
func TestAnotherLarderLooksAnew(t *testing.T) {
	file, err := OpenCache(filepath.Join(t.TempDir(), "compiled"))
	if err != nil {
		t.Fatal(err)
	}
	cache := &counting{FileCache: file}
	for version, puts := range map[string]int{"1": 1, "2": 2} {
		cache.puts = 0
		for range puts {
			if _, err := compileAll(t, input(t, model("mart.m", "select order_id from shop.orders")), Options{Cache: cache, Version: version}); err != nil {
				t.Fatal(err)
			}
		}
		if cache.puts != 1 {
			t.Errorf("version %s bound %d times", version, cache.puts)
		}
	}
}

// TestEveryDifferenceIsFound: each one that can be accepted is found in some
// query, and each that is found can be accepted.
func TestEveryDifferenceIsFound(t *testing.T) {
	found := map[string]bool{}
	for _, s := range judged(t) {
		for _, f := range s.findings {
			if (f.Rule == "") != (f.Severity == Breaks) {
				t.Errorf("%v", f)
			}
			found[f.Rule] = true
		}
	}
	delete(found, "")
	for _, rule := range Rules() {
		if !found[rule] {
			t.Errorf("no query differs by %s", rule)
		}
		delete(found, rule)
	}
	for rule := range found {
		t.Errorf("%s cannot be accepted", rule)
	}
}

// BenchmarkCompileForTwoEngines is BenchmarkCompile of 1,000 realistic models,
// held against PostgreSQL as well.
func BenchmarkCompileForTwoEngines(b *testing.B) {
	in := manyModels(b, 1000, func(i int) string {
		return strings.Replace(realisticSQL(i), "qualify nth_order < 1000", "", 1)
	})
	in.Engines = []string{library.DuckDB, library.Postgres}
	for b.Loop() {
		measured(b, in, Options{})
	}
}
