package statetest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

var journalCases = []tale{
	{"a run comes back as it was started", func(h *house) {
		want := state.Run{
			ID: "20240701-120000-123-abcdef", Env: "prod", Command: "larder run --select 'a b'", AsOf: noon,
			Started: noon.Add(time.Second), Outcome: state.Running, Process: "host:17:99", Larder: "0.1",
		}
		h.must(h.StartRun(h.Context(), want))
		h.same(h.runs("prod", 0), []state.Run{want})
	}},
	{"a finished run says when, how and why, and is otherwise the same", func(h *house) {
		want := h.start("r1", "prod")
		ended := state.Run{ID: "r1", Env: "dev", Finished: noon.Add(time.Minute), Outcome: state.Errored, Error: "the disk is full"}
		h.must(h.FinishRun(h.Context(), ended))
		want.Finished, want.Outcome, want.Error = ended.Finished, ended.Outcome, ended.Error
		h.same(h.runs("prod", 0), []state.Run{want})
	}},
	{"a run starts once", func(h *house) {
		r := h.start("r1", "prod")
		h.refused(h.StartRun(h.Context(), r), fault.Conflict)
		r.Env = "dev"
		h.refused(h.StartRun(h.Context(), r), fault.Conflict)
	}},
	{"a run that never started cannot finish", func(h *house) {
		h.refused(h.FinishRun(h.Context(), state.Run{ID: "r1", Env: "prod"}), fault.NotFound)
	}},
	{"runs come newest first, as many as asked, of one environment", func(h *house) {
		for _, id := range []string{"r2", "r1", "r3"} {
			h.start(id, "prod")
		}
		h.start("r4", "dev")
		h.same(ids(h.runs("prod", 0)), []string{"r3", "r2", "r1"})
		h.same(ids(h.runs("prod", 2)), []string{"r3", "r2"})
		h.same(ids(h.runs("stage", 0)), []string(nil))
	}},
	{"the newest run is told by its identity, not by its clock", func(h *house) {
		h.must(h.StartRun(h.Context(), state.Run{ID: "r1", Env: "prod", Started: noon}))
		h.must(h.StartRun(h.Context(), state.Run{ID: "r2", Env: "prod", Started: noon.Add(-time.Hour)}))
		h.same(ids(h.runs("prod", 1)), []string{"r2"})
	}},
	{"a step comes back as it was saved", func(h *house) {
		h.start("r1", "prod")
		want := state.Step{
			Run: "r1", Dataset: "shop.orders", Action: "build", Reason: "SQL changed", Outcome: state.HeldBack,
			Started: noon, Finished: noon.Add(time.Second), Attempts: 2, Rows: 10, Version: 3,
			Error: "check x: 3 rows", Kind: "held", Hint: "look", Detail: json.RawMessage(`{"loads": ["a", "b"]}`),
		}
		h.must(h.SaveStep(h.Context(), want))
		h.same(h.steps("r1"), []state.Step{want})
	}},
	{"a step saved again replaces what it was", func(h *house) {
		h.start("r1", "prod")
		h.must(h.SaveStep(h.Context(), state.Step{Run: "r1", Dataset: "a.a", Action: "build", Started: noon, Error: "Busy", Hint: "wait"}))
		want := state.Step{Run: "r1", Dataset: "a.a", Action: "build", Started: noon, Outcome: state.Done, Rows: 4}
		h.must(h.SaveStep(h.Context(), want))
		h.same(h.steps("r1"), []state.Step{want})
	}},
	{"a dataset may have a step of each action in a run", func(h *house) {
		h.start("r1", "prod")
		h.saveStarted("r1", "a.a", "ingest", noon)
		h.saveStarted("r1", "a.a", "check", noon)
		h.same(len(h.steps("r1")), 2)
	}},
	{"steps come in the order they started, not the order of the plan", func(h *house) {
		h.start("r1", "prod")
		h.plan("r1", "a.a", "a.b", "a.c", "a.d")
		for _, d := range []string{"a.c", "a.a"} {
			h.saveStarted("r1", d, "build", noon)
		}
		h.same(stepNames(h.steps("r1")), []string{"a.c", "a.a", "a.b", "a.d"})
	}},
	{"a clock that goes backwards does not change the order of steps", func(h *house) {
		h.start("r1", "prod")
		for i, d := range []string{"a.c", "a.a", "a.b"} {
			h.saveStarted("r1", d, "build", noon.Add(-time.Duration(i)*time.Hour))
		}
		h.same(stepNames(h.steps("r1")), []string{"a.c", "a.a", "a.b"})
	}},
	{"a step keeps its place when it is saved again", func(h *house) {
		h.start("r1", "prod")
		for _, d := range []string{"a.b", "a.a", "a.b"} {
			h.saveStarted("r1", d, "build", noon)
		}
		h.same(stepNames(h.steps("r1")), []string{"a.b", "a.a"})
	}},
	{"many steps are saved together or not at all", func(h *house) {
		h.start("r1", "prod")
		err := h.SaveSteps(h.Context(), []state.Step{
			{Run: "r1", Dataset: "a.a", Action: "build"}, {Run: "r2", Dataset: "a.b", Action: "build"},
		})
		h.refused(err, fault.NotFound)
		h.same(h.steps("r1"), []state.Step(nil))
		h.must(h.SaveSteps(h.Context(), nil))
	}},
	{"a step belongs to a run that was started", func(h *house) {
		h.refused(h.SaveStep(h.Context(), state.Step{Run: "r1", Dataset: "a.a", Action: "build"}), fault.NotFound)
	}},
	{"a detail that is no JSON is refused", func(h *house) {
		h.start("r1", "prod")
		err := h.SaveStep(h.Context(), state.Step{Run: "r1", Dataset: "a.a", Action: "build", Detail: json.RawMessage("{")})
		h.refused(err, fault.Internal)
	}},
	{"a run nobody knows has no steps", func(h *house) {
		h.same(h.steps("r1"), []state.Step(nil))
	}},
	{"the latest step of a dataset is the newest over all runs", func(h *house) {
		for i, run := range []string{"r1", "r2", "r3"} {
			h.start(run, "prod")
			if i < 2 {
				h.plan(run, "a.a")
			}
			h.plan(run, "a.b")
		}
		h.saveStarted("r1", "a.b", "build", noon.Add(time.Hour))
		latest := h.latestSteps("prod")
		h.same(map[string]string{"a.a": latest["a.a"].Run, "a.b": latest["a.b"].Run}, map[string]string{"a.a": "r2", "a.b": "r3"})
		h.same(len(latest), 2)
	}},
	{"the latest step is told as it was last saved", func(h *house) {
		h.start("r1", "prod")
		h.plan("r1", "a.a")
		h.must(h.SaveStep(h.Context(), state.Step{Run: "r1", Dataset: "a.a", Action: "build", Started: noon, Outcome: state.Done, Rows: 3}))
		h.same(h.latestSteps("prod")["a.a"], h.steps("r1")[0])
	}},
	{"a check or a rollback is no latest step", func(h *house) {
		h.start("r1", "prod")
		h.saveStarted("r1", "a.a", "ingest", noon)
		h.saveStarted("r1", "a.b", "check", noon)
		h.start("r2", "prod")
		h.saveStarted("r2", "a.a", "check", noon)
		h.saveStarted("r2", "a.a", "rollback", noon)
		latest := h.latestSteps("prod")
		h.same(len(latest), 1)
		h.same(latest["a.a"].Action, "ingest")
	}},
	{"latest steps are of one environment", func(h *house) {
		h.start("r1", "prod")
		h.plan("r1", "a.a")
		h.start("r2", "dev")
		h.plan("r2", "a.a")
		h.same(h.latestSteps("prod")["a.a"].Run, "r1")
		h.same(h.latestSteps("stage"), map[string]state.Step{})
	}},
}

func (h *house) runs(env string, limit int) []state.Run {
	h.Helper()
	runs, err := h.Runs(h.Context(), env, limit)
	h.must(err)
	return runs
}

func (h *house) steps(run string) []state.Step {
	h.Helper()
	steps, err := h.Steps(h.Context(), run)
	h.must(err)
	return steps
}

func (h *house) latestSteps(env string) map[string]state.Step {
	h.Helper()
	steps, err := h.LatestSteps(h.Context(), env)
	h.must(err)
	return steps
}

// plan saves steps that wait.
func (h *house) plan(run string, datasets ...string) {
	h.Helper()
	var steps []state.Step
	for _, d := range datasets {
		steps = append(steps, state.Step{Run: run, Dataset: d, Action: "build", Outcome: state.Running})
	}
	h.must(h.SaveSteps(h.Context(), steps))
}

func (h *house) saveStarted(run, dataset, action string, at time.Time) {
	h.Helper()
	h.must(h.SaveStep(h.Context(), state.Step{Run: run, Dataset: dataset, Action: action, Outcome: state.Running, Started: at}))
}

func ids(runs []state.Run) []string {
	var out []string
	for _, r := range runs {
		out = append(out, r.ID)
	}
	return out
}

func stepNames(steps []state.Step) []string {
	var out []string
	for _, s := range steps {
		out = append(out, fmt.Sprint(s.Dataset))
	}
	return out
}
