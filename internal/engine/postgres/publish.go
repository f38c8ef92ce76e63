package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// Publish makes staged rows visible under their real name and writes the
// marker, in one transaction. NotFound says that the staging relation is gone.
func (e *Engine) Publish(ctx context.Context, p engine.Publication) error {
	return e.PublishAll(ctx, []engine.Publication{p})
}

// PublishAll publishes several staging relations in one transaction.
func (e *Engine) PublishAll(ctx context.Context, publications []engine.Publication) error {
	if len(publications) == 0 {
		return nil
	}
	var markers []engine.Marker
	var names, targets []engine.Relation
	for _, p := range publications {
		markers, targets = append(markers, p.Marker), append(targets, p.Staged.Target)
		names = append(names, p.Staged.Relation, p.Staged.Target)
	}
	filled := map[int]bool{}
	err := e.transact(ctx, func(ctx context.Context, t *transaction) error {
		h, err := t.history(ctx, targets, markers...)
		if err != nil {
			return err
		}
		if err := t.mark(ctx, markers); err != nil {
			return err
		}
		found, err := look(ctx, t.ask, names...)
		if err != nil {
			return err
		}
		for i, p := range publications {
			staged, target := found[2*i], found[2*i+1]
			if !staged.there() {
				return fault.New(fault.NotFound, "the staged rows of %s are gone", p.Staged.Target.Dataset())
			}
			if err := t.whole(ctx, p.Staged, staged); err != nil {
				return err
			}
			t.about = p.Staged.Target
			filled[i], err = t.replace(ctx, p.Staged, staged, target, h.succeed(p.Staged.Target, target, p.Marker, p.Keep))
			if err != nil {
				return err
			}
		}
		return nil
	}, e.marked(markers))
	if err != nil {
		return fault.Wrap(subject(markers), err)
	}
	for i, p := range publications {
		if filled[i] {
			e.written.add(p.Staged.Target, p.Staged.Rows)
		}
	}
	return nil
}

func subject(markers []engine.Marker) string {
	if len(markers) == 1 {
		return markers[0].Dataset
	}
	return fmt.Sprintf("%d datasets from %s", len(markers), markers[0].Dataset)
}

// replace gives the staged rows their real name. A table of the same columns is
// emptied and filled, which passes its readers and keeps all that hangs on it;
// the result says so. Anything else is exchanged.
func (t *transaction) replace(ctx context.Context, s engine.Staged, staged, target relation, next succession) (filled bool, err error) {
	t.forget(next)
	if target.kind == "r" && staged.kind == "r" && target.shape == staged.shape {
		list := quoted(target.columns)
		t.add("keep", next.copied())
		t.add("delete", "DELETE FROM "+s.Target.String())
		t.add("insert", "INSERT INTO "+s.Target.String()+" ("+list+") SELECT "+list+" FROM "+s.Relation.String())
		if next.keep {
			t.log(s.Relation, staged)
			t.add("keep", "ALTER TABLE "+s.Relation.String()+" RENAME TO "+engine.Quote(next.own.Name))
		} else {
			t.add("drop", "DROP TABLE "+s.Relation.String())
		}
		t.flush(ctx)
		return true, t.failed
	}
	t.log(s.Relation, staged)
	err = t.exchange(ctx, s.Target, target, next.away(), func() {
		t.add("rename", "ALTER "+staged.word()+" "+s.Relation.String()+" RENAME TO "+engine.Quote(s.Target.Name))
	})
	return false, err
}

// whole refuses a staged table that a crash of the server has emptied, which it
// does to every table that is not logged.
func (t *transaction) whole(ctx context.Context, s engine.Staged, staged relation) error {
	if staged.logged || s.Rows <= 0 {
		return nil
	}
	rows, err := t.texts(ctx, "SELECT 1 FROM "+s.Relation.String()+" LIMIT 1")
	if err == nil && len(rows) == 0 {
		err = emptied(s.Target)
	}
	return err
}

// emptied is the error for prepared rows the server has lost; to prepare them
// again helps.
func emptied(target engine.Relation) error {
	return fault.New(fault.Unreachable, "the server failed since the rows of %s were prepared, and lost them", target.Dataset()).
		WithHint("run again: nothing was published")
}

// log makes a staged table survive a crash of the server.
func (t *transaction) log(r engine.Relation, staged relation) {
	if !staged.logged {
		t.add("log", "ALTER TABLE "+r.String()+" SET LOGGED")
	}
}

// mark writes the markers first: that locks their rows, so that whoever
// publishes the same dataset waits, and refuses a fence lower than the one there.
func (t *transaction) mark(ctx context.Context, markers []engine.Marker) error {
	sorted := slices.Clone(markers) // in one order, so that two never wait for each other
	slices.SortFunc(sorted, func(a, b engine.Marker) int { return strings.Compare(a.Dataset, b.Dataset) })
	rows := make([]string, len(sorted))
	for i, m := range sorted {
		rows[i] = fmt.Sprintf("(%s, %d, %s, %s, %s, %d, %s)", engine.Literal(m.Dataset), m.Version, instant(m.From), instant(m.To),
			engine.Literal(m.Run), m.Fence, instant(m.At))
	}
	changed, err := t.exec(ctx, "marker", `INSERT INTO larder.published AS p (dataset, version, "from", "to", run, fence, "at") VALUES `+strings.Join(rows, ", ")+`
		ON CONFLICT (dataset) DO UPDATE SET version = excluded.version, "from" = excluded."from", "to" = excluded."to",
		run = excluded.run, fence = excluded.fence, "at" = excluded."at" WHERE p.fence <= excluded.fence`)
	if err == nil && changed < int64(len(markers)) {
		err = t.refusal(ctx, sorted)
		t.fail(err)
	}
	return err
}

// refusal names the dataset whose fence is higher.
func (t *transaction) refusal(ctx context.Context, markers []engine.Marker) error {
	for _, m := range markers {
		there, err := t.texts(ctx, "SELECT fence FROM larder.published WHERE dataset = "+engine.Literal(m.Dataset)+fmt.Sprintf(" AND fence > %d", m.Fence))
		if err != nil {
			return err
		}
		if len(there) > 0 {
			return fault.New(fault.Conflict, "%s was published with fence %s after fence %d was given out", m.Dataset, there[0][0], m.Fence).
				WithHint("another run has taken this dataset over: run again to see where it stands")
		}
	}
	return fault.New(fault.Internal, "the markers of %s could not be written", subject(markers))
}

// marked tells whether the markers are there, after a commit without an answer.
func (e *Engine) marked(markers []engine.Marker) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		there, err := e.Published(ctx)
		if err != nil {
			return false, err
		}
		for _, m := range markers {
			if !slices.ContainsFunc(there, func(t engine.Marker) bool {
				return t.Dataset == m.Dataset && t.Version == m.Version && t.Run == m.Run && t.Fence == m.Fence
			}) {
				return false, nil
			}
		}
		return true, nil
	}
}

// instant writes an instant as a literal, NULL when it is zero.
func instant(at time.Time) string {
	if at.IsZero() {
		return "NULL"
	}
	return "TIMESTAMPTZ " + engine.Literal(at.UTC().Format("2006-01-02 15:04:05.999999+00"))
}

// Published returns what readers see, by dataset.
func (e *Engine) Published(ctx context.Context) ([]engine.Marker, error) {
	batch, err := engine.ReadAll(ctx, e, `SELECT dataset, version, "from", "to", run, fence, "at" FROM larder.published ORDER BY dataset COLLATE "C"`, 0)
	if err != nil {
		return nil, fault.Wrap("larder.published", err)
	}
	markers := make([]engine.Marker, len(batch.Rows))
	for i, row := range batch.Rows {
		m := &markers[i]
		m.Dataset, _ = row[0].(string)
		m.Version, _ = row[1].(int64)
		m.From, _ = row[2].(time.Time) // NULL is the zero time
		m.To, _ = row[3].(time.Time)
		m.Run, _ = row[4].(string)
		m.Fence, _ = row[5].(int64)
		m.At, _ = row[6].(time.Time)
	}
	return markers, nil
}

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
