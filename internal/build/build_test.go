package build

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/compile"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/state/sqlite"
)

// yard is a project by hand, with a real warehouse and a real ledger. It is the
// Checker and the Ingester of its own builds.
type yard struct {
	*testing.T
	b     *Builder
	store *sqlite.Store
	duck  *duckdb.Engine
	dir   string
	runs  int
	clock time.Time

	mu      sync.Mutex
	started []string                   // in the order the steps began
	blocks  map[string]bool            // datasets whose check blocks
	rules   map[string]string          // check versions
	news    map[string]string          // what waits to be landed
	failing map[string]error           // what judging a dataset breaks down with
	judged  map[string]int             // how often rows were judged
	rejects map[string]string          // datasets with a rule that rejects: when
	rebound func(e state.Entry) string // what a stored text means now
}

// newYard has lake.a and lake.b, and models: w.one reads lake.a, w.two reads
// lake.a and lake.b, m.x reads w.one and w.two, m.y (a view) reads m.x, m.z
// reads w.two.
func newYard(t *testing.T) *yard {
	t.Helper()
	y := &yard{
		T: t, dir: t.TempDir(), clock: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		blocks: map[string]bool{}, rules: map[string]string{}, news: map[string]string{}, rejects: map[string]string{}, failing: map[string]error{}, judged: map[string]int{},
	}
	e, err := duckdb.OpenMemory(t.Context(), "UTC")
	if err != nil {
		t.Fatal(err)
	}
	y.store, y.duck = y.open(), e
	t.Cleanup(func() {
		if err := errors.Join(e.Close(), y.store.Close()); err != nil {
			t.Error(err)
		}
	})
	y.b = &Builder{
		Env: Production, Graph: &compile.Graph{Nodes: map[string]*compile.Node{}}, Models: map[string]Model{}, CheckReads: map[string][]string{},
		Engine: e, Store: y.store, Checker: y, Ingester: y, Dialect: "duckdb 1", Now: func() time.Time { return y.clock },
		Render:  func(m Model, _ time.Time, _ func(string) (string, bool)) (string, error) { return m.SQL, nil },
		Observe: y.observe, Pause: time.Microsecond,
	}
	y.table("lake.a")
	y.table("lake.b")
	y.model("w.one", engine.Table, "select 1 as n", "lake.a")
	y.model("w.two", engine.Table, "select lake.b.n + 1 as n from lake.b, lake.a", "lake.a", "lake.b")
	y.model("m.x", engine.Table, "select w.one.n from w.one, w.two", "w.one", "w.two")
	y.model("m.y", engine.View, "select n from m.x", "m.x")
	y.model("m.z", engine.Table, "select n from w.two", "w.two")
	return y
}

func (y *yard) open() *sqlite.Store {
	y.Helper()
	s, err := sqlite.Open(y.Context(), filepath.Join(y.dir, "state.db"), sqlite.Options{Now: func() time.Time { return y.clock }})
	if err != nil {
		y.Fatal(err)
	}
	return s
}

func (y *yard) table(dataset string) {
	y.b.Graph.Nodes[dataset] = &compile.Node{Dataset: dataset}
	y.b.Graph.Order = append(y.b.Graph.Order, dataset)
	y.b.Models[dataset] = Model{Form: engine.Table}
}

func (y *yard) model(dataset string, form engine.Form, sql string, reads ...string) {
	y.b.Graph.Nodes[dataset] = &compile.Node{Dataset: dataset, Model: true, DependsOn: reads, Fingerprint: "meaning of " + sql}
	y.b.Graph.Order = append(y.b.Graph.Order, dataset)
	y.b.Models[dataset] = Model{SQL: sql, Form: form}
	for _, r := range reads {
		y.b.Graph.Nodes[r].UsedBy = append(y.b.Graph.Nodes[r].UsedBy, dataset)
	}
}

func (y *yard) change(dataset, sql string) {
	m := y.b.Models[dataset]
	m.SQL = sql
	y.b.Models[dataset] = m
	y.b.Graph.Nodes[dataset].Fingerprint = "meaning of " + sql
}

func (y *yard) observe(e Event) {
	if e.Kind == StepStarted {
		y.started = append(y.started, e.Step.Dataset)
	}
}

// Check passes, blocks or breaks down as the yard is told.
func (y *yard) Check(_ context.Context, s Subject) ([]state.Result, error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.judged[s.Dataset]++
	if err := y.failing[s.Dataset]; err != nil {
		return nil, err
	}
	status := state.Pass
	if y.blocks[s.Dataset] {
		status = state.Block
	}
	return []state.Result{{Env: y.b.Env, Run: s.Run, Dataset: s.Dataset, Check: "c", At: s.AsOf, Status: status, Message: "the rule of " + s.Dataset}}, nil
}

// Split rejects as the yard is told.
func (y *yard) Split(s Subject) (Split, bool, error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	rule := y.rejects[s.Dataset]
	if rule == "" || y.rules[s.Dataset] == "" {
		return Split{}, false, nil
	}
	return Split{
		Kept:     "select n from " + s.Relation.String() + " where not (" + rule + ")",
		Rejected: "select n, 'odd' as _rule, '" + s.Run + "' as _run, now() as _rejected_at from " + s.Relation.String() + " where " + rule,
	}, true, nil
}

func (y *yard) Version(dataset string) string { return y.rules[dataset] }

func (y *yard) Blocks(_ string, results []state.Result) bool {
	return slices.ContainsFunc(results, func(r state.Result) bool { return r.Status == state.Block })
}

func (y *yard) News(_ context.Context, dataset string) (string, error) { return y.news[dataset], nil }

// Ingest publishes a row for a lake table, as landing it would.
func (y *yard) Ingest(ctx context.Context, dataset string, run state.Run) (Landing, error) {
	entry, err := y.store.Intend(ctx, state.Entry{Env: y.b.Env, Dataset: dataset, Run: run.ID, CheckVersion: y.rules[dataset]})
	if err != nil {
		return Landing{}, err
	}
	_, err = y.duck.BuildAndPublish(ctx,
		engine.Build{Target: engine.ParseRelation(dataset), Form: engine.Table, SQL: fmt.Sprintf("select %d as n", entry.Version), Run: run.ID},
		engine.Marker{Dataset: dataset, Version: entry.Version, Fence: entry.Fence, Run: run.ID, At: y.clock})
	if err != nil {
		return Landing{}, err
	}
	y.mu.Lock()
	delete(y.news, dataset)
	y.mu.Unlock()
	entry.Rows = 1
	return Landing{Changed: true, Entry: entry, Rows: 1}, y.store.Settle(ctx, entry, state.Published, "")
}

// Rebind says what a stored text means now.
func (y *yard) Rebind(_ context.Context, e state.Entry) (string, error) { return y.rebound(e), nil }

// plan returns the plan, a line a step.
func (y *yard) plan(r Request) string {
	y.Helper()
	p, err := y.b.Plan(y.Context(), r)
	if err != nil {
		return "error: " + err.Error()
	}
	return said(p)
}

func said(p Plan) string {
	var lines []string
	for _, s := range p.Steps {
		lines = append(lines, string(s.Action)+" "+s.Dataset+": "+s.Why())
	}
	for _, d := range p.Gone {
		lines = append(lines, "gone "+d)
	}
	return strings.Join(lines, "\n")
}

// run plans and executes everything, and returns how each step ended.
func (y *yard) run() map[string]state.Outcome {
	y.Helper()
	report, err := y.execute(y.Context(), 2)
	if err != nil {
		y.Fatal(err)
	}
	return outcomes(report)
}

func (y *yard) execute(ctx context.Context, workers int) (Report, error) {
	y.Helper()
	plan, err := y.b.Plan(y.Context(), Request{AsOf: y.clock})
	if err != nil {
		y.Fatal(err)
	}
	y.runs++
	y.started = nil
	return y.b.Execute(ctx, plan, state.Run{ID: fmt.Sprintf("run%03d", y.runs), Command: "test", Process: "host:1:1"}, workers)
}

func outcomes(r Report) map[string]state.Outcome {
	out := map[string]state.Outcome{}
	for _, s := range r.Steps {
		out[s.Dataset] = s.Outcome
	}
	return out
}

func (y *yard) same(got, want any) {
	y.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		y.Error(diff)
	}
}

// agree holds the warehouse's markers against the ledger.
func (y *yard) agree() {
	y.Helper()
	markers, err := y.b.Engine.Published(y.Context())
	if err != nil {
		y.Fatal(err)
	}
	entries, err := y.store.Current(y.Context(), y.b.Env)
	if err != nil {
		y.Fatal(err)
	}
	published, known := map[string]int64{}, map[string]int64{}
	apart := map[string]int64{}
	for _, m := range markers {
		dataset, ok := y.b.place().Dataset(m.Dataset)
		if !ok {
			continue
		}
		if of, ok := engine.RejectsBy(dataset); ok {
			apart[of] = m.Version
		} else {
			published[dataset] = m.Version
		}
	}
	rejected := map[string]int64{}
	for _, e := range entries {
		known[e.Dataset] = e.Version
		if e.Rejected != nil {
			rejected[e.Dataset] = e.Version
		}
	}
	y.same(known, published)
	y.same(rejected, apart)
}

func done(datasets ...string) map[string]state.Outcome {
	out := map[string]state.Outcome{}
	for _, d := range datasets {
		out[d] = state.Done
	}
	return out
}

var everyDataset = []string{"lake.a", "lake.b", "w.one", "w.two", "m.x", "m.y", "m.z"}

func with(base map[string]state.Outcome, more map[string]state.Outcome) map[string]state.Outcome {
	out := maps.Clone(base)
	maps.Copy(out, more)
	return out
}

// failsOnce is an engine whose first publishes fail.
type failsOnce struct {
	engine.Engine
	left int
	kind fault.Kind
}

func (f *failsOnce) Publish(ctx context.Context, p engine.Publication) error {
	if f.left > 0 {
		f.left--
		return fault.New(f.kind, "the warehouse is not in the mood")
	}
	return f.Engine.Publish(ctx, p)
}
