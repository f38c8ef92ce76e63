package build

import (
	"context"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// Promotion tells what a Promote published to production.
type Promotion struct {
	Datasets []string `json:"datasets"` // upstream first
}

// Promote publishes to production what the environment has built and checked,
// without computing it again: the rows of all its tables are copied and then
// become visible in one atomic act. Its views follow, each in an act of its
// own, since an engine wants to see what a view reads before it takes it.
//
// It fails with Conflict, changing nothing, when production moved under the
// environment: then those rows were built from something else than production
// has now. The environment must be up to date; the caller holds the warehouse
// alone. What was promoted is no longer the environment's own afterwards.
func (b *Builder) Promote(ctx context.Context, run string) (Promotion, error) {
	own, err := b.promotable(ctx)
	if err != nil || len(own) == 0 {
		return Promotion{}, err
	}
	before, err := (&Builder{Env: Production, Store: b.Store}).Current(ctx)
	if err != nil {
		return Promotion{}, err
	}
	p := promoter{b: b, run: run, versions: map[string]int64{}, before: before}
	var tables []state.Entry
	var views [][]state.Entry
	for _, e := range own {
		if b.Models[e.Dataset].Form == engine.View {
			views = append(views, []state.Entry{e})
		} else {
			tables = append(tables, e)
		}
	}
	for _, group := range append([][]state.Entry{tables}, views...) {
		if err := p.publish(ctx, group); err != nil {
			return p.done, err
		}
	}
	if err := p.forgetRejects(context.WithoutCancel(ctx)); err != nil {
		return p.done, err
	}
	return p.done, b.Release(context.WithoutCancel(ctx), own)
}

// promoter is one promotion under way.
type promoter struct {
	b            *Builder
	run          string
	versions     map[string]int64 // in production, of what was promoted so far
	publications []engine.Publication
	entries      []state.Entry
	before       map[string]state.Entry // what production had
	promoted     []state.Entry          // what it has now
	done         Promotion
}

// publish makes a group of the environment's entries production's.
func (p *promoter) publish(ctx context.Context, group []state.Entry) error {
	if len(group) == 0 {
		return nil
	}
	p.publications, p.entries = nil, nil
	err := p.prepare(ctx, group)
	if err == nil {
		err = p.b.publishAll(ctx, p.publications)
	}
	if err != nil {
		return p.abandon(context.WithoutCancel(ctx), err)
	}
	for _, e := range p.entries {
		p.done.Datasets, p.promoted = append(p.done.Datasets, e.Dataset), append(p.promoted, e)
		if err := p.b.Store.Settle(context.WithoutCancel(ctx), e, state.Published, "promoted from "+p.b.Env); err != nil {
			return fault.Wrap("ledger", err)
		}
	}
	return nil
}

// promotable returns the environment's own entries, upstream first, after
// making sure that they still fit production.
func (b *Builder) promotable(ctx context.Context) ([]state.Entry, error) {
	current, err := b.Current(ctx)
	if err != nil {
		return nil, err
	}
	production, err := b.Store.Current(ctx, Production)
	if err != nil {
		return nil, fault.Wrap("ledger", err)
	}
	now := map[string]int64{}
	for _, e := range production {
		now[e.Dataset] = e.Version
	}
	var own []state.Entry
	var moved []string
	for _, dataset := range b.Graph.Order {
		e, ok := current[dataset]
		if !ok || b.borrowed(e) {
			continue
		}
		own = append(own, e)
		for _, in := range e.Inputs {
			if in.Env == Production && now[in.Dataset] != in.Version && !slices.Contains(moved, in.Dataset) {
				moved = append(moved, in.Dataset)
			}
		}
	}
	if len(moved) > 0 {
		return nil, fault.New(fault.Conflict, "production has newer %s than %s was built from", strings.Join(moved, ", "), b.Env).
			WithHint("build the environment again: larder run --env %s", b.Env)
	}
	return own, b.free(ctx, own)
}

// free refuses entries that the environment or production holds.
func (b *Builder) free(ctx context.Context, own []state.Entry) error {
	for _, at := range []*Builder{b, {Env: Production, Graph: b.Graph, Store: b.Store}} {
		held, err := at.Held(ctx)
		if err != nil {
			return err
		}
		for _, e := range own {
			if h, ok := held[e.Dataset]; ok {
				return fault.New(fault.Held, "%s is held in %s: %s", e.Dataset, at.Env, h.Why())
			}
		}
	}
	return nil
}

// prepare stages copies under production's names and intends them in its ledger.
func (p *promoter) prepare(ctx context.Context, group []state.Entry) error {
	for _, e := range group {
		staged, err := p.b.copyOf(ctx, e, p.run)
		if err != nil {
			return err
		}
		p.publications = append(p.publications, engine.Publication{Staged: staged, Keep: p.b.Models[e.Dataset].Keep})
		entry := e
		entry.Env, entry.Run, entry.Version, entry.Fence, entry.Restores = Production, p.run, 0, 0, 0
		entry.Inputs = p.inputs(e)
		rejected, err := p.rejects(ctx, e, staged)
		if err != nil {
			return err
		}
		if rejected != nil {
			entry.Rejected = &rejected.Rows
		}
		if entry, err = p.b.Store.Intend(ctx, entry); err != nil {
			return fault.Wrap("ledger", err)
		}
		p.versions[e.Dataset] = entry.Version
		p.entries = append(p.entries, entry)
		marker := engine.Marker{
			Dataset: e.Dataset, Version: entry.Version, From: e.From, To: e.To, Run: p.run, Fence: entry.Fence, At: p.b.Now(),
		}
		p.publications[len(p.publications)-1].Marker = marker
		if rejected != nil {
			marker.Dataset = rejected.Target.Dataset()
			p.publications = append(p.publications, engine.Publication{Staged: *rejected, Marker: marker, Keep: p.b.Models[e.Dataset].Keep})
		}
	}
	return nil
}

// inputs are what an entry was built from, as production numbers them.
func (p *promoter) inputs(e state.Entry) []state.Input {
	out := slices.Clone(e.Inputs)
	for i := range out {
		if v, ok := p.versions[out[i].Dataset]; ok && out[i].Env == "" {
			out[i].Version = v
		}
		out[i].Env = ""
	}
	return out
}

// copyOf stages what the environment built under production's name. A view
// has no rows to copy: it is made anew, over production's names.
func (b *Builder) copyOf(ctx context.Context, e state.Entry, run string) (engine.Staged, error) {
	model := b.Models[e.Dataset]
	request := engine.Build{Target: engine.ParseRelation(e.Dataset), Form: model.Form, Run: run}
	if model.Form == engine.View {
		sql, err := b.Render(model, b.Now(), nil)
		if err != nil {
			return engine.Staged{}, err
		}
		request.SQL = sql
	} else {
		request.SQL = allOf(e.Columns, b.Where(e))
	}
	return b.Engine.Stage(ctx, request)
}

// publishAll publishes in one act where the engine can, else one by one.
func (b *Builder) publishAll(ctx context.Context, publications []engine.Publication) error {
	if bulk, ok := b.Engine.(engine.Bulk); ok {
		return bulk.PublishAll(ctx, publications)
	}
	for _, p := range publications {
		if err := b.Engine.Publish(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// abandon takes down what was prepared. A publish that was cut off may have
// happened all the same: the warehouse tells.
func (p *promoter) abandon(ctx context.Context, failed error) error {
	for _, publication := range p.publications {
		// What cannot be dropped now is swept at the next start.
		_ = p.b.Engine.Discard(ctx, publication.Staged)
	}
	published, err := p.b.Engine.Published(ctx)
	if err != nil {
		return failed // the next start settles the entries
	}
	for _, e := range p.entries {
		happened := slices.ContainsFunc(published, func(m engine.Marker) bool {
			return m.Dataset == e.Dataset && m.Version == e.Version && m.Run == e.Run
		})
		to, note := state.Failed, failed.Error()
		if happened {
			to, note = state.Published, "promoted from "+p.b.Env
		}
		_ = p.b.Store.Settle(ctx, e, to, note) // otherwise the next start settles it
	}
	return failed
}

// Release gives up datasets the environment has of its own: from then on it
// reads them from production again.
func (b *Builder) Release(ctx context.Context, own []state.Entry) error {
	gone := map[string]bool{}
	for _, e := range slices.Backward(own) {
		relation := b.place().Relation(e.Dataset)
		if e.Rejected != nil {
			if err := b.dropRejects(ctx, e); err != nil {
				return err
			}
		}
		if err := b.Engine.Drop(ctx, relation.Dataset(), relation); err != nil {
			return err
		}
		gone[e.Dataset] = true
	}
	for left := true; left; {
		left = false
		entries, err := b.Store.Current(ctx, b.Env)
		if err != nil {
			return fault.Wrap("ledger", err)
		}
		for _, e := range entries {
			if !gone[e.Dataset] {
				continue
			}
			left = true // an older entry takes its place until none is left
			if err := b.Store.Settle(ctx, e, state.Lost, "given up: production has it"); err != nil {
				return fault.Wrap("ledger", err)
			}
		}
	}
	return nil
}

// DropAll removes everything the environment has in the warehouse.
func (b *Builder) DropAll(ctx context.Context) ([]string, error) {
	if b.place() == Production {
		return nil, fault.New(fault.Internal, "production is not an environment to drop")
	}
	published, err := b.Engine.Published(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range published {
		if _, ok := b.place().Dataset(m.Dataset); ok {
			names = append(names, m.Dataset)
		}
	}
	return b.dropEach(ctx, names)
}

// dropEach removes datasets of the environment. Where a view keeps what it reads
// from going, it goes first: what conflicts is tried again after the others.
func (b *Builder) dropEach(ctx context.Context, names []string) (dropped []string, err error) {
	for len(names) > 0 {
		var kept []string
		var conflict error
		for _, name := range names {
			err := b.Engine.Drop(ctx, name, engine.ParseRelation(name))
			switch {
			case fault.KindOf(err) == fault.Conflict && err != nil:
				kept, conflict = append(kept, name), err
			case err != nil:
				return dropped, err
			default:
				dataset, _ := b.place().Dataset(name)
				if _, rejects := engine.RejectsBy(dataset); !rejects {
					dropped = append(dropped, dataset)
				}
			}
		}
		if len(kept) == len(names) {
			return dropped, conflict
		}
		names = kept
	}
	slices.Sort(dropped)
	return dropped, nil
}
