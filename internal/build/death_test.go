package build

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// death is the end of a process as its parts see it: from some call on nothing
// gets through. The call itself may still have been done, or not.
type death struct {
	mu    sync.Mutex
	left  int // calls that get through
	after bool
}

func (d *death) call(do func() error) error {
	d.mu.Lock()
	d.left--
	left := d.left
	d.mu.Unlock()
	switch {
	case left > 0:
		return do()
	case left == 0 && d.after:
		_ = do() // done, but nobody hears of it
	}
	return fault.New(fault.Internal, "the process died")
}

// dyingEngine and dyingStore are what a build writes to, until the death.
type dyingEngine struct {
	engine.Engine
	duck interface {
		engine.Bulk
		engine.DirectBulk
		engine.Direct
	}
	d *death
}

func (e *dyingEngine) Stage(ctx context.Context, b engine.Build) (s engine.Staged, err error) {
	err = e.d.call(func() (err error) { s, err = e.Engine.Stage(ctx, b); return err })
	return s, err
}

func (e *dyingEngine) Publish(ctx context.Context, p engine.Publication) error {
	return e.d.call(func() error { return e.Engine.Publish(ctx, p) })
}

func (e *dyingEngine) Discard(ctx context.Context, s engine.Staged) error {
	return e.d.call(func() error { return e.Engine.Discard(ctx, s) })
}

func (e *dyingEngine) PublishAll(ctx context.Context, p []engine.Publication) error {
	return e.d.call(func() error { return e.duck.PublishAll(ctx, p) })
}

func (e *dyingEngine) BuildAndPublish(ctx context.Context, b engine.Build, m engine.Marker) (s engine.Staged, err error) {
	err = e.d.call(func() (err error) { s, err = e.duck.BuildAndPublish(ctx, b, m); return err })
	return s, err
}

func (e *dyingEngine) BuildAllAndPublish(ctx context.Context, b []engine.Build, m []engine.Marker) (s []engine.Staged, err error) {
	err = e.d.call(func() (err error) { s, err = e.duck.BuildAllAndPublish(ctx, b, m); return err })
	return s, err
}

type dyingStore struct {
	Store
	d *death
}

func (s *dyingStore) Intend(ctx context.Context, e state.Entry) (out state.Entry, err error) {
	err = s.d.call(func() (err error) { out, err = s.Store.Intend(ctx, e); return err })
	return out, err
}

func (s *dyingStore) Settle(ctx context.Context, e state.Entry, to state.EntryState, note string) error {
	return s.d.call(func() error { return s.Store.Settle(ctx, e, to, note) })
}

func (s *dyingStore) Commit(ctx context.Context, b *state.Batch) error {
	return s.d.call(func() error { return s.Store.Commit(ctx, b) })
}

func (s *dyingStore) FinishRun(ctx context.Context, r state.Run) error {
	return s.d.call(func() error { return s.Store.FinishRun(ctx, r) })
}

// Whatever changed, whatever blocks, and wherever the process dies: after the
// next start ledger and warehouse agree, and the run after it ends with every
// dataset being what its SQL makes of what it reads.
func TestDeathAnywhere(t *testing.T) {
	y := newYard(t)
	models := []string{"w.one", "w.two", "m.x", "m.y", "m.z"}
	version := 0
	rapid.Check(t, func(r *rapid.T) {
		for _, dataset := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"lake.a", "lake.b"}), rapid.ID[string]).Draw(r, "news") {
			y.news[dataset] = "1 new file"
		}
		for _, dataset := range models {
			y.rules[dataset] = rapid.SampledFrom([]string{"", "v1", "v2"}).Draw(r, "rules of "+dataset)
		}
		if rapid.Bool().Draw(r, "other SQL") {
			version++
			y.change("w.one", fmt.Sprintf("select n + %d as n from lake.a", version))
		}
		if blocked := rapid.SampledFrom(append(models, "")).Draw(r, "blocked"); blocked != "" && y.rules[blocked] != "" {
			y.blocks[blocked] = true
		}
		d := &death{left: rapid.IntRange(1, 25).Draw(r, "calls"), after: rapid.Bool().Draw(r, "after")}
		y.b.Engine, y.b.Store = &dyingEngine{y.duck, y.duck, d}, &dyingStore{y.store, d}
		_, _ = y.execute(t.Context(), rapid.IntRange(1, 3).Draw(r, "workers")) // how it ended nobody heard

		clear(y.blocks)
		y.b.Engine, y.b.Store = y.duck, y.store
		if _, err := y.store.Abandon(t.Context(), Production, func(state.Run) bool { return false }); err != nil {
			r.Fatal(err)
		}
		if _, err := y.b.Reconcile(t.Context()); err != nil {
			r.Fatal(err)
		}
		y.agree()
		for dataset, outcome := range y.run() {
			if outcome != state.Done {
				r.Fatalf("%s: %s", dataset, outcome)
			}
		}
		y.agree()
		if left := y.plan(Request{}); left != "" {
			r.Fatalf("there is still something to do: %s", left)
		}
		for _, dataset := range models {
			if got, want := y.rows(r, "select n from "+dataset), y.rows(r, y.b.Models[dataset].SQL); !slices.Equal(got, want) {
				r.Fatalf("%s has %v, its SQL makes %v", dataset, got, want)
			}
		}
		if swept, err := y.duck.Sweep(t.Context()); err != nil || swept > 0 {
			r.Fatalf("%d staging relations were left, %v", swept, err)
		}
		if t.Failed() {
			r.FailNow()
		}
	})
}

func (y *yard) rows(r *rapid.T, sql string) []string {
	batch, err := engine.ReadAll(y.Context(), y.duck, sql, 0)
	if err != nil {
		r.Fatal(err)
	}
	var out []string
	for _, row := range batch.Rows {
		out = append(out, fmt.Sprint(row...))
	}
	return out
}
