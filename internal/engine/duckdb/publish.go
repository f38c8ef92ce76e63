package duckdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// stagingMark stands between a relation's name and the run that stages it.
const stagingMark = "__larder_"

func staging(target engine.Relation, run string) engine.Relation {
	return engine.Relation{Schema: target.Schema, Name: target.Name + stagingMark + run}
}

// Stage computes the rows into a committed staging relation beside the target.
func (e *Engine) Stage(ctx context.Context, b engine.Build) (engine.Staged, error) {
	if err := e.ensureSchema(ctx, b.Target.Schema); err != nil {
		return engine.Staged{}, explain(b.Target.Dataset(), err)
	}
	s := engine.Staged{Relation: staging(b.Target, b.Run), Target: b.Target, Form: b.Form, Columns: b.Columns, Rows: -1}
	what := "TABLE"
	if b.Form == engine.View {
		what = "VIEW"
	}
	statement := "CREATE OR REPLACE " + what + " " + s.Relation.String() + " AS " + b.SQL
	var err error
	if b.Form == engine.View {
		_, err = e.db.ExecContext(ctx, statement)
	} else {
		// The driver's count of changed rows leaves out CREATE TABLE AS; its answer has it.
		err = e.db.QueryRowContext(ctx, statement).Scan(&s.Rows)
	}
	if err != nil {
		return engine.Staged{}, explain(b.Target.Dataset(), err)
	}
	e.remember(s.Relation, b.Form)
	if s.Columns == nil {
		if s.Columns, err = e.Columns(ctx, s.Relation); err != nil {
			return engine.Staged{}, errors.Join(err, e.Discard(context.WithoutCancel(ctx), s))
		}
	}
	return s, nil
}

func (e *Engine) ensureSchema(ctx context.Context, schema string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.schemas[strings.ToLower(schema)] {
		return nil
	}
	if _, err := e.db.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS "+engine.Quote(schema)); err != nil {
		return err
	}
	e.schemas[strings.ToLower(schema)] = true
	return nil
}

func (e *Engine) remember(r engine.Relation, form engine.Form) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forms[key(r)] = form
}

func (e *Engine) forget(r engine.Relation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.forms, key(r))
}

// drop returns the statement that removes a relation, "" when there is none.
func (e *Engine) drop(r engine.Relation) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch e.forms[key(r)] {
	case engine.Table:
		return "DROP TABLE " + r.String() + ";"
	case engine.View:
		return "DROP VIEW " + r.String() + ";"
	default:
		return ""
	}
}

// Publish renames the staging relation to its real name and writes the marker,
// in one transaction.
func (e *Engine) Publish(ctx context.Context, p engine.Publication) error {
	s := p.Staged
	what := "TABLE"
	if s.Form == engine.View {
		what = "VIEW"
	}
	err := e.transact(ctx, func(t *transaction) error {
		return t.exec(ctx, fenced(p.Marker)+e.drop(s.Target)+
			"ALTER "+what+" "+s.Relation.String()+" RENAME TO "+engine.Quote(s.Target.Name)+";"+marked(p.Marker))
	})
	if err != nil {
		return explain(s.Target.Dataset(), err)
	}
	e.remember(s.Target, s.Form)
	e.forget(s.Relation)
	e.checkpointAfter(ctx, s.Rows, s.Columns)
	return nil
}

// BuildAndPublish computes a table under its real name and writes the marker,
// in one transaction: for datasets no check could hold.
func (e *Engine) BuildAndPublish(ctx context.Context, b engine.Build, m engine.Marker) (engine.Staged, error) {
	if err := e.ensureSchema(ctx, b.Target.Schema); err != nil {
		return engine.Staged{}, explain(b.Target.Dataset(), err)
	}
	s := engine.Staged{Relation: b.Target, Target: b.Target, Form: engine.Table, Columns: b.Columns}
	err := e.transact(ctx, func(t *transaction) error {
		if err := t.exec(ctx, fenced(m)+e.drop(b.Target)+marked(m)); err != nil {
			return err
		}
		return t.conn.QueryRowContext(ctx, "CREATE TABLE "+b.Target.String()+" AS "+b.SQL).Scan(&s.Rows)
	})
	if err != nil {
		return engine.Staged{}, explain(b.Target.Dataset(), err)
	}
	e.remember(b.Target, engine.Table)
	if s.Columns == nil {
		if s.Columns, err = e.Columns(ctx, b.Target); err != nil {
			return s, err
		}
	}
	e.checkpointAfter(ctx, s.Rows, s.Columns)
	return s, nil
}

// fenced fails the transaction when a higher fence was published.
func fenced(m engine.Marker) string {
	return fmt.Sprintf("SELECT error(%s) FROM larder.published WHERE dataset = %s AND fence > %d;",
		engine.Literal(fenceMessage), engine.Literal(m.Dataset), m.Fence)
}

// marked replaces the dataset's marker.
func marked(m engine.Marker) string {
	return fmt.Sprintf("DELETE FROM larder.published WHERE dataset = %s;INSERT INTO larder.published VALUES (%s, %d, %s, %s, %s, %d, %s);",
		engine.Literal(m.Dataset), engine.Literal(m.Dataset), m.Version, timestamp(m.From), timestamp(m.To),
		engine.Literal(m.Run), m.Fence, timestamp(m.At))
}

// Discard drops a staging relation; one that is gone is no error.
func (e *Engine) Discard(ctx context.Context, s engine.Staged) error {
	statement := e.drop(s.Relation)
	if statement == "" || !strings.Contains(s.Relation.Name, stagingMark) {
		return nil
	}
	if _, err := e.db.ExecContext(ctx, statement); err != nil && !contains(err, "does not exist") {
		return explain(s.Relation.Dataset(), err)
	}
	e.forget(s.Relation)
	return nil
}

// Published returns what readers see, by dataset.
func (e *Engine) Published(ctx context.Context) ([]engine.Marker, error) {
	batch, err := engine.ReadAll(ctx, e, `SELECT dataset, version, "from", "to", run, fence, "at" FROM larder.published ORDER BY dataset`, 0)
	if err != nil {
		return nil, fault.Wrap("larder.published", err)
	}
	markers := make([]engine.Marker, len(batch.Rows))
	for i, row := range batch.Rows {
		markers[i] = engine.Marker{
			Dataset: row[0].(string), Version: row[1].(int64), From: instant(row[2]), To: instant(row[3]),
			Run: row[4].(string), Fence: row[5].(int64), At: instant(row[6]),
		}
	}
	return markers, nil
}

func instant(value any) time.Time {
	at, _ := value.(time.Time) // NULL is the zero time
	return at
}

// Sweep drops staging relations of runs that are not alive.
func (e *Engine) Sweep(ctx context.Context, alive ...string) (int, error) {
	e.mu.Lock()
	var left []engine.Relation
	for r := range e.forms {
		i := strings.LastIndex(r.Name, stagingMark)
		if i >= 0 && !slices.ContainsFunc(alive, func(run string) bool { return strings.EqualFold(run, r.Name[i+len(stagingMark):]) }) {
			left = append(left, r)
		}
	}
	e.mu.Unlock()
	for i, r := range left {
		if err := e.Discard(ctx, engine.Staged{Relation: r}); err != nil {
			return i, err
		}
	}
	return len(left), nil
}

// checkpointAfter asks for a checkpoint when much was published since the
// last. An open reader keeps it from happening, which the next one makes up for.
func (e *Engine) checkpointAfter(ctx context.Context, rows int64, columns []table.Column) {
	e.mu.Lock()
	e.published += max(rows, 0) * int64(8*len(columns))
	due := e.published > checkpointBytes
	if due {
		e.published = 0
	}
	e.mu.Unlock()
	if due {
		_, _ = e.db.ExecContext(ctx, "CHECKPOINT "+engine.Quote(catalog))
	}
}
