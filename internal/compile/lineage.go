package compile

import (
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/table"
)

// Node returns a dataset's node, ignoring case, and nil when there is none.
func (g *Graph) Node(dataset string) *Node {
	if n := g.Nodes[dataset]; n != nil {
		return n
	}
	for name, n := range g.Nodes {
		if strings.EqualFold(name, dataset) {
			return n
		}
	}
	return nil
}

// Upstream returns all datasets that a dataset is built from, directly or not,
// in the Graph's order and without itself.
func (g *Graph) Upstream(dataset string) []string {
	return g.reach(dataset, func(n *Node) []string { return n.DependsOn })
}

// Downstream returns all datasets that are built from a dataset, directly or
// not, in the Graph's order and without itself.
func (g *Graph) Downstream(dataset string) []string {
	return g.reach(dataset, func(n *Node) []string { return n.UsedBy })
}

func (g *Graph) reach(dataset string, next func(*Node) []string) []string {
	start := g.Node(dataset)
	if start == nil {
		return nil
	}
	seen := map[string]bool{start.Dataset: true}
	queue := []string{start.Dataset}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, name := range next(g.Nodes[at]) {
			if !seen[name] {
				seen[name] = true
				queue = append(queue, name)
			}
		}
	}
	out := []string{}
	for _, name := range g.Order {
		if seen[name] && name != start.Dataset {
			out = append(out, name)
		}
	}
	return out
}

// ColumnStep is one column met when following lineage from another.
type ColumnStep struct {
	ColumnRef
	Depth  int         `json:"depth"`  // edges from the start; 0 is the start itself
	Via    []ColumnRef `json:"via"`    // columns one step nearer the start that it is tied to, sorted
	Direct bool        `json:"direct"` // its value passes unchanged along all of Via
}

// ColumnUp follows a column to the columns its values come from, at most depth
// edges far (0: as far as it goes), nearest first, then by name. A column met
// several times is listed once, at its least depth. It is nil when there is no
// such column.
func (g *Graph) ColumnUp(ref ColumnRef, depth int) []ColumnStep {
	return g.columns(ref, depth, func(at ColumnRef) []link {
		var out []link
		for _, e := range g.Nodes[at.Dataset].Lineage {
			if e.Column == at.Column {
				for _, from := range e.From {
					out = append(out, link{from, e.Direct})
				}
			}
		}
		return out
	})
}

// ColumnDown follows a column to the columns its values flow into, as ColumnUp
// does the other way.
func (g *Graph) ColumnDown(ref ColumnRef, depth int) []ColumnStep {
	return g.columns(ref, depth, func(at ColumnRef) []link {
		var out []link
		for _, user := range g.Nodes[at.Dataset].UsedBy {
			for _, e := range g.Nodes[user].Lineage {
				if slices.Contains(e.From, at) {
					out = append(out, link{ColumnRef{user, e.Column}, e.Direct})
				}
			}
		}
		return out
	})
}

// link is a neighbouring column and whether the value passes unchanged.
type link struct {
	to     ColumnRef
	direct bool
}

// columns walks lineage breadth first.
func (g *Graph) columns(ref ColumnRef, depth int, links func(ColumnRef) []link) []ColumnStep {
	node := g.Node(ref.Dataset)
	if node == nil {
		return nil
	}
	column, ok := table.Find(node.Columns, ref.Column)
	if !ok {
		return nil
	}
	start := ColumnRef{node.Dataset, column.Name}
	level := []ColumnStep{{ColumnRef: start, Direct: true}}
	seen := map[ColumnRef]bool{start: true}
	var out []ColumnStep
	for far := 1; len(level) > 0; far++ {
		out = append(out, level...)
		if depth > 0 && far > depth {
			break
		}
		found := map[ColumnRef]*ColumnStep{}
		for _, step := range level {
			for _, l := range links(step.ColumnRef) {
				if seen[l.to] {
					continue
				}
				next := found[l.to]
				if next == nil {
					next = &ColumnStep{ColumnRef: l.to, Depth: far, Direct: true}
					found[l.to] = next
				}
				next.Via = append(next.Via, step.ColumnRef)
				next.Direct = next.Direct && l.direct
			}
		}
		level = nil
		for ref, step := range found {
			seen[ref] = true
			slices.SortFunc(step.Via, compareRefs)
			level = append(level, *step)
		}
		slices.SortFunc(level, func(a, b ColumnStep) int { return compareRefs(a.ColumnRef, b.ColumnRef) })
	}
	return out
}

func compareRefs(a, b ColumnRef) int {
	if c := strings.Compare(a.Dataset, b.Dataset); c != 0 {
		return c
	}
	return strings.Compare(a.Column, b.Column)
}
