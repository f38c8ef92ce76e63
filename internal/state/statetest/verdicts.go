package statetest

import (
	"fmt"
	"math"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

var verdictCases = []tale{
	{"a result comes back with every field, and its samples exactly", func(h *house) {
		samples := everyType()
		want := state.Result{
			Env: "prod", Run: "r1", Dataset: "shop.orders", Check: "spend_cap", Rule: "sum(spend) > 1000", At: noon,
			Status: state.Block, Value: "12345678901234567890.12", Expected: "at most 1000", Message: "Too much spent.",
			Samples: &samples, Failing: 3, SQL: "select é", Took: 7 * time.Millisecond, Published: true,
			Segments: []state.SegmentResult{
				{Segment: "GB", Number: 1.5, Value: "1.50", Expected: "at most 1", Status: state.Block},
				{Segment: "", Number: -2, Value: "-2", Status: state.Pass},
			},
		}
		h.record(want)
		h.same(h.latest("prod"), []state.Result{want})
		h.same(h.of("r1"), []state.Result{want})
	}},
	{"segments keep their order and every number", func(h *house) {
		want := state.Result{Env: "prod", Run: "r1", Dataset: "a.a", Check: "c", At: noon, Segments: []state.SegmentResult{
			{Segment: "z", Number: math.Inf(1), Status: state.Warn},
			{Segment: "a", Number: math.Inf(-1), Status: state.Warn},
			{Segment: "m", Number: math.NaN(), Status: state.Unevaluated},
			{Segment: "z", Number: math.MaxFloat64, Status: state.Pass},
		}}
		h.record(want)
		h.same(h.latest("prod"), []state.Result{want})
	}},
	{"samples without rows are still samples", func(h *house) {
		want := measured("c", noon, "1")
		want.Samples = &table.Batch{Columns: columns("id BIGINT")}
		h.record(want)
		h.same(h.latest("prod"), []state.Result{want})
	}},
	{"the latest results are the newest of each check, by dataset and check", func(h *house) {
		for n := range 3 {
			for _, name := range []string{"b", "a"} {
				r := measured(name, day(n+1), fmt.Sprint(n))
				r.Run = fmt.Sprint("r", n)
				h.record(r)
			}
		}
		other := measured("a", day(1), "7")
		other.Dataset = "a.a"
		h.record(other)
		h.same(described(h.latest("prod")), []string{"a.a/a=7", "shop.orders/a=2", "shop.orders/b=2"})
	}},
	{"the latest result is the one recorded last, whatever its time", func(h *house) {
		h.record(measured("c", day(5), "5"))
		h.record(measured("c", day(1), "1"))
		h.same(described(h.latest("prod")), []string{"shop.orders/c=1"})
	}},
	{"latest results are of one environment", func(h *house) {
		r := measured("c", noon, "5")
		r.Env = "dev"
		h.record(measured("c", noon, "1"), r)
		h.same(described(h.latest("prod")), []string{"shop.orders/c=1"})
		h.same(described(h.latest("dev")), []string{"shop.orders/c=5"})
	}},
	{"a run's results are its own", func(h *house) {
		first, second := measured("c", day(1), "1"), measured("c", day(2), "2")
		first.Run, second.Run = "r1", "r2"
		h.record(first)
		h.record(second)
		h.same(described(h.of("r1")), []string{"shop.orders/c=1"})
		h.same(described(h.of("r3")), []string(nil))
	}},
	{"a retry in the same run replaces the result, segments and all", func(h *house) {
		first := measured("c", noon, "1")
		first.Segments = []state.SegmentResult{{Segment: "GB", Number: 1}, {Segment: "DE", Number: 2}}
		second := measured("c", noon, "2")
		second.Segments = []state.SegmentResult{{Segment: "FR", Number: 3}}
		second.Published = true
		h.record(first)
		h.record(second)
		h.same(h.of("r1"), []state.Result{second})
		h.same(h.latest("prod"), []state.Result{second})
	}},
	{"results are recorded together or not at all", func(h *house) {
		bad := measured("d", noon, "1")
		bad.Samples = &table.Batch{Columns: columns("id BIGINT"), Rows: [][]any{{"no number"}}}
		h.refused(h.Record(h.Context(), []state.Result{measured("c", noon, "1"), bad}), fault.Internal)
		h.same(h.latest("prod"), []state.Result(nil))
	}},
	{"recording nothing does nothing", func(h *house) {
		h.record()
		h.same(h.latest("prod"), []state.Result(nil))
	}},
}

var valueCases = []tale{
	{"a check's history is its numbers, oldest first", func(h *house) {
		for _, n := range []int{3, 1, 2} {
			h.record(measured("c", day(n), fmt.Sprint(n*10)))
		}
		h.same(h.values(query()), []state.Value{{At: day(1), Number: 10}, {At: day(2), Number: 20}, {At: day(3), Number: 30}})
	}},
	{"a span of history begins with Since and ends before Before", func(h *house) {
		for n := 1; n <= 4; n++ {
			h.record(measured("c", day(n), fmt.Sprint(n)))
		}
		q := query()
		q.Since, q.Before = day(2), day(4)
		h.same(h.values(q), []state.Value{{At: day(2), Number: 2}, {At: day(3), Number: 3}})
	}},
	{"only published rows count when only they are asked for", func(h *house) {
		held, published := measured("c", day(1), "1"), measured("c", day(2), "2")
		published.Published = true
		h.record(held, published)
		q := query()
		q.PublishedOnly = true
		h.same(h.values(q), []state.Value{{At: day(2), Number: 2}})
	}},
	{"each segment has its own history", func(h *house) {
		for n := 1; n <= 2; n++ {
			r := measured("c", day(n), "99")
			r.Segments = []state.SegmentResult{{Segment: "GB", Number: float64(n)}, {Segment: "DE", Number: float64(n * 10)}}
			h.record(r)
		}
		h.same(h.values(query()), []state.Value{
			{At: day(1), Segment: "GB", Number: 1},
			{At: day(1), Segment: "DE", Number: 10},
			{At: day(2), Segment: "GB", Number: 2},
			{At: day(2), Segment: "DE", Number: 20},
		})
	}},
	{"what was not measured has no history", func(h *house) {
		broken := measured("c", day(1), "5")
		broken.Status = state.Unevaluated
		words := measured("c", day(2), "3 columns are missing")
		nan := measured("c", day(3), "NaN")
		parts := measured("c", day(4), "")
		parts.Segments = []state.SegmentResult{{Segment: "GB", Number: math.NaN()}, {Segment: "DE", Number: 1, Status: state.Unevaluated}}
		h.record(broken, words, nan, parts)
		h.same(h.values(query()), []state.Value(nil))
	}},
	{"what was measured while learning, warning or blocking is history", func(h *house) {
		for i, status := range []state.Status{state.Learning, state.Warn, state.Block} {
			r := measured("c", day(i+1), "1")
			r.Status = status
			h.record(r)
		}
		h.same(len(h.values(query())), 3)
	}},
	{"a retry leaves one value", func(h *house) {
		h.record(measured("c", day(1), "1"))
		h.record(measured("c", day(1), "2"))
		h.same(h.values(query()), []state.Value{{At: day(1), Number: 2}})
	}},
	{"two runs at the same moment leave two values", func(h *house) {
		first, second := measured("c", day(1), "1"), measured("c", day(1), "2")
		second.Run = "r2"
		h.record(first, second)
		h.same(len(h.values(query())), 2)
	}},
	{"histories of other checks, datasets and environments stay apart", func(h *house) {
		h.record(measured("c", day(1), "1"))
		for _, change := range []func(*state.ValuesQuery){
			func(q *state.ValuesQuery) { q.Env = "dev" },
			func(q *state.ValuesQuery) { q.Dataset = "shop.lines" },
			func(q *state.ValuesQuery) { q.Check = "d" },
		} {
			q := query()
			change(&q)
			h.same(h.values(q), []state.Value(nil))
		}
	}},
}

// measured is a passing result of run r1 on shop.orders in prod.
func measured(check string, at time.Time, value string) state.Result {
	return state.Result{Env: "prod", Run: "r1", Dataset: "shop.orders", Check: check, At: at, Status: state.Pass, Value: value}
}

// query asks for the whole history of the check "c" of measured.
func query() state.ValuesQuery {
	return state.ValuesQuery{Env: "prod", Dataset: "shop.orders", Check: "c"}
}

func (h *house) record(results ...state.Result) {
	h.Helper()
	h.must(h.Record(h.Context(), results))
}

func (h *house) latest(env string) []state.Result {
	h.Helper()
	results, err := h.Latest(h.Context(), env)
	h.must(err)
	return results
}

func (h *house) of(run string) []state.Result {
	h.Helper()
	results, err := h.Of(h.Context(), run)
	h.must(err)
	return results
}

func (h *house) values(q state.ValuesQuery) []state.Value {
	h.Helper()
	values, err := h.Values(h.Context(), q)
	h.must(err)
	return values
}

func described(results []state.Result) []string {
	var out []string
	for _, r := range results {
		out = append(out, r.Dataset+"/"+r.Check+"="+r.Value)
	}
	return out
}
