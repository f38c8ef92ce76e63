package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// Answer is a question about to be answered: who asks for its rows gets them,
// with what there is to say about them.
type Answer struct {
	Notes []string // e.g. what is held at the moment
	sql   string
	asked reader
	stop  context.CancelFunc
}

// Query opens the warehouse for reading, contained: it cannot write, and
// reaches neither files (but the lake's) nor the network. The answer stops
// after the timeout.
func (a *App) Query(ctx context.Context, sql string, timeout time.Duration) (*Answer, error) {
	question := sql
	sql, err := a.relocated(ctx, question, a.asksIn())
	if err != nil {
		return nil, err
	}
	e, err := a.openReader(ctx)
	if err != nil {
		return nil, err
	}
	answer := &Answer{sql: sql, asked: e, stop: func() {}}
	if timeout > 0 {
		timer := time.AfterFunc(timeout, func() { _ = e.Close() }) // an answer that comes too late is none
		answer.stop = func() { timer.Stop() }
	}
	if answer.Notes, err = a.notes(ctx, question); err != nil && ctx.Err() == nil {
		// The rows are as good as before; only what to say about them is not known.
		answer.Notes, err = []string{"whether anything is held or accepted cannot be told: " + err.Error()}, nil
	}
	return answer, err
}

// notes tells what there is to say about the datasets a question reads, and
// about what they are made from: rows that are older than they should be, because
// the newest were held or rolled back, rows that somebody accepted although a
// check blocks them, and rows that are missing because a rule rejects them.
func (a *App) notes(ctx context.Context, sql string) ([]string, error) {
	if err := a.remember(ctx); err != nil {
		return nil, err
	}
	touched := a.touched(sql)
	steps, err := a.store.LatestSteps(ctx, a.env)
	if err != nil {
		return nil, fault.Wrap("journal", err)
	}
	badges, err := a.badges(ctx)
	if err != nil {
		return nil, err
	}
	holds, err := a.holdNotes(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := a.seen(ctx)
	if err != nil {
		return nil, err
	}
	var notes []string
	for _, dataset := range a.Graph.Order {
		if touched != nil && !touched[dataset] {
			continue
		}
		s, ok := steps[dataset]
		if ok && (s.Outcome == state.HeldBack || s.Outcome == state.Errored) {
			notes = append(notes, dataset+" was "+string(s.Outcome)+" by run "+s.Run+": readers see "+a.LastGood(dataset))
		}
		notes = append(notes, badges[dataset]...)
		if holds[dataset] != "" {
			notes = append(notes, holds[dataset])
		}
		if e := entries[dataset]; e.Rejected != nil && *e.Rejected > 0 {
			notes = append(notes, dataset+" is without "+rejectedRows(*e.Rejected, dataset))
		}
	}
	return notes, nil
}

// asksIn is the dialect of questions: the target's.
func (a *App) asksIn() string {
	if a.Project.Target.Engine == onDuckDB {
		return ""
	}
	return a.Project.Target.Engine
}

// touched are the datasets a question reads and all they are made from; nil
// when that cannot be told.
func (a *App) touched(sql string) map[string]bool {
	read, err := a.renderer.Reads(sql, a.asksIn())
	if err != nil {
		return nil
	}
	found := map[string]bool{}
	for _, dataset := range a.Graph.Order {
		beside := engine.RejectsOf(engine.ParseRelation(dataset)).Dataset()
		if slices.ContainsFunc(read, func(r string) bool { return strings.EqualFold(r, dataset) || strings.EqualFold(r, beside) }) {
			found[dataset] = true
		}
	}
	return reach(found, -1, func(d string) []string { return a.Graph.Nodes[d].DependsOn })
}

// Rows runs the question.
func (q *Answer) Rows(ctx context.Context) (engine.Rows, error) { return q.asked.Query(ctx, q.sql) }

// Close ends the answer.
func (q *Answer) Close() error {
	q.stop()
	return q.asked.Close()
}

// Export writes the answer to a file.
func (q *Answer) Export(ctx context.Context, path, format string) error {
	return q.asked.Export(ctx, q.sql, path, format)
}
