// Package statetest is the conformance suite of state adapters: what a store
// must do, told case by case, whatever keeps it.
//
// An adapter's test calls Run with a function that opens it. How an adapter
// copes with its own bad circumstances (a full disk, a lost connection) is for
// its own tests.
package statetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// Open opens the memory kept at a place, an empty folder the first time; a
// second store opened at the same place has the same memory. It fails the test
// when that is impossible. The suite closes what it opened.
type Open func(t *testing.T, place string) state.Store

// Run holds the adapter to the contract.
func Run(t *testing.T, open Open) {
	for _, group := range []struct {
		name  string
		cases []tale
	}{
		{"ledger", ledgerCases},
		{"current", currentCases},
		{"journal", journalCases},
		{"verdicts", verdictCases},
		{"values", valueCases},
		{"commit", commitCases},
		{"abandon", abandonCases},
		{"environments", environmentCases},
		{"acceptances", acceptanceCases},
		{"rollbacks", rollbackCases},
		{"together", togetherCases},
		{"properties", propertyCases},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) {
					h := &house{T: t, open: open, place: t.TempDir()}
					h.Store = h.another()
					c.told(h)
				})
			}
		})
	}
}

// tale is one case: a sentence, and what makes it true or false.
type tale struct {
	name string
	told func(h *house)
}

// house is a test with an open store in it.
type house struct {
	*testing.T
	state.Store
	open  Open
	place string
}

// another opens a further store on the same memory.
func (h *house) another() state.Store {
	h.Helper()
	s := h.open(h.T, h.place)
	h.Cleanup(func() {
		if err := s.Close(); err != nil {
			h.Errorf("closing: %v", err)
		}
	})
	return s
}

// must fails the test on an error.
func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// refused fails the test unless err is of the kind.
func (h *house) refused(err error, kind fault.Kind) {
	h.Helper()
	if err == nil {
		h.Fatalf("no error, want one of kind %s", kind)
	}
	if fault.KindOf(err) != kind {
		h.Fatalf("kind %s, want %s: %v", fault.KindOf(err), kind, err)
	}
}

// same fails the test unless both are equal; nothing and empty are the same,
// and of two NaNs each is as good as the other.
func (h *house) same(got, want any) {
	h.Helper()
	if diff := cmp.Diff(want, got, exactly); diff != "" {
		h.Fatalf("(-want +got)\n%s", diff)
	}
}

var exactly = cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateNaNs(), cmp.Comparer(sameDecimal), cmp.Comparer(sameBig)}

// intend enters an intended entry of the dataset in prod.
func (h *house) intend(dataset string) state.Entry {
	h.Helper()
	e, err := h.Intend(h.Context(), state.Entry{Env: "prod", Dataset: dataset})
	h.must(err)
	return e
}

// publish enters a published entry of the dataset in prod.
func (h *house) publish(dataset string) state.Entry {
	h.Helper()
	e := h.intend(dataset)
	h.settle(e, state.Published)
	return e
}

func (h *house) settle(e state.Entry, to state.EntryState) {
	h.Helper()
	h.must(h.Settle(h.Context(), e, to, ""))
}

// current returns "dataset version" of every current entry in prod.
func (h *house) current() map[string]int64 {
	h.Helper()
	entries, err := h.Current(h.Context(), "prod")
	h.must(err)
	versions := map[string]int64{}
	for _, e := range entries {
		name := e.Dataset
		if !e.From.IsZero() {
			name += " " + e.From.Format(time.DateOnly)
		}
		versions[name] = e.Version
	}
	return versions
}

// start enters a running run.
func (h *house) start(id, env string) state.Run {
	h.Helper()
	r := state.Run{ID: id, Env: env, Started: noon, Outcome: state.Running, Process: "host:1:1"}
	h.must(h.StartRun(h.Context(), r))
	return r
}

// noon is when everything in the suite happens, unless it says otherwise.
var noon = time.Date(2024, time.July, 1, 12, 0, 0, 123456000, time.UTC)

func day(n int) time.Time { return time.Date(2024, time.July, n, 0, 0, 0, 0, time.UTC) }
