package compile

import (
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/table"
)

// Companion is a relation that is published with a model and has its columns and
// some more. Who reads it depends on the model.
type Companion struct {
	Dataset string
	Columns []table.Column // behind the model's own
}

// beside returns the model whose companion a dataset is, false when it is none.
// Both are in small letters.
func (c *compiler) beside(key string) (string, bool) {
	of, ok := c.companions[key]
	return of, ok
}

// needs are the model's Needs in small letters.
func (m *Model) needs() []string {
	out := make([]string, len(m.Needs))
	for i, dataset := range m.Needs {
		out[i] = strings.ToLower(dataset)
	}
	return out
}

// withModels adds the models whose companions are among datasets: a companion is
// there once its model is.
func (c *compiler) withModels(datasets []string) []string {
	for _, key := range datasets {
		if of, ok := c.beside(key); ok && !containsFold(datasets, of) {
			datasets = append(datasets, of)
		}
	}
	return datasets
}

// withCompanion makes the companion of a settled model known to those that read it.
func (c *compiler) withCompanion(n *Node, money map[string]string) {
	j := c.jobs[strings.ToLower(n.Dataset)]
	if j == nil || j.model.Companion == nil {
		return
	}
	own := *j.model.Companion
	own.Columns = slices.Concat(n.Columns, own.Columns)
	n.Companion = &own
	c.upstreams[strings.ToLower(own.Dataset)] = upstream{own.Dataset, own.Columns, money, summary(own.Dataset, own.Columns, money)}
}

// resolve puts models in the place of their companions: who reads one depends on
// the model, and its values come from the model's columns. What a model needs it
// depends on too.
func (c *compiler) resolve(n *Node) {
	if j := c.jobs[strings.ToLower(n.Dataset)]; j != nil {
		for _, key := range j.model.needs() {
			if up, ok := c.upstreams[key]; ok {
				n.DependsOn = append(n.DependsOn, up.dataset)
			}
		}
	}
	for i, dataset := range n.DependsOn {
		if of, ok := c.beside(strings.ToLower(dataset)); ok {
			n.DependsOn[i] = c.jobs[of].model.Dataset
		}
	}
	slices.Sort(n.DependsOn)
	n.DependsOn = slices.Compact(n.DependsOn)
	n.Lineage = c.resolved(n.Lineage)
}

// resolved is lineage without companions. Their own columns come from nowhere.
func (c *compiler) resolved(lineage []Edge) []Edge {
	out := slices.Clone(lineage)
	for i := range out {
		var from []ColumnRef
		for _, ref := range out[i].From {
			if of, ok := c.beside(strings.ToLower(ref.Dataset)); ok {
				model := c.upstreams[of]
				if _, passed := table.Find(model.columns, ref.Column); !passed {
					continue
				}
				ref.Dataset = model.dataset
			}
			if !slices.Contains(from, ref) {
				from = append(from, ref)
			}
		}
		slices.SortFunc(from, compareRefs)
		out[i].From, out[i].Direct = from, out[i].Direct && len(from) == 1
	}
	return out
}
