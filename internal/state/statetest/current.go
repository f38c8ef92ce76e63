package statetest

import (
	"github.com/larder-data/larder/internal/state"
)

var currentCases = []tale{
	{"an intended entry is not current", func(h *house) {
		h.intend("shop.orders")
		h.same(h.current(), map[string]int64{})
	}},
	{"a published entry is current", func(h *house) {
		h.publish("shop.orders")
		h.same(h.current(), map[string]int64{"shop.orders": 1})
	}},
	{"a failed publish leaves what was current", func(h *house) {
		h.publish("shop.orders")
		h.settle(h.intend("shop.orders"), state.Failed)
		h.same(h.current(), map[string]int64{"shop.orders": 1})
	}},
	{"a newer version takes over", func(h *house) {
		h.publish("shop.orders")
		h.publish("shop.orders")
		h.same(h.current(), map[string]int64{"shop.orders": 2})
	}},
	{"an older version settled late does not take over", func(h *house) {
		older, newer := h.intend("shop.orders"), h.intend("shop.orders")
		h.settle(newer, state.Published)
		h.settle(older, state.Published)
		h.same(h.current(), map[string]int64{"shop.orders": 2})
	}},
	{"a lost entry gives way to the one before it", func(h *house) {
		h.publish("shop.orders")
		h.settle(h.intend("shop.orders"), state.Failed)
		h.settle(h.publish("shop.orders"), state.Lost)
		h.same(h.current(), map[string]int64{"shop.orders": 1})
	}},
	{"of several published before a lost one the newest takes its place", func(h *house) {
		for range 3 {
			h.publish("shop.orders")
		}
		h.settle(h.publish("shop.orders"), state.Lost)
		h.same(h.current(), map[string]int64{"shop.orders": 3})
	}},
	{"a dataset whose only entry is lost is not current", func(h *house) {
		h.settle(h.publish("shop.orders"), state.Lost)
		h.same(h.current(), map[string]int64{})
	}},
	{"an old entry may be lost under a newer one", func(h *house) {
		older := h.publish("shop.orders")
		h.publish("shop.orders")
		h.settle(older, state.Lost)
		h.same(h.current(), map[string]int64{"shop.orders": 2})
	}},
	{"intervals are current side by side, in their order", func(h *house) {
		for _, n := range []int{3, 1, 2} {
			h.publishDay(n)
		}
		entries, err := h.Current(h.Context(), "prod")
		h.must(err)
		h.same(len(entries), 3)
		for i, e := range entries {
			h.same(e.From, day(i+1))
			h.same(e.To, day(i+2))
		}
	}},
	{"a new version of an interval replaces that interval only", func(h *house) {
		h.publishDay(1)
		h.publishDay(2)
		h.publishDay(1)
		h.same(h.current(), map[string]int64{"shop.visits 2024-07-01": 3, "shop.visits 2024-07-02": 2})
	}},
	{"a lost interval gives way to its own predecessor only", func(h *house) {
		h.publishDay(1)
		h.publishDay(2)
		h.settle(h.publishDay(1), state.Lost)
		h.settle(h.publishDay(3), state.Lost)
		h.same(h.current(), map[string]int64{"shop.visits 2024-07-01": 1, "shop.visits 2024-07-02": 2})
	}},
	{"current entries come by dataset, of one environment", func(h *house) {
		for _, d := range []string{"b.b", "a.c", "b.a", "a.b"} {
			h.publish(d)
		}
		e, err := h.Intend(h.Context(), state.Entry{Env: "dev", Dataset: "a.a"})
		h.must(err)
		h.settle(e, state.Published)
		entries, err := h.Current(h.Context(), "prod")
		h.must(err)
		var names []string
		for _, e := range entries {
			names = append(names, e.Env+" "+e.Dataset)
		}
		h.same(names, []string{"prod a.b", "prod a.c", "prod b.a", "prod b.b"})
	}},
	{"a current entry has all a plan compares", func(h *house) {
		e, err := h.Intend(h.Context(), fullEntry())
		h.must(err)
		h.settle(e, state.Published)
		entries, err := h.Current(h.Context(), "prod")
		h.must(err)
		got, want := entries[0], h.entry(e)
		// Long texts may be left to Entry.
		got.SQL, got.Upstream, want.SQL, want.Upstream = "", nil, "", nil
		h.same(got, want)
	}},
}

// publishDay enters a published day of July 2024.
func (h *house) publishDay(n int) state.Entry {
	h.Helper()
	e, err := h.Intend(h.Context(), state.Entry{Env: "prod", Dataset: "shop.visits", From: day(n), To: day(n + 1)})
	h.must(err)
	h.settle(e, state.Published)
	return e
}
