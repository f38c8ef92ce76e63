package postgres_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/postgres"
	"github.com/larder-data/larder/internal/pgtest"
	"github.com/larder-data/larder/internal/table"
)

// deed is something that must happen whole or not at all.
type deed struct {
	name   string
	before func(t *testing.T, e *postgres.Engine, p *place)
	do     func(ctx context.Context, e *postgres.Engine, p *place) error
}

// deeds are all the ways the engine changes what readers see.
var deeds = slices.Concat(publishes, directs, drops, landings)

var publishes = []deed{
	{"publish for the first time", nothing, puts(build("a.b", "SELECT 1 AS n"))},
	{"publish by filling", published(table1), puts(build("a.b", "SELECT 2 AS n"))},
	{"publish by filling, and keep", published(kept(table1)), puts(kept(build("a.b", "SELECT 2 AS n")))},
	{"publish by filling, and keep what was exchanged", published(table1, kept(wider)), puts(kept(wider))},
	{"publish by exchange", published(table1), puts(wider)},
	{"publish by exchange, and keep", published(kept(table1)), puts(kept(wider))},
	{"publish by exchange below views", publishedBelowViews, puts(wider)},
	{"publish a view", published(view("a.b", "SELECT 1 AS n")), puts(view("a.b", "SELECT 2 AS n"))},
	{"publish a table where a view was", published(view("a.b", "SELECT 1 AS n")), puts(table1)},
	{"publish several", published(table1), func(ctx context.Context, e *postgres.Engine, _ *place) error {
		var all []engine.Publication
		for _, b := range []engine.Build{build("a.b", "SELECT 2 AS n"), build("a.c", "SELECT 3 AS n"), view("a.d", "SELECT n FROM a.b")} {
			s, err := e.Stage(ctx, b)
			if err != nil {
				return err
			}
			all = append(all, engine.Publication{Staged: s, Marker: marker(b.Target.Dataset(), 9)})
		}
		return e.PublishAll(ctx, all)
	}},
}

var directs = []deed{
	{"build and publish for the first time", nothing, buildsDirectly(table1)},
	{"build and publish by filling", published(table1), buildsDirectly(build("a.b", "SELECT n + 1 AS n FROM a.b"))},
	{"build and publish by filling, and keep", published(kept(table1)), buildsDirectly(kept(build("a.b", "SELECT 2 AS n")))},
	{"build and publish by exchange, and keep", publishedBelowViews, buildsDirectly(kept(wider))},
	{"build and publish several", published(table1), buildsDirectly(build("a.b", "SELECT 2 AS n"), build("a.c", "SELECT 3 AS n"), wider2)},
}

var drops = []deed{
	{"drop", published(table1), dropsDataset("a.b")},
	{"drop what is kept", published(kept(table1), kept(build("a.b", "SELECT 2 AS n")), kept(wider)), dropsDataset("a.b")},
	{"drop a lake table", landedOnce(engine.Key), dropsDataset("lake.x")},
}

var landings = []deed{
	{"land rows", landedOnce(engine.Append), landsAgain(engine.Append, false)},
	{"land a window", landedOnce(engine.Window), landsAgain(engine.Window, false)},
	{"land keys", landedOnce(engine.Key), landsAgain(engine.Key, false)},
	{"land for the first time", nothing, func(ctx context.Context, e *postgres.Engine, p *place) error {
		_, err := e.Land(ctx, p.landing(engine.Key, engine.ArchivedLoad{ID: "none", Sequence: 1}))
		return err
	}},
	{"land rows that were previewed", landedOnce(engine.Append), landsAgain(engine.Append, true)},
	{"land a window that was previewed", landedOnce(engine.Window), landsAgain(engine.Window, true)},
	{"land keys that were previewed", landedOnce(engine.Key), landsAgain(engine.Key, true)},
}

var (
	table1 = build("a.b", "SELECT 1 AS n")
	wider  = build("a.b", "SELECT 2 AS n, 'more' AS t")
	wider2 = build("a.d", "SELECT 2 AS n, 'more' AS t")
)

func kept(b engine.Build) engine.Build {
	b.Keep = 1
	return b
}

func nothing(t *testing.T, _ *postgres.Engine, p *place) {
	t.Helper()
	p.psql(t, "CREATE SCHEMA a", "CREATE SCHEMA lake")
}

// published publishes builds one after the other.
func published(builds ...engine.Build) func(*testing.T, *postgres.Engine, *place) {
	return func(t *testing.T, e *postgres.Engine, _ *place) {
		t.Helper()
		for i, b := range builds {
			must(t, put(t.Context(), e, b, int64(i+1)))
		}
	}
}

// publishedBelowViews has somebody's views, one on the other, and their grants.
func publishedBelowViews(t *testing.T, e *postgres.Engine, p *place) {
	t.Helper()
	published(table1)(t, e, p)
	p.psql(t, "CREATE SCHEMA people", "CREATE VIEW people.one AS SELECT n FROM a.b", "CREATE VIEW people.two AS SELECT n + 1 AS n FROM people.one",
		"GRANT SELECT ON a.b TO PUBLIC", "GRANT SELECT ON people.two TO PUBLIC")
}

func puts(b engine.Build) func(context.Context, *postgres.Engine, *place) error {
	return func(ctx context.Context, e *postgres.Engine, _ *place) error { return put(ctx, e, b, 9) }
}

func buildsDirectly(builds ...engine.Build) func(context.Context, *postgres.Engine, *place) error {
	return func(ctx context.Context, e *postgres.Engine, _ *place) error {
		var markers []engine.Marker
		for _, b := range builds {
			markers = append(markers, marker(b.Target.Dataset(), 9))
		}
		_, err := e.BuildAllAndPublish(ctx, builds, markers)
		return err
	}
}

func dropsDataset(dataset string) func(context.Context, *postgres.Engine, *place) error {
	return func(ctx context.Context, e *postgres.Engine, _ *place) error {
		return e.Drop(ctx, dataset, engine.ParseRelation(dataset))
	}
}

// landing lands loads of k, v and n in a mode.
func (p *place) landing(mode engine.Mode, loads ...engine.ArchivedLoad) engine.Landing {
	l := engine.Landing{
		Target: engine.ParseRelation("lake.x"), Mode: mode,
		Columns: []table.Column{column("k", table.Integer), column("v", table.Integer), column("n", table.Integer)},
		Loads:   loads, Marker: marker("lake.x", 1),
	}
	switch mode {
	case engine.Window:
		l.WindowColumn = "k"
	case engine.Key:
		l.Key, l.Version = []string{"k"}, "v"
	}
	return l
}

func landedOnce(mode engine.Mode) func(*testing.T, *postgres.Engine, *place) {
	return func(t *testing.T, e *postgres.Engine, p *place) {
		t.Helper()
		first := p.cargo(t, 1, "SELECT * FROM (VALUES (1, 1, 10), (2, 1, 20)) AS r(k, v, n)")
		p.cargo(t, 2, "SELECT * FROM (VALUES (1, 2, 11::BIGINT, 'x'), (3, 1, 30, 'y')) AS r(k, v, n, added)")
		_, err := e.Land(t.Context(), p.landing(mode, first))
		must(t, err)
	}
}

// landsAgain adds a column, widens one and supersedes the first load, so that
// it takes every step there is.
func landsAgain(mode engine.Mode, previewed bool) func(context.Context, *postgres.Engine, *place) error {
	return func(ctx context.Context, e *postgres.Engine, p *place) error {
		l := p.landing(mode, engine.ArchivedLoad{ID: "load2", Sequence: 2, Parquet: []string{p.dir + "/load2.parquet"}, Rows: 2, Supersedes: []string{"load1"}})
		l.Columns[2].Type.Kind = table.BigInt
		l.Columns = append(l.Columns, column("added", table.Varchar))
		l.Marker.Version = 9
		if previewed {
			if _, err := e.Preview(ctx, l); err != nil {
				return err
			}
		}
		_, err := e.Land(ctx, l)
		return err
	}
}

func TestAFailureAtAnyStepChangesNothing(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	fail, n := 0, 0
	var steps []string
	e := p.open(t, interfered(func(step string) error {
		steps = append(steps, step)
		if n++; n == fail {
			return errors.New("interfered after " + step)
		}
		return nil
	}))
	tried := 0
	for _, d := range deeds {
		t.Run(d.name, func(t *testing.T) {
			// do does the deed on an emptied warehouse, and fails at a step, 0 at none.
			do := func(at int) (before map[string]string, err error) {
				p.empty(t)
				fail = 0
				d.before(t, e, p)
				before = picture(t, e)
				fail, n, steps = at, 0, nil
				err = d.do(t.Context(), e, p)
				fail = 0
				return before, err
			}
			before, err := do(0)
			must(t, err)
			after, all := picture(t, e), steps
			if cmp.Equal(before, after) || len(all) < 3 || all[0] != "begin" || all[len(all)-1] != "commit" {
				t.Fatalf("the steps %v make no difference, or are not all", all)
			}
			for i, step := range all {
				if testing.Short() && i%4 != 0 && step != "commit" {
					continue
				}
				before, err := do(i + 1)
				if err == nil {
					t.Fatalf("step %d, %s: no error", i+1, step)
				}
				if diff := cmp.Diff(before, picture(t, e)); diff != "" {
					t.Errorf("after a failure at step %d, %s: %s", i+1, step, diff)
				}
				if err := d.do(t.Context(), e, p); err != nil {
					t.Errorf("after a failure at step %d, %s: again: %v", i+1, step, err)
				}
				if diff := cmp.Diff(after, picture(t, e)); diff != "" {
					t.Errorf("done again after step %d, %s: %s", i+1, step, diff)
				}
				if staged := left(t, e); len(staged) > 0 {
					t.Errorf("done again after step %d, %s: %v is left", i+1, step, staged)
				}
				tried++
			}
		})
	}
	t.Logf("%d failures in %d deeds", tried, len(deeds))
}

// TestADroppedSchemaIsMadeAnew: an engine remembers which schemas there are.
func TestADroppedSchemaIsMadeAnew(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	e := p.open(t)
	for _, d := range []deed{
		{"stage", nothing, puts(table1)},
		{"build and publish", nothing, buildsDirectly(table1, wider2)},
		{"land", landedOnce(engine.Key), landsAgain(engine.Key, false)},
		{"preview", landedOnce(engine.Key), landsAgain(engine.Key, true)},
	} {
		t.Run(d.name, func(t *testing.T) {
			p.empty(t)
			d.before(t, e, p)
			must(t, d.do(t.Context(), e, p))
			p.empty(t)
			must(t, d.do(t.Context(), e, p))
		})
	}
}
