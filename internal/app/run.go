package app

import (
	"context"
	"crypto/rand"
	"slices"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/check"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// Request says which datasets are meant and how.
type Request struct {
	Select, Exclude []string // see Select
	Full            bool
}

// selected resolves a request; nil is everything.
func (a *App) selected(r Request) (map[string]bool, error) {
	picked, err := Select(a.Graph, a.Facts, r.Select)
	if err != nil || len(r.Exclude) == 0 {
		return picked, err
	}
	out, err := Select(a.Graph, a.Facts, r.Exclude)
	if err != nil {
		return nil, err
	}
	if picked == nil {
		picked = map[string]bool{}
		for _, dataset := range a.Graph.Order {
			picked[dataset] = true
		}
	}
	for dataset := range out {
		delete(picked, dataset)
	}
	return picked, nil
}

// Plan compares the project with the ledger. Connect comes first.
func (a *App) Plan(ctx context.Context, r Request) (build.Plan, error) {
	selected, err := a.selected(r)
	if err != nil {
		return build.Plan{}, err
	}
	return a.builder(nil).Plan(ctx, build.Request{Selected: selected, Full: r.Full, AsOf: a.options.Now().UTC()})
}

// RunOptions say how a plan is run.
type RunOptions struct {
	Command string // for the journal
	Workers int    // 0: what suits the engine
	Observe func(build.Event)
}

// Run executes a plan and tells how it went; see build.Execute.
func (a *App) Run(ctx context.Context, plan build.Plan, o RunOptions) (build.Report, error) {
	id, err := a.runID(ctx)
	if err != nil {
		return build.Report{}, err
	}
	workers := o.Workers
	if workers <= 0 {
		workers = a.engine.Capabilities().Parallel
	}
	report, err := a.builder(a.watching(o.Observe)).Execute(ctx, plan, state.Run{
		ID: id, Command: o.Command, Process: state.ThisProcess(), Larder: a.options.Version,
	}, workers)
	if tidier, ok := a.engine.(engine.Tidier); ok && err == nil {
		err = tidier.Tidy(ctx)
	}
	return report, err
}

// watching notes what the environment gets of its own, so that rules that
// compare with it read it there.
func (a *App) watching(observe func(build.Event)) func(build.Event) {
	return func(e build.Event) {
		if e.Kind == build.StepFinished && e.Step.Action == build.Build && e.Record.Version > 0 {
			a.stands(e.Step.Dataset)
			a.apart.Store(e.Step.Dataset, len(a.rejecting(e.Step.Dataset)) > 0)
		}
		if observe != nil {
			observe(e)
		}
	}
}

func (a *App) runID(ctx context.Context) (string, error) {
	last := ""
	runs, err := a.store.Runs(ctx, a.env, 1)
	if err != nil {
		return "", fault.Wrap("journal", err)
	}
	if len(runs) > 0 {
		last = runs[0].ID
	}
	return state.NewRunID(a.options.Now(), rand.Reader, last), nil
}

// Check judges what is published now and records the results.
func (a *App) Check(ctx context.Context, r Request) ([]state.Result, error) {
	selected, err := a.selected(r)
	if err != nil {
		return nil, err
	}
	entries, err := a.seen(ctx)
	if err != nil {
		return nil, err
	}
	id, err := a.runID(ctx)
	if err != nil {
		return nil, err
	}
	b, now := a.builder(nil), a.options.Now()
	results := []state.Result{}
	for _, dataset := range a.Graph.Order {
		e, published := entries[dataset]
		if !published || selected != nil && !selected[dataset] {
			continue
		}
		found, err := b.Judge(ctx, e, id, now)
		if err != nil {
			return nil, err
		}
		results = append(results, found...)
	}
	return results, fault.Wrap("check results", a.store.Record(ctx, results))
}

// Explained is one statement the checks of a dataset run.
type Explained struct {
	Dataset string `json:"dataset"`
	check.Scan
}

// Explain returns the statements the checks of the selected datasets would run.
func (a *App) Explain(r Request) ([]Explained, error) {
	selected, err := a.selected(r)
	if err != nil {
		return nil, err
	}
	var out []Explained
	for _, dataset := range a.Graph.Order {
		if (selected != nil && !selected[dataset]) || len(a.checks[dataset]) == 0 {
			continue
		}
		scans, err := check.Plan(a.subject(dataset), a.engine.Capabilities())
		if err != nil {
			return nil, err
		}
		for _, s := range scans {
			out = append(out, Explained{dataset, s})
		}
	}
	return slices.Clip(out), nil
}
