package build

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

func (y *yard) keep(dataset string, versions int) {
	m := y.b.Models[dataset]
	m.Keep = versions
	y.b.Models[dataset] = m
}

// twice keeps two versions of a dataset and publishes two, of which the second
// has other rows.
func (y *yard) twice(dataset string) {
	y.Helper()
	y.keep(dataset, 2)
	y.run()
	y.news["lake.a"], y.news["lake.b"] = "1 new file", "1 new file"
	y.change("w.one", "select 10 * n as n from lake.a")
	y.run()
}

func (y *yard) answer(sql string) []string {
	y.Helper()
	batch, err := engine.ReadAll(y.Context(), y.duck, sql, 0)
	if err != nil {
		y.Fatal(err)
	}
	var out []string
	for _, row := range batch.Rows {
		out = append(out, fmt.Sprint(row...))
	}
	return out
}

// numbers are the rows readers see of a dataset, or those of the nth version
// before it.
func (y *yard) numbers(dataset string, back int) []string {
	y.Helper()
	r := y.b.place().Relation(dataset)
	if back > 0 {
		r = y.b.pastOf(y.past(dataset)[back-1])
	}
	return y.answer("select n from " + r.String())
}

func (y *yard) past(dataset string) []state.Entry {
	y.Helper()
	past, err := y.b.Past(y.Context(), dataset)
	if err != nil {
		y.Fatal(err)
	}
	return past
}

func (y *yard) rollBack(dataset string, nth int) (Report, error) {
	y.Helper()
	plan, err := y.b.PlanRollback(y.Context(), Restoration{To: y.past(dataset)[nth], Reason: "it is wrong", By: "ada"}, y.clock)
	if err != nil {
		return Report{}, err
	}
	y.runs++
	return y.b.Execute(y.Context(), plan, state.Run{ID: fmt.Sprintf("run%03d", y.runs), Command: "rollback", Process: "host:1:1"}, 1)
}

func (y *yard) rolledBack(dataset string) {
	y.Helper()
	report, err := y.rollBack(dataset, 0)
	if err != nil {
		y.Fatal(err)
	}
	y.same(outcomes(report), done(dataset))
	y.agree()
}

func (y *yard) release(dataset string) {
	y.Helper()
	if err := y.store.Release(y.Context(), y.b.Env, dataset, y.clock); err != nil {
		y.Fatal(err)
	}
}

// held returns what is held and why, by dataset.
func (y *yard) held() map[string]string {
	y.Helper()
	held, err := y.b.Held(y.Context())
	if err != nil {
		y.Fatal(err)
	}
	out := map[string]string{}
	for dataset, h := range held {
		out[dataset] = h.Why()
	}
	return out
}

func TestARollbackPublishesTheEarlierRowsAgain(t *testing.T) {
	y := newYard(t)
	y.twice("m.x")
	old, before := y.past("m.x")[0], y.numbers("m.x", 1)
	y.same(slices.Equal(before, y.numbers("m.x", 0)), false)
	y.rolledBack("m.x")
	y.same(y.numbers("m.x", 0), before)

	current, err := y.b.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now := current["m.x"]
	y.same([]int64{now.Restores, now.Version}, []int64{old.Version, old.Version + 2})
	y.same([]any{now.Inputs, now.DataVersion, now.Rows}, []any{old.Inputs, old.DataVersion, old.Rows})
	y.same(now.Note, "rolled back to run run001 by ada because it is wrong")
	y.same(len(y.past("m.x")), 2)
}

func TestWhatIsRolledBackIsHeldWithAllMadeFromIt(t *testing.T) {
	y := newYard(t)
	y.twice("w.two")
	y.rolledBack("w.two")
	y.same(y.plan(Request{}), "")
	rows, report := y.numbers("w.two", 0), y.numbers("m.z", 0)
	why := "rolled back to run run001 by ada because it is wrong; release with larder rollback w.two --release"
	below := "made from w.two, which is " + why
	y.same(y.held(), map[string]string{"w.two": why, "m.x": below, "m.y": below, "m.z": below})

	y.change("w.two", "select 77 as n from lake.b, lake.a")
	y.change("m.z", "select n + 1 as n from w.two")
	y.model("m.new", engine.Table, "select n from w.two", "w.two")
	y.news["lake.a"], y.news["lake.b"] = "1 new file", "1 new file"
	y.same(y.run(), done("lake.a", "lake.b", "w.one"))
	plan, err := y.b.Plan(t.Context(), Request{Full: true})
	if err != nil {
		t.Fatal(err)
	}
	var held []string
	for _, h := range plan.Held {
		held = append(held, h.Dataset)
	}
	y.same(held, []string{"w.two", "m.x", "m.y", "m.z", "m.new"})
	y.same(said(plan), "build w.one: asked for")
	y.same([][]string{y.numbers("w.two", 0), y.numbers("m.z", 0)}, [][]string{rows, report})

	y.release("w.two")
	y.same(y.held(), map[string]string{})
	y.same(y.run(), done("w.two", "m.x", "m.y", "m.z", "m.new"))
	y.same(y.numbers("m.z", 0), []string{"78"})
	y.same(y.plan(Request{}), "")
	y.agree()
}

func TestAChangedRuleIsEvaluatedOnWhatIsHeld(t *testing.T) {
	y := newYard(t)
	y.twice("w.two")
	y.rolledBack("w.two")
	y.rules["w.two"], y.rules["m.z"] = "v1", "v1"
	y.same(y.plan(Request{}), "check w.two: checks changed\ncheck m.z: checks changed")
	y.same(y.run(), done("w.two", "m.z"))
	y.same(len(y.held()), 4)
}

func TestAReleasedDatasetThatIsUpToDateIsNotBuilt(t *testing.T) {
	y := newYard(t)
	y.keep("m.z", 1)
	y.run()
	plan, err := y.b.Plan(t.Context(), Request{Full: true, Selected: map[string]bool{"m.z": true}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := y.b.Execute(t.Context(), plan, state.Run{ID: "run002", Process: "host:1:1"}, 1); err != nil {
		t.Fatal(err)
	}
	y.runs = 2
	y.rolledBack("m.z")
	y.release("m.z")
	y.same(y.plan(Request{}), "")
}

func TestARollbackThatIsBlockedChangesNothing(t *testing.T) {
	y := newYard(t)
	y.rules["m.x"] = "v1"
	y.twice("m.x")
	bad := y.numbers("m.x", 0)
	y.blocks["m.x"] = true
	report, err := y.rollBack("m.x", 0)
	if err != nil {
		t.Fatal(err)
	}
	y.same(outcomes(report), map[string]state.Outcome{"m.x": state.HeldBack})
	y.same([]any{y.numbers("m.x", 0), y.held(), y.plan(Request{})}, []any{bad, map[string]string{}, ""})
	if swept, err := y.duck.Sweep(t.Context()); err != nil || swept > 0 {
		t.Errorf("%d staging relations were left, %v", swept, err)
	}
	y.agree()
	delete(y.blocks, "m.x")
	y.rolledBack("m.x")
}

// A second rollback that fails leaves the first one standing.
func TestAFailedSecondRollbackReleasesNothing(t *testing.T) {
	y := newYard(t)
	y.rules["m.x"] = "v1"
	y.twice("m.x")
	y.rolledBack("m.x")
	first := y.held()
	y.blocks["m.x"] = true
	if _, err := y.rollBack("m.x", 0); err != nil {
		t.Fatal(err)
	}
	y.same(y.held(), first)
	delete(y.blocks, "m.x")
	y.rolledBack("m.x")
	y.same(strings.Contains(y.held()["m.x"], "rolled back to run run002"), true)
}

func TestAViewThatCouldNotBeReadForbidsARollback(t *testing.T) {
	y := newYard(t)
	y.keep("m.x", 2)
	y.run()
	y.change("m.x", "select w.one.n, 2 as more from w.one, w.two")
	y.change("m.y", "select n + more as n from m.x")
	y.b.Graph.Nodes["m.y"].Reads = map[string][]table.Column{"m.x": {
		{Name: "n", Type: table.Type{Kind: table.Integer}}, {Name: "more", Type: table.Type{Kind: table.Integer}},
	}}
	y.run()
	_, err := y.rollBack("m.x", 0)
	if fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "m.y is a view that reads more INTEGER of m.x, which the version of run run001 does not have") {
		t.Errorf("it ended with %v", err)
	}
	y.same(y.held(), map[string]string{})
	y.change("m.x", "select w.one.n, 2 as more, 3 as other from w.one, w.two")
	y.run()
	y.rolledBack("m.x")
	y.same(y.numbers("m.y", 0), y.answer("select n + 2 from m.x"))
}

// A warehouse that lost what was rolled back has nothing to hold any more.
func TestAHoldEndsWithItsRows(t *testing.T) {
	y := newYard(t)
	y.twice("m.x")
	y.rolledBack("m.x")
	if err := y.duck.Drop(t.Context(), "m.x", engine.ParseRelation("m.x")); err != nil {
		t.Fatal(err)
	}
	if _, err := y.b.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	y.same(y.held(), map[string]string{})
	y.run()
	y.same(y.numbers("m.x", 0), y.answer(y.b.Models["m.x"].SQL))
	y.agree()
}

func TestEnvironmentsHoldForThemselves(t *testing.T) {
	y := newYard(t)
	y.twice("w.two")
	y.rolledBack("w.two")
	production := y.held()

	// The environment reads what production holds, and may build from it.
	y.b.Env, y.b.Ingester = "ada", nil
	y.same(y.held(), production)
	y.change("m.z", "select n + 5 as n from w.two")
	y.same(y.run(), done("m.z"))
	y.same(maps.Equal(y.held(), production), false)
	y.same(y.held()["m.z"], "")
	_, err := y.b.Promote(t.Context(), "run100")
	if fault.KindOf(err) != fault.Held || !strings.Contains(err.Error(), "m.z is held in prod: made from w.two") {
		t.Errorf("it was promoted: %v", err)
	}

	// What it rolls back itself it holds for itself.
	y.keep("m.z", 1)
	y.change("m.z", "select n + 6 as n from w.two")
	y.run()
	y.change("m.z", "select n + 7 as n from w.two")
	y.run()
	y.rolledBack("m.z")
	y.same(strings.Contains(y.held()["m.z"], "release with larder rollback m.z --release --env ada"), true)
	y.same(y.run(), done())
	y.release("m.z")
	y.same(y.run(), done("m.z"))
	y.b.Env = Production
	y.same(y.held(), production)
}
