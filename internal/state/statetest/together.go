package statetest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

var togetherCases = []tale{
	{"a store opened again has everything", func(h *house) {
		h.start("r1", "prod")
		h.plan("r1", "a.a")
		e, err := h.Intend(h.Context(), fullEntry())
		h.must(err)
		h.settle(e, state.Published)
		h.record(measured("c", noon, "1"))
		want := h.entry(e)
		h.must(h.Close())
		h.Store = h.another()
		h.same(h.entry(e), want)
		h.same(len(h.steps("r1")), 1)
		h.same(len(h.values(query())), 1)
		next, err := h.Intend(h.Context(), fullEntry())
		h.must(err)
		h.same(next.Version, e.Version+1)
	}},
	{"a store may be closed twice, and then answers no more", func(h *house) {
		h.must(h.Close())
		h.must(h.Close())
		if _, err := h.Intend(h.Context(), fullEntry()); err == nil {
			h.Error("a closed store wrote")
		}
		if _, err := h.Current(h.Context(), "prod"); err == nil {
			h.Error("a closed store answered")
		}
	}},
	{"a second store sees at once what the first one wrote", func(h *house) {
		second := h.another()
		for n := range 5 {
			e := h.publish("shop.orders")
			entries, err := second.Current(h.Context(), "prod")
			h.must(err)
			h.same(entries[0].Version, e.Version)
			h.same(e.Version, int64(n+1))
		}
	}},
	{"many at once get versions without gap or double", func(h *house) {
		h.same(h.crowd(16, 5, h.Store), counted(80))
	}},
	{"two stores on one memory get versions without gap or double", func(h *house) {
		h.same(h.crowd(8, 5, h.Store, h.another()), counted(40))
	}},
	{"of many who settle the same entry one succeeds", func(h *house) {
		e := h.intend("shop.orders")
		second := h.another()
		var mu sync.Mutex
		succeeded := 0
		var g errgroup.Group
		for i := range 16 {
			store := []state.Store{h.Store, second}[i%2]
			g.Go(func() error {
				err := store.Settle(h.Context(), e, state.Published, "")
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					succeeded++
				case fault.KindOf(err) != fault.Conflict:
					return err
				}
				return nil
			})
		}
		h.must(g.Wait())
		h.same(succeeded, 1)
	}},
	{"nobody pays for another's refusal", func(h *house) {
		var g errgroup.Group
		for i := range 40 {
			g.Go(func() error {
				if i%4 == 0 {
					err := h.Settle(h.Context(), state.Entry{Env: "prod", Dataset: "no.such", Version: 1}, state.Published, "")
					if fault.KindOf(err) != fault.NotFound {
						return fmt.Errorf("want not found: %w", err)
					}
					return nil
				}
				_, err := h.Intend(h.Context(), state.Entry{Env: "prod", Dataset: fmt.Sprintf("a.d%02d", i)})
				return err
			})
		}
		h.must(g.Wait())
		open, err := h.Intended(h.Context(), "prod")
		h.must(err)
		h.same(len(open), 30)
	}},
	{"a reader never sees half a batch", halfBatches},
	{"many may ask at once", func(h *house) {
		h.record(measured("c", noon, "1"))
		e := h.publish("shop.orders")
		var g errgroup.Group
		for range 24 {
			g.Go(func() error {
				if latest, err := h.Latest(h.Context(), "prod"); err != nil || len(latest) != 1 {
					return fmt.Errorf("%d results: %w", len(latest), err)
				}
				_, err := h.Entry(h.Context(), e.Env, e.Dataset, e.Version)
				return err
			})
		}
		h.must(g.Wait())
	}},
	{"a caller who gave up beforehand writes nothing", func(h *house) {
		ctx, cancel := context.WithCancel(h.Context())
		cancel()
		_, err := h.Intend(ctx, state.Entry{Env: "prod", Dataset: "shop.orders"})
		h.refused(err, fault.Interrupted)
		h.same(h.intend("shop.orders").Version, int64(1))
	}},
	{"of callers who give up meanwhile each is told the truth", func(h *house) {
		ctx, cancel := context.WithCancel(h.Context())
		defer cancel()
		var mu sync.Mutex
		written := 0
		var g errgroup.Group
		for i := range 40 {
			g.Go(func() error {
				if i == 20 {
					cancel()
				}
				if _, err := h.Intend(ctx, state.Entry{Env: "prod", Dataset: "shop.orders"}); err == nil {
					mu.Lock()
					written++
					mu.Unlock()
				}
				return nil
			})
		}
		h.must(g.Wait())
		open, err := h.Intended(h.Context(), "prod")
		h.must(err)
		h.same(len(open), written)
	}},
}

// crowd lets many goroutines intend versions of one dataset, and returns the
// versions they got in order.
func (h *house) crowd(goroutines, each int, stores ...state.Store) []int64 {
	h.Helper()
	var mu sync.Mutex
	var versions []int64
	var g errgroup.Group
	for i := range goroutines {
		g.Go(func() error {
			for range each {
				e, err := stores[i%len(stores)].Intend(h.Context(), state.Entry{Env: "prod", Dataset: "shop.orders"})
				if err != nil {
					return err
				}
				mu.Lock()
				versions = append(versions, e.Version)
				mu.Unlock()
			}
			return nil
		})
	}
	h.must(g.Wait())
	slices.Sort(versions)
	return versions
}

func counted(n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(i + 1)
	}
	return out
}

// halfBatches reads while pairs of results are written: both or none are there,
// and the segments of a result are its own.
func halfBatches(h *house) {
	var g errgroup.Group
	g.Go(func() error {
		for n := range 60 {
			pair := []state.Result{measured("left", noon, fmt.Sprint(n)), measured("right", noon, fmt.Sprint(n))}
			for i := range pair {
				pair[i].Segments = []state.SegmentResult{{Segment: "x", Number: float64(n)}, {Segment: "y", Number: float64(n)}}
			}
			if err := h.Record(h.Context(), pair); err != nil {
				return err
			}
		}
		return nil
	})
	g.Go(func() error {
		for last := ""; last != "59"; {
			results, err := h.Latest(h.Context(), "prod")
			if err != nil {
				return err
			}
			if len(results) == 0 {
				continue
			}
			last = results[0].Value
			if len(results) != 2 || results[1].Value != last {
				return fmt.Errorf("half a batch: %v", described(results))
			}
			for _, r := range results {
				if len(r.Segments) != 2 || fmt.Sprint(r.Segments[0].Number) != last {
					return fmt.Errorf("value %s has the segments %v", last, r.Segments)
				}
			}
		}
		return nil
	})
	h.must(g.Wait())
}
