package shop

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/check"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// warehouse builds the project the way larder does, in a few lines: a dataset
// is staged, checked, and replaces the published one unless a check blocks.
type warehouse struct {
	*duck
	project *project.Project
	order   []project.Model
	asOf    time.Time
	failing []string // "dataset check", those that did not pass
	held    []string // datasets that kept their last good rows
	learned []string // "dataset check", those still learning
}

func newWarehouse(t *testing.T, dir string) *warehouse {
	t.Helper()
	p, err := project.Load(dir, project.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &warehouse{duck: openDuck(t), project: p, order: upstreamFirst(t, p)}
	schemas := map[string]bool{"lake": true}
	for _, m := range p.Models {
		schemas[engine.ParseRelation(m.Dataset).Schema] = true
	}
	for schema := range schemas {
		w.do("create schema %s", schema)
	}
	return w
}

var reads = regexp.MustCompile(`\b(?:from|join)\s+(\w+\.\w+)`)

// inputs are the models a model reads.
func inputs(p *project.Project, m project.Model) []string {
	var all []string
	for _, match := range reads.FindAllStringSubmatch(m.SQL, -1) {
		if slices.ContainsFunc(p.Models, func(other project.Model) bool { return other.Dataset == match[1] }) {
			all = append(all, match[1])
		}
	}
	return all
}

// upstreamFirst puts models behind what they read, and behind what their
// checks hold them against.
func upstreamFirst(t *testing.T, p *project.Project) []project.Model {
	t.Helper()
	wait := map[string][]string{}
	for _, m := range p.Models {
		wait[m.Dataset] = inputs(p, m)
	}
	for _, c := range p.Checks {
		if strings.HasPrefix(c.Dataset, "lake.") == strings.HasPrefix(c.Rule.Other, "lake.") && c.Rule.Other != "" {
			wait[c.Dataset] = append(wait[c.Dataset], c.Rule.Other)
		}
	}
	var order []project.Model
	built := map[string]bool{}
	for len(order) < len(p.Models) {
		before := len(order)
		for _, m := range p.Models {
			if !built[m.Dataset] && !slices.ContainsFunc(wait[m.Dataset], func(in string) bool { return !built[in] }) {
				order, built[m.Dataset] = append(order, m), true
			}
		}
		if len(order) == before {
			t.Fatalf("only %d of %d models can be put in order", before, len(p.Models))
		}
	}
	return order
}

// run lands what there is and builds everything from it.
func (w *warehouse) run() {
	w.t.Helper()
	w.failing, w.held, w.learned = nil, nil, nil
	w.land(w.project)
	for _, s := range w.project.Sources {
		for _, of := range s.Tables {
			if w.judge(of.Dataset, of.Dataset, of.Columns) {
				w.t.Errorf("%s is held", of.Dataset)
			}
		}
	}
	for _, m := range w.order {
		w.build(m)
	}
}

func (w *warehouse) build(m project.Model) {
	w.t.Helper()
	for _, in := range inputs(w.project, m) {
		if slices.Contains(w.held, in) {
			w.held = append(w.held, m.Dataset)
			return
		}
	}
	query := m.SQL
	for name, v := range w.project.Vars {
		query = strings.ReplaceAll(query, "$"+name, "cast('"+v.Value+"' as "+v.Type.String()+")")
	}
	relation := engine.ParseRelation(m.Dataset)
	relation.Name += "__staged"
	w.do("create or replace table %s as %s", relation, query)
	if w.judge(m.Dataset, relation.String(), m.Columns) {
		w.held = append(w.held, m.Dataset)
		return
	}
	w.do("drop table if exists %s", m.Dataset)
	w.do("alter table %s rename to %s", relation, engine.ParseRelation(m.Dataset).Name)
}

// judge runs a dataset's checks on a relation and reports whether one blocks.
func (w *warehouse) judge(dataset, relation string, declared []project.Column) bool {
	w.t.Helper()
	subject := check.Subject{
		Env: "prod", Run: "test", Dataset: dataset, Form: engine.Table, Rows: -1,
		Relation: engine.ParseRelation(strings.ReplaceAll(relation, `"`, "")),
		Columns:  w.columns(relation), Declared: declared, AsOf: w.asOf, LastPublished: w.asOf,
		TimeZone: w.project.TimeZone, Relations: w.find,
	}
	for _, c := range w.project.Checks {
		if c.Dataset == dataset {
			subject.Checks = append(subject.Checks, c)
		}
	}
	checker := check.Checker{Engine: w.duck, Capabilities: engine.Capabilities{Name: "duckdb", Parallel: 1}}
	results, err := checker.Check(w.t.Context(), subject)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range results {
		switch r.Status {
		case state.Pass:
		case state.Learning:
			w.learned = append(w.learned, dataset+" "+r.Check)
		default:
			w.failing = append(w.failing, dataset+" "+r.Check)
			w.t.Logf("%s %s: %s: %s", dataset, r.Check, r.Status, r.Message)
		}
	}
	return check.Blocked(subject.Checks, results)
}

// find is what is published.
func (w *warehouse) find(dataset string) (engine.Relation, []table.Column, bool) {
	relation := engine.ParseRelation(dataset)
	if len(w.rows(fmt.Sprintf("select 1 from duckdb_tables() where schema_name = '%s' and table_name = '%s'", relation.Schema, relation.Name))) == 0 {
		return engine.Relation{}, nil, false
	}
	return relation, w.columns(dataset), true
}

// shopWith writes and simulates a shop and builds its warehouse.
func shopWith(t *testing.T, options Options) (*warehouse, Summary, string) {
	t.Helper()
	dir := t.TempDir()
	if err := Write(dir); err != nil {
		t.Fatal(err)
	}
	summary := simulate(t, dir, options)
	w := newWarehouse(t, dir)
	w.asOf = time.Date(2025, 1, 1+summary.Days, 6, 0, 0, 0, w.project.TimeZone)
	w.run()
	return w, summary, dir
}

// The shop of the demo: no check says anything, the marts are right to the
// penny, and one wrong row is found.
func TestDemo(t *testing.T) {
	w, summary, dir := shopWith(t, Options{})
	if len(w.failing)+len(w.held)+len(w.learned) > 0 {
		t.Fatalf("before anything is broken: failing %v, held %v, learning %v", w.failing, w.held, w.learned)
	}
	t.Run("size", func(t *testing.T) { plausible(t, summary) })
	t.Run("truth", func(t *testing.T) { compare(t, w, summary) })
	t.Run("one wrong row", func(t *testing.T) { story(t, w, dir) })
}

// story is what the demo tells: four good months, a morning with one wrong
// row, and the row put right.
func story(t *testing.T, w *warehouse, dir string) {
	simulate(t, dir, Options{Days: 121})
	broken, err := Break(dir)
	if err != nil {
		t.Fatal(err)
	}
	w.asOf = w.asOf.AddDate(0, 0, 1)
	w.run()
	if diff := cmp.Diff([]string{broken.Dataset + " " + broken.Check}, w.failing); diff != "" {
		t.Error(diff)
	}
	slices.Sort(w.held)
	if diff := cmp.Diff([]string{
		"finance.net_sales_daily", "finance.order_to_cash", "finance.shipped_sales_daily",
		"merchandising.product_performance", "merchandising.promotions", "merchandising.substitutions",
		"warehouse.fulfilled_lines", "warehouse.order_lines",
	}, w.held); diff != "" {
		t.Error(diff)
	}
	newest := `select max(ordered_on), (select max(session_on) from marketing.funnel_daily) from finance.net_sales_daily`
	if diff := cmp.Diff([]string{"2025-04-30 2025-05-01"}, w.rows(newest)); diff != "" {
		t.Error(diff)
	}

	if err := broken.Mend(); err != nil {
		t.Fatal(err)
	}
	w.run()
	if len(w.failing)+len(w.held) > 0 {
		t.Errorf("after mending: failing %v, held %v", w.failing, w.held)
	}
	if diff := cmp.Diff([]string{"2025-05-01 2025-05-01"}, w.rows(newest)); diff != "" {
		t.Error(diff)
	}
}

// A shop of another seed, season and size must pass its own blocking checks.
func TestOtherShopsBuild(t *testing.T) {
	for name, options := range map[string]Options{
		"a day": {Days: 1, Seed: 3}, "a hamlet": {Days: 12, Seed: 1, Scale: 0.02},
		"over the spring night": {Days: 8, Seed: 2, Scale: 0.1, Start: time.Date(2025, 3, 26, 0, 0, 0, 0, time.UTC)},
		"Christmas":             {Days: 20, Seed: 9, Scale: 0.1, Start: time.Date(2025, 12, 10, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			if w, _, _ := shopWith(t, options); len(w.held) > 0 {
				t.Errorf("held %v because of %v", w.held, w.failing)
			}
		})
	}
}

// What a header says of a column must be there, be what it says, and leave out none.
func TestHeadersSayWhatIsThere(t *testing.T) {
	w, _, _ := shopWith(t, Options{Days: 3, Scale: 0.1})
	for _, m := range w.project.Models {
		if m.Description == "" || m.Owner == "" || len(m.Grain) == 0 {
			t.Errorf("%s has no description, owner or grain", m.Dataset)
		}
		columns := w.columns(m.Dataset)
		if len(columns) != len(m.Columns) {
			t.Errorf("%s has %d columns and describes %d", m.Dataset, len(columns), len(m.Columns))
		}
		for i, c := range columns {
			if i >= len(m.Columns) || m.Columns[i].Name != c.Name {
				t.Errorf("%s.%s is not described, or not in its place", m.Dataset, c.Name)
				continue
			}
			said := m.Columns[i]
			if said.Description == "" {
				t.Errorf("%s.%s has no description", m.Dataset, c.Name)
			}
			if said.Currency != "" && said.Type != c.Type || said.Currency == "" && c.Type.String() == "DECIMAL(18,2)" {
				t.Errorf("%s.%s is %s, declared %s in %q", m.Dataset, c.Name, c.Type, said.Type, said.Currency)
			}
			if c.Type.IsFloat() || c.Type.Kind == table.HugeInt {
				t.Errorf("%s.%s is %s", m.Dataset, c.Name, c.Type)
			}
		}
	}
}
