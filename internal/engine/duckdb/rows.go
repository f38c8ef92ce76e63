package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/table"
)

// Query runs one statement that returns rows. The answer is computed before
// Query returns, so an answer being read holds back nobody.
func (e *Engine) Query(ctx context.Context, query string) (engine.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, explain("", err)
	}
	bounded, done, err := e.life.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	conn, err := e.pool.take(bounded)
	if err != nil {
		return nil, explain("", err)
	}
	s := &session{e: e, conn: conn}
	r, err := s.query(bounded, query)
	if err != nil {
		return nil, explain("", errors.Join(err, e.pool.give(conn, s.broken)))
	}
	r.ctx = ctx
	return r, nil
}

// query runs a single statement. Columns the driver would read inexactly are
// turned into text by DuckDB, in a query around it.
func (s *session) query(ctx context.Context, query string) (*rows, error) {
	prepared, err := s.prepare(query)
	if err != nil {
		return nil, err
	}
	columns, err := s.columnsFrom(prepared)
	if err == nil && s.e.settings.ReadOnly {
		err = admit(prepared, query)
	}
	if err != nil {
		return nil, errors.Join(err, prepared.Close())
	}
	if around := textual(query, columns); around != "" {
		if err := prepared.Close(); err != nil {
			return nil, err
		}
		if prepared, err = s.prepare(around); err != nil {
			return nil, err
		}
	}
	defer s.e.helpers.watch()()
	found, err := prepared.QueryContext(ctx, nil)
	if err != nil {
		return nil, errors.Join(err, prepared.Close())
	}
	r := &rows{session: s, prepared: prepared, found: found, columns: columns}
	r.raw, r.values = make([]driver.Value, len(found.Columns())), make([]any, len(columns))
	for _, c := range columns {
		r.readers = append(r.readers, reader(c.Type))
	}
	return r, nil
}

// textual returns the query with the columns the driver cannot read exactly
// written as text, "" when there are none.
func textual(query string, columns []table.Column) string {
	var names, parts []string
	needed := false
	for i, c := range columns {
		name := "c" + strconv.Itoa(i)
		names = append(names, name)
		part := asText(name, c.Type)
		needed = needed || part != name
		parts = append(parts, part)
	}
	if !needed {
		return ""
	}
	return "SELECT " + strings.Join(parts, ", ") + " FROM (\n" + engine.WithoutEnd(query) + "\n) AS answer(" + strings.Join(names, ", ") + ")"
}

func asText(name string, t table.Type) string {
	switch {
	case t.Kind == table.JSON, t.Kind == table.Time, t.Kind == table.Interval:
		return "CAST(" + name + " AS VARCHAR)"
	case t.Kind != table.Nested:
		return name
	}
	for _, spelling := range foreign {
		if t.Spelling == spelling {
			return "CAST(" + name + " AS VARCHAR)"
		}
	}
	if t.Spelling == "TIME_NS" {
		return "CAST(" + name + " AS VARCHAR)"
	}
	// JSON has binary numbers only: what they cannot hold is written as text.
	if kept := keepDigits(t.Spelling); kept != t.Spelling {
		name = "CAST(" + name + " AS " + kept + ")"
	}
	return "CAST(to_json(" + name + ") AS VARCHAR)"
}

// beyondJSON finds, in the spelling of a nested type, names (left alone: they
// are quoted, or a space is behind them) and the types of numbers JSON would
// round.
var beyondJSON = regexp.MustCompile(`"(?:[^"]|"")*"|'(?:[^']|'')*'|\b(?:DECIMAL\(\d+,\s*\d+\)|U?HUGEINT\b ?)`)

// keepDigits is a nested type with VARCHAR for its numbers JSON would round.
func keepDigits(spelling string) string {
	return beyondJSON.ReplaceAllStringFunc(spelling, func(found string) string {
		if found[0] == '"' || found[0] == '\'' || strings.HasSuffix(found, " ") {
			return found
		}
		return "VARCHAR"
	})
}

// rows is an answer being read.
type rows struct {
	ctx      context.Context
	session  *session
	prepared *duck.Stmt
	found    driver.Rows
	columns  []table.Column
	readers  []func(any) any
	raw      []driver.Value
	values   []any
	read     int
	err      error
	closed   bool
}

// Columns returns the answer's columns.
func (r *rows) Columns() []table.Column { return r.columns }

// Next reads the next row.
func (r *rows) Next() bool {
	if r.err != nil || r.closed {
		return false
	}
	if r.read%1024 == 0 && r.ctx.Err() != nil {
		r.err = r.ctx.Err()
		return false
	}
	r.read++
	if err := r.found.Next(r.raw); err != nil {
		if !errors.Is(err, io.EOF) {
			r.err = err
		}
		return false
	}
	for i, value := range r.raw[:len(r.values)] {
		if value == nil {
			r.values[i] = nil
			continue
		}
		r.values[i] = r.readers[i](value)
	}
	return true
}

// Scan returns the current row's values, valid until the next call of Next.
func (r *rows) Scan() []any { return r.values }

// Err returns what stopped Next, nil at the end of the rows.
func (r *rows) Err() error { return explain("", r.err) }

// Close ends the answer; calling it again does nothing.
func (r *rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	err := errors.Join(r.found.Close(), r.prepared.Close())
	return explain("", errors.Join(err, r.session.e.pool.give(r.session.conn, err != nil)))
}

// onlyText reads an answer of a single text and closes it.
func onlyText(found driver.Rows) (string, error) {
	values := make([]driver.Value, 1)
	err := found.Next(values)
	own, _ := values[0].(string)
	return own, errors.Join(err, found.Close())
}
