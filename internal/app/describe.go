package app

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// Description is what there is to know about a dataset.
type Description struct {
	Dataset     string        `json:"dataset"`
	Description string        `json:"description,omitempty"`
	Layer       string        `json:"layer"`
	Owner       string        `json:"owner,omitempty"`
	File        string        `json:"file"`
	Tags        []string      `json:"tags,omitempty"`
	Grain       []string      `json:"grain,omitempty"`
	DependsOn   []string      `json:"depends_on"`
	UsedBy      []string      `json:"used_by"`
	Columns     []ColumnFacts `json:"columns"`
	Checks      []CheckFacts  `json:"checks"`
	Published   *Publication  `json:"published"`         // null: never
	Trouble     string        `json:"trouble,omitempty"` // why the newest run did not publish it
	Held        string        `json:"held,omitempty"`    // why runs leave it as it is
}

// ColumnFacts is what there is to know about a column.
type ColumnFacts struct {
	Name        string     `json:"name"`
	Type        table.Type `json:"type"`
	Description string     `json:"description,omitempty"`
	Unit        string     `json:"unit,omitempty"` // or currency
	Personal    string     `json:"personal,omitempty"`
	Inherited   bool       `json:"inherited,omitempty"` // the description comes from upstream
}

// CheckFacts is a rule and how it last went.
type CheckFacts struct {
	Name string        `json:"name"`
	Rule string        `json:"rule"`
	Last *state.Result `json:"last,omitempty"`
}

// Publication is what readers see of a dataset.
type Publication struct {
	Env     string    `json:"env"` // whose rows they are: an environment reads production's where it has none
	Version int64     `json:"version"`
	At      time.Time `json:"at"`
	Run     string    `json:"run"`
	Rows    int64     `json:"rows"`
	// Rejected is how many rows were set apart, in the dataset's __rejects; null
	// when no rule rejects.
	Rejected *int64        `json:"rejected"`
	Took     time.Duration `json:"took_ns"`
	Inputs   []state.Input `json:"inputs"`
}

// Describe tells everything about a dataset that needs no warehouse.
func (a *App) Describe(ctx context.Context, target string) (Description, error) {
	dataset, _, err := a.resolve(target)
	if err != nil {
		return Description{}, err
	}
	node, facts := a.Graph.Nodes[dataset], a.Facts[dataset]
	d := Description{
		Dataset: dataset, Layer: facts.Layer, Owner: a.Owner(dataset), File: facts.Path, Tags: facts.Tags,
		DependsOn: node.DependsOn, UsedBy: node.UsedBy, Columns: a.columnFacts(dataset),
	}
	if m, ok := a.models[dataset]; ok {
		d.Description, d.Grain = m.Description, m.Grain
	} else {
		d.Description, d.Grain = a.tables[dataset].Description, a.tables[dataset].Key
	}
	for _, c := range a.checks[dataset] {
		d.Checks = append(d.Checks, CheckFacts{Name: c.Name, Rule: c.Text})
	}
	return d, a.recall(ctx, &d)
}

// columnFacts joins a dataset's types with what its file says. A description
// that is missing is taken from the column whose values pass through unchanged.
func (a *App) columnFacts(dataset string) []ColumnFacts {
	node := a.Graph.Nodes[dataset]
	direct := map[string]int{}
	for i, edge := range node.Lineage {
		if edge.Direct && len(edge.From) == 1 {
			direct[edge.Column] = i
		}
	}
	out := make([]ColumnFacts, 0, len(node.Columns))
	for _, c := range node.Columns {
		f := ColumnFacts{Name: c.Name, Type: c.Type, Personal: a.personal[dataset][c.Name].Personal}
		for _, said := range a.declared[dataset] {
			if strings.EqualFold(said.Name, c.Name) {
				f.Description, f.Unit = said.Description, said.Unit
				if f.Unit == "" {
					f.Unit = said.Currency
				}
			}
		}
		if i, ok := direct[c.Name]; ok && (f.Description == "" || f.Unit == "") {
			from := node.Lineage[i].From[0]
			for _, up := range a.columnFacts(from.Dataset) {
				if up.Name != from.Column {
					continue
				}
				if f.Description == "" && up.Description != "" {
					f.Description, f.Inherited = up.Description, true
				}
				if f.Unit == "" {
					f.Unit = up.Unit
				}
			}
		}
		out = append(out, f)
	}
	return out
}

// recall adds what the ledger remembers; a project that never ran has none.
func (a *App) recall(ctx context.Context, d *Description) error {
	if _, err := os.Stat(a.Project.State); err != nil {
		return nil //nolint:nilerr // nothing was remembered yet
	}
	if err := a.remember(ctx); err != nil {
		return err
	}
	entries, err := a.seen(ctx)
	if err != nil {
		return err
	}
	if e, ok := entries[d.Dataset]; ok {
		d.Published = &Publication{Env: e.Env, Version: e.Version, At: e.At, Run: e.Run, Rows: e.Rows, Rejected: e.Rejected, Took: e.Took, Inputs: e.Inputs}
	}
	steps, err := a.store.LatestSteps(ctx, a.env)
	if err != nil {
		return fault.Wrap("journal", err)
	}
	if last, ok := steps[d.Dataset]; ok && last.Outcome != state.Done {
		d.Trouble = string(last.Outcome) + " in run " + last.Run
		if last.Error != "" {
			d.Trouble += ": " + last.Error
		}
	}
	held, err := a.memory().Held(ctx)
	if err != nil {
		return err
	}
	if h, ok := held[d.Dataset]; ok {
		d.Held = h.Why()
	}
	results, err := a.store.Latest(ctx, a.env)
	if err != nil {
		return fault.Wrap("check results", err)
	}
	for i := range d.Checks {
		for j := range results {
			if results[j].Dataset == d.Dataset && results[j].Check == d.Checks[i].Name {
				d.Checks[i].Last = &results[j]
			}
		}
	}
	return nil
}

// LastGood says in words what readers see of a dataset whose newest build did
// not make it.
func (a *App) LastGood(dataset string) string {
	if t, ok := a.stand[dataset]; ok {
		return t.Relation.Dataset() + " as it is now; what is made from it keeps the rows it has"
	}
	entries, err := a.seen(context.Background())
	if e, ok := entries[dataset]; ok && err == nil {
		return "the rows published " + e.At.Local().Format("2006-01-02 15:04:05")
	}
	return "nothing: it was never published"
}
