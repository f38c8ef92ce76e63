package app

import (
	"context"
	"time"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/state"
)

// landing is the build's Ingester: it hands lake datasets to ingest, with the
// warehouse they land in and the rules they are held to.
type landing struct {
	a     *App
	judge judge
}

// warehouse is an engine that keeps lake tables.
type warehouse struct {
	engine.Lander
	engine.Engine
}

func (l *landing) warehouse() (warehouse, error) {
	lander, ok := l.a.engine.(engine.Lander)
	if !ok {
		return warehouse{}, fault.New(fault.Invalid, "%s cannot keep lake tables", l.a.engine.Capabilities().Name)
	}
	return warehouse{lander, l.a.engine}, nil
}

// News says what waits to be landed.
func (l *landing) News(ctx context.Context, dataset string) (string, error) {
	if t, ok := l.a.stand[dataset]; ok {
		return l.a.newsOf(ctx, t)
	}
	w, err := l.warehouse()
	if err != nil {
		return "", err
	}
	return l.a.ingest.News(ctx, dataset, w)
}

// Ingest lands a lake dataset.
func (l *landing) Ingest(ctx context.Context, dataset string, run state.Run) (build.Landing, error) {
	if t, ok := l.a.stand[dataset]; ok {
		return l.register(ctx, t, run)
	}
	w, err := l.warehouse()
	if err != nil {
		return build.Landing{}, err
	}
	landed, err := l.a.ingest.Land(ctx, ingest.Step{
		Env: l.a.env, Run: run.ID, Dataset: dataset, Warehouse: w, Ledger: l.a.store,
		Checker: landingJudge{l.judge, run.ID, run.AsOf, l.a.options.Now},
	})
	return build.Landing{
		Changed: landed.Changed, Entry: landed.Entry, Rows: landed.Rows, Notes: landed.Notes, Results: landed.Results,
	}, err
}

// landingJudge judges a lake table as it would be.
type landingJudge struct {
	judge
	run  string
	asOf time.Time
	now  func() time.Time
}

// Check evaluates the table's rules on its preview.
func (j landingJudge) Check(ctx context.Context, dataset string, staged engine.Staged) ([]state.Result, error) {
	results, err := j.judge.Check(ctx, build.Subject{
		Run: j.run, Dataset: dataset, Relation: staged.Relation, Form: staged.Form, Columns: staged.Columns,
		Rows: staged.Rows, AsOf: j.asOf, Published: j.now(),
	})
	if err == nil && j.Blocks(dataset, results) {
		err = build.HeldBy(results)
	}
	return results, err
}
