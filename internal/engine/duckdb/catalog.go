package duckdb

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Columns returns a relation's columns in order.
func (e *Engine) Columns(ctx context.Context, r engine.Relation) ([]table.Column, error) {
	found, err := e.query(ctx, "SELECT * FROM "+r.String()+" LIMIT 0")
	if err != nil {
		if contains(err, "does not exist") {
			return nil, notFound(r)
		}
		return nil, fault.Wrap(r.Dataset(), err)
	}
	return found.columns, found.Close()
}

// Relations returns the tables and views that exist, by name, without Larder's
// own and without staging.
func (e *Engine) Relations(ctx context.Context) ([]engine.Relation, error) {
	batch, err := engine.ReadAll(ctx, e, `SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()
		UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = current_database() AND NOT internal`, 0)
	if err != nil {
		return nil, err
	}
	var out []engine.Relation
	for _, row := range batch.Rows {
		r := engine.Relation{Schema: row[0].(string), Name: row[1].(string)}
		if r.Schema != "larder" && !strings.Contains(r.Name, stagingMark) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b engine.Relation) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

// Drop removes a published relation and its marker in one transaction.
func (e *Engine) Drop(ctx context.Context, dataset string, r engine.Relation) error {
	err := e.transact(ctx, func(t *transaction) error {
		return t.exec(ctx, e.drop(r)+"DELETE FROM larder.published WHERE dataset = "+engine.Literal(dataset))
	})
	if err != nil {
		return explain(dataset, err)
	}
	e.forget(r)
	return nil
}

// Tidy brings the file to a clean checkpoint. An open reader may keep it from
// that, which is no error.
func (e *Engine) Tidy(ctx context.Context) error {
	_, err := e.db.ExecContext(ctx, "CHECKPOINT "+engine.Quote(catalog))
	if err != nil && (contains(err, "Cannot CHECKPOINT") || contains(err, "other transactions")) {
		return nil
	}
	return explain("checkpoint", err)
}

// Export writes a query's answer to a file as Parquet.
func (e *Engine) Export(ctx context.Context, query, path, format string) error {
	if format != "parquet" {
		return fault.New(fault.Invalid, "DuckDB exports parquet, not %s", format)
	}
	_, err := e.db.ExecContext(ctx, "COPY ("+query+") TO "+engine.Literal(path)+" (FORMAT parquet, COMPRESSION zstd)")
	return explain("export", err)
}
