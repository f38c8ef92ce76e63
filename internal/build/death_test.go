package build

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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
		engine.Historian
	}
	d *death
}

func (e *dyingEngine) Past(ctx context.Context, target engine.Relation) ([]int64, error) {
	return e.duck.Past(ctx, target)
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

func (e *dyingEngine) Drop(ctx context.Context, dataset string, r engine.Relation) error {
	return e.d.call(func() error { return e.Engine.Drop(ctx, dataset, r) })
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

func (s *dyingStore) RollBack(ctx context.Context, r state.Rollback) error {
	return s.d.call(func() error { return s.Store.RollBack(ctx, r) })
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
		keep := rapid.IntRange(0, 2).Draw(r, "keep")
		for _, dataset := range models {
			y.keep(dataset, keep)
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

// Wherever the process dies while a dataset is rolled back: after the next start
// readers see either the newer version and nothing is held, or the earlier one
// and the runs from then on leave it alone until it is released.
func TestDeathOfARollback(t *testing.T) {
	for _, rules := range []string{"", "v1"} {
		for calls := 1; ; calls++ {
			survived := false
			for _, after := range []bool{false, true} {
				survived = dyingRollback(t, rules, &death{left: calls, after: after})
			}
			if survived {
				break
			}
		}
	}
}

// dyingRollback reports whether the rollback was over before the death.
func dyingRollback(t *testing.T, rules string, d *death) bool {
	y := newYard(t)
	y.rules["m.x"] = rules
	y.twice("m.x")
	old, bad := y.numbers("m.x", 1), y.numbers("m.x", 0)

	y.b.Engine, y.b.Store = &dyingEngine{y.duck, y.duck, d}, &dyingStore{y.store, d}
	report, err := y.rollBack("m.x", 0)
	survived := err == nil && d.left > 0
	y.b.Engine, y.b.Store = y.duck, y.store
	if survived {
		y.same(outcomes(report), done("m.x"))
	}
	if _, err := y.store.Abandon(t.Context(), Production, func(state.Run) bool { return false }); err != nil {
		t.Fatal(err)
	}
	if _, err := y.b.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	y.agree()
	seen := y.numbers("m.x", 0)
	held := !slices.Equal(seen, bad)
	if held {
		y.same(seen, old)
	}
	y.news["lake.a"] = "1 new file"
	ran := y.run()
	if _, built := ran["m.x"]; built == held {
		t.Errorf("after a death at call %d readers see %v, and the next run did %v", d.left, seen, ran)
	}
	if held {
		y.same(y.numbers("m.x", 0), old)
		y.release("m.x")
		y.run()
	}
	y.agree()
	y.same(y.plan(Request{}), "")
	y.same(y.numbers("m.x", 0), y.answer(y.b.Models["m.x"].SQL))
	if swept, err := y.duck.Sweep(t.Context()); err != nil || swept > 0 {
		t.Errorf("%d staging relations were left, %v", swept, err)
	}
	return survived
}

// Wherever the process dies while an environment is promoted: after the next
// start production has all of its tables from before or all of the promoted
// ones, ledger and warehouse agree, and to promote again ends as if nothing had
// happened.
func TestDeathOfAPromotion(t *testing.T) {
	for calls := 1; ; calls++ {
		survived := false
		for _, after := range []bool{false, true} {
			survived = dyingPromotion(t, &death{left: calls, after: after})
		}
		if survived {
			t.Logf("died at each of %d calls, done or not", calls-1)
			return
		}
	}
}

// dyingPromotion reports whether the promotion was over before the death.
func dyingPromotion(t *testing.T, d *death) bool {
	y := newYard(t)
	y.b.Render = func(m Model, _ time.Time, move func(string) (string, bool)) (string, error) {
		sql := m.SQL
		if move == nil {
			return sql, nil
		}
		for dataset := range y.b.Models {
			if schema, moved := move(dataset); moved {
				sql = strings.ReplaceAll(sql, dataset, schema+"."+engine.ParseRelation(dataset).Name)
			}
		}
		return sql, nil
	}
	y.run()
	old := []string{y.numbers("w.one", 0)[0], y.numbers("m.x", 0)[0]}
	y.b.Env, y.b.Ingester = "ada", nil
	y.change("w.one", "select 70 as n")
	y.change("m.x", "select w.one.n + 7 as n from w.one, w.two")
	y.run()

	y.b.Engine, y.b.Store = &dyingEngine{y.duck, y.duck, d}, &dyingStore{y.store, d}
	_, err := y.b.Promote(t.Context(), "run100")
	survived := err == nil && d.left > 0
	y.b.Engine, y.b.Store = y.duck, y.store
	for _, env := range []string{Production, "ada"} {
		y.b.Env = env
		if _, err := y.b.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
		y.agree()
	}
	y.b.Env = Production
	if now := []string{y.numbers("w.one", 0)[0], y.numbers("m.x", 0)[0]}; !slices.Equal(now, old) && !slices.Equal(now, []string{"70", "77"}) {
		t.Errorf("after a death at call %d readers see half: %v", d.left, now)
	}
	y.b.Env = "ada"
	y.run()
	if _, err := y.b.Promote(t.Context(), "run101"); err != nil {
		t.Errorf("to promote again: %v", err)
	}
	y.same(y.plan(Request{}), "")
	y.agree()
	y.b.Env = Production
	y.agree()
	y.same(y.plan(Request{}), "")
	y.same([]string{y.numbers("w.one", 0)[0], y.numbers("m.x", 0)[0], y.numbers("m.y", 0)[0]}, []string{"70", "77", "77"})
	if _, err := y.duck.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	return survived
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
