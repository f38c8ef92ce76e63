package compile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/table"
)

// ChangeKind is what happened to a column.
type ChangeKind string

// The kinds of change. A moved column changes nothing for those that read it
// by name, but does for SELECT *.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Retyped ChangeKind = "retyped"
	Moved   ChangeKind = "moved"
)

// Change is one difference between the columns a dataset has and will have.
type Change struct {
	Kind   ChangeKind `json:"kind"`
	Column string     `json:"column"`
	Before table.Type `json:"before"` // zero when added
	After  table.Type `json:"after"`  // zero when removed
}

// Diff compares a dataset's columns before and after a change: what was
// removed and retyped, in the order before, then what was added, in the order
// after. Columns that only stand elsewhere are Moved, told once for the first.
// Names that differ only by case are one column.
func Diff(before, after []table.Column) []Change {
	var out []Change
	var kept []string
	for _, b := range before {
		a, ok := table.Find(after, b.Name)
		switch {
		case !ok:
			out = append(out, Change{Removed, b.Name, b.Type, table.Type{}})
			continue
		case a.Type != b.Type:
			out = append(out, Change{Retyped, b.Name, b.Type, a.Type})
		}
		kept = append(kept, strings.ToLower(b.Name))
	}
	place, moved := 0, false
	for _, a := range after {
		if _, ok := table.Find(before, a.Name); !ok {
			out = append(out, Change{Added, a.Name, table.Type{}, a.Type})
			continue
		}
		if !moved && place < len(kept) && kept[place] != strings.ToLower(a.Name) {
			moved = true
			out = append(out, Change{Moved, a.Name, a.Type, a.Type})
		}
		place++
	}
	return out
}

// Break is a dataset that a change elsewhere touches.
type Break struct {
	Dataset string   `json:"dataset"` // what is touched
	Column  string   `json:"column"`  // the changed column it reads
	Change  Change   `json:"change"`
	Feeds   []string `json:"feeds"` // its own columns the values flow into, sorted; none when it only filters or joins by it
	Fatal   bool     `json:"fatal"` // it cannot be built any more: the column is gone
}

// Breaks returns what changes of a dataset's columns touch directly: each
// dataset that reads a removed or retyped column, by name. What the touched
// columns flow into further down is ColumnDown's to say.
func (g *Graph) Breaks(dataset string, changes []Change) []Break {
	node := g.Node(dataset)
	if node == nil {
		return nil
	}
	var out []Break
	for _, change := range changes {
		if change.Kind != Removed && change.Kind != Retyped {
			continue
		}
		for _, user := range node.UsedBy {
			down := g.Nodes[user]
			if !down.readsColumn(node, change.Column) {
				continue
			}
			out = append(out, Break{
				Dataset: user, Column: change.Column, Change: change, Fatal: change.Kind == Removed,
				Feeds: down.feeds(ColumnRef{node.Dataset, change.Column}),
			})
		}
	}
	slices.SortStableFunc(out, func(a, b Break) int {
		return cmp.Or(cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Column, b.Column))
	})
	return out
}

// readsColumn reports whether a node reads a column of another, or of what is
// published beside it.
func (n *Node) readsColumn(of *Node, column string) bool {
	_, reads := table.Find(n.Reads[of.Dataset], column)
	if !reads && of.Companion != nil {
		_, reads = table.Find(n.Reads[of.Companion.Dataset], column)
	}
	return reads
}

// feeds lists a node's columns that values of another dataset's column flow into.
func (n *Node) feeds(ref ColumnRef) []string {
	out := []string{}
	for _, e := range n.Lineage {
		if slices.ContainsFunc(e.From, ref.same) {
			out = append(out, e.Column)
		}
	}
	slices.Sort(out)
	return out
}

// same reports whether two references mean one column, ignoring case.
func (r ColumnRef) same(other ColumnRef) bool {
	return strings.EqualFold(r.Dataset, other.Dataset) && strings.EqualFold(r.Column, other.Column)
}
