package check

import (
	"context"
	"database/sql"
	"errors"
	"math/big"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// duck is a bare in-memory DuckDB as an engine.Queryer.
type duck struct {
	db         *sql.DB
	statements atomic.Int64
}

func openDuck(t testing.TB) *duck {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // SET reaches one connection only
	t.Cleanup(func() { _ = db.Close() })
	d := &duck{db: db}
	d.exec(t, "set timezone = 'Europe/London'")
	return d
}

func (d *duck) exec(t testing.TB, statement string) {
	t.Helper()
	if _, err := d.db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func (d *duck) Query(ctx context.Context, statement string) (engine.Rows, error) {
	d.statements.Add(1)
	rows, err := d.db.QueryContext(ctx, statement)
	if err != nil {
		return nil, duckError(ctx, err)
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	out := &duckRows{ctx: ctx, rows: rows}
	for _, ct := range types {
		of, err := table.ParseType(ct.DatabaseTypeName())
		if err != nil {
			of = table.Type{Kind: table.Nested, Spelling: ct.DatabaseTypeName()}
		}
		out.columns = append(out.columns, table.Column{Name: ct.Name(), Type: of})
	}
	out.values, out.into = make([]any, len(types)), make([]any, len(types))
	for i := range out.values {
		out.into[i] = &out.values[i]
	}
	return out, nil
}

func duckError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fault.New(fault.Interrupted, "%w", err)
	}
	return fault.New(fault.Invalid, "%w", err)
}

// columnsOf asks DuckDB what a query returns.
func (d *duck) columnsOf(ctx context.Context, statement string) ([]table.Column, error) {
	rows, err := d.Query(ctx, statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return rows.Columns(), nil
}

type duckRows struct {
	ctx          context.Context
	rows         *sql.Rows
	columns      []table.Column
	values, into []any
	err          error
}

func (r *duckRows) Columns() []table.Column { return r.columns }

func (r *duckRows) Next() bool {
	if r.err != nil || !r.rows.Next() {
		return false
	}
	if r.err = r.rows.Scan(r.into...); r.err != nil {
		return false
	}
	for i, v := range r.values {
		r.values[i] = plain(v)
	}
	return true
}

func (r *duckRows) Scan() []any { return r.values }

func (r *duckRows) Err() error {
	if err := errors.Join(r.err, r.rows.Err()); err != nil {
		return duckError(r.ctx, err)
	}
	return nil
}

func (r *duckRows) Close() error { return r.rows.Close() }

// plain turns the driver's values into those table.Batch documents.
func plain(value any) any {
	switch v := value.(type) {
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case float32:
		return float64(v)
	case *big.Int:
		return new(big.Int).Set(v)
	case duckdb.Decimal:
		return apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(v.Value), -int32(v.Scale))
	case time.Time:
		return v.UTC()
	default:
		return v
	}
}

var duckCapabilities = engine.Capabilities{Name: "duckdb", PrunesByStats: true, Parallel: 1, Views: true}

// subject describes a table of the database.
func (d *duck) subject(t testing.TB, dataset string, relation engine.Relation) Subject {
	t.Helper()
	columns, err := d.columnsOf(t.Context(), "select * from "+relation.String()+" limit 0")
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	return Subject{
		Env: "prod", Run: "r1", Dataset: dataset, Relation: relation, Form: engine.Table, Columns: columns, Rows: -1,
		AsOf: time.Date(2011, 6, 30, 9, 0, 0, 0, zone), TimeZone: zone,
	}
}
