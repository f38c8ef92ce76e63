package build

import (
	"context"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/state"
)

// Models of little data cost less to compute than the transactions around them.
// So those that are ready at the same time are built together: staged one by
// one, but published in one transaction and entered in the ledger in one act. A
// model that could take long is never among them, it would keep the others
// waiting.
const (
	mostTogether = 16
	shortBuild   = 20 * time.Millisecond // by what the dataset took the last time
	shortRows    = 20_000                // of all inputs, when it was never built
)

// take returns the step, and when it is short others that are ready and short.
func (x *execution) take(first Step) []Step {
	steps := []Step{first}
	_, bulk := x.b.Engine.(engine.Bulk)
	if !bulk || !x.short(first) {
		return steps
	}
	for len(steps) < mostTogether {
		select {
		case dataset, more := <-x.ready:
			if !more {
				return steps
			}
			if step := x.steps[dataset]; x.short(step) {
				steps = append(steps, step)
				continue
			}
			x.ready <- dataset // it has room for every step, and this one is not done
			return steps
		default:
			return steps
		}
	}
	return steps
}

// short reports whether building a step should take no time to speak of.
func (x *execution) short(step Step) bool {
	if step.Action != Build {
		return false
	}
	if was, ok := x.plan.current[step.Dataset]; ok && was.Took > 0 && was.Restores == 0 {
		return was.Took < shortBuild
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	rows := int64(0)
	for _, input := range x.b.Graph.Nodes[step.Dataset].DependsOn {
		n := x.current[input].Rows
		if n < 0 {
			return false // a view: nobody counted
		}
		rows += n
	}
	return rows <= shortRows
}

// together builds several models. What fails because it is among others is
// tried again alone.
func (x *execution) together(ctx context.Context, makings []*making) {
	if len(makings) == 0 {
		return
	}
	bulk, isBulk := x.b.Engine.(engine.DirectBulk)
	var direct, staged []*making
	for _, m := range makings {
		switch {
		case m.over:
		case isBulk && m.direct():
			direct = append(direct, m)
		default:
			staged = append(staged, m)
		}
	}
	if len(direct) > 0 {
		x.buildDirect(ctx, bulk, direct)
	}
	if len(staged) > 0 {
		x.stageAndPublish(ctx, staged)
	}
	for _, m := range makings {
		if m.over {
			m.f.done = m.done
			x.judge(ctx, &m.f.record, m.f.done)
		} else {
			x.alone(ctx, m.f)
		}
	}
}

// intend enters the models in the ledger in one act.
func (x *execution) intend(ctx context.Context, makings []*making) error {
	batch := state.Batch{Intend: make([]state.Entry, len(makings))}
	for i, m := range makings {
		batch.Intend[i] = m.entry
	}
	if err := x.b.Store.Commit(ctx, &batch); err != nil {
		return err
	}
	for i, m := range makings {
		m.entry = batch.Intend[i]
	}
	return nil
}

// failed takes intended entries back; the models are then tried alone.
func (x *execution) failed(ctx context.Context, makings []*making, cause error) {
	var batch state.Batch
	for _, m := range makings {
		batch.Settlements = append(batch.Settlements, state.Settlement{Entry: m.entry, State: state.Failed, Note: cause.Error()})
	}
	// An entry left open is settled by the next start.
	_ = x.b.Store.Commit(context.WithoutCancel(ctx), &batch)
}

// buildDirect computes and publishes models no check could hold, in one
// transaction.
func (x *execution) buildDirect(ctx context.Context, bulk engine.DirectBulk, makings []*making) {
	if x.intend(ctx, makings) != nil {
		return // alone it is told
	}
	builds, markers := make([]engine.Build, len(makings)), make([]engine.Marker, len(makings))
	for i, m := range makings {
		builds[i], markers[i] = m.request, x.marker(m.entry)
	}
	staged, err := bulk.BuildAllAndPublish(ctx, builds, markers)
	if err != nil {
		x.failed(ctx, makings, err)
		return
	}
	for i, m := range makings {
		m.entry.Columns, m.entry.Rows = staged[i].Columns, staged[i].Rows
		m.done, m.over = x.settle(m.entry, m.started, nil, nil), true
	}
}

// stageAndPublish stages and judges models one by one and publishes those that
// nothing blocks in one transaction.
func (x *execution) stageAndPublish(ctx context.Context, makings []*making) {
	var passed []*making
	var staging []staged
	var results [][]state.Result
	for _, m := range makings {
		rows, err := x.compute(ctx, m)
		if err != nil {
			continue // alone it is told, or goes well at the second try
		}
		done := x.judged(ctx, rows, m)
		if done.err != nil {
			x.discard(ctx, rows)
			m.done, m.over = done, !passing(done.err)
			continue
		}
		m.enters(rows)
		passed, results, staging = append(passed, m), append(results, done.results), append(staging, rows)
	}
	if len(passed) == 0 {
		return
	}
	err := x.intend(ctx, passed)
	if err == nil {
		var publications []engine.Publication
		for i, m := range passed {
			publications = append(publications, x.publications(staging[i], m.entry, m.request.Keep)...)
		}
		err = x.b.publishAll(ctx, publications)
		if err != nil {
			x.failed(ctx, passed, err)
		}
	}
	if err != nil {
		for _, rows := range staging {
			x.discard(ctx, rows)
		}
		return
	}
	for i, m := range passed {
		m.done, m.over = x.settle(m.entry, m.started, results[i], nil), true
	}
}
