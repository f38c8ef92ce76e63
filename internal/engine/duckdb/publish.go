package duckdb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Publish renames the staging relation to its real name and writes the marker,
// in one transaction. NotFound says that the staging relation is gone.
func (e *Engine) Publish(ctx context.Context, p engine.Publication) error {
	return e.PublishAll(ctx, []engine.Publication{p})
}

// PublishAll publishes several staging relations in one transaction.
func (e *Engine) PublishAll(ctx context.Context, publications []engine.Publication) error {
	if len(publications) == 0 {
		return nil
	}
	defer e.lockAll(publications)()
	next, err := e.publishOnce(ctx, publications)
	if err != nil && isCatalog(err) {
		// Somebody changed the file by hand: look again, try once more.
		if relearned := e.learn(ctx); relearned != nil {
			return explain("publish", relearned)
		}
		next, err = e.publishOnce(ctx, publications)
	}
	if err != nil {
		return explain(subject(publications), err)
	}
	for i, p := range publications {
		e.known.succeeded(next[i])
		e.known.made(p.Staged.Target, p.Staged.Form, p.Staged.Columns)
		e.known.gone(p.Staged.Relation)
		e.known.marked(p.Marker)
		e.wrote(ctx, p.Staged.Rows, p.Staged.Columns)
	}
	return nil
}

// lockAll locks the datasets in one order, so that two callers never wait for
// each other.
func (e *Engine) lockAll(publications []engine.Publication) func() {
	var names []string
	for _, p := range publications {
		names = append(names, strings.ToLower(p.Marker.Dataset))
	}
	slices.Sort(names)
	var unlocks []func()
	for _, name := range slices.Compact(names) {
		unlocks = append(unlocks, e.publishing.Lock(name))
	}
	return func() {
		for _, unlock := range unlocks {
			unlock()
		}
	}
}

func subject(publications []engine.Publication) string {
	if len(publications) == 1 {
		return publications[0].Marker.Dataset
	}
	return fmt.Sprintf("%d datasets from %s", len(publications), publications[0].Marker.Dataset)
}

func (e *Engine) publishOnce(ctx context.Context, publications []engine.Publication) (next []succession, err error) {
	err = e.transact(ctx, func(_ context.Context, t *transaction) error {
		var markers []engine.Marker
		for _, p := range publications {
			if err := e.fence(p.Marker); err != nil {
				return err
			}
			s := p.Staged
			form := e.known.form(s.Relation)
			if form == "" {
				return fault.New(fault.NotFound, "the staged rows of %s are gone", s.Target.Dataset())
			}
			after := e.succeed(s.Target, p.Marker, p.Keep)
			e.retire(t, after)
			t.rename(form, s.Relation, s.Target)
			next, markers = append(next, after), append(markers, p.Marker)
		}
		e.mark(t, markers...)
		return nil
	})
	return next, err
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
	publications := make([]engine.Publication, len(builds))
	for i, b := range builds {
		if err := e.ready(ctx, b); err != nil {
			return nil, explain(b.Target.Dataset(), err)
		}
		publications[i].Marker = markers[i]
	}
	defer e.lockAll(publications)()
	staged, next := make([]engine.Staged, len(builds)), make([]succession, len(builds))
	err := e.transact(ctx, func(ctx context.Context, t *transaction) (err error) {
		for i, b := range builds {
			if err := e.fence(markers[i]); err != nil {
				return err
			}
			next[i] = e.succeed(b.Target, markers[i], b.Keep)
			if staged[i], err = e.create(ctx, t, b, next[i]); err != nil {
				return fault.Wrap(b.Target.Dataset(), explain("", err))
			}
		}
		e.mark(t, markers...)
		return nil
	})
	if err != nil {
		if len(builds) == 1 {
			return nil, explain("", err)
		}
		return nil, explain(subject(publications), err)
	}
	for i, s := range staged {
		e.known.succeeded(next[i])
		if next[i].keeps {
			e.known.gone(stagingOf(builds[i])) // of an earlier attempt
		}
		e.known.made(s.Target, s.Form, s.Columns)
		e.known.marked(markers[i])
		e.wrote(ctx, s.Rows, s.Columns)
	}
	return staged, nil
}

// create computes a dataset under its real name in an open transaction. The
// query may read what it replaces: what is to be kept gives way only after it.
func (e *Engine) create(ctx context.Context, t *transaction, b engine.Build, after succession) (engine.Staged, error) {
	s := engine.Staged{Relation: b.Target, Target: b.Target, Form: b.Form, Rows: -1}
	if err := single(t.session, b.SQL); err != nil {
		return s, err
	}
	at := b.Target
	if after.keeps {
		at = stagingOf(b)
	}
	create := creation(at, b)
	switch e.known.form(at) {
	case "":
	case b.Form:
		create = "CREATE OR REPLACE" + strings.TrimPrefix(create, "CREATE")
	default:
		t.add("drop", e.known.drop(at))
	}
	changed, err := t.exec(ctx, "create", create)
	if err != nil {
		return s, inLinesOf(b.SQL, t.sent, err)
	}
	if b.Form == engine.Table {
		s.Rows = changed
	}
	if s.Columns, err = t.session.columnsOf(b, at); err != nil {
		return s, err
	}
	if after.keeps {
		e.retire(t, after)
		t.rename(b.Form, at, b.Target)
	} else {
		e.forget(t, after)
	}
	return s, nil
}

// fence refuses a publish when a higher fence was published. The caller holds
// the dataset's lock, and nobody else writes: what is known is what is there.
func (e *Engine) fence(m engine.Marker) error {
	if was, ok := e.known.marker(m.Dataset); ok && was.fence > m.Fence {
		return fault.New(fault.Conflict, "%s was published with fence %d after fence %d was given out", m.Dataset, was.fence, m.Fence).
			WithHint("another run has taken this dataset over: run again to see where it stands")
	}
	return nil
}

// mark adds the statements that write markers: one INSERT for all new ones.
func (e *Engine) mark(t *transaction, markers ...engine.Marker) {
	var rows []string
	for _, m := range markers {
		was, there := e.known.marker(m.Dataset)
		if !there {
			rows = append(rows, "("+strings.Join(markerValues(m), ", ")+")")
			continue
		}
		v := markerValues(m)
		t.add("marker", fmt.Sprintf(`UPDATE larder.published SET dataset = %s, version = %s, "from" = %s, "to" = %s, run = %s, fence = %s, "at" = %s WHERE dataset = %s`,
			v[0], v[1], v[2], v[3], v[4], v[5], v[6], engine.Literal(was.dataset)))
	}
	if len(rows) > 0 {
		t.add("marker", "INSERT INTO larder.published VALUES "+strings.Join(rows, ", "))
	}
}

func markerValues(m engine.Marker) []string {
	return []string{
		engine.Literal(m.Dataset), fmt.Sprint(m.Version), timestamp(m.From), timestamp(m.To),
		engine.Literal(m.Run), fmt.Sprint(m.Fence), timestamp(m.At),
	}
}

// timestamp writes an instant as a literal, NULL when it is zero.
func timestamp(at time.Time) string {
	if at.IsZero() {
		return "NULL"
	}
	return fmt.Sprintf("make_timestamptz(%d)", at.UnixMicro())
}

// Published returns what readers see, by dataset.
func (e *Engine) Published(ctx context.Context) ([]engine.Marker, error) {
	batch, err := engine.ReadAll(ctx, e, `SELECT dataset, version, "from", "to", run, fence, "at" FROM larder.published ORDER BY dataset`, 0)
	if err != nil {
		return nil, fault.Wrap("larder.published", err)
	}
	markers := make([]engine.Marker, len(batch.Rows))
	for i, row := range batch.Rows {
		version, _ := row[1].(int64)
		fence, _ := row[5].(int64)
		markers[i] = engine.Marker{
			Dataset: text(row[0]), Version: version, From: instant(row[2]), To: instant(row[3]),
			Run: text(row[4]), Fence: fence, At: instant(row[6]),
		}
	}
	return markers, nil
}

func instant(value any) time.Time {
	at, _ := value.(time.Time) // NULL is the zero time
	return at
}

// cells is a rough size of what was written: rows times columns.
func cells(rows int64, columns []table.Column) int64 {
	return max(rows, 0) * int64(max(1, len(columns)))
}
