package build

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/compile"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// outcome is what performing a step brought.
type outcome struct {
	entry   state.Entry // the entry now current; zero when none was published
	rows    int64
	results []state.Result
	notes   []string
	settled *state.Settlement // of a ledger entry, to be written with the step
	err     error
}

// perform does what the step says, once.
func (x *execution) perform(ctx context.Context, step Step) outcome {
	switch step.Action {
	case Ingest:
		landing, err := x.b.Ingester.Ingest(ctx, step.Dataset, x.run)
		return outcome{entry: landing.Entry, rows: landing.Rows, results: landing.Results, notes: landing.Notes, err: err}
	case Check:
		return x.recheck(ctx, step)
	case Rollback:
		return x.restore(ctx, step)
	default:
		return x.build(ctx, step)
	}
}

// build computes a model, checks it and publishes it.
func (x *execution) build(ctx context.Context, step Step) outcome {
	m := x.prepare(ctx, step, nil)
	if m.over {
		return m.done
	}
	if direct, ok := x.b.Engine.(engine.Direct); ok && m.direct() {
		return x.publishDirect(ctx, direct, m)
	}
	return x.stage(ctx, m)
}

// stage stages a model's rows, checks them and publishes them.
func (x *execution) stage(ctx context.Context, m *making) outcome {
	staged, err := x.compute(ctx, m)
	if err != nil {
		return outcome{err: err}
	}
	done := x.checkAndPublish(ctx, staged, m)
	if done.err != nil {
		x.discard(ctx, staged)
	}
	return done
}

// making is a model about to be built.
type making struct {
	f       *finished // where its outcome goes; nil when the caller takes it
	step    Step
	started time.Time
	request engine.Build
	entry   state.Entry
	done    outcome
	over    bool   // done is its outcome already
	leaves  bool   // it had rejected rows, which earlier versions that are kept still have
	rejects string // SQL of the rejected rows of a version that is restored, "" when it has none
}

// direct reports whether no check could hold the rows.
func (m *making) direct() bool {
	return m.entry.CheckVersion == "" && m.request.Form == engine.Table && !m.leaves
}

// prepare says what is to be built, from what.
func (x *execution) prepare(ctx context.Context, step Step, f *finished) *making {
	m := &making{f: f, step: step, started: x.b.Now()}
	inputs := x.inputs(step.Dataset)
	if x.superfluous(step, inputs) {
		m.over, m.done = true, outcome{notes: []string{"nothing changed upstream after all"}}
		return m
	}
	model := x.b.Models[step.Dataset]
	sql, err := x.b.Render(model, x.plan.AsOf, x.move(step.Dataset))
	node := x.b.Graph.Nodes[step.Dataset]
	if err == nil && node.Described() {
		err = x.hold(ctx, node, sql)
	}
	if err != nil {
		m.over, m.done = true, outcome{err: err}
		return m
	}
	m.request = engine.Build{
		Target: x.b.place().Relation(step.Dataset), Form: model.Form, SQL: sql, Run: x.run.ID,
		Columns: node.Columns, Keep: model.Keep,
	}
	m.entry, m.leaves = x.entry(step.Dataset, model, inputs), x.leavesRejects(step.Dataset)
	return m
}

// hold asks the engine what SQL returns that nothing bound, without computing a
// row, and holds it against what the dataset promises.
func (x *execution) hold(ctx context.Context, node *compile.Node, sql string) error {
	// On the line it begins on, so that a mistake's line is the user's own.
	rows, err := x.b.Engine.Query(ctx, "SELECT * FROM ("+engine.WithoutEnd(sql)+"\n) AS described LIMIT 0")
	if err != nil {
		return fault.Wrap(node.Dataset, err)
	}
	described := rows.Columns()
	if err := rows.Close(); err != nil {
		return fault.Wrap(node.Dataset, err)
	}
	return node.Hold(described)
}

// inputs are the versions the model is about to read.
func (x *execution) inputs(dataset string) []state.Input {
	x.mu.Lock()
	defer x.mu.Unlock()
	upstream := x.b.Graph.Nodes[dataset].DependsOn
	inputs := make([]state.Input, 0, len(upstream))
	for _, d := range upstream {
		inputs = append(inputs, x.b.input(d, x.current[d]))
	}
	return inputs
}

// move tells where a model's inputs stand that the environment built itself.
func (x *execution) move(dataset string) func(string) (string, bool) {
	schemas := map[string]string{}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, d := range x.b.Graph.Nodes[dataset].DependsOn {
		if at := x.b.Where(x.current[d]); at.Dataset() != d {
			schemas[strings.ToLower(d)] = at.Schema
		}
	}
	return func(read string) (string, bool) {
		if of, ok := engine.RejectsBy(read); ok {
			read = of
		}
		schema, ok := schemas[strings.ToLower(read)]
		return schema, ok
	}
}

// superfluous reports whether the step was planned only because inputs were
// about to change, and then did not.
func (x *execution) superfluous(step Step, inputs []state.Input) bool {
	if step.has(New, NeverFinished, FailedBefore, SQLChanged, AskedFor) {
		return false
	}
	was := x.plan.current[step.Dataset]
	return !x.b.borrowed(was) && slices.Equal(was.Inputs, inputs)
}

func (x *execution) entry(dataset string, model Model, inputs []state.Input) state.Entry {
	node := x.b.Graph.Nodes[dataset]
	return state.Entry{
		Env: x.b.Env, Dataset: dataset, Run: x.run.ID, Inputs: inputs,
		DataVersion: node.Fingerprint, CheckVersion: x.b.Checker.Version(dataset),
		Engine: x.b.Dialect, SQL: model.SQL, Upstream: node.Reads,
	}
}

// publishDirect computes and publishes in one transaction: allowed only where
// no check could hold the rows.
func (x *execution) publishDirect(ctx context.Context, direct engine.Direct, m *making) outcome {
	entry, err := x.b.Store.Intend(ctx, m.entry)
	if err != nil {
		return outcome{err: err}
	}
	staged, err := direct.BuildAndPublish(ctx, m.request, x.marker(entry))
	entry.Columns, entry.Rows = staged.Columns, staged.Rows
	return x.settle(entry, m.started, nil, err)
}

// judged are the results of a model's staged rows; the outcome has an error
// when they are not to be published.
func (x *execution) judged(ctx context.Context, s staged, m *making) outcome {
	results, err := x.b.Checker.Check(ctx, x.subject(m, s))
	switch {
	case err != nil:
	case x.b.Checker.Blocks(m.step.Dataset, results):
		err = HeldBy(results)
	default:
		err = s.unsplit
	}
	return outcome{err: err, rows: s.kept.Rows, results: results}
}

// subject is staged rows to be judged.
func (x *execution) subject(m *making, s staged) Subject {
	rejected, _ := s.apart()
	return Subject{
		Run: x.run.ID, Dataset: m.step.Dataset, Relation: s.kept.Relation, Rejected: rejected, Form: s.kept.Form,
		Columns: s.kept.Columns, Rows: s.kept.Rows, AsOf: x.plan.AsOf, Published: x.b.Now(),
	}
}

// enters notes in a model's entry what is about to be published.
func (m *making) enters(s staged) {
	m.entry.Columns, m.entry.Rows = s.kept.Columns, s.kept.Rows
	_, m.entry.Rejected = s.apart()
}

// checkAndPublish judges the staged rows and makes them the truth when nothing blocks.
func (x *execution) checkAndPublish(ctx context.Context, s staged, m *making) outcome {
	done := x.judged(ctx, s, m)
	if done.err != nil {
		return done
	}
	m.enters(s)
	entry, err := x.b.Store.Intend(ctx, m.entry)
	if err != nil {
		return outcome{err: err, results: done.results}
	}
	if publications := x.publications(s, entry, m.request.Keep); len(publications) > 1 {
		err = x.b.publishAll(ctx, publications)
	} else {
		err = x.b.Engine.Publish(ctx, publications[0])
	}
	return x.settle(entry, m.started, done.results, err)
}

func (x *execution) marker(e state.Entry) engine.Marker {
	return engine.Marker{
		Dataset: x.b.place().Relation(e.Dataset).Dataset(), Version: e.Version, From: e.From, To: e.To,
		Run: e.Run, Fence: e.Fence, At: x.b.Now(),
	}
}

// settle says what became of an entry after its publish; it is written down
// with the step, even when the run was interrupted meanwhile.
func (x *execution) settle(entry state.Entry, started time.Time, results []state.Result, published error) outcome {
	entry.Took = x.b.Now().Sub(started)
	if published != nil {
		return outcome{
			err: published, results: results,
			settled: &state.Settlement{Entry: entry, State: state.Failed, Note: published.Error()},
		}
	}
	for i := range results {
		results[i].Published = true
	}
	return outcome{
		entry: entry, rows: entry.Rows, results: results,
		settled: &state.Settlement{Entry: entry, State: state.Published, Note: entry.Note},
	}
}

// recheck judges what is published by rules that changed since.
func (x *execution) recheck(ctx context.Context, step Step) outcome {
	x.mu.Lock()
	entry := x.current[step.Dataset]
	x.mu.Unlock()
	results, err := x.b.Judge(ctx, entry, x.run.ID, x.plan.AsOf)
	if err == nil && x.b.Checker.Blocks(step.Dataset, results) {
		err = HeldBy(results)
	}
	if err != nil {
		return outcome{err: err, results: results}
	}
	if x.b.borrowed(entry) { // judged here, but production's to remember
		return outcome{results: results, rows: entry.Rows}
	}
	version := x.b.Checker.Version(step.Dataset)
	if err := x.b.Store.Recheck(ctx, entry, version); err != nil {
		return outcome{err: fault.Wrap("ledger", err), results: results}
	}
	return outcome{results: results, rows: entry.Rows}
}

// Judge evaluates the rules of a published dataset on what readers see.
func (b *Builder) Judge(ctx context.Context, entry state.Entry, run string, asOf time.Time) ([]state.Result, error) {
	relation := b.Where(entry)
	columns, err := b.Engine.Columns(ctx, relation)
	if err != nil {
		return nil, err
	}
	results, err := b.Checker.Check(ctx, Subject{
		Run: run, Dataset: entry.Dataset, Relation: relation, Rejected: b.rejectsOf(entry), Form: b.Models[entry.Dataset].Form,
		Columns: columns, Rows: -1, AsOf: asOf, Published: entry.At,
	})
	for i := range results {
		results[i].Published = true
	}
	return results, err
}

// HeldBy returns the Held fault that names the checks in the way of publishing.
func HeldBy(results []state.Result) error {
	var blocking []string
	message := ""
	for _, r := range results {
		if r.Status != state.Block && r.Status != state.Unevaluated {
			continue
		}
		if len(blocking) == 0 {
			message = r.Message
		}
		blocking = append(blocking, r.Check)
	}
	return fault.New(fault.Held, "check %s: %s", strings.Join(blocking, ", "), message).
		WithHint("readers keep the last good rows; larder history last --checks shows the failing ones")
}
