package build

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/state"
)

// forgetRejects drops rejected rows of datasets whose rules reject none any more.
// What is left after a crash is dropped by the next start.
func (x *execution) forgetRejects(ctx context.Context, all []finished) {
	for _, f := range all {
		was := x.plan.current[f.step.Dataset]
		if f.done.entry.Version == 0 || f.done.entry.Rejected != nil || was.Rejected == nil || x.b.borrowed(was) {
			continue
		}
		_ = x.b.dropRejects(context.WithoutCancel(ctx), f.done.entry)
	}
}

// dropRejects drops the rejected rows of an entry of this environment.
func (b *Builder) dropRejects(ctx context.Context, e state.Entry) error {
	r := engine.RejectsOf(b.place().Relation(e.Dataset))
	return b.Engine.Drop(ctx, r.Dataset(), r)
}

// pastRejectsOf is where the rejected rows of an earlier version are kept.
func (b *Builder) pastRejectsOf(e state.Entry) engine.Relation {
	return engine.PastOf(engine.RejectsOf(b.place().Relation(e.Dataset)), e.Version, b.Engine.Capabilities().MaxIdentifier)
}

// dropStale drops rejected rows that are not of the version readers see: its rules
// reject none any more, and the process stopped before they were dropped.
func (b *Builder) dropStale(ctx context.Context, rejects map[string]int64, markers map[string]engine.Marker) error {
	for dataset, version := range rejects {
		if m, ok := markers[dataset]; ok && m.Version == version {
			continue
		}
		if err := b.dropRejects(ctx, state.Entry{Dataset: dataset}); err != nil {
			return err
		}
	}
	return nil
}

// rejectsOf is where the rejected rows of what readers see stand; the zero
// Relation when no rule rejects.
func (b *Builder) rejectsOf(e state.Entry) engine.Relation {
	if e.Rejected == nil {
		return engine.Relation{}
	}
	return engine.RejectsOf(b.Where(e))
}

// Rejection is what the journal keeps of rows that a step set apart.
type Rejection struct {
	Rejected int64  `json:"rejected"`
	In       string `json:"in"` // the dataset that has them
}

// Rejected tells which rows a step set apart, false when there are none.
func Rejected(s state.Step) (Rejection, bool) {
	var r Rejection
	err := json.Unmarshal(s.Detail, &r)
	return r, err == nil && r.Rejected > 0
}

// detail is what the journal keeps of an entry that set rows apart.
func detail(e state.Entry) json.RawMessage {
	if e.Rejected == nil || *e.Rejected == 0 {
		return nil
	}
	text, err := json.Marshal(Rejection{*e.Rejected, engine.RejectsOf(engine.ParseRelation(e.Dataset)).Dataset()})
	if err != nil {
		return nil // two plain fields always have a form
	}
	return text
}

// rejects stages what is published beside a promoted entry: its rejected rows, or
// none where production has some of which it keeps earlier versions. It is nil
// where there is nothing to publish.
func (p *promoter) rejects(ctx context.Context, e state.Entry, copied engine.Staged) (*engine.Staged, error) {
	request := engine.Build{Target: engine.RejectsOf(copied.Target), Form: engine.Table, Run: p.run}
	switch {
	case e.Rejected != nil:
		request.SQL = allOf(slices.Concat(e.Columns, engine.RejectColumns()), p.b.rejectsOf(e))
	case p.before[e.Dataset].Rejected != nil && p.b.Models[e.Dataset].Keep > 0:
		request.SQL = noRejects(copied)
	default:
		return nil, nil
	}
	rejected, err := p.b.Engine.Stage(ctx, request)
	if err != nil {
		return nil, err
	}
	return &rejected, nil
}

// forgetRejects drops rejected rows of production that were replaced by nothing.
func (p *promoter) forgetRejects(ctx context.Context) error {
	for _, e := range p.promoted {
		if p.before[e.Dataset].Rejected == nil || e.Rejected != nil {
			continue
		}
		r := engine.RejectsOf(engine.ParseRelation(e.Dataset))
		if err := p.b.Engine.Drop(ctx, r.Dataset(), r); err != nil {
			return err
		}
	}
	return nil
}
