// Package trial tries models on a few rows: it lays out the rows a test gives,
// runs the model's SQL on them, and tells cell by cell where the answer is not
// the one expected.
//
// It works on an engine of its own, usually one in memory, and touches no
// warehouse. What a rule means is the check package's business, handed in as a
// Judge.
package trial

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/larder-data/larder/internal/compile"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// Engine is what a trial needs of a warehouse. Nobody else works in it.
type Engine interface {
	engine.Queryer
	engine.Direct
	Drop(ctx context.Context, dataset string, r engine.Relation) error
}

// Judge evaluates rules on rows that stand in a relation.
type Judge interface {
	Judge(ctx context.Context, e engine.Queryer, rows engine.Relation, of project.Test) ([]state.Result, error)
}

// Runner tries the models of one project.
type Runner struct {
	Graph  *compile.Graph
	SQL    map[string]string // of each model, as written
	Grain  map[string][]string
	Render func(sql string, t project.Test) (string, error)
	Judge  Judge
	Clock  func() time.Time // for how long a test takes
}

// Outcome is how one test went.
type Outcome struct {
	Model   string         `json:"model"`
	Name    string         `json:"name"`
	Where   fault.Place    `json:"where"`
	Passed  bool           `json:"passed"`
	Took    time.Duration  `json:"took_ns"`
	Diffs   []Diff         `json:"diffs,omitempty"`
	Checks  []state.Result `json:"checks,omitempty"` // that did not pass
	Problem *fault.Error   `json:"-"`                // why it could not be tried
	Error   string         `json:"error,omitempty"`  // Problem in words
}

// Run tries one test. A test that cannot be tried, because its rows do not fit
// or the SQL fails on them, has a Problem; the error is the engine's or ctx's.
func (r *Runner) Run(ctx context.Context, on Engine, t project.Test) (Outcome, error) {
	began := r.Clock()
	o := Outcome{Model: t.Model, Name: t.Name, Where: t.Where}
	stage := &stage{runner: r, engine: on, test: t}
	err := stage.play(ctx, &o)
	if cleared := stage.clear(context.WithoutCancel(ctx)); err == nil {
		err = cleared
	}
	if err != nil {
		var list fault.List
		list.Add(err)
		kind := list[0].Kind
		if ctx.Err() != nil || !slices.Contains([]fault.Kind{fault.Invalid, fault.NotFound, fault.Broken, fault.Held}, kind) {
			return o, err
		}
		o.Problem = list[0]
		if !hasPlace(o.Problem) {
			o.Problem = &fault.Error{Kind: kind, Where: t.Where, Hint: list[0].Hint, Err: list[0]}
		}
		o.Error = o.Problem.Error()
	}
	o.Passed = o.Problem == nil && len(o.Diffs) == 0 && len(o.Checks) == 0
	o.Took = r.Clock().Sub(began)
	return o, nil
}

// hasPlace reports whether an error, or what it wraps, says where.
func hasPlace(e *fault.Error) bool {
	for e != nil && e.Where.IsZero() {
		var next *fault.Error
		if !errors.As(e.Err, &next) {
			return false
		}
		e = next
	}
	return e != nil
}

// stage is one test being played.
type stage struct {
	runner *Runner
	engine Engine
	test   project.Test
	made   []string // datasets laid out, in order
}

// answerName is where the model's answer stands for rules to be judged on.
const answerName = "answer"

// play lays out what is given, runs the model, and compares.
func (s *stage) play(ctx context.Context, o *Outcome) error {
	if err := s.layOut(ctx); err != nil {
		return err
	}
	answer, err := s.answer(ctx)
	if err != nil {
		return err
	}
	if err := s.compare(ctx, answer, o); err != nil {
		return err
	}
	if len(s.test.Expect.Checks) == 0 {
		return nil
	}
	relation := engine.Relation{Schema: answerName, Name: answerName}
	sql, err := s.render(s.test.Model)
	if err == nil {
		err = s.make(ctx, relation.Dataset(), sql)
	}
	if err != nil {
		return err
	}
	results, err := s.runner.Judge.Judge(ctx, s.engine, relation, s.test)
	for _, result := range results {
		if result.Status != state.Pass {
			o.Checks = append(o.Checks, result)
		}
	}
	return err
}

// Answer is what the model makes of the rows a test gives, whatever it expects.
func (r *Runner) Answer(ctx context.Context, on Engine, t project.Test) (answer table.Batch, err error) {
	stage := &stage{runner: r, engine: on, test: t}
	if err = stage.layOut(ctx); err == nil {
		answer, err = stage.answer(ctx)
	}
	return answer, errors.Join(err, stage.clear(context.WithoutCancel(ctx)))
}

func (s *stage) answer(ctx context.Context) (table.Batch, error) {
	sql, err := s.render(s.test.Model)
	if err != nil {
		return table.Batch{}, err
	}
	answer, err := engine.ReadAll(ctx, s.engine, sql, 0)
	return answer, fault.Wrap("the SQL of "+s.test.Model, err)
}

func (s *stage) render(model string) (string, error) {
	sql, err := s.runner.Render(s.runner.SQL[model], s.test)
	var e *fault.Error
	if errors.As(err, &e) && hasPlace(e) {
		return sql, err
	}
	return sql, fault.Wrap(model, err)
}

// make builds a relation from a query.
func (s *stage) make(ctx context.Context, dataset, sql string) error {
	n := int64(len(s.made) + 1)
	s.made = append(s.made, dataset)
	_, err := s.engine.BuildAndPublish(ctx,
		engine.Build{Target: engine.ParseRelation(dataset), Form: engine.Table, SQL: sql, Run: "test"},
		engine.Marker{Dataset: dataset, Version: n, Fence: n, Run: "test", At: s.runner.Clock()})
	return err
}

// clear takes down what was laid out, so that the next test starts from nothing.
func (s *stage) clear(ctx context.Context) error {
	var faults fault.List
	for _, dataset := range slices.Backward(s.made) {
		faults.Add(s.engine.Drop(ctx, dataset, engine.ParseRelation(dataset)))
	}
	return faults.Err()
}

// columns are a dataset's columns as the project knows them.
func (s *stage) columns(dataset string) []table.Column {
	if node := s.runner.Graph.Nodes[dataset]; node != nil {
		return node.Columns
	}
	for _, node := range s.runner.Graph.Nodes {
		if node.Companion != nil && node.Companion.Dataset == dataset {
			return node.Companion.Columns
		}
	}
	return nil
}
