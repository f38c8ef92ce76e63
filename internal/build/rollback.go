package build

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// Restoration is an earlier version that is to be published again.
type Restoration struct {
	To     state.Entry // one of Past
	Reason string
	By     string
}

// Past returns the versions of a dataset that can be restored, newest first:
// those the warehouse keeps and the ledger knows.
func (b *Builder) Past(ctx context.Context, dataset string) ([]state.Entry, error) {
	historian, ok := b.Engine.(engine.Historian)
	if !ok {
		return nil, nil
	}
	versions, err := historian.Past(ctx, b.place().Relation(dataset))
	if err != nil {
		return nil, err
	}
	var past []state.Entry
	for _, version := range versions {
		e, err := b.Store.Entry(ctx, b.Env, dataset, version)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, fault.Wrap("ledger", err)
		}
		if err == nil && e.State == state.Published {
			past = append(past, e)
		}
	}
	return past, nil
}

// PlanRollback is the plan that publishes an earlier version again, under a new
// number. Once that has happened the dataset is held until it is released; see
// Held. Conflict when a view over it could not be read any more.
func (b *Builder) PlanRollback(ctx context.Context, r Restoration, asOf time.Time) (Plan, error) {
	current, err := b.Current(ctx)
	if err != nil {
		return Plan{}, err
	}
	if err := b.fits(ctx, r.To, current); err != nil {
		return Plan{}, err
	}
	step := Step{
		Dataset: r.To.Dataset, Action: Rollback, Owner: b.Models[r.To.Dataset].Owner,
		Reasons: []Reason{{Cause: AskedFor, Detail: "back to run " + r.To.Run + " because " + r.Reason}},
	}
	return Plan{Env: b.Env, AsOf: asOf, Steps: []Step{step}, Kept: []string{}, current: current, restoration: &r}, nil
}

// fits refuses a version that lacks a column a view over the dataset reads, or
// has it with another type: the view is held, and would be broken.
func (b *Builder) fits(ctx context.Context, to state.Entry, current map[string]state.Entry) error {
	columns, err := b.Engine.Columns(ctx, b.pastOf(to))
	if err != nil {
		return err
	}
	for _, dataset := range b.Graph.Nodes[to.Dataset].UsedBy {
		seen := current[dataset]
		if b.Models[dataset].Form != engine.View || seen.Env != to.Env {
			continue
		}
		view, err := b.Store.Entry(ctx, seen.Env, dataset, seen.Version)
		if err != nil {
			return fault.Wrap("ledger", err)
		}
		for _, c := range view.Upstream[to.Dataset] {
			if !slices.Contains(columns, c) {
				return fault.New(fault.Conflict, "%s is a view that reads %s %s of %s, which the version of run %s does not have", dataset, c.Name, c.Type, to.Dataset, to.Run).
					WithHint("correct the model and run, or make the view a table first")
			}
		}
	}
	return nil
}

func (b *Builder) pastOf(e state.Entry) engine.Relation {
	return engine.PastOf(b.place().Relation(e.Dataset), e.Version, b.Engine.Capabilities().MaxIdentifier)
}

// restore publishes an earlier version again, checked like any other. What it
// holds is written down first: should the process die, readers either see the
// old rows and they are held, or they do not.
func (x *execution) restore(ctx context.Context, step Step) outcome {
	r := x.plan.restoration
	columns, err := x.b.Engine.Columns(ctx, x.b.pastOf(r.To))
	if err == nil {
		err = x.b.Store.RollBack(ctx, state.Rollback{
			Env: x.b.Env, Dataset: step.Dataset, Run: x.run.ID, To: r.To.Version, ToRun: r.To.Run,
			From: x.plan.current[step.Dataset].Version, Reason: r.Reason, By: r.By, At: x.b.Now(),
		})
	}
	if err != nil {
		return outcome{err: err}
	}
	m := &making{step: step, started: x.b.Now(), entry: x.restored(r)}
	m.request = engine.Build{
		Target: x.b.place().Relation(step.Dataset), Form: engine.Table, SQL: allOf(columns, x.b.pastOf(r.To)), Run: x.run.ID,
		Keep: x.b.Models[step.Dataset].Keep,
	}
	m.leaves = x.leavesRejects(step.Dataset)
	if r.To.Rejected != nil {
		m.rejects = allOf(slices.Concat(columns, engine.RejectColumns()), x.b.pastRejectsOf(r.To))
	}
	done := x.stage(ctx, m)
	if made := x.b.madeFrom(step.Dataset); done.err == nil && len(made) > 0 {
		done.notes = append(done.notes, "held with it, as made from it: "+strings.Join(made, ", "))
	}
	return done
}

// restored is the ledger's entry of an earlier version that is published again:
// made of what that one was made of.
func (x *execution) restored(r *Restoration) state.Entry {
	e := r.To
	e.Run, e.Version, e.Fence, e.Restores = x.run.ID, 0, 0, r.To.Version
	e.CheckVersion = x.b.Checker.Version(e.Dataset)
	e.Note = fmt.Sprintf("rolled back to run %s by %s because %s", r.To.Run, r.By, r.Reason)
	return e
}

// madeFrom returns the datasets made from another, directly or not.
func (b *Builder) madeFrom(dataset string) []string {
	found := []string{dataset}
	for _, d := range b.Graph.Order {
		if slices.ContainsFunc(b.Graph.Nodes[d].DependsOn, func(input string) bool { return slices.Contains(found, input) }) {
			found = append(found, d)
		}
	}
	return found[1:]
}

// allOf selects all columns of a relation, by name.
func allOf(columns []table.Column, r engine.Relation) string {
	names := table.Names(columns)
	for i, name := range names {
		names[i] = table.Quote(name)
	}
	return "SELECT " + strings.Join(names, ", ") + " FROM " + r.String()
}
