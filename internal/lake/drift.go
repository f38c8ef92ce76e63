package lake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/table"
)

// Change is one difference between two schemas of a dataset.
type Change struct {
	Kind   ChangeKind `json:"kind"`
	Column string     `json:"column"`
	Before table.Type `json:"before,omitzero"` // zero for Added
	After  table.Type `json:"after,omitzero"`  // zero for Removed
}

// ChangeKind says how a column differs.
type ChangeKind string

// The kinds of changes. A renamed column is one Removed and one Added: that
// they belong together is never guessed.
const (
	Added   ChangeKind = "added"   // older rows have NULL
	Widened ChangeKind = "widened" // a whole number that holds all it held before
	Removed ChangeKind = "removed"
	Retyped ChangeKind = "retyped"
)

// String tells the change in words.
func (c Change) String() string {
	switch c.Kind {
	case Added:
		return fmt.Sprintf("column %s (%s) was added", c.Column, c.After)
	case Widened:
		return fmt.Sprintf("column %s was widened from %s to %s", c.Column, c.Before, c.After)
	case Removed:
		return fmt.Sprintf("column %s (%s) is missing", c.Column, c.Before)
	default:
		return fmt.Sprintf("column %s was %s and is %s", c.Column, c.Before, c.After)
	}
}

// Compare returns how the schema after differs from the one before: removed
// and retyped columns in the order of before, added ones in the order of
// after. Names are compared as SQL does, ignoring case; order means nothing.
func Compare(before, after []table.Column) []Change {
	var changes []Change
	for _, old := range before {
		now, ok := table.Find(after, old.Name)
		switch {
		case !ok:
			changes = append(changes, Change{Removed, old.Name, old.Type, table.Type{}})
		case now.Type == old.Type:
		case table.Widens(old.Type, now.Type):
			changes = append(changes, Change{Widened, old.Name, old.Type, now.Type})
		default:
			changes = append(changes, Change{Retyped, old.Name, old.Type, now.Type})
		}
	}
	for _, column := range after {
		if _, ok := table.Find(before, column.Name); !ok {
			changes = append(changes, Change{Added, column.Name, table.Type{}, column.Type})
		}
	}
	return changes
}

// Evolve returns the schema that holds both: before's columns, widened where
// after is wider, then after's additions. Removed and retyped columns stay as
// they were before.
func Evolve(before, after []table.Column) []table.Column {
	out := slices.Clone(before)
	for _, change := range Compare(before, after) {
		switch change.Kind {
		case Added:
			out = append(out, table.Column{Name: change.Column, Type: change.After})
		case Widened:
			at := slices.IndexFunc(out, func(c table.Column) bool { return strings.EqualFold(c.Name, change.Column) })
			out[at].Type = change.After
		}
	}
	return out
}

// After returns the schema a load leaves behind: what Evolve says, and the
// types of columns it was allowed to change.
func After(schema []table.Column, m Manifest) []table.Column {
	out := Evolve(schema, m.Columns)
	for _, change := range m.Drift {
		at := slices.IndexFunc(out, func(c table.Column) bool { return strings.EqualFold(c.Name, change.Column) })
		if change.Kind == Retyped && at >= 0 {
			out[at].Type = change.After
		}
	}
	return out
}

// Schema returns the columns of a dataset after all its active loads.
func Schema(loads []Manifest) []table.Column {
	var schema []table.Column
	for _, m := range Active(loads) {
		if m.SameAs == "" {
			schema = After(schema, m)
		}
	}
	return schema
}
