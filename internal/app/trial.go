package app

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/check"
	"github.com/larder-data/larder/internal/compile"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
	"github.com/larder-data/larder/internal/trial"
)

// TestRequest says which tests are meant.
type TestRequest struct {
	Request
	Names   []string // parts of the tests' names; none is all
	Workers int      // 0: one a processor
	Observe func(trial.Outcome)
}

// Test tries models on the rows of tests/, in memory. The outcomes come in the
// order of the files.
func (a *App) Test(ctx context.Context, r TestRequest) ([]trial.Outcome, error) {
	tests, err := a.tests(r)
	if err != nil {
		return nil, err
	}
	outcomes := make([]trial.Outcome, len(tests))
	queue := make(chan int, len(tests))
	for i := range tests {
		queue <- i
	}
	close(queue)
	workers := r.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	runner := a.trials()
	var told sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	for range min(workers, len(tests)) {
		group.Go(func() (err error) {
			memory, err := duckdb.OpenMemory(ctx, a.Project.TimeZone.String())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, memory.Close()) }()
			for i := range queue {
				if outcomes[i], err = runner.Run(ctx, memory, tests[i]); err != nil {
					return err
				}
				if r.Observe != nil {
					told.Lock()
					r.Observe(outcomes[i])
					told.Unlock()
				}
			}
			return nil
		})
	}
	return outcomes, group.Wait()
}

// tests are those a request means.
func (a *App) tests(r TestRequest) ([]project.Test, error) {
	selected, err := a.selected(r.Request)
	if err != nil {
		return nil, err
	}
	var out []project.Test
	var faults fault.List
	for _, t := range a.Project.Tests {
		m, ok := a.models[t.Model]
		if !ok {
			faults.Add(fault.At(t.Where, fault.Invalid, "%s is landed, not built by SQL: there is nothing to try", t.Model))
			continue
		}
		if m.Dialect != "" {
			faults.Add(fault.At(t.Where, fault.Invalid, "%s is written for %s, and tests run in DuckDB", t.Model, m.Dialect))
			continue
		}
		named := len(r.Names) == 0 || slices.ContainsFunc(r.Names, func(part string) bool {
			return strings.Contains(strings.ToLower(t.Name), strings.ToLower(part))
		})
		if named && (selected == nil || selected[t.Model]) {
			out = append(out, t)
		}
	}
	return out, faults.Err()
}

// trials is what tries the project's models.
func (a *App) trials() *trial.Runner {
	r := &trial.Runner{
		Graph: a.Graph, SQL: map[string]string{}, Grain: map[string][]string{},
		Render: a.renderTest, Judge: trialJudge{a}, Clock: a.options.Now,
	}
	for dataset, m := range a.models {
		r.SQL[dataset], r.Grain[dataset] = m.SQL, m.Grain
	}
	return r
}

// renderTest fills in a model's parameters with a test's values.
func (a *App) renderTest(sql string, t project.Test) (string, error) {
	params := a.params()
	for name, text := range map[string]string{"now": t.Now, "start": t.Start, "end": t.End} {
		if text != "" {
			params[name] = compile.Param{Type: table.Type{Kind: table.TimestampTZ}, Value: text}
		}
	}
	for _, v := range t.Vars {
		params[v.Name] = compile.Param{Type: a.Project.Vars[v.Name].Type, Value: v.Value}
	}
	text, err := a.renderer.Render(sql, "duckdb", params)
	if err != nil && t.Now == "" && strings.Contains(err.Error(), "$now") {
		return "", fault.At(t.Where, fault.Invalid, "the SQL reads $now, and the test does not say when that is").
			WithHint("write now: 2026-03-01 09:00")
	}
	return text, err
}

// trialJudge judges the rows of a test by its own rules.
type trialJudge struct{ a *App }

func (j trialJudge) Judge(ctx context.Context, e engine.Queryer, rows engine.Relation, t project.Test) ([]state.Result, error) {
	capabilities := engine.Capabilities{Name: "duckdb", Parallel: 1}
	checker := &check.Checker{Engine: e, Capabilities: capabilities}
	subject := j.a.subject(t.Model)
	subject.Relation, subject.Checks, subject.Form = rows, t.Expect.Checks, engine.Table
	return checker.Check(ctx, subject)
}
