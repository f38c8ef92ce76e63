package duckdb

import (
	"context"
	"errors"
	"strings"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Stage computes the rows into a committed staging relation beside the target.
// A view is staged as a view: its rows are computed by whoever reads it.
func (e *Engine) Stage(ctx context.Context, b engine.Build) (engine.Staged, error) {
	s := engine.Staged{Relation: stagingOf(b), Target: b.Target, Form: b.Form, Rows: -1}
	if err := e.ready(ctx, b); err != nil {
		return engine.Staged{}, explain(b.Target.Dataset(), err)
	}
	err := e.with(ctx, func(ctx context.Context, on *session) (err error) {
		if err := single(on, b.SQL); err != nil {
			return err
		}
		replaced := e.known.drop(s.Relation) // of an earlier attempt
		if replaced != "" {
			replaced += ";"
		}
		create := creation(s.Relation, b)
		changed, err := on.run(ctx, replaced+create)
		if err != nil {
			return inLinesOf(b.SQL, replaced+create, err)
		}
		if b.Form != engine.View {
			s.Rows = changed
		}
		s.Columns, err = on.columnsOf(b, s.Relation)
		return err
	})
	if err != nil {
		// A statement cut short may have been done all the same. What cannot be
		// discarded now is dropped by the next attempt, or by Sweep: why the
		// rows could not be staged is all that anybody wants to know.
		e.known.made(s.Relation, b.Form, nil)
		_ = e.Discard(context.WithoutCancel(ctx), s)
		return engine.Staged{}, explain(b.Target.Dataset(), err)
	}
	e.known.made(s.Relation, b.Form, s.Columns)
	return s, nil
}

func stagingOf(b engine.Build) engine.Relation {
	return engine.StagingOf(b.Target, b.Run, longestIdentifier)
}

// ready refuses what cannot be built and creates the schema.
func (e *Engine) ready(ctx context.Context, b engine.Build) error {
	if err := engine.CheckTarget(b.Target, longestIdentifier); err != nil {
		return err
	}
	if b.Form != engine.Table && b.Form != engine.View {
		return fault.New(fault.Invalid, "DuckDB cannot build the form %q", b.Form)
	}
	return e.ensureSchema(ctx, b.Target.Schema)
}

func creation(r engine.Relation, b engine.Build) string {
	what := "TABLE"
	if b.Form == engine.View {
		what = "VIEW"
	}
	return "CREATE " + what + " " + r.String() + " AS\n" + b.SQL // on lines of its own, for messages
}

// single refuses text that is more than one statement, which only a semicolon
// can make it: nothing may run beside the query it was taken for.
func single(on *session, sql string) error {
	if strings.IndexByte(sql, ';') < 0 {
		return nil
	}
	_, err := on.inspect(sql)
	return err
}

// columnsOf returns the columns of what was built: those given, or the
// catalog's. Preparing asks it without running anything.
func (s *session) columnsOf(b engine.Build, r engine.Relation) ([]table.Column, error) {
	if b.Columns != nil {
		return b.Columns, nil
	}
	return s.columns(r)
}

func (s *session) columns(r engine.Relation) ([]table.Column, error) {
	asked, err := s.inspect("FROM " + r.String())
	if err != nil {
		return nil, err
	}
	return asked.columns, nil
}

// ensureSchema creates a schema once; several may want it at the same time.
func (e *Engine) ensureSchema(ctx context.Context, schema string) error {
	folded := strings.ToLower(schema)
	defer e.schemaOnce.Lock(folded)()
	e.known.mu.Lock()
	there := e.known.schemas[folded]
	e.known.mu.Unlock()
	if there {
		return nil
	}
	if err := e.exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+engine.Quote(schema)); err != nil {
		return err
	}
	e.known.mu.Lock()
	defer e.known.mu.Unlock()
	e.known.schemas[folded] = true
	return nil
}

// Discard drops a staging relation and what it was made of; dropping one that
// is gone is no error, and no other relation is ever dropped.
func (e *Engine) Discard(ctx context.Context, s engine.Staged) error {
	if _, ok := engine.StagedBy(s.Relation.Name); !ok {
		return nil
	}
	entering, leaving := engine.PartsOf(s.Relation)
	for _, r := range []engine.Relation{s.Relation, entering, leaving} {
		statement := e.known.drop(r)
		if statement == "" {
			continue
		}
		if err := e.exec(ctx, statement); err != nil && !isMissing(err) {
			return explain(r.Dataset(), err)
		}
		e.known.gone(r)
	}
	return nil
}

// Sweep drops staging relations of runs that are not alive.
func (e *Engine) Sweep(ctx context.Context, alive ...string) (int, error) {
	batch, err := engine.ReadAll(ctx, e, everything, 0)
	if err != nil {
		return 0, fault.Wrap("sweep", err)
	}
	lives := map[string]bool{}
	for _, run := range alive {
		lives[run] = true
	}
	swept := 0
	for _, row := range batch.Rows {
		r := engine.Relation{Schema: text(row[0]), Name: text(row[1])}
		run, ok := engine.StagedBy(r.Name)
		if !ok || lives[run] {
			continue
		}
		e.known.made(r, engine.Form(text(row[2])), nil)
		if err := e.Discard(ctx, engine.Staged{Relation: r}); err != nil {
			return swept, err
		}
		swept++
	}
	return swept, nil
}

// asked is a statement that was understood but not run.
type asked struct {
	columns []table.Column
	kind    duck.StmtType
}

// inspect prepares a single statement and returns what it would answer.
func (s *session) inspect(sql string) (asked, error) {
	prepared, err := s.prepare(sql)
	if err != nil {
		return asked{}, err
	}
	columns, err := s.columnsFrom(prepared)
	if err != nil {
		return asked{}, errors.Join(err, prepared.Close())
	}
	kind, err := prepared.StatementType()
	return asked{columns, kind}, errors.Join(err, prepared.Close())
}

// prepare lets DuckDB understand a single statement.
func (s *session) prepare(sql string) (*duck.Stmt, error) {
	prepared, err := s.conn.Prepare(sql)
	if err != nil {
		if err.Error() == "empty query" {
			return nil, fault.New(fault.Invalid, "there is no SQL here")
		}
		if strings.Contains(err.Error(), "multi-statement") {
			return nil, fault.New(fault.Invalid, "one statement at a time, please").
				WithHint("a PIVOT without IN (...) counts as several")
		}
		return nil, err
	}
	stmt, ok := prepared.(*duck.Stmt)
	if !ok {
		return nil, errors.Join(fault.New(fault.Internal, "an unknown driver statement %T", prepared), prepared.Close())
	}
	return stmt, nil
}
