package duckdb

import (
	"context"
	"errors"
	"strings"

	"github.com/larder-data/larder/internal/engine"
)

// transaction is several statements that become visible together. After an
// error in one of them DuckDB would answer a commit with OK all the same, so
// the first error is kept and the end is then always a rollback.
type transaction struct {
	session *session
	pending []step // not yet sent to DuckDB
	sent    string // the text DuckDB was sent last
	failed  error
}

// step is one statement with the name Settings.Interfere knows it by.
type step struct{ name, sql string }

// transact runs work in one transaction. Statements that only had to be added
// are sent together with the commit, and like it are not interrupted: they
// take milliseconds, and a commit interrupted half-way would leave open
// whether it happened.
func (e *Engine) transact(ctx context.Context, work func(context.Context, *transaction) error) error {
	unsure := false
	err := e.with(ctx, func(ctx context.Context, s *session) error {
		t := &transaction{session: s}
		t.add("begin", "BEGIN TRANSACTION")
		if err := work(ctx, t); err != nil {
			t.abandon(err)
		}
		if err := ctx.Err(); err != nil {
			t.abandon(err)
		}
		if t.failed == nil {
			t.add("commit", "COMMIT TRANSACTION")
			_, _ = t.send(context.WithoutCancel(ctx)) // an error is kept in t.failed
			unsure = t.failed != nil
		}
		if t.failed != nil {
			t.rollback(ctx)
		}
		return t.failed
	})
	if unsure { // it may have been done all the same: only the file knows
		_ = e.learn(context.WithoutCancel(ctx)) // a file that cannot be read fails whatever comes next
	}
	return err
}

// add puts a statement in line; the next exec or the commit sends it.
func (t *transaction) add(name, sql string) {
	if sql != "" {
		t.pending = append(t.pending, step{name, sql})
	}
}

// rename puts in line what gives a relation another name in its schema.
func (t *transaction) rename(form engine.Form, from, to engine.Relation) {
	t.add("rename", "ALTER "+strings.ToUpper(string(form))+" "+from.String()+" RENAME TO "+engine.Quote(to.Name))
}

// exec runs a statement, after those in line, and returns how many rows it
// changed. The first error is remembered, and nothing runs after it.
func (t *transaction) exec(ctx context.Context, name, sql string) (int64, error) {
	t.add(name, sql)
	return t.send(ctx)
}

// abandon makes the transaction end in a rollback. The first error is what it
// failed of; work may say more about it.
func (t *transaction) abandon(err error) {
	if t.failed == nil || errors.Is(err, t.failed) {
		t.failed = err
	}
}

func (t *transaction) send(ctx context.Context) (int64, error) {
	if t.failed != nil {
		return 0, t.failed
	}
	steps := t.pending
	t.pending = nil
	if t.session.e.settings.Interfere != nil {
		return t.interfered(ctx, steps)
	}
	var b strings.Builder
	for i, s := range steps {
		if i > 0 {
			b.WriteString("\n;")
		}
		b.WriteString(s.sql)
	}
	t.sent = b.String()
	changed, err := t.session.run(ctx, t.sent)
	t.failed = err
	return changed, err
}

// interfered runs the statements one by one, asking after each whether to fail.
func (t *transaction) interfered(ctx context.Context, steps []step) (changed int64, err error) {
	for _, s := range steps {
		t.sent = s.sql
		if changed, err = t.session.run(ctx, s.sql); err == nil {
			err = t.session.e.settings.Interfere(s.name)
		}
		if err != nil {
			t.failed = err
			return 0, err
		}
	}
	return changed, nil
}

// rollback ends a transaction that failed, even when ctx is done: otherwise
// the connection would keep it open. A failed commit has ended it already.
func (t *transaction) rollback(ctx context.Context) {
	_, err := t.session.run(context.WithoutCancel(ctx), "ROLLBACK")
	if err != nil && !strings.Contains(err.Error(), "no transaction is active") {
		t.session.broken = true
		t.failed = errors.Join(t.failed, err)
	}
}
