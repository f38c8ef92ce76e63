package shop

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// duck is a bare in-memory DuckDB, just enough of an engine to ask questions.
type duck struct {
	t  testing.TB
	db *sql.DB
}

func openDuck(t testing.TB) *duck {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	db.SetMaxOpenConns(1) // the time zone belongs to one connection
	d := &duck{t, db}
	d.do("set TimeZone = 'Europe/London'")
	return d
}

func (d *duck) do(format string, args ...any) {
	d.t.Helper()
	statement := fmt.Sprintf(format, args...)
	if _, err := d.db.ExecContext(d.t.Context(), statement); err != nil {
		d.t.Fatalf("%v in\n%s", err, statement)
	}
}

// rows returns an answer as text, a row as its fields joined by blanks.
func (d *duck) rows(statement string) []string {
	d.t.Helper()
	batch, err := engine.ReadAll(d.t.Context(), d, statement, 0)
	if err != nil {
		d.t.Fatalf("%v in\n%s", err, statement)
	}
	var all []string
	for _, row := range batch.Rows {
		fields := make([]string, len(row))
		for i, value := range row {
			fields[i] = table.Format(value, batch.Columns[i].Type)
		}
		all = append(all, strings.Join(fields, " "))
	}
	return all
}

func (d *duck) columns(relation string) []table.Column {
	d.t.Helper()
	rows, err := d.Query(d.t.Context(), "select * from "+relation+" limit 0")
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	return rows.Columns()
}

// Query implements engine.Queryer.
func (d *duck) Query(ctx context.Context, statement string) (engine.Rows, error) {
	rows, err := d.db.QueryContext(ctx, statement)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%w", err)
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	out := &duckRows{Rows: rows, values: make([]any, len(types)), into: make([]any, len(types))}
	for i, of := range types {
		parsed, err := table.ParseType(of.DatabaseTypeName())
		if err != nil {
			return nil, err
		}
		out.named = append(out.named, table.Column{Name: of.Name(), Type: parsed})
		out.into[i] = &out.values[i]
	}
	return out, nil
}

type duckRows struct {
	*sql.Rows
	named        []table.Column
	values, into []any
	failed       error
}

func (r *duckRows) Columns() []table.Column { return r.named }
func (r *duckRows) Scan() []any             { return r.values }

func (r *duckRows) Err() error {
	if r.failed != nil {
		return r.failed
	}
	return r.Rows.Err()
}

func (r *duckRows) Next() bool {
	if r.failed != nil || !r.Rows.Next() {
		return false
	}
	r.failed = r.Rows.Scan(r.into...)
	for i, value := range r.values {
		switch v := value.(type) {
		case int32:
			r.values[i] = int64(v)
		case int16:
			r.values[i] = int64(v)
		case int8:
			r.values[i] = int64(v)
		case *big.Int:
			r.values[i] = new(big.Int).Set(v)
		case duckdb.Decimal:
			r.values[i] = apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(v.Value), -int32(v.Scale))
		case time.Time:
			r.values[i] = v.UTC()
		}
	}
	return r.failed == nil
}
