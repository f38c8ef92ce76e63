package duckdb

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Export writes a query's answer to a file: "parquet", or "csv" with a header.
// A contained reader exports too: what it writes passes through a folder of
// its own.
func (e *Engine) Export(ctx context.Context, query, path, format string) error {
	var options string
	switch format {
	case "parquet":
		options = "FORMAT parquet, COMPRESSION zstd"
	case "csv":
		options = "FORMAT csv, HEADER"
	default:
		return fault.New(fault.Invalid, "DuckDB exports parquet and csv, not %q", format)
	}
	to := path
	if e.scratch != "" {
		dir, err := os.MkdirTemp(e.scratch, "export-")
		if err != nil {
			return fault.New(fault.Denied, "export to %s: %w", path, err)
		}
		defer os.RemoveAll(dir)
		to = filepath.Join(dir, "answer")
	}
	err := e.with(ctx, func(ctx context.Context, s *session) error {
		prepared, err := s.prepare(query)
		if err != nil {
			return err
		}
		columns, err := s.columnsFrom(prepared)
		if err == nil {
			err = admit(prepared, query)
		}
		if err = errors.Join(err, prepared.Close()); err != nil {
			return err
		}
		_, err = s.run(ctx, "COPY ("+portable(query, columns)+") TO "+engine.Literal(to)+" ("+options+")")
		return err
	})
	if err == nil && to != path {
		err = move(to, path)
	}
	return explain("export to "+path, err)
}

// portable is the query with the columns Parquet would round, or has no type
// for, in a type that keeps them: whole numbers beyond 64 bits as decimals,
// the rest as text.
func portable(query string, columns []table.Column) string {
	var names, parts []string
	for i, c := range columns {
		name := "c" + strconv.Itoa(i)
		names = append(names, name)
		switch {
		case c.Type.Kind == table.HugeInt, c.Type.Kind == table.UHugeInt:
			name = "CAST(" + name + " AS DECIMAL(38,0))"
		case c.Type.Kind == table.Interval, strings.HasPrefix(c.Type.Spelling, "UNION("):
			name = asText(name, c.Type)
		case c.Type.Kind == table.Nested && asText(name, c.Type) == "CAST("+name+" AS VARCHAR)":
			name = asText(name, c.Type)
		}
		parts = append(parts, name+" AS "+engine.Quote(c.Name))
	}
	return "SELECT " + strings.Join(parts, ", ") + " FROM (\n" + engine.WithoutEnd(query) + "\n) AS answer(" + strings.Join(names, ", ") + ")"
}

// move copies a file to its place; the two may be on different disks.
func move(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

func itoa(n int) string { return strconv.Itoa(n) }
