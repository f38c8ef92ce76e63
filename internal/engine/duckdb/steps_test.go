package duckdb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/table"
)

// deed is something that must happen whole or not at all: what makes it, and
// what shows which of the two it was.
type deed struct {
	name   string
	before func(t *testing.T, e *Engine, dir string)
	do     func(ctx context.Context, e *Engine, dir string) error
	look   func(t *testing.T, e *Engine) [][]string
}

// deeds are all the transactions the engine makes.
var deeds = []deed{
	{"publish", publishFirst, publishSecond, lookPublished},
	{"publish of a view", publishFirst, func(ctx context.Context, e *Engine, _ string) error {
		return stageAndPublish(ctx, e, engine.View, "select 2 as n")
	}, lookPublished},
	{"build and publish", publishFirst, func(ctx context.Context, e *Engine, _ string) error {
		_, err := e.BuildAndPublish(ctx, engine.Build{Target: engine.ParseRelation("a.b"), Form: engine.Table, SQL: "select 2 as n", Run: "r2"}, marker("a.b", 2))
		return err
	}, lookPublished},
	{"publish that keeps", publishThree, func(ctx context.Context, e *Engine, _ string) error {
		return stageAndKeep(ctx, e, engine.Table, "select 4 as n", 2)
	}, lookKept},
	{"build and publish that keeps", publishThree, func(ctx context.Context, e *Engine, _ string) error {
		was, _ := e.known.marker("a.b")
		b := engine.Build{Target: engine.ParseRelation("a.b"), Form: engine.Table, SQL: "select 4 as n from a.b", Run: "r2", Keep: 2}
		_, err := e.BuildAndPublish(ctx, b, marker("a.b", was.fence+1))
		return err
	}, lookKept},
	{"drop of what is kept", publishThree, func(ctx context.Context, e *Engine, _ string) error {
		return e.Drop(ctx, "a.b", engine.ParseRelation("a.b"))
	}, lookKept},
	{"drop", publishFirst, func(ctx context.Context, e *Engine, _ string) error {
		return e.Drop(ctx, "a.b", engine.ParseRelation("a.b"))
	}, lookPublished},
	{"land", landFirst, func(ctx context.Context, e *Engine, dir string) error {
		_, err := e.Land(ctx, secondLanding(dir))
		return err
	}, lookLanded},
	{"land what was previewed", landFirst, func(ctx context.Context, e *Engine, dir string) error {
		if _, err := e.Preview(ctx, secondLanding(dir)); err != nil {
			return err
		}
		_, err := e.Land(ctx, secondLanding(dir))
		return err
	}, lookLanded},
}

func publishFirst(t *testing.T, e *Engine, _ string) {
	t.Helper()
	if err := stageAndPublish(t.Context(), e, engine.Table, "select 1 as n"); err != nil {
		t.Fatal(err)
	}
}

// publishThree leaves version 3 with the two before it.
func publishThree(t *testing.T, e *Engine, _ string) {
	t.Helper()
	for i := range 3 {
		if err := stageAndKeep(t.Context(), e, engine.Table, "select "+itoa(i+1)+" as n", 2); err != nil {
			t.Fatal(err)
		}
	}
}

func publishSecond(ctx context.Context, e *Engine, _ string) error {
	return stageAndPublish(ctx, e, engine.Table, "select 2 as n")
}

func stageAndPublish(ctx context.Context, e *Engine, form engine.Form, sql string) error {
	return stageAndKeep(ctx, e, form, sql, 0)
}

func stageAndKeep(ctx context.Context, e *Engine, form engine.Form, sql string, keep int) error {
	s, err := e.Stage(ctx, engine.Build{Target: engine.ParseRelation("a.b"), Form: form, SQL: sql, Run: "r1"})
	if err != nil {
		return err
	}
	version := int64(1)
	if was, ok := e.known.marker("a.b"); ok {
		version = was.fence + 1
	}
	return e.Publish(ctx, engine.Publication{Staged: s, Marker: marker("a.b", version), Keep: keep})
}

// lookPublished tells what is there: the rows and their version agree, or
// neither exists.
func lookPublished(t *testing.T, e *Engine) [][]string {
	t.Helper()
	out := answer(t, e, "select dataset, version::varchar from larder.published")
	if _, err := e.Columns(t.Context(), engine.ParseRelation("a.b")); err == nil {
		out = append(out, answer(t, e, "select n from a.b")...)
	}
	return out
}

// lookKept tells besides which versions are kept, and what they hold.
func lookKept(t *testing.T, e *Engine) [][]string {
	t.Helper()
	out := lookPublished(t, e)
	target := engine.ParseRelation("a.b")
	versions, err := e.Past(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range versions {
		out = append(out, answer(t, e, "select "+itoa(int(version))+"::varchar, n from "+pastOf(target, version).String())...)
	}
	return out
}

func landFirst(t *testing.T, e *Engine, dir string) {
	t.Helper()
	for sequence, values := range []string{"(1, 1, 10), (2, 1, 20)", "(1, 2, 11), (3, 1, 30)"} {
		archive(t, e, dir, int64(sequence+1), values)
	}
	l := keyLanding(dir, 1)
	if _, err := e.Land(t.Context(), l); err != nil {
		t.Fatal(err)
	}
}

// keyLanding lands the load of a number that landFirst archived.
func keyLanding(dir string, sequence int64) engine.Landing {
	id := "load" + itoa(int(sequence))
	return engine.Landing{
		Target: engine.ParseRelation("lake.x"), Mode: engine.Key, Key: []string{"k"},
		Columns: []table.Column{{Name: "k", Type: table.Type{Kind: table.Integer}}, {Name: "v", Type: table.Type{Kind: table.Integer}}, {Name: "n", Type: table.Type{Kind: table.Integer}}},
		Loads:   []engine.ArchivedLoad{{ID: id, Sequence: sequence, Parquet: []string{filepath.Join(dir, id+".parquet")}, Rows: 2}},
		Marker:  marker("lake.x", sequence),
	}
}

// secondLanding adds a column, widens one and supersedes the first load, so
// that it takes every step there is.
func secondLanding(dir string) engine.Landing {
	l := keyLanding(dir, 2)
	l.Columns[2].Type.Kind = table.BigInt
	l.Columns = append(l.Columns, table.Column{Name: "added", Type: table.Type{Kind: table.Varchar}})
	l.Loads[0].Supersedes = []string{"load1"}
	return l
}

func lookLanded(t *testing.T, e *Engine) [][]string {
	t.Helper()
	columns, err := e.Columns(t.Context(), engine.ParseRelation("lake.x"))
	if err != nil {
		t.Fatal(err)
	}
	var shape []string
	for _, c := range columns {
		shape = append(shape, c.Name+" "+c.Type.String())
	}
	out := [][]string{shape}
	for _, sql := range []string{
		"select k, v, n from lake.x order by k", "select dataset, version::varchar from larder.published",
		"select id, superseded_by from larder.loads order by id", "select k, n from lake.x__loads order by all",
	} {
		out = append(out, answer(t, e, sql)...)
	}
	return out
}

// outcome does a deed undisturbed and returns its steps, and what there was to
// see before and after it.
func (d deed) outcome(t *testing.T) (steps []string, before, after [][]string) {
	t.Helper()
	dir := ownDir(t)
	recording := false
	e := openAt(t, dir, func(step string) error {
		if recording {
			steps = append(steps, step)
		}
		return nil
	})
	d.before(t, e, dir)
	before = d.look(t, e)
	recording = true
	if err := d.do(t.Context(), e, dir); err != nil {
		t.Fatal(err)
	}
	recording = false
	after = d.look(t, e)
	if len(steps) < 3 || cmp.Equal(before, after) {
		t.Fatalf("steps %v make no difference", steps)
	}
	return steps, before, after
}

// ownDir is a folder with no sibling: the view of all loads looks for archived
// files in the folders beside the one they are in.
func ownDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "own")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func openAt(t *testing.T, dir string, interfere func(string) error) *Engine {
	t.Helper()
	e, err := Open(t.Context(), Settings{Path: filepath.Join(dir, "w.duckdb"), TimeZone: "Europe/London", Interfere: interfere})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// failAt makes the nth step from now on fail; 0 fails none.
func failAt(n *int) func(string) error {
	return func(step string) error {
		if *n--; *n == 0 {
			return errors.New("interfered after " + step)
		}
		return nil
	}
}

func TestAFailureAtAnyStepLeavesTheOldOrTheNew(t *testing.T) {
	for _, d := range deeds {
		t.Run(d.name, func(t *testing.T) {
			steps, before, after := d.outcome(t)
			t.Log(steps)
			if steps[len(steps)-1] != "commit" || !slices.Contains(steps, "begin") {
				t.Errorf("the steps are %v", steps)
			}
			for i, step := range steps {
				dir, fail := ownDir(t), 0
				e := openAt(t, dir, failAt(&fail))
				d.before(t, e, dir)
				fail = i + 1
				if err := d.do(t.Context(), e, dir); err == nil {
					t.Fatalf("step %d, %s: no error", i+1, step)
				}
				fail = 0
				seen := d.look(t, e)
				want := before
				if i == len(steps)-1 {
					want = after // the commit had happened
				}
				if diff := cmp.Diff(want, seen); diff != "" {
					t.Errorf("after a failure at step %d, %s: %s", i+1, step, diff)
				}
				// The engine is usable: the same deed done again succeeds.
				if err := d.do(t.Context(), e, dir); err != nil {
					t.Errorf("after a failure at step %d, %s: again: %v", i+1, step, err)
				}
				if err := e.Close(); err != nil {
					t.Error(err)
				}
				e = openAt(t, dir, nil)
				if got := d.look(t, e); i < len(steps)-1 && !cmp.Equal(after, got) {
					t.Errorf("done again after step %d, %s: %s", i+1, step, cmp.Diff(after, got))
				}
			}
		})
	}
}
