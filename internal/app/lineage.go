package app

import (
	"cmp"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/compile"
	"github.com/larder-data/larder/internal/fault"
)

// Lineage is what a dataset or a column is made from and what is made from it.
type Lineage struct {
	Root  string        `json:"root"` // a dataset, or dataset.column
	Nodes []LineageNode `json:"nodes"`
	Edges []LineageEdge `json:"edges"`
}

// LineageNode is one dataset or column of a Lineage.
type LineageNode struct {
	ID      string `json:"id"` // dataset, or dataset.column
	Dataset string `json:"dataset"`
	Column  string `json:"column,omitempty"`
	Type    string `json:"type,omitempty"` // of a column
	Layer   string `json:"layer"`
	Owner   string `json:"owner,omitempty"`
	Depth   int    `json:"depth"`             // steps from the root, upstream negative
	Unknown string `json:"unknown,omitempty"` // why it is not known which columns this one is made from: then it is all that its model reads
}

// LineageEdge says that To is made from From.
type LineageEdge struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// LineageRequest says how far to look.
type LineageRequest struct {
	Up, Down bool
	Depth    int // steps; 0 is all the way
}

// Lineage returns the lineage of "schema.name", of a bare "name", or of a
// column "schema.name.column". NotFound names the nearest dataset or column.
func (a *App) Lineage(target string, r LineageRequest) (Lineage, error) {
	dataset, column, err := a.resolve(target)
	if err != nil {
		return Lineage{}, err
	}
	root := compile.ColumnRef{Dataset: dataset, Column: column}
	l := lineage{a: a, columns: column != "", depth: map[compile.ColumnRef]int{root: 0}, edges: map[LineageEdge]bool{}}
	if l.columns {
		l.index()
	}
	if r.Up {
		l.walk(root, -1, r.Depth)
	}
	if r.Down {
		l.walk(root, 1, r.Depth)
	}
	return l.result(root), nil
}

// resolve finds the dataset, and the column if one is named.
func (a *App) resolve(target string) (dataset, column string, err error) {
	var datasets []string
	for name := range a.Graph.Nodes {
		bare := name[strings.Index(name, ".")+1:]
		if strings.EqualFold(target, name) || strings.EqualFold(target, bare) {
			datasets = append(datasets, name)
		}
	}
	if len(datasets) == 1 {
		return datasets[0], "", nil
	}
	if len(datasets) > 1 {
		slices.Sort(datasets)
		return "", "", fault.New(fault.Invalid, "%q could be %s", target, strings.Join(datasets, " or ")).WithHint("say which, with its schema")
	}
	if i := strings.LastIndex(target, "."); i > 0 {
		if dataset, _, err := a.resolve(target[:i]); err == nil {
			return a.resolveColumn(dataset, target[i+1:])
		}
	}
	names := slices.Sorted(slices.Values(a.Graph.Order))
	unknown := fault.New(fault.NotFound, "there is no dataset %q", target)
	if near, ok := fault.Nearest(target, names); ok {
		return "", "", unknown.WithHint("did you mean %s?", near)
	}
	return "", "", unknown.WithHint("larder plan --all lists them")
}

func (a *App) resolveColumn(dataset, column string) (string, string, error) {
	var names []string
	for _, c := range a.Graph.Nodes[dataset].Columns {
		if strings.EqualFold(c.Name, column) {
			return dataset, c.Name, nil
		}
		names = append(names, c.Name)
	}
	err := fault.New(fault.NotFound, "%s has no column %q", dataset, column)
	if hint := fault.DidYouMean(column, names); hint != "" {
		return "", "", err.WithHint("%s", hint)
	}
	return "", "", err
}

// lineage is one walk through the graph. A dataset is a ColumnRef without column.
type lineage struct {
	a       *App
	columns bool
	up      map[compile.ColumnRef][]compile.ColumnRef
	down    map[compile.ColumnRef][]compile.ColumnRef
	depth   map[compile.ColumnRef]int
	edges   map[LineageEdge]bool
}

// index turns the graph's column edges round, to walk them both ways.
func (l *lineage) index() {
	l.up, l.down = map[compile.ColumnRef][]compile.ColumnRef{}, map[compile.ColumnRef][]compile.ColumnRef{}
	for _, node := range l.a.Graph.Nodes {
		for _, edge := range node.Lineage {
			to := compile.ColumnRef{Dataset: node.Dataset, Column: edge.Column}
			l.up[to] = edge.From
			for _, from := range edge.From {
				l.down[from] = append(l.down[from], to)
			}
		}
	}
}

// walk follows edges in one direction, breadth first, the given steps far.
func (l *lineage) walk(root compile.ColumnRef, direction, far int) {
	level := []compile.ColumnRef{root}
	for step := 1; len(level) > 0 && (far == 0 || step <= far); step++ {
		var further []compile.ColumnRef
		for _, at := range level {
			for _, next := range l.next(at, direction) {
				edge := LineageEdge{From: id(next), To: id(at)}
				if direction > 0 {
					edge = LineageEdge{From: id(at), To: id(next)}
				}
				l.edges[edge] = true
				if _, seen := l.depth[next]; !seen {
					l.depth[next] = direction * step
					further = append(further, next)
				}
			}
		}
		level = further
	}
}

func (l *lineage) next(at compile.ColumnRef, direction int) []compile.ColumnRef {
	if l.columns {
		if direction < 0 {
			return l.up[at]
		}
		return l.down[at]
	}
	node := l.a.Graph.Nodes[at.Dataset]
	names := node.UsedBy
	if direction < 0 {
		names = node.DependsOn
	}
	out := make([]compile.ColumnRef, len(names))
	for i, name := range names {
		out[i] = compile.ColumnRef{Dataset: name}
	}
	return out
}

func (l *lineage) result(root compile.ColumnRef) Lineage {
	out := Lineage{Root: id(root), Edges: []LineageEdge{}}
	for ref, depth := range l.depth {
		facts := l.a.Facts[ref.Dataset]
		node := LineageNode{ID: id(ref), Dataset: ref.Dataset, Column: ref.Column, Layer: facts.Layer, Owner: facts.Owner, Depth: depth}
		for _, c := range l.a.Graph.Nodes[ref.Dataset].Columns {
			if c.Name == ref.Column {
				node.Type = c.Type.String()
			}
		}
		if m, ok := l.a.models[ref.Dataset]; ok && m.Dialect != "" && ref.Column != "" {
			node.Unknown = "not known: written for " + m.Dialect
		}
		out.Nodes = append(out.Nodes, node)
	}
	slices.SortFunc(out.Nodes, func(a, b LineageNode) int {
		return cmp.Or(cmp.Compare(a.Depth, b.Depth), cmp.Compare(a.ID, b.ID))
	})
	for edge := range l.edges {
		out.Edges = append(out.Edges, edge)
	}
	slices.SortFunc(out.Edges, func(a, b LineageEdge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return out
}

func id(ref compile.ColumnRef) string {
	if ref.Column == "" {
		return ref.Dataset
	}
	return ref.Dataset + "." + ref.Column
}
