package existing

import (
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// Shape returns the columns models read a standing table by, from those known
// of it before (none when it is new) and those it has now: what its drift takes
// is taken, what it holds stays as it was. The error is Held and tells everything
// in which the table is not as it was or as it is declared.
func (s Standing) Shape(known, there []table.Column) ([]table.Column, error) {
	var faults fault.List
	now := there
	if len(s.Columns) > 0 {
		known, now = s.declared(known, there, &faults)
	}
	if len(known) == 0 {
		return now, faults.Err()
	}
	held := map[string]lake.Change{}
	ignored := map[string]bool{}
	for _, change := range lake.Compare(known, now) {
		name := strings.ToLower(change.Column)
		switch s.response(change.Kind) {
		case project.Evolve:
		case project.Ignore:
			ignored[name] = true
		default:
			held[name] = change
			faults.Add(s.drifted(change))
		}
	}
	return shape(known, now, held, ignored), faults.Err()
}

// shape is what is known, changed where nothing holds it, with what is new behind.
func shape(known, now []table.Column, held map[string]lake.Change, ignored map[string]bool) []table.Column {
	var out []table.Column
	for _, c := range known {
		is, there := table.Find(now, c.Name)
		if _, stays := held[strings.ToLower(c.Name)]; stays {
			out = append(out, c)
		} else if there {
			out = append(out, is)
		}
	}
	for _, c := range now {
		name := strings.ToLower(c.Name)
		_, kept := held[name]
		if _, old := table.Find(known, c.Name); !old && !kept && !ignored[name] {
			out = append(out, c)
		}
	}
	return out
}

func (s Standing) response(kind lake.ChangeKind) project.Response {
	return map[lake.ChangeKind]project.Response{
		lake.Added: s.Drift.Added, lake.Widened: s.Drift.Widened, lake.Removed: s.Drift.Removed, lake.Retyped: s.Drift.Retyped,
	}[kind]
}

func (s Standing) drifted(change lake.Change) error {
	return fault.At(s.Where, fault.Held, "%s is not what it was: %s", s.Relation.Dataset(), change).
		WithHint("mend the table, change columns:, or say drift: {%s: evolve}", change.Kind)
}

// declared are the declared columns as they were before and as they are now. What
// a declaration changes on purpose is no drift: a type it names is what the
// column always was, and a column it names first is not new to the table.
func (s Standing) declared(known, there []table.Column, faults *fault.List) (before, now []table.Column) {
	for _, c := range s.Columns {
		is, found := table.Find(there, c.Name)
		was, remembered := table.Find(known, c.Name)
		said := c.Type != (table.Type{})
		if said {
			was, remembered = table.Column{Name: c.Name, Type: c.Type}, true
		}
		switch {
		case !found && (said || !remembered):
			faults.Add(fault.At(c.Where, fault.Held, "%s has no column %s", s.Relation.Dataset(), c.Name).
				WithHint("%s", fault.DidYouMean(c.Name, table.Names(there))))
			if said {
				now = append(now, was)
			}
		case found && said && is.Type != c.Type:
			faults.Add(fault.At(c.TypeWhere, fault.Held, "%s of %s is %s, declared is %s", c.Name, s.Relation.Dataset(), is.Type, c.Type).
				WithHint("declare what it is and convert it in a model"))
			now = append(now, was)
		case found:
			now = append(now, is)
			if !remembered {
				was = is
			}
		}
		if was.Name != "" {
			before = append(before, was)
		}
	}
	return before, now
}

// Watched returns the fault of a changed_by that is no column of the table, nil
// when it is one or none is named.
func (s Standing) Watched(columns []table.Column) error {
	by := s.Settings.ChangedBy
	if _, ok := table.Find(columns, by.Value); ok || !by.Given() {
		return nil
	}
	return by.Fault("%s has no column %s", s.Relation.Dataset(), by.Value).
		WithHint("%s", fault.DidYouMean(by.Value, table.Names(columns)))
}
