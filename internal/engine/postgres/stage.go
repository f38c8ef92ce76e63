package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// Stage computes the rows into a committed staging relation beside the target.
// A view is staged as a view: its rows are computed by whoever reads it.
func (e *Engine) Stage(ctx context.Context, b engine.Build) (engine.Staged, error) {
	s := engine.Staged{
		Relation: engine.StagingOf(b.Target, b.Run, longestIdentifier), Target: b.Target, Form: b.Form, Rows: -1,
	}
	err := buildable(b)
	if err == nil {
		err = e.housed(ctx, []engine.Relation{b.Target}, func() error { return e.stage(ctx, b, &s) })
	}
	if err == nil {
		return s, nil
	}
	if fault.KindOf(err) != fault.Invalid { // an attempt that was cut short may have been done all the same
		_ = e.Discard(context.WithoutCancel(ctx), s) // or by the next attempt, or by Sweep: why it failed matters more
	}
	return engine.Staged{}, fault.Wrap(b.Target.Dataset(), err)
}

func (e *Engine) stage(ctx context.Context, b engine.Build, s *engine.Staged) error {
	return e.with(ctx, func(ctx context.Context, on *pgconn.PgConn) error {
		if err := e.keeper.hold(ctx, b.Run); err != nil {
			return err
		}
		found, err := look(ctx, asks(on), s.Relation, b.Target)
		if err != nil {
			return err
		}
		if found[0].there() { // of an earlier attempt
			if _, err := exec(ctx, on, "DROP "+found[0].word()+" "+s.Relation.String()); err != nil {
				return err
			}
		}
		q, same, err := create(ctx, on, s.Relation, b, found[1])
		if err != nil {
			return err
		}
		changed, err := exec(ctx, on, q.sql)
		if err != nil {
			return located(err, q.sql, q.lead)
		}
		if b.Form != engine.View {
			s.Rows = changed
			if !same { // it keeps what is known of it under its new name
				refresh(ctx, on, s.Relation, changed)
			}
		}
		s.Columns = q.columns
		return nil
	})
}

// buildable refuses what cannot be built.
func buildable(b engine.Build) error {
	if err := engine.CheckTarget(b.Target, longestIdentifier); err != nil {
		return err
	}
	if b.Form != engine.Table && b.Form != engine.View {
		return fault.New(fault.Invalid, "PostgreSQL cannot build the form %q", b.Form)
	}
	return nil
}

// create writes the statement that computes a build into a relation. A table
// that will be copied into its target and not kept need not survive a crash of
// the server: it is not logged.
func create(ctx context.Context, on *pgconn.PgConn, r engine.Relation, b engine.Build, target relation) (q query, same bool, err error) {
	if q, err = understand(ctx, on, b); err != nil {
		return q, false, err
	}
	what := "VIEW "
	if b.Form == engine.Table {
		what = "TABLE "
		if same = q.fits(target); same && b.Keep == 0 {
			what = "UNLOGGED TABLE "
		}
	}
	return q.in("CREATE " + what + r.String() + " AS\n"), same, nil
}

// Discard drops a staging relation and what it was made of; dropping one that
// is gone is no error, and no other relation is ever dropped.
func (e *Engine) Discard(ctx context.Context, s engine.Staged) error {
	if _, ok := engine.StagedBy(s.Relation.Name); !ok {
		return nil
	}
	err := e.transact(ctx, func(ctx context.Context, t *transaction) error {
		entering, leaving := engine.PartsOf(s.Relation)
		all := []engine.Relation{s.Relation, entering, leaving}
		found, err := look(ctx, t.ask, all...)
		if err != nil {
			return err
		}
		for i, r := range all {
			if found[i].there() {
				t.add("drop", "DROP "+found[i].word()+" "+r.String())
			}
		}
		return nil
	}, nil)
	return fault.Wrap(s.Relation.Dataset(), err)
}

// Sweep drops staging relations of runs that are not alive: not among those
// named, and of no other Larder in the database.
func (e *Engine) Sweep(ctx context.Context, alive ...string) (int, error) {
	swept := 0
	err := e.with(ctx, func(ctx context.Context, on *pgconn.PgConn) error {
		rows, err := texts(ctx, on, everything+" AND c.relname LIKE '%\\_\\_larder\\_%' ORDER BY c.relkind DESC")
		if err != nil {
			return err
		}
		lives := map[string]bool{}
		for _, run := range alive {
			lives[run] = true
		}
		for _, row := range rows {
			run, ok := engine.StagedBy(row[1])
			if !ok || lives[run] {
				continue
			}
			if !e.keeper.own(run) {
				held, err := elsewhere(ctx, on, run)
				if err != nil {
					return err
				}
				if lives[run] = held; held {
					continue
				}
			}
			r := engine.Relation{Schema: row[0], Name: row[1]}
			if err := script(ctx, on, "DROP "+relation{kind: row[2]}.word()+" IF EXISTS "+r.String()); err != nil {
				return err
			}
			swept++
		}
		return nil
	})
	return swept, fault.Wrap("sweep", err)
}
