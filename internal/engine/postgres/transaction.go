package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// transaction is several statements that become visible together. The first
// error is kept, nothing runs after it, and the end is then always a rollback.
type transaction struct {
	e       *Engine
	on      *pgconn.PgConn
	pending []step          // not yet sent
	about   engine.Relation // what is changed, and others may hold
	failed  error
}

// step is a statement with the name Settings.Interfere knows it by.
type step struct{ name, sql string }

// transact runs work in one transaction. A commit whose answer never came is
// looked up with settled, which says whether what was written is there.
func (e *Engine) transact(ctx context.Context, work func(context.Context, *transaction) error, settled func(context.Context) (bool, error)) error {
	unsure := false
	var about engine.Relation
	err := e.with(ctx, func(ctx context.Context, on *pgconn.PgConn) error {
		t := &transaction{e: e, on: on}
		t.add("begin", "BEGIN")
		if err := work(ctx, t); err != nil {
			t.failed = err // it says more than the error it came from
		}
		t.flush(ctx)
		about = t.about
		if t.failed == nil && ctx.Err() != nil {
			t.fail(ctx.Err())
		}
		if t.failed == nil && e.settings.Interfere != nil {
			t.fail(e.settings.Interfere("commit"))
		}
		// A commit is not interrupted: it would stay open whether it happened.
		commit := context.WithoutCancel(ctx)
		err := end(commit, on, t.failed)
		unsure = t.failed == nil && err != nil && on.IsClosed()
		return err
	})
	if fault.KindOf(err) == fault.OutOfRoom && about.Name != "" {
		e.written.add(about, worthIt) // rows that were taken back take up room until a vacuum
	}
	if !unsure || settled == nil {
		return e.blocked(ctx, about, err)
	}
	again, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	done, lookedUp := settled(again)
	switch {
	case lookedUp != nil:
		return fault.New(fault.KindOf(err), "the connection was lost in the commit, and whether it happened cannot be asked: %w", err).
			WithHint("run again when the server is up: the next run compares what is there with the ledger")
	case done:
		return nil
	}
	return err
}

// end commits, or rolls back when something failed. PostgreSQL answers a COMMIT
// after an error with the tag ROLLBACK, and no error of its own.
func end(ctx context.Context, on *pgconn.PgConn, failed error) error {
	if failed != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if !on.IsClosed() && script(undo, on, "ROLLBACK") != nil {
			_ = on.Close(undo) // the server rolls back what a lost session began
		}
		return failed
	}
	tag, err := on.ExecParams(ctx, "COMMIT TRANSACTION", nil, nil, nil, nil).Close()
	if err == nil && tag.String() != "COMMIT" {
		return fault.New(fault.Internal, "the transaction ended with %s", tag)
	}
	return err
}

// add puts a statement of Larder's own in line; the next exec sends it.
func (t *transaction) add(name, sql string) {
	if sql != "" {
		t.pending = append(t.pending, step{name, sql})
	}
}

// exec runs a single statement after those in line and returns how many rows
// it changed.
func (t *transaction) exec(ctx context.Context, name, sql string) (changed int64, err error) {
	t.flush(ctx)
	t.do(name, func() error {
		changed, err = exec(ctx, t.on, sql)
		return err
	})
	return changed, t.failed
}

// texts asks something in the transaction.
func (t *transaction) texts(ctx context.Context, sql string) (rows [][]string, err error) {
	t.flush(ctx)
	t.do("ask", func() error {
		rows, err = texts(ctx, t.on, sql)
		return err
	})
	return rows, t.failed
}

// ask asks the catalog in the transaction.
func (t *transaction) ask(ctx context.Context, q *question, parameters ...[]string) (rows [][]string, err error) {
	t.flush(ctx)
	t.do("ask", func() error {
		rows, err = asks(t.on)(ctx, q, parameters...)
		return err
	})
	return rows, t.failed
}

// do runs a step unless one before it failed.
func (t *transaction) do(name string, work func() error) {
	if t.failed != nil {
		return
	}
	err := work()
	if err == nil && t.e.settings.Interfere != nil {
		err = t.e.settings.Interfere(name)
	}
	t.fail(err)
}

// fail keeps the first error.
func (t *transaction) fail(err error) {
	if t.failed == nil {
		t.failed = err
	}
}

// flush sends what is in line, in one round trip unless a test asks to be told
// of every step.
func (t *transaction) flush(ctx context.Context) {
	steps := t.pending
	t.pending = nil
	if t.e.settings.Interfere != nil {
		for _, s := range steps {
			t.do(s.name, func() error { return script(ctx, t.on, s.sql) })
		}
		return
	}
	if len(steps) == 0 || t.failed != nil {
		return
	}
	var b strings.Builder
	for _, s := range steps {
		b.WriteString(s.sql)
		b.WriteString(";\n")
	}
	t.fail(script(ctx, t.on, b.String()))
}
