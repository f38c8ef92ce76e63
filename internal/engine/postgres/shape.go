package postgres

import (
	"context"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/table"
)

// leftOf is where the rows of a lake table stand that have left its current
// state: among Larder's own tables, out of people's way.
func leftOf(r engine.Relation) engine.Relation {
	return engine.StagingOf(engine.Relation{Schema: engine.OwnSchema, Name: r.Dataset()}, "left", longestIdentifier)
}

// shape makes the tables of a lake table as the landing wants them.
func (t *transaction) shape(ctx context.Context, l engine.Landing) error {
	past, loads, quarantine := leftOf(l.Target), engine.LoadsOf(l.Target), engine.QuarantineOf(l.Target)
	found, err := look(ctx, t.ask, l.Target, past, loads, quarantine)
	if err != nil {
		return err
	}
	if !found[3].there() {
		t.add("quarantine", "CREATE TABLE "+quarantine.String()+` (_load text, _file text, line bigint, column_name text,
			reason text, text text, _loaded_at timestamptz)`)
	}
	columns := engine.WithProvenance(l.Columns)
	if !found[0].there() {
		t.add("create", "CREATE TABLE "+l.Target.String()+" ("+definitions(columns)+")")
		t.add("create", "CREATE TABLE "+past.String()+" ("+definitions(columns)+")")
		t.add("view", everythingView(l.Target, columns))
		t.flush(ctx)
		return t.failed
	}
	changes := reshape(found[0].columns, l.Columns)
	if len(changes) == 0 {
		return nil
	}
	// The view names every column, and one cannot change below it.
	return t.exchange(ctx, loads, found[2], "", func() {
		for _, r := range []engine.Relation{l.Target, past} {
			t.add("column", "ALTER TABLE "+r.String()+" "+strings.Join(changes, ", "))
		}
		after := found[0].columns
		for _, c := range l.Columns {
			if _, ok := exactly(after, c.Name); !ok {
				after = append(after, c)
			}
		}
		t.add("view", everythingView(l.Target, after))
	})
}

// everythingView is the view of all rows that ever arrived.
func everythingView(target engine.Relation, columns []table.Column) string {
	list := quoted(columns)
	return "CREATE VIEW " + engine.LoadsOf(target).String() + " AS SELECT " + list + " FROM " + target.String() +
		" UNION ALL SELECT " + list + " FROM " + leftOf(target).String()
}

// reshape adds the columns a lake table lacks and widens those that became
// wider. The order of the columns that were there stays; columns that are no
// longer declared stay too, and are NULL from now on.
func reshape(there, wanted []table.Column) []string {
	var changes []string
	for _, c := range wanted {
		was, ok := exactly(there, c.Name)
		switch {
		case !ok:
			changes = append(changes, "ADD COLUMN "+engine.Quote(c.Name)+" "+definition(c.Type))
		case spell(was.Type) != spell(c.Type):
			changes = append(changes, "ALTER COLUMN "+engine.Quote(c.Name)+" TYPE "+definition(c.Type)+" USING "+engine.Quote(c.Name)+"::"+spell(c.Type))
		}
	}
	return changes
}

// exactly finds a column by its name: here case tells names apart.
func exactly(columns []table.Column, name string) (table.Column, bool) {
	for _, c := range columns {
		if c.Name == name {
			return c, true
		}
	}
	return table.Column{}, false
}

func definitions(columns []table.Column) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = engine.Quote(c.Name) + " " + definition(c.Type)
	}
	return strings.Join(parts, ", ")
}
