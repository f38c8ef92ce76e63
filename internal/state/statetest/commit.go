package statetest

import (
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

var commitCases = []tale{
	{"a batch does everything it holds", func(h *house) {
		c := h.committer()
		h.start("r1", "prod")
		e := h.intend("shop.orders")
		b := state.Batch{
			Results:     []state.Result{measured("c", noon, "1")},
			Intend:      []state.Entry{{Env: "prod", Dataset: "shop.lines"}, {Env: "prod", Dataset: "shop.lines"}},
			Settlements: []state.Settlement{{Entry: e, State: state.Published, Note: "together"}},
			Steps:       []state.Step{{Run: "r1", Dataset: "shop.orders", Action: "build", Outcome: state.Done}},
		}
		h.must(c.Commit(h.Context(), &b))
		h.same([]int64{b.Intend[0].Version, b.Intend[1].Version}, []int64{1, 2})
		h.same(b.Intend[1], h.entry(b.Intend[1]))
		h.same(h.entry(e).Note, "together")
		h.same(len(h.steps("r1")), 1)
		h.same(len(h.latest("prod")), 1)
	}},
	{"a batch of which one part is refused does nothing", func(h *house) {
		c := h.committer()
		h.start("r1", "prod")
		e := h.publish("shop.orders")
		b := state.Batch{
			Results:     []state.Result{measured("c", noon, "1")},
			Intend:      []state.Entry{{Env: "prod", Dataset: "shop.lines"}},
			Settlements: []state.Settlement{{Entry: e, State: state.Failed}},
			Steps:       []state.Step{{Run: "r1", Dataset: "shop.orders", Action: "build"}},
		}
		h.refused(c.Commit(h.Context(), &b), fault.Conflict)
		h.same(b.Intend, []state.Entry{{Env: "prod", Dataset: "shop.lines"}})
		h.same(h.entry(e).State, state.Published)
		h.same(len(h.steps("r1"))+len(h.latest("prod"))+len(h.values(query())), 0)
		h.same(h.intend("shop.lines").Version, int64(1))
	}},
	{"what a refused batch named can be written afterwards", func(h *house) {
		c := h.committer()
		b := state.Batch{
			Results: []state.Result{measured("c", noon, "1")},
			Intend:  []state.Entry{fullEntry()},
			Steps:   []state.Step{{Run: "r1", Dataset: "shop.orders", Action: "build"}},
		}
		h.refused(c.Commit(h.Context(), &b), fault.NotFound)
		h.start("r1", "prod")
		h.must(c.Commit(h.Context(), &b))
		h.same(h.entry(b.Intend[0]).SQL, fullEntry().SQL)
		h.same(len(h.values(query())), 1)
	}},
	{"an empty batch does nothing", func(h *house) {
		h.must(h.committer().Commit(h.Context(), &state.Batch{}))
	}},
}

var abandonCases = []tale{
	{"a run whose process died is interrupted, and its open steps with it", func(h *house) {
		a := h.abandoner()
		run := h.start("r1", "prod")
		h.plan("r1", "a.a", "a.b", "a.c")
		done := state.Step{Run: "r1", Dataset: "a.a", Action: "build", Outcome: state.Done, Started: noon, Finished: noon.Add(time.Minute)}
		h.must(h.SaveStep(h.Context(), done))
		h.saveStarted("r1", "a.b", "build", noon.Add(time.Hour))
		closed, err := a.Abandon(h.Context(), "prod", func(r state.Run) bool { return r.Process != run.Process })
		h.must(err)
		h.same(closed, h.runs("prod", 0))
		h.same(closed[0].Outcome, state.Interrupted)
		h.same(closed[0].Finished, noon.Add(time.Hour))
		var outcomes []state.Outcome
		for _, s := range h.steps("r1") {
			outcomes = append(outcomes, s.Outcome)
		}
		h.same(outcomes, []state.Outcome{state.Done, state.Interrupted, state.Interrupted})
	}},
	{"runs that are alive, ended, or elsewhere are left alone", func(h *house) {
		a := h.abandoner()
		h.start("r1", "prod")
		ended := h.start("r2", "prod")
		ended.Outcome, ended.Finished = state.Done, noon.Add(time.Minute)
		h.must(h.FinishRun(h.Context(), ended))
		h.start("r3", "dev")
		var asked []string
		closed, err := a.Abandon(h.Context(), "prod", func(r state.Run) bool { asked = append(asked, r.ID); return true })
		h.must(err)
		h.same(closed, []state.Run(nil))
		h.same(asked, []string{"r1"})
		h.same(h.runs("prod", 0)[0], ended)
		h.same(h.runs("dev", 0)[0].Outcome, state.Running)
	}},
	{"a run is abandoned once", func(h *house) {
		a := h.abandoner()
		h.start("r1", "prod")
		h.start("r2", "prod")
		dead := func(state.Run) bool { return false }
		closed, err := a.Abandon(h.Context(), "prod", dead)
		h.must(err)
		h.same(ids(closed), []string{"r1", "r2"})
		closed, err = a.Abandon(h.Context(), "prod", dead)
		h.must(err)
		h.same(ids(closed), []string(nil))
	}},
	{"a run that ends while it is being asked about keeps its own word", func(h *house) {
		a := h.abandoner()
		run := h.start("r1", "prod")
		run.Outcome = state.Done
		closed, err := a.Abandon(h.Context(), "prod", func(state.Run) bool {
			h.must(h.FinishRun(h.Context(), run))
			return false
		})
		h.must(err)
		h.same(closed, []state.Run(nil))
		h.same(h.runs("prod", 0)[0].Outcome, state.Done)
	}},
}

func (h *house) committer() state.Committer {
	h.Helper()
	c, ok := h.Store.(state.Committer)
	if !ok {
		h.Skip("the store is no state.Committer")
	}
	return c
}

func (h *house) abandoner() state.Abandoner {
	h.Helper()
	a, ok := h.Store.(state.Abandoner)
	if !ok {
		h.Skip("the store is no state.Abandoner")
	}
	return a
}
