package app

import (
	"context"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/ingest/existing"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// see looks at a standing table.
func (a *App) see(ctx context.Context, t existing.Standing, past standingPast) (existing.Seen, error) {
	columns, err := look(ctx, a.engine, t, past)
	if err != nil {
		return existing.Seen{}, err
	}
	seen := existing.Seen{Columns: columns}
	batch, err := engine.ReadAll(ctx, a.engine, t.StateSQL(), 1)
	if err != nil {
		return seen, t.Unreadable(err)
	}
	var counted, live bool
	seen.All, counted = batch.Rows[0][0].(int64)
	seen.Rows, live = batch.Rows[0][1].(int64)
	if seen.Newest, _ = batch.Rows[0][2].(string); !counted || !live {
		return seen, fault.New(fault.Internal, "rows of %s are counted in %T and %T", t.Relation.Dataset(), batch.Rows[0][0], batch.Rows[0][1])
	}
	return seen, nil
}

// newsOf says in words why a standing table counts as changed, "" when it does
// not. What is wrong with it is news, too: its own step tells, and the others go on.
func (a *App) newsOf(ctx context.Context, t existing.Standing) (string, error) {
	past, err := a.recallStanding(ctx)
	if err != nil {
		return "", err
	}
	seen, err := a.see(ctx, t, past)
	switch fault.KindOf(err) {
	case fault.NotFound:
		return t.Relation.Dataset() + " is missing", nil
	case fault.Denied:
		return t.Relation.Dataset() + " may not be read", nil
	case fault.Invalid:
		return t.Relation.Dataset() + " cannot be read as it is described", nil
	case fault.Held:
		var list fault.List
		list.Add(err)
		words := make([]string, len(list))
		for i, f := range list {
			words[i] = f.Err.Error()
		}
		return strings.Join(words, "; "), nil
	}
	if err != nil {
		return "", err
	}
	was, published := past.entries[t.Dataset]
	switch {
	case !published:
		return t.First(seen), nil
	case was.DataVersion != t.Version(seen):
		return t.Change(was.Columns, was.Rows, seen), nil
	case !t.Settings.ChangedBy.Given():
		return t.Relation.Dataset() + " may have changed: no changed_by tells", nil
	}
	if _, err = a.engine.Columns(ctx, engine.ParseRelation(t.Dataset)); fault.KindOf(err) == fault.NotFound {
		return "the view of " + t.Relation.Dataset() + " is gone", nil
	}
	return "", err
}

// register publishes the view models read a standing table through, when its
// checks let it, and enters in the ledger what was seen of the table before.
func (l *landing) register(ctx context.Context, t existing.Standing, run state.Run) (landed build.Landing, err error) {
	started := l.a.options.Now()
	past, err := l.a.recallStanding(ctx)
	if err != nil {
		return landed, err
	}
	seen, err := l.a.see(ctx, t, past)
	if err != nil {
		return landed, err
	}
	staged, err := l.a.engine.Stage(ctx, engine.Build{
		Target: engine.ParseRelation(t.Dataset), Form: engine.View, SQL: t.SQL(table.Names(seen.Columns)), Run: run.ID,
	})
	if err != nil {
		return landed, err
	}
	defer func() {
		if err != nil {
			err = firstOf(err, l.a.engine.Discard(context.WithoutCancel(ctx), staged))
		}
	}()
	checker := landingJudge{l.judge, run.ID, run.AsOf, l.a.options.Now}
	version := checker.Version(t.Dataset)
	if version != "" {
		if landed.Results, err = checker.Check(ctx, t.Dataset, staged); err != nil {
			return landed, err
		}
	}
	landed.Entry, err = l.publish(ctx, staged, started, state.Entry{
		Env: l.a.env, Dataset: t.Dataset, Run: run.ID, DataVersion: t.Version(seen), CheckVersion: version,
		Inputs: []state.Input{{Dataset: t.Relation.Dataset()}}, Columns: staged.Columns, Rows: seen.Rows,
	})
	if err != nil {
		return landed, err
	}
	landed.Changed, landed.Rows = true, seen.Rows
	for r := range landed.Results {
		landed.Results[r].Published = true
	}
	return landed, nil
}

// publish makes the view what models read, the ledger told before and after.
func (l *landing) publish(ctx context.Context, staged engine.Staged, started time.Time, entry state.Entry) (state.Entry, error) {
	entry, err := l.a.store.Intend(ctx, entry)
	if err != nil {
		return state.Entry{}, fault.Wrap("ledger", err)
	}
	failed := l.a.engine.Publish(ctx, engine.Publication{Staged: staged, Marker: engine.Marker{
		Dataset: entry.Dataset, Version: entry.Version, Run: entry.Run, Fence: entry.Fence, At: l.a.options.Now(),
	}})
	entry.Took = l.a.options.Now().Sub(started)
	to, note := state.Published, ""
	if failed != nil {
		to, note = state.Failed, failed.Error()
	}
	if err := l.a.store.Settle(context.WithoutCancel(ctx), entry, to, note); err != nil {
		return state.Entry{}, fault.Wrap("ledger", err)
	}
	return entry, failed
}
