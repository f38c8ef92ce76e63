package build

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

func TestStepsRunInOrder(t *testing.T) {
	y := newYard(t)
	y.same(y.run(), done(everyDataset...))
	at := func(dataset string) int { return slices.Index(y.started, dataset) }
	for dataset, node := range y.b.Graph.Nodes {
		for _, input := range node.DependsOn {
			if at(input) > at(dataset) {
				t.Errorf("%s began before %s: %v", dataset, input, y.started)
			}
		}
	}
	y.agree()
	y.same(y.run(), map[string]state.Outcome{})
}

func TestAHeldDatasetStopsWhatReadsIt(t *testing.T) {
	for _, workers := range []int{1, 4} {
		y := newYard(t)
		y.rules["w.one"], y.blocks["w.one"] = "v1", true
		report, err := y.execute(t.Context(), workers)
		if err != nil {
			t.Fatal(err)
		}
		y.same(outcomes(report), with(done(everyDataset...), map[string]state.Outcome{
			"w.one": state.HeldBack, "m.x": state.Blocked, "m.y": state.Blocked,
		}))
		y.same(report.Run.Outcome, state.HeldBack)
		for _, s := range report.Steps {
			if s.Outcome == state.Blocked && s.Error != "waits for w.one" {
				t.Errorf("%s: %s", s.Dataset, s.Error)
			}
		}
		if relations, err := y.b.Engine.Relations(t.Context()); err != nil || slices.ContainsFunc(relations, func(r engine.Relation) bool { return r.Dataset() == "w.one" }) {
			t.Errorf("w.one can be read: %v %v", relations, err)
		}
		if swept, err := y.b.Engine.Sweep(t.Context()); err != nil || swept > 0 {
			t.Errorf("%d staging relations were left, %v", swept, err)
		}
		y.agree()

		delete(y.blocks, "w.one")
		y.same(y.run(), done("w.one", "m.x", "m.y"))
		y.agree()
	}
}

func TestSQLThatFailsStopsWhatReadsIt(t *testing.T) {
	y := newYard(t)
	y.change("w.two", "select cast('x' as integer) as n from lake.b, lake.a")
	y.same(y.run(), with(done(everyDataset...), map[string]state.Outcome{
		"w.two": state.Errored, "m.x": state.Blocked, "m.y": state.Blocked, "m.z": state.Blocked,
	}))
	y.agree()
	y.change("w.two", "select 1 as n from lake.b, lake.a")
	y.same(y.run(), done("w.two", "m.x", "m.y", "m.z"))
	y.agree()
}

// SQL that nothing bound returns what its dataset promises, or is not built.
func TestAContractIsHeldBeforeAnythingIsComputed(t *testing.T) {
	y := newYard(t)
	one := y.b.Graph.Nodes["w.one"]
	one.Dialect, one.Columns = "duckdb", []table.Column{{Name: "n", Type: table.Type{Kind: table.BigInt}}, {Name: "m", Type: table.Type{Kind: table.Date}}}
	report, err := y.execute(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range report.Steps {
		if s.Dataset == "w.one" && !strings.Contains(s.Error, "n is INTEGER, not BIGINT; the column m is missing") {
			t.Errorf("%s: %s", s.Outcome, s.Error)
		}
	}
	y.agree()
	one.Columns = []table.Column{{Name: "n", Type: table.Type{Kind: table.Integer}}}
	y.same(y.run(), done("w.one", "m.x", "m.y"))
	y.agree()
}

// One that cannot be built does not take those built together with it along.
func TestNeighboursAreBuiltAllTheSame(t *testing.T) {
	y := newYard(t)
	for _, name := range []string{"n.a", "n.b", "n.c", "n.d"} {
		y.model(name, engine.Table, "select 1 as n", "lake.a")
	}
	y.change("n.c", "select 1 // 0 as n where cast('x' as integer) > 0")
	y.rules["n.d"], y.blocks["n.d"] = "v1", true
	got := y.run()
	for dataset, want := range map[string]state.Outcome{"n.a": state.Done, "n.b": state.Done, "n.c": state.Errored, "n.d": state.HeldBack} {
		if got[dataset] != want {
			t.Errorf("%s: %s, want %s", dataset, got[dataset], want)
		}
	}
	y.agree()
}

func TestInputsThatDidNotChangeAfterAllBuildNothing(t *testing.T) {
	y := newYard(t)
	y.run()
	plan, err := y.b.Plan(t.Context(), Request{AsOf: y.clock})
	if err != nil {
		t.Fatal(err)
	}
	// As if landing had been planned and then found nothing new.
	plan.Steps = append(plan.Steps, Step{Dataset: "w.one", Action: Build, Reasons: []Reason{{Cause: InputChanged, Detail: "lake.a"}}})
	y.runs++
	report, err := y.b.Execute(t.Context(), plan, state.Run{ID: "again", Process: "host:1:1"}, 1)
	if err != nil || len(report.Steps) != 1 || report.Steps[0].Version != 0 {
		t.Errorf("%+v %v", report.Steps, err)
	}
	y.agree()
}

func TestABusyWarehouseIsTriedAgain(t *testing.T) {
	y := newYard(t)
	for dataset := range y.b.Models {
		y.rules[dataset] = "v1" // nothing is published directly
	}
	y.b.Engine = &failsOnce{Engine: y.b.Engine, left: 2, kind: fault.Busy}
	report, err := y.execute(t.Context(), 1)
	if err == nil {
		y.same(outcomes(report)["w.one"], state.Done)
	}
	attempts := 0
	for _, s := range report.Steps {
		attempts = max(attempts, s.Attempts)
	}
	y.same(attempts, 3)
	open, err := y.store.Intended(t.Context(), Production)
	if err != nil || len(open) > 0 {
		t.Errorf("left open: %v %v", open, err)
	}
	y.agree()
}

func TestARunThatIsStoppedContinues(t *testing.T) {
	y := newYard(t)
	ctx, stop := context.WithCancel(t.Context())
	y.b.Observe = func(e Event) {
		if e.Kind == StepFinished && e.Step.Dataset == "w.one" {
			stop()
		}
	}
	report, err := y.execute(ctx, 1)
	if fault.KindOf(err) != fault.Interrupted || report.Run.Outcome != state.Interrupted {
		t.Errorf("it ended with %v, %s", err, report.Run.Outcome)
	}
	y.b.Observe = y.observe
	y.agree()
	y.run()
	y.agree()
	y.same(y.plan(Request{}), "")
}

func TestBrokenJudgingFailsTheStep(t *testing.T) {
	y := newYard(t)
	y.rules["m.z"], y.failing["m.z"] = "v1", fault.New(fault.Unreachable, "the warehouse went away")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	report, err := y.execute(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	y.same(outcomes(report)["m.z"], state.Errored)
	y.same(y.judged["m.z"] >= 3, true)
}
