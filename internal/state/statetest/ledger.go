package statetest

import (
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

var ledgerCases = []tale{
	{"a new store remembers nothing", func(h *house) {
		entries, err := h.Current(h.Context(), "prod")
		h.must(err)
		open, err := h.Intended(h.Context(), "prod")
		h.must(err)
		h.same(append(entries, open...), []state.Entry(nil))
	}},
	{"the first version is one and each next is one more", func(h *house) {
		for want := int64(1); want <= 3; want++ {
			h.same(h.intend("shop.orders").Version, want)
		}
	}},
	{"each dataset counts its own versions", func(h *house) {
		h.intend("shop.orders")
		h.same(h.intend("shop.lines").Version, int64(1))
	}},
	{"each environment counts its own versions", func(h *house) {
		h.intend("shop.orders")
		e, err := h.Intend(h.Context(), state.Entry{Env: "dev", Dataset: "shop.orders"})
		h.must(err)
		h.same(e.Version, int64(1))
	}},
	{"a fence is higher than every one before it", func(h *house) {
		last := int64(0)
		for range 5 {
			e := h.intend("shop.orders")
			if e.Fence <= last {
				h.Fatalf("fence %d after %d", e.Fence, last)
			}
			last = e.Fence
		}
	}},
	{"the version of a failed or lost entry is never handed out again", func(h *house) {
		h.settle(h.intend("shop.orders"), state.Failed)
		h.settle(h.publish("shop.orders"), state.Lost)
		h.same(h.intend("shop.orders").Version, int64(3))
	}},
	{"versions and fences go on from what a warehouse has already seen", func(h *house) {
		e, err := h.Intend(h.Context(), state.Entry{Env: "prod", Dataset: "shop.orders", Version: 41, Fence: 99})
		h.must(err)
		h.same([]int64{e.Version, e.Fence}, []int64{42, 100})
		next := h.intend("shop.orders")
		h.same([]int64{next.Version, next.Fence}, []int64{43, 101})
	}},
	{"a warehouse that has seen less changes nothing", func(h *house) {
		for range 3 {
			h.intend("shop.orders")
		}
		e, err := h.Intend(h.Context(), state.Entry{Env: "prod", Dataset: "shop.orders", Version: 1, Fence: 1})
		h.must(err)
		h.same(e.Version, int64(4))
	}},
	{"an intended entry is open until it is settled", func(h *house) {
		first, second := h.intend("shop.orders"), h.intend("shop.lines")
		open, err := h.Intended(h.Context(), "prod")
		h.must(err)
		h.same([]string{open[0].Dataset, open[1].Dataset}, []string{"shop.lines", "shop.orders"})
		h.same(open[0].State, state.Intended)
		h.settle(first, state.Published)
		h.settle(second, state.Failed)
		open, err = h.Intended(h.Context(), "prod")
		h.must(err)
		h.same(open, []state.Entry(nil))
	}},
	{"open entries are told of one environment only", func(h *house) {
		h.intend("shop.orders")
		open, err := h.Intended(h.Context(), "dev")
		h.must(err)
		h.same(open, []state.Entry(nil))
	}},
	{"every move that is not allowed is a conflict and changes nothing", forbiddenMoves},
	{"settling what was never intended is not found", func(h *house) {
		err := h.Settle(h.Context(), state.Entry{Env: "prod", Dataset: "shop.orders", Version: 7}, state.Published, "")
		h.refused(err, fault.NotFound)
	}},
	{"settling stores rows, time taken, columns and the note, and nothing else", func(h *house) {
		e := h.intend("shop.orders")
		given := e
		given.Rows, given.Took, given.Columns = 12, time.Second, columns("id BIGINT", "amount DECIMAL(18,2)")
		given.DataVersion, given.Run = "other", "other"
		h.must(h.Settle(h.Context(), given, state.Published, "as planned"))
		got := h.entry(e)
		h.same(got.Rows, int64(12))
		h.same(got.Took, time.Second)
		h.same(got.Columns, given.Columns)
		h.same(got.Note, "as planned")
		h.same([]string{got.DataVersion, got.Run}, []string{e.DataVersion, e.Run})
	}},
	{"an entry says when it was settled", func(h *house) {
		e := h.publish("shop.orders")
		if h.entry(e).At.IsZero() {
			h.Fatal("no time")
		}
	}},
	{"an entry comes back with every field as it was given", func(h *house) {
		want := fullEntry()
		got, err := h.Intend(h.Context(), want)
		h.must(err)
		want.Version, want.Fence, want.State, want.At = 1, got.Fence, state.Intended, got.At
		h.same(got, want)
		h.same(h.entry(got), want)
	}},
	{"an entry without columns, inputs or upstream has none", func(h *house) {
		e := h.entry(h.intend("shop.orders"))
		h.same(len(e.Columns)+len(e.Inputs)+len(e.Upstream), 0)
		h.same(e.SQL, "")
	}},
	{"names and texts may hold anything", func(h *house) {
		hostile := "a'b\"c\\d`e\n\t;--\u0001é漢🛒"
		want := state.Entry{
			Env: hostile, Dataset: hostile, SQL: hostile, Columns: columns("x BIGINT"),
			Inputs: []state.Input{{Dataset: hostile, Version: 1}},
		}
		want.Columns[0].Name = hostile
		want.Upstream = map[string][]table.Column{hostile: want.Columns}
		e, err := h.Intend(h.Context(), want)
		h.must(err)
		got := h.entry(e)
		h.same([]string{got.Env, got.Dataset, got.SQL}, []string{hostile, hostile, hostile})
		h.same(got.Upstream, want.Upstream)
		h.same(got.Inputs, want.Inputs)
	}},
	{"instants come back in UTC, to the microsecond, in any year", func(h *house) {
		for _, at := range []time.Time{
			time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
			time.Date(2024, 10, 27, 1, 30, 0, 0, time.FixedZone("BST", 3600)),
		} {
			e, err := h.Intend(h.Context(), state.Entry{Env: "prod", Dataset: "shop.orders", From: at, To: at.Add(time.Microsecond)})
			h.must(err)
			got := h.entry(e)
			h.same([]time.Time{got.From, got.To}, []time.Time{at.UTC(), at.Add(time.Microsecond).UTC()})
			h.same(got.From.Location().String(), "UTC")
		}
	}},
	{"an entry that does not exist is not found", func(h *house) {
		e := h.intend("shop.orders")
		for _, asked := range []state.Entry{
			{Env: "prod", Dataset: "shop.orders", Version: e.Version + 1},
			{Env: "prod", Dataset: "shop.order", Version: e.Version},
			{Env: "dev", Dataset: "shop.orders", Version: e.Version},
		} {
			_, err := h.Entry(h.Context(), asked.Env, asked.Dataset, asked.Version)
			h.refused(err, fault.NotFound)
		}
	}},
	{"a recheck changes the check version only", func(h *house) {
		e, err := h.Intend(h.Context(), fullEntry())
		h.must(err)
		h.settle(e, state.Published)
		before := h.entry(e)
		h.must(h.Recheck(h.Context(), e, "rules-2"))
		after := h.entry(e)
		h.same(after.CheckVersion, "rules-2")
		after.CheckVersion = before.CheckVersion
		h.same(after, before)
	}},
	{"only a published entry can be rechecked", func(h *house) {
		e := h.intend("shop.orders")
		h.refused(h.Recheck(h.Context(), e, "rules-2"), fault.Conflict)
		e.Version++
		h.refused(h.Recheck(h.Context(), e, "rules-2"), fault.NotFound)
	}},
}

func forbiddenMoves(h *house) {
	states := []state.EntryState{state.Intended, state.Published, state.Failed, state.Lost}
	allowed := map[state.EntryState][]state.EntryState{
		state.Intended: {state.Published, state.Failed}, state.Published: {state.Lost},
	}
	for _, from := range states {
		for _, to := range append(states, "forgotten") {
			e := h.brought(from)
			before := h.entry(e)
			e.Rows = 99
			err := h.Settle(h.Context(), e, to, "moved")
			if contains(allowed[from], to) {
				h.must(err)
				h.same(h.entry(e).State, to)
				continue
			}
			h.refused(err, fault.Conflict)
			h.same(h.entry(e), before)
		}
	}
}

// brought returns a new entry in the state.
func (h *house) brought(to state.EntryState) state.Entry {
	e := h.intend("shop.orders")
	switch to {
	case state.Published, state.Failed:
		h.settle(e, to)
	case state.Lost:
		h.settle(e, state.Published)
		h.settle(e, state.Lost)
	}
	return h.entry(e)
}

// entry reads an entry back.
func (h *house) entry(e state.Entry) state.Entry {
	h.Helper()
	got, err := h.Entry(h.Context(), e.Env, e.Dataset, e.Version)
	h.must(err)
	return got
}

func fullEntry() state.Entry {
	return state.Entry{
		Env: "prod", Dataset: "finance.net_sales", Run: "20240701-120000-123-abcdef",
		From: day(1), To: day(2), DataVersion: "d1", CheckVersion: "c1", Engine: "duckdb 1.5.6",
		SQL: "select 1 -- é", Rows: -1, Rejected: new(int64(7)), Took: 1234567 * time.Nanosecond, Restores: 3, Note: "first",
		Upstream: map[string][]table.Column{
			"shop.orders": columns("id BIGINT", "at TIMESTAMP WITH TIME ZONE"), "shop.empty": nil,
		},
		Inputs:  []state.Input{{Dataset: "shop.orders", Version: 3}, {Dataset: "shop.empty", Env: "prod"}},
		Columns: columns("day DATE", "amount DECIMAL(38,10)", "tags VARCHAR[]"),
	}
}
