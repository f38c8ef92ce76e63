package trial

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// fixture is the query that returns a fixture's rows as a dataset's columns.
// Columns the fixture does not name are NULL.
func (s *stage) fixture(ctx context.Context, f project.Fixture, columns []table.Column) (string, error) {
	switch {
	case f.Query != "":
		return s.aligned(ctx, "("+f.Query+"\n)", columns, f.Where)
	case f.CSV != "":
		if _, err := os.Stat(f.CSV); err != nil {
			return "", fault.At(f.Where, fault.NotFound, "%s cannot be read: %w", filepath.Base(f.CSV), errors.Unwrap(err))
		}
		return s.aligned(ctx, "read_csv("+table.Literal(f.CSV)+", header = true, all_varchar = true)", columns, f.Where)
	default:
		return written(f.Rows, columns)
	}
}

// aligned selects a dataset's columns from a query or a file that has some of them.
func (s *stage) aligned(ctx context.Context, from string, columns []table.Column, where fault.Place) (string, error) {
	rows, err := s.engine.Query(ctx, "SELECT * FROM "+from+" AS given LIMIT 0")
	if err != nil {
		return "", &fault.Error{Kind: fault.KindOf(err), Where: where, Err: err}
	}
	have := rows.Columns()
	if err := rows.Close(); err != nil {
		return "", err
	}
	for _, c := range have {
		if _, ok := table.Find(columns, c.Name); !ok {
			return "", unknownColumn(c.Name, columns, where)
		}
	}
	parts := make([]string, len(columns))
	for i, c := range columns {
		value := "NULL"
		if found, ok := table.Find(have, c.Name); ok {
			value = table.Quote(found.Name)
		}
		parts[i] = castTo(value, c)
	}
	return "SELECT " + strings.Join(parts, ", ") + " FROM " + from + " AS given", nil
}

// written is the query of rows that stand in the test's file.
func written(rows []project.FixtureRow, columns []table.Column) (string, error) {
	lines := make([]string, len(rows))
	for i, row := range rows {
		values := make([]string, len(columns))
		for j := range values {
			values[j] = "NULL"
		}
		for _, cell := range row.Cells {
			at := indexOf(columns, cell.Column)
			if at < 0 {
				return "", unknownColumn(cell.Column, columns, cell.Where)
			}
			if cell.Null {
				continue
			}
			if tooFine(cell.Text, columns[at].Type) {
				return "", unfit(cell, columns[at])
			}
			values[at] = table.Literal(cell.Text)
		}
		lines[i] = "(" + strings.Join(values, ", ") + ")"
	}
	if len(lines) == 0 {
		return emptyRows(columns), nil
	}
	names, parts := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i] = table.Quote(c.Name)
		parts[i] = castTo(names[i], c)
	}
	return "SELECT " + strings.Join(parts, ", ") + " FROM (VALUES " + strings.Join(lines, ", ") + ") AS given(" + strings.Join(names, ", ") + ")", nil
}

// misfit finds the value that does not fit its column, after the rows together
// did not: the engine names the value only, not its place.
func (s *stage) misfit(ctx context.Context, rows []project.FixtureRow, columns []table.Column, failed error) error {
	for _, row := range rows {
		for _, cell := range row.Cells {
			c := columns[indexOf(columns, cell.Column)]
			if cell.Null {
				continue
			}
			if _, err := engine.ReadAll(ctx, s.engine, "SELECT "+castTo(table.Literal(cell.Text), c), 0); err != nil {
				return unfit(cell, c)
			}
		}
	}
	return failed
}

func unfit(cell project.FixtureCell, c table.Column) error {
	return fault.At(cell.Where, fault.Invalid, "%q is no %s, which %s is", cell.Text, c.Type, c.Name)
}

// tooFine reports a number the engine would round without a word.
func tooFine(text string, of table.Type) bool {
	if of.Kind != table.Decimal && !of.IsInteger() {
		return false
	}
	_, fraction, _ := strings.Cut(text, ".")
	return !strings.ContainsAny(text, "eE") && len(strings.TrimRight(fraction, "0")) > of.Scale
}

func castTo(value string, c table.Column) string {
	of := c.Type.String()
	if c.Type.Kind == table.Unknown {
		of = "VARCHAR"
	}
	return "CAST(" + value + " AS " + of + ") AS " + table.Quote(c.Name)
}

// emptyRows is a query with the columns and no rows.
func emptyRows(columns []table.Column) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = castTo("NULL", c)
	}
	return "SELECT " + strings.Join(parts, ", ") + " WHERE false"
}

func indexOf(columns []table.Column, name string) int {
	return slices.IndexFunc(columns, func(c table.Column) bool { return strings.EqualFold(c.Name, name) })
}

func unknownColumn(name string, columns []table.Column, where fault.Place) error {
	return fault.At(where, fault.Invalid, "there is no column %s", name).
		WithHint("%s", fault.DidYouMean(name, table.Names(columns)))
}
