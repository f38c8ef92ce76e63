package postgres

import (
	"context"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// BuildAndPublish computes a table under its real name and writes the marker,
// in one transaction: for datasets no check could hold.
func (e *Engine) BuildAndPublish(ctx context.Context, b engine.Build, m engine.Marker) (engine.Staged, error) {
	staged, err := e.BuildAllAndPublish(ctx, []engine.Build{b}, []engine.Marker{m})
	if err != nil {
		return engine.Staged{}, err
	}
	return staged[0], nil
}

// BuildAllAndPublish does so for several datasets in one transaction.
func (e *Engine) BuildAllAndPublish(ctx context.Context, builds []engine.Build, markers []engine.Marker) ([]engine.Staged, error) {
	var targets []engine.Relation
	for _, b := range builds {
		if err := buildable(b); err != nil {
			return nil, fault.Wrap(b.Target.Dataset(), err)
		}
		targets = append(targets, b.Target)
	}
	var staged []engine.Staged
	err := e.housed(ctx, targets, func() error {
		return e.transact(ctx, func(ctx context.Context, t *transaction) (err error) {
			staged, err = t.buildAll(ctx, builds, targets, markers)
			return err
		}, e.marked(markers))
	})
	if err != nil {
		if len(builds) > 1 {
			err = fault.Wrap(subject(markers), err)
		}
		return nil, err
	}
	for _, s := range staged {
		e.written.add(s.Target, s.Rows)
	}
	return staged, nil
}

// buildAll marks datasets and computes them in an open transaction.
func (t *transaction) buildAll(ctx context.Context, builds []engine.Build, targets []engine.Relation, markers []engine.Marker) ([]engine.Staged, error) {
	h, err := t.history(ctx, targets, markers...)
	if err != nil {
		return nil, err
	}
	if err := t.mark(ctx, markers); err != nil {
		return nil, err
	}
	staged := make([]engine.Staged, len(builds))
	for i, b := range builds {
		t.about = b.Target
		if staged[i], err = t.build(ctx, b, markers[i], h); err != nil {
			return nil, fault.Wrap(b.Target.Dataset(), t.e.explain(ctx, err))
		}
	}
	return staged, nil
}

// build computes a dataset under its real name in an open transaction. Emptying
// and filling in one statement, the query still sees what it replaces.
func (t *transaction) build(ctx context.Context, b engine.Build, m engine.Marker, h history) (engine.Staged, error) {
	s := engine.Staged{Relation: b.Target, Target: b.Target, Form: b.Form, Rows: -1}
	aside := engine.StagingOf(b.Target, b.Run, longestIdentifier)
	found, err := look(ctx, t.ask, b.Target, aside)
	if err != nil {
		return s, err
	}
	target := found[0]
	if found[1].there() { // of an earlier attempt
		t.add("drop", "DROP "+found[1].word()+" "+aside.String())
	}
	var q query
	t.do("describe", func() error {
		q, err = understand(ctx, t.on, b)
		return err
	})
	if t.failed != nil {
		return s, t.failed
	}
	s.Columns = q.columns
	next := h.succeed(b.Target, target, m, b.Keep)
	t.forget(next)
	if b.Form == engine.Table && q.fits(target) {
		t.add("keep", next.copied())
		s.Rows, err = t.computed(ctx, "fill", q.in("WITH larder_gone AS (DELETE FROM "+b.Target.String()+")\nINSERT INTO "+b.Target.String()+
			" ("+quoted(q.columns)+")\n"))
		return s, err
	}
	what := "TABLE "
	if b.Form == engine.View {
		what = "VIEW "
	}
	changed, err := t.computed(ctx, "create", q.in("CREATE "+what+aside.String()+" AS\n"))
	if err != nil {
		return s, err
	}
	if b.Form == engine.Table {
		s.Rows = changed
	}
	return s, t.exchange(ctx, b.Target, target, next.away(), func() {
		t.add("rename", "ALTER "+what+aside.String()+" RENAME TO "+engine.Quote(b.Target.Name))
	})
}

// computed runs a statement with a user's query in it.
func (t *transaction) computed(ctx context.Context, name string, q query) (int64, error) {
	changed, err := t.exec(ctx, name, q.sql)
	if err != nil {
		err = located(err, q.sql, q.lead)
	}
	return changed, err
}
