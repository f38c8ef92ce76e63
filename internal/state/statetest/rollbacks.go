package statetest

import (
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

func (h *house) rollBack(dataset, run string, at time.Time) state.Rollback {
	h.Helper()
	r := state.Rollback{
		Env: "prod", Dataset: dataset, Run: run, To: 3, ToRun: "r3", From: 5, Reason: "it's wrong; since \"5\"", By: "ada", At: at,
	}
	h.must(h.RollBack(h.Context(), r))
	return r
}

func (h *house) rolledBack() []state.Rollback {
	h.Helper()
	found, err := h.Rollbacks(h.Context(), "prod")
	h.must(err)
	return found
}

var rollbackCases = []tale{
	{"nothing is rolled back at first", func(h *house) {
		h.same(h.rolledBack(), []state.Rollback{})
		h.refused(h.Release(h.Context(), "prod", "a.a", noon), fault.NotFound)
	}},
	{"what was rolled back comes back as it was, the newest first, also to another process", func(h *house) {
		a, b := h.rollBack("a.a", "r6", noon), h.rollBack("a.b", "r7", noon.Add(-time.Hour))
		h.same(h.rolledBack(), []state.Rollback{b, a})
		found, err := h.another().Rollbacks(h.Context(), "prod")
		h.must(err)
		h.same(found, []state.Rollback{b, a})
		others, err := h.Rollbacks(h.Context(), "ada")
		h.must(err)
		h.same(others, []state.Rollback{})
	}},
	{"entering it again for the same run changes nothing", func(h *house) {
		first := h.rollBack("a.a", "r6", noon)
		h.rollBack("a.a", "r6", noon.Add(time.Hour))
		h.same(h.rolledBack(), []state.Rollback{first})
	}},
	{"a second one leaves the first open: which of them stands, readers tell", func(h *house) {
		first, second := h.rollBack("a.a", "r6", noon), h.rollBack("a.a", "r7", noon)
		h.same(h.rolledBack(), []state.Rollback{second, first})
	}},
	{"releasing ends all that is open of a dataset, once, and of no other", func(h *house) {
		first, second, other := h.rollBack("a.a", "r6", noon), h.rollBack("a.a", "r7", noon), h.rollBack("a.b", "r7", noon)
		first.Ended = noon.Add(time.Minute)
		second.Ended = first.Ended
		h.must(h.Release(h.Context(), "prod", "a.a", first.Ended))
		h.same(h.rolledBack(), []state.Rollback{other, second, first})
		h.refused(h.Release(h.Context(), "prod", "a.a", noon), fault.NotFound)
		h.refused(h.Release(h.Context(), "ada", "a.b", noon), fault.NotFound)
	}},
	{"it stands while readers see what it published, until it is released", func(h *house) {
		r := h.rollBack("a.a", "r6", noon)
		seen := state.Entry{Env: "prod", Dataset: "a.a", Run: "r6"}
		released := r
		released.Ended = noon
		stands := []bool{r.Stands(seen), released.Stands(seen)}
		for _, other := range []state.Entry{{Env: "ada", Dataset: "a.a", Run: "r6"}, {Env: "prod", Dataset: "a.b", Run: "r6"}, {Env: "prod", Dataset: "a.a", Run: "r5"}} {
			stands = append(stands, r.Stands(other))
		}
		h.same(stands, []bool{true, false, false, false, false})
	}},
}
