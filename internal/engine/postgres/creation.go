package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// query is a user's SQL that gives the columns it is held to.
type query struct {
	sql     string
	lead    int // bytes before the user's own text
	columns []table.Column
}

// understand has the server describe a build's SQL, and holds it to the columns
// known beforehand: the types of numbers and days are made the same by a cast,
// anything else that differs is refused.
func understand(ctx context.Context, on *pgconn.PgConn, b engine.Build) (query, error) {
	asked, err := describe(ctx, on, b.SQL)
	if err != nil {
		return query{}, located(err, b.SQL, 0)
	}
	described := columnsOf(asked.Fields)
	q := query{sql: b.SQL}
	agreed := described
	if b.Columns != nil {
		agreed = b.Columns
	}
	if err := comply(agreed, described); err != nil {
		return q, err
	}
	var names, list []string
	needed := false
	for i, c := range described {
		want, name := agreed[i].Type, fmt.Sprintf("c%d", i)
		part := name
		if spell(want) != spell(c.Type) {
			needed = true
			part = "CAST(" + name + " AS " + spell(want) + ")"
		}
		if want.Kind == table.Varchar {
			needed = true
			part += " COLLATE " + byCodepoint
		}
		names, list = append(names, name), append(list, part+" AS "+engine.Quote(c.Name))
		q.columns = append(q.columns, table.Column{Name: c.Name, Type: want})
	}
	if needed {
		lead := "SELECT " + strings.Join(list, ", ") + " FROM (\n"
		q.sql, q.lead = lead+engine.WithoutEnd(b.SQL)+"\n) AS q("+strings.Join(names, ", ")+")", len(lead)
	}
	return q, nil
}

// in returns the statement with text before and behind the query.
func (q query) in(before string) query {
	q.sql, q.lead = before+q.sql, q.lead+len(before)
	return q
}

// fits reports whether a table that is there has the query's columns.
func (q query) fits(there relation) bool {
	if there.kind != "r" || there.limited || len(there.columns) != len(q.columns) {
		return false
	}
	for i, c := range there.columns {
		if c.Name != q.columns[i].Name || spell(c.Type) != spell(q.columns[i].Type) {
			return false
		}
	}
	return true
}

// comply refuses columns that are not those agreed on; each difference is told.
func comply(agreed, described []table.Column) error {
	var wrong []string
	for i, want := range agreed {
		if i >= len(described) {
			wrong = append(wrong, fmt.Sprintf("column %d, %s, is missing", i+1, want.Name))
			continue
		}
		got := described[i]
		switch {
		case !strings.EqualFold(want.Name, got.Name):
			wrong = append(wrong, fmt.Sprintf("column %d is %s, not %s", i+1, got.Name, want.Name))
		case !castable(got.Type, want.Type):
			wrong = append(wrong, fmt.Sprintf("%s is %s, not %s", want.Name, got.Type, want.Type))
		}
	}
	for _, c := range described[min(len(agreed), len(described)):] {
		wrong = append(wrong, c.Name+" is one more")
	}
	if len(wrong) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "PostgreSQL gives other columns than agreed: %s", strings.Join(wrong, "; ")).
		WithHint("make the SQL give the agreed columns, with CAST where a type differs, or write the model a file of its own for PostgreSQL")
}

// castable reports whether values of one type may stand for those of another:
// among numbers, among days and instants, among texts.
func castable(from, to table.Type) bool {
	switch {
	case from.Kind == to.Kind, from.IsNumeric() && to.IsNumeric(), from.IsTemporal() && to.IsTemporal():
		return true
	case to.Kind == table.Unknown, from.Kind == table.Unknown:
		return true
	}
	structured := func(t table.Type) bool { return t.Kind == table.JSON || t.Kind == table.Nested }
	return structured(from) && structured(to)
}
