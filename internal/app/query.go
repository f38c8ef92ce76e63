package app

import (
	"context"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/fault"
)

// Answer is a question about to be answered: who asks for its rows gets them,
// with what there is to say about them.
type Answer struct {
	Notes []string // e.g. what is held at the moment
	sql   string
	asked *duckdb.Engine
	stop  context.CancelFunc
}

// Query opens the warehouse for reading, contained: it cannot write, and
// reaches neither files (but the lake's) nor the network. The answer stops
// after the timeout.
func (a *App) Query(ctx context.Context, sql string, timeout time.Duration) (*Answer, error) {
	sql, err := a.relocated(ctx, sql)
	if err != nil {
		return nil, err
	}
	settings, err := a.duckdb()
	if err != nil {
		return nil, err
	}
	settings.ReadOnly, settings.AllowDirs = true, []string{a.Project.Lake}
	e, err := duckdb.Open(ctx, settings)
	if err != nil {
		return nil, err
	}
	answer := &Answer{sql: sql, asked: e, stop: func() {}}
	if timeout > 0 {
		timer := time.AfterFunc(timeout, func() { _ = e.Close() }) // an answer that comes too late is none
		answer.stop = func() { timer.Stop() }
	}
	answer.Notes, err = a.heldNow(ctx)
	return answer, err
}

// heldNow tells which datasets readers see in an older version, because the
// newest was held.
func (a *App) heldNow(ctx context.Context) ([]string, error) {
	if err := a.remember(ctx); err != nil {
		return nil, err
	}
	steps, err := a.store.LatestSteps(ctx, a.env)
	if err != nil {
		return nil, fault.Wrap("journal", err)
	}
	var notes []string
	for _, dataset := range a.Graph.Order {
		s, ok := steps[dataset]
		if ok && (s.Outcome == "held" || s.Outcome == "failed") {
			notes = append(notes, dataset+" was "+string(s.Outcome)+" by run "+s.Run+": readers see "+a.LastGood(dataset))
		}
	}
	return notes, nil
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
