package lake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/table"
)

// Change is one difference between two schemas of a dataset.
type Change struct {
	Kind   ChangeKind
	Column string
	Before table.Type // zero for Added
	After  table.Type // zero for Removed
}

// ChangeKind says how a column differs.
type ChangeKind uint8

// The kinds of changes. A renamed column is one Removed and one Added: that
// they belong together is never guessed.
const (
	Added   ChangeKind = iota // evolves: older rows have NULL
	Widened                   // a whole number that holds all it held before: evolves
	Removed                   // holds
	Retyped                   // holds
)

// Evolves reports whether the table can take the change without a person.
func (c Change) Evolves() bool { return c.Kind == Added || c.Kind == Widened }

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
		case widens(old.Type, now.Type):
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

// Schema returns the columns of a dataset after all its active loads.
func Schema(loads []Manifest) []table.Column {
	var schema []table.Column
	for _, m := range Active(loads) {
		if m.SameAs == "" {
			schema = Evolve(schema, m.Columns)
		}
	}
	return schema
}

var signed = []table.Kind{table.TinyInt, table.SmallInt, table.Integer, table.BigInt, table.HugeInt}

var unsigned = []table.Kind{table.UTinyInt, table.USmallInt, table.UInteger, table.UBigInt, table.UHugeInt}

// widens reports whether every whole number of the type from is one of to.
func widens(from, to table.Type) bool {
	s, t := slices.Index(signed, from.Kind), slices.Index(signed, to.Kind)
	u, v := slices.Index(unsigned, from.Kind), slices.Index(unsigned, to.Kind)
	switch {
	case s >= 0 && t >= 0:
		return t > s
	case u >= 0 && v >= 0:
		return v > u
	default: // an unsigned number needs the next larger signed type
		return u >= 0 && t > u
	}
}
