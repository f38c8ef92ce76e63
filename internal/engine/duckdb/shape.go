package duckdb

import (
	"context"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/table"
)

// columnsNow returns a lake table's columns as they are, nil when it does not
// exist.
func (e *Engine) columnsNow(ctx context.Context, r engine.Relation) ([]table.Column, error) {
	if e.known.form(r) == "" {
		return nil, nil
	}
	e.known.mu.Lock()
	columns := e.known.columns[key(r)]
	e.known.mu.Unlock()
	if columns != nil {
		return columns, nil
	}
	columns, err := e.Columns(ctx, r)
	if err == nil {
		e.known.made(r, engine.Table, columns)
	}
	return columns, err
}

// reshape adds the columns a lake table lacks and widens those that became
// wider. The order of the columns that were there stays; columns that are no
// longer declared stay too, and are NULL from now on.
func reshape(t *transaction, r engine.Relation, there, wanted []table.Column) {
	for _, c := range wanted {
		was, ok := table.Find(there, c.Name)
		switch {
		case !ok:
			t.add("column", "ALTER TABLE "+r.String()+" ADD COLUMN "+engine.Quote(c.Name)+" "+c.Type.String())
		case was.Type != c.Type:
			t.add("column", "ALTER TABLE "+r.String()+" ALTER "+engine.Quote(c.Name)+" TYPE "+c.Type.String())
		}
	}
}

func definitions(columns []table.Column) string {
	var parts []string
	for _, c := range engine.WithProvenance(columns) {
		parts = append(parts, engine.Quote(c.Name)+" "+c.Type.String())
	}
	return strings.Join(parts, ", ")
}
