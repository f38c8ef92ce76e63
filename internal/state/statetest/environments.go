package statetest

import (
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

func (h *house) use(name string, at time.Time) state.Environment {
	h.Helper()
	e := state.Environment{Name: name, By: "ada", Created: at, Used: at, Expires: at.Add(time.Hour)}
	h.must(h.UseEnvironment(h.Context(), e))
	return e
}

func (h *house) environments() []state.Environment {
	h.Helper()
	found, err := h.Environments(h.Context())
	h.must(err)
	return found
}

var environmentCases = []tale{
	{"a new memory has no environments", func(h *house) {
		h.same(h.environments(), []state.Environment{})
	}},
	{"environments come back as they were, by name", func(h *house) {
		pr, ada := h.use("pr_12", noon), h.use("ada", noon)
		h.same(h.environments(), []state.Environment{ada, pr})
	}},
	{"one that is used again keeps who made it and when", func(h *house) {
		first := h.use("ada", noon)
		again := state.Environment{Name: "ada", By: "bob", Created: day(3), Used: day(3), Expires: time.Time{}}
		h.must(h.UseEnvironment(h.Context(), again))
		again.By, again.Created = first.By, first.Created
		h.same(h.environments(), []state.Environment{again})
	}},
	{"a clock that went backwards does not make it used earlier", func(h *house) {
		first := h.use("ada", noon)
		h.must(h.UseEnvironment(h.Context(), state.Environment{Name: "ada", Used: noon.Add(-time.Hour), Expires: first.Expires}))
		h.same(h.environments(), []state.Environment{first})
	}},
	{"a forgotten one leaves no entry, no step, no result", func(h *house) {
		h.use("ada", noon)
		run := h.start("r1", "ada")
		e, err := h.Intend(h.Context(), state.Entry{Env: "ada", Dataset: "shop.orders", Run: run.ID})
		h.must(err)
		h.settle(e, state.Published)
		h.must(h.SaveStep(h.Context(), state.Step{Run: run.ID, Dataset: "shop.orders", Action: "build", Outcome: state.Done, Started: noon}))
		r := measured("c", noon, "1")
		r.Env, r.Run = "ada", run.ID
		h.record(r)
		production := h.publish("shop.orders")

		h.must(h.ForgetEnvironment(h.Context(), "ada"))
		entries, err := h.Current(h.Context(), "ada")
		h.must(err)
		steps, err := h.LatestSteps(h.Context(), "ada")
		h.must(err)
		results, err := h.Latest(h.Context(), "ada")
		h.must(err)
		h.same([]int{len(entries), len(steps), len(results), len(h.environments())}, []int{0, 0, 0, 0})
		h.same(h.current(), map[string]int64{"shop.orders": production.Version})
	}},
	{"a forgotten one's versions are not given out again", func(h *house) {
		h.use("ada", noon)
		before, err := h.Intend(h.Context(), state.Entry{Env: "ada", Dataset: "shop.orders"})
		h.must(err)
		h.must(h.ForgetEnvironment(h.Context(), "ada"))
		h.use("ada", noon)
		after, err := h.Intend(h.Context(), state.Entry{Env: "ada", Dataset: "shop.orders"})
		h.must(err)
		h.same([]bool{after.Version > before.Version, after.Fence > before.Fence}, []bool{true, true})
	}},
	{"one that is not there cannot be forgotten", func(h *house) {
		h.refused(h.ForgetEnvironment(h.Context(), "ada"), fault.NotFound)
	}},
}

func (h *house) accept(check string, at time.Time) state.Acceptance {
	h.Helper()
	a := state.Acceptance{
		Env: "prod", Dataset: "shop.orders", Check: check, Reason: "month's end, agreed with finance", By: "ada",
		At: at, Until: at.Add(48 * time.Hour),
	}
	h.must(h.Accept(h.Context(), a))
	return a
}

func (h *house) accepted() []state.Acceptance {
	h.Helper()
	found, err := h.Acceptances(h.Context(), "prod")
	h.must(err)
	return found
}

var acceptanceCases = []tale{
	{"what is accepted comes back, the newest first", func(h *house) {
		a, b := h.accept("a", noon), h.accept("b", noon.Add(-time.Hour))
		h.same(h.accepted(), []state.Acceptance{b, a})
		others, err := h.Acceptances(h.Context(), "ada")
		h.must(err)
		h.same(others, []state.Acceptance{})
	}},
	{"a second one of the same check ends the first", func(h *house) {
		first, second := h.accept("a", noon), h.accept("a", noon.Add(time.Hour))
		first.Ended = second.At
		h.same(h.accepted(), []state.Acceptance{second, first})
	}},
	{"one that ran out is not ended again", func(h *house) {
		first, second := h.accept("a", noon), h.accept("a", noon.Add(72*time.Hour))
		h.same(h.accepted(), []state.Acceptance{second, first})
	}},
	{"one can be taken back, once", func(h *house) {
		a := h.accept("a", noon)
		a.Ended = noon.Add(time.Minute)
		h.must(h.Withdraw(h.Context(), "prod", "shop.orders", "a", a.Ended))
		h.same(h.accepted(), []state.Acceptance{a})
		h.refused(h.Withdraw(h.Context(), "prod", "shop.orders", "a", a.Ended), fault.NotFound)
		h.refused(h.Withdraw(h.Context(), "prod", "shop.orders", "b", a.Ended), fault.NotFound)
	}},
	{"it stands from its beginning until its end", func(h *house) {
		a := h.accept("a", noon)
		taken := a
		taken.Ended = noon.Add(time.Minute)
		h.same([]bool{
			a.Stands(noon.Add(-1)), a.Stands(noon), a.Stands(a.Until.Add(-1)), a.Stands(a.Until), taken.Stands(noon.Add(2 * time.Minute)),
		}, []bool{false, true, true, false, false})
	}},
}
