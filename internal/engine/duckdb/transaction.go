package duckdb

import (
	"context"
	"database/sql"
	"errors"
)

// transaction is several statements that become visible together. After an
// error in one of them DuckDB would answer a commit with OK all the same, so
// the first error is kept and the end is then always a rollback.
type transaction struct {
	conn   *sql.Conn
	failed error
}

// transact runs work in one transaction, retried by nobody.
func (e *Engine) transact(ctx context.Context, work func(*transaction) error) error {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	t := &transaction{conn: conn}
	if t.exec(ctx, "BEGIN TRANSACTION") != nil {
		return t.failed
	}
	if err := work(t); err != nil && t.failed == nil {
		t.failed = err
	}
	if t.failed == nil {
		t.exec(ctx, "COMMIT")
		if t.failed == nil {
			return nil
		}
	}
	// A failed commit has ended the transaction already; everything else must
	// be rolled back even when ctx is done, or the connection keeps it open.
	if _, err := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil && !noTransaction(err) {
		return errors.Join(t.failed, err)
	}
	return t.failed
}

// exec runs one or more statements and remembers the first error.
func (t *transaction) exec(ctx context.Context, statements string) error {
	_, err := t.affected(ctx, statements)
	return err
}

// affected is exec, and returns how many rows the last statement changed.
func (t *transaction) affected(ctx context.Context, statements string) (int64, error) {
	if t.failed != nil {
		return 0, t.failed
	}
	result, err := t.conn.ExecContext(ctx, statements)
	if err != nil {
		t.failed = err
		return 0, err
	}
	return result.RowsAffected()
}

func noTransaction(err error) bool {
	return err != nil && (contains(err, "no transaction is active") || contains(err, "cannot rollback"))
}

// abandon makes the transaction end in a rollback.
func (t *transaction) abandon(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return t.failed
}
