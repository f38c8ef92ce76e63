package duckdb

import (
	"context"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/fault"
)

// admit refuses everything but one statement that asks a question. It keeps
// people from mistakes with a clear message; what keeps strangers out is that
// the database is open read-only and contained.
func (e *Engine) admit(ctx context.Context, query string) error {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return explain("", err)
	}
	defer conn.Close()
	var statements int
	const counted = "SELECT coalesce(json_array_length(json_serialize_sql(?::VARCHAR), '$.statements'), 0)"
	if err := conn.QueryRowContext(ctx, counted, query).Scan(&statements); err != nil {
		return explain("", err)
	}
	switch {
	case statements == 1:
		return nil
	case statements > 1:
		return fault.New(fault.Invalid, "one statement at a time, please: there are %d", statements)
	}
	// What has no syntax tree is no plain SELECT, or does not parse at all.
	return conn.Raw(func(driverConn any) error {
		c, ok := driverConn.(*duck.Conn)
		if !ok {
			return fault.New(fault.Internal, "an unknown driver connection %T", driverConn)
		}
		prepared, err := c.PrepareContext(ctx, query)
		if err != nil {
			return explain("", err)
		}
		defer prepared.Close()
		statement, ok := prepared.(*duck.Stmt)
		if !ok {
			return fault.New(fault.Internal, "an unknown driver statement %T", prepared)
		}
		kind, err := statement.StatementType()
		if err != nil {
			return explain("", err)
		}
		switch kind {
		case duck.STATEMENT_TYPE_SELECT, duck.STATEMENT_TYPE_EXPLAIN, duck.STATEMENT_TYPE_RELATION:
			return nil
		default:
			return fault.New(fault.Denied, "only a SELECT is allowed here").WithHint("tables are changed by models and sources: larder run")
		}
	})
}
