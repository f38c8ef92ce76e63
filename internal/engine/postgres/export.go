package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Export writes a query's answer to a file: "csv" with a header, or "parquet",
// for which DuckDB reads what the server wrote as text.
func (e *Engine) Export(ctx context.Context, query, path, format string) error {
	write := e.exportCSV
	switch {
	case format == "parquet" && e.settings.Archive != nil:
		write = e.exportParquet
	case format != "csv":
		return fault.New(fault.Invalid, "PostgreSQL's answers are exported as parquet and csv, not as %q", format)
	}
	return fault.Wrap("export to "+path, write(ctx, query, path))
}

func (e *Engine) exportCSV(ctx context.Context, query, path string) error {
	_, err := e.copyOut(ctx, query, path, "FORMAT csv, HEADER")
	return err
}

// nullText stands for NULL between the server and DuckDB: texts are quoted
// there, so that none can be mistaken for it.
const nullText = "NULL"

func (e *Engine) exportParquet(ctx context.Context, query, path string) error {
	dir, err := os.MkdirTemp("", "larder-export-")
	if err != nil {
		return fault.New(fault.OutOfRoom, "a folder for the answer: %w", err)
	}
	defer os.RemoveAll(dir)
	text := filepath.Join(dir, "answer.csv")
	columns, err := e.copyOut(ctx, query, text, "FORMAT csv, FORCE_QUOTE *, NULL '"+nullText+"'")
	if err != nil {
		return err
	}
	names, list := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i] = fmt.Sprintf("'c%d': 'VARCHAR'", i)
		list[i] = fmt.Sprintf("CAST(c%d AS %s) AS %s", i, parquetType(c.Type), engine.Quote(c.Name))
		if c.Type.Kind == table.Blob {
			list[i] = fmt.Sprintf("unhex(c%d[3:]) AS %s", i, engine.Quote(c.Name)) // behind \x
		}
	}
	written := filepath.Join(dir, "answer.parquet")
	_, err = engine.ReadAll(ctx, e.settings.Archive, "COPY (SELECT "+strings.Join(list, ", ")+" FROM read_csv("+engine.Literal(text)+
		", columns = {"+strings.Join(names, ", ")+"}, header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = '"+nullText+
		"', allow_quoted_nulls = false, max_line_size = 268435456)) TO "+engine.Literal(written)+" (FORMAT parquet, COMPRESSION zstd)", 0)
	if err != nil {
		return err
	}
	return moveTo(written, path)
}

// parquetType is what a column is in the file; what has no type there is text.
func parquetType(t table.Type) string {
	switch {
	case t == unsized, t.Kind == table.Interval, t.Kind == table.Nested, t.Kind == table.Unknown:
		return "VARCHAR"
	}
	return t.String()
}

// copyOut writes a query's answer as text to a file beside path, which takes its
// name when it is whole, and returns the answer's columns.
func (e *Engine) copyOut(ctx context.Context, query, path, options string) (columns []table.Column, err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".larder-export-*")
	if err != nil {
		return nil, fault.New(fault.Denied, "%w", err)
	}
	defer os.RemoveAll(file.Name()) // gone when all went well
	err = e.with(ctx, func(ctx context.Context, on *pgconn.PgConn) error {
		asked, err := describe(ctx, on, query)
		if err != nil {
			return located(err, query, 0)
		}
		columns = columnsOf(asked.Fields)
		lead := "COPY (\n"
		sql := lead + engine.WithoutEnd(query) + "\n) TO STDOUT (" + options + ")"
		_, err = on.CopyTo(ctx, file, sql)
		return located(err, sql, len(lead))
	})
	if closed := file.Close(); err == nil && closed != nil {
		err = fault.New(fault.OutOfRoom, "%w", closed)
	}
	if err != nil {
		return nil, err
	}
	return columns, moveTo(file.Name(), path)
}

// moveTo gives a finished file its name, also on another disk.
func moveTo(from, to string) error {
	err := os.Rename(from, to)
	if err == nil {
		err = os.Chmod(to, 0o644)
	}
	if err == nil {
		return nil
	}
	content, readErr := os.Open(from)
	if readErr != nil {
		return fault.New(fault.Denied, "%w", errors.Join(err, readErr))
	}
	defer content.Close()
	target, err := os.Create(to)
	if err == nil {
		_, err = target.ReadFrom(content)
		err = errors.Join(err, target.Close())
	}
	if err != nil {
		return fault.New(fault.Denied, "%w", err)
	}
	return nil
}
