package statetest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

var propertyCases = []tale{
	{"whatever is intended, settled and lost, the ledger agrees with a simple model", func(h *house) {
		n := 0
		rapid.Check(h.T, func(r *rapid.T) {
			n++
			m := &model{h: h, env: fmt.Sprintf("env%d", n), newest: map[string]int64{}}
			moves := []func(*rapid.T){m.intend, m.intend, m.settle, m.settle, m.settle, m.recheck}
			for range rapid.IntRange(5, 40).Draw(r, "moves") {
				moves[rapid.IntRange(0, len(moves)-1).Draw(r, "move")](r)
				m.agrees(r)
			}
		})
	}},
	{"whatever was recorded in any order, a span of history is exactly what lies in it", func(h *house) {
		n := 0
		rapid.Check(h.T, func(r *rapid.T) {
			n++
			spans(h, r, fmt.Sprintf("check%d", n))
		})
	}},
}

// model is the ledger as a list searched from end to end.
type model struct {
	h       *house
	env     string
	entries []state.Entry
	newest  map[string]int64 // version by dataset
}

func (m *model) intend(r *rapid.T) {
	e := state.Entry{
		Env: m.env, Dataset: rapid.SampledFrom([]string{"a.a", "a.a", "a.b"}).Draw(r, "dataset"),
		Version: rapid.SampledFrom([]int64{0, 0, 0, 3, 9}).Draw(r, "seen"),
	}
	if n := rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(r, "day"); n > 0 {
		e.From, e.To = day(n), day(n+1)
	}
	want := max(e.Version, m.newest[e.Dataset]) + 1
	got, err := m.h.Intend(m.h.Context(), e)
	if err != nil {
		r.Fatal(err)
	}
	if got.Version != want {
		r.Fatalf("version %d, want %d", got.Version, want)
	}
	for _, before := range m.entries {
		if before.Dataset == got.Dataset && before.Fence >= got.Fence {
			r.Fatalf("fence %d after %d", got.Fence, before.Fence)
		}
	}
	m.newest[e.Dataset] = want
	m.entries = append(m.entries, got)
}

func (m *model) settle(r *rapid.T) {
	if len(m.entries) == 0 {
		return
	}
	e := &m.entries[rapid.IntRange(0, len(m.entries)-1).Draw(r, "entry")]
	to := rapid.SampledFrom([]state.EntryState{state.Published, state.Published, state.Failed, state.Lost}).Draw(r, "to")
	given := *e
	given.Rows = int64(rapid.IntRange(-1, 9).Draw(r, "rows"))
	err := m.h.Settle(m.h.Context(), given, to, string(to))
	if !e.State.Allowed(to) {
		if fault.KindOf(err) != fault.Conflict {
			r.Fatalf("%s to %s: %v", e.State, to, err)
		}
		return
	}
	if err != nil {
		r.Fatal(err)
	}
	e.State, e.Rows, e.Note = to, given.Rows, string(to)
}

func (m *model) recheck(r *rapid.T) {
	if len(m.entries) == 0 {
		return
	}
	e := &m.entries[rapid.IntRange(0, len(m.entries)-1).Draw(r, "entry")]
	version := rapid.SampledFrom([]string{"c1", "c2"}).Draw(r, "rules")
	err := m.h.Recheck(m.h.Context(), *e, version)
	switch {
	case e.State == state.Published && err != nil:
		r.Fatal(err)
	case e.State == state.Published:
		e.CheckVersion = version
	case fault.KindOf(err) != fault.Conflict:
		r.Fatalf("rechecking what is %s: %v", e.State, err)
	}
}

// agrees compares every answer of the store with the list's.
func (m *model) agrees(r *rapid.T) {
	current, err := m.h.Current(m.h.Context(), m.env)
	if err != nil {
		r.Fatal(err)
	}
	open, err := m.h.Intended(m.h.Context(), m.env)
	if err != nil {
		r.Fatal(err)
	}
	m.compare(r, "current", current, m.wantCurrent())
	m.compare(r, "intended", open, m.of(state.Intended))
}

func (m *model) compare(r *rapid.T, what string, got, want []state.Entry) {
	unstamped := gocmp.FilterPath(func(p gocmp.Path) bool { return p.String() == "At" }, gocmp.Ignore())
	if diff := gocmp.Diff(want, got, exactly, unstamped); diff != "" {
		r.Fatalf("%s (-want +got)\n%s", what, diff)
	}
}

func (m *model) of(s state.EntryState) []state.Entry {
	var out []state.Entry
	for _, e := range m.entries {
		if e.State == s {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b state.Entry) int {
		return cmp.Or(cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Version, b.Version))
	})
	return out
}

func (m *model) wantCurrent() []state.Entry {
	var out []state.Entry
	for _, e := range m.of(state.Published) {
		same := func(o state.Entry) bool { return o.Dataset == e.Dataset && o.From.Equal(e.From) && o.To.Equal(e.To) }
		out = append(slices.DeleteFunc(out, same), e)
	}
	slices.SortFunc(out, func(a, b state.Entry) int {
		return cmp.Or(cmp.Compare(a.Dataset, b.Dataset), a.From.Compare(b.From))
	})
	return out
}

func spans(h *house, r *rapid.T, check string) {
	type point struct {
		minute    int
		published bool
	}
	points := rapid.SliceOfNDistinct(rapid.Custom(func(r *rapid.T) point {
		return point{rapid.IntRange(0, 50).Draw(r, "minute"), rapid.Bool().Draw(r, "published")}
	}), 0, 20, func(p point) int { return p.minute }).Draw(r, "points")
	at := func(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
	var results []state.Result
	for _, p := range points {
		result := measured(check, at(p.minute), fmt.Sprint(p.minute))
		result.Published = p.published
		results = append(results, result)
	}
	if err := h.Record(h.Context(), results); err != nil {
		r.Fatal(err)
	}
	since, before := rapid.IntRange(0, 50).Draw(r, "since"), rapid.IntRange(0, 50).Draw(r, "before")
	only := rapid.Bool().Draw(r, "published only")
	var want []state.Value
	for _, p := range points {
		if p.minute >= since && p.minute < before && (p.published || !only) {
			want = append(want, state.Value{At: at(p.minute), Number: float64(p.minute)})
		}
	}
	slices.SortFunc(want, func(a, b state.Value) int { return a.At.Compare(b.At) })
	got, err := h.Values(h.Context(), state.ValuesQuery{
		Env: "prod", Dataset: "shop.orders", Check: check, Since: at(since), Before: at(before), PublishedOnly: only,
	})
	if err != nil {
		r.Fatal(err)
	}
	if diff := gocmp.Diff(want, got, exactly); diff != "" {
		r.Fatalf("(-want +got)\n%s", diff)
	}
}
