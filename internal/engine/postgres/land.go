package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// A lake table is three relations here: Target holds the rows of the current
// state, a table among Larder's own those that left it or never came into it,
// and Target__loads is a view of both. So each row is stored once.

// preview is what a Preview computed, for the Land that follows it.
type preview struct {
	staging   engine.Relation
	signature string
	filled    string // which of its parts have rows
}

// Preview copies the rows that arrive into the database, computes what the
// landing changes, and shows the table as it would be under a staging name. A
// Land of the same loads before the Discard uses what was computed.
func (e *Engine) Preview(ctx context.Context, l engine.Landing) (engine.Staged, error) {
	staged := engine.Staged{
		Relation: engine.PreviewOf(l.Target, l.Marker.Run, longestIdentifier), Target: l.Target,
		Form: engine.View, Rows: -1, Columns: engine.WithProvenance(l.Columns),
	}
	if err := e.Discard(ctx, staged); err != nil {
		return engine.Staged{}, err
	}
	defer e.landing.Lock(l.Target.Dataset())()
	err := e.landable(l)
	if err == nil {
		err = e.housed(ctx, []engine.Relation{l.Target}, func() error { return e.preview(ctx, l, staged.Relation) })
	}
	if err != nil {
		return engine.Staged{}, fault.Wrap(l.Target.Dataset(), err)
	}
	return staged, nil
}

func (e *Engine) preview(ctx context.Context, l engine.Landing, staging engine.Relation) error {
	var c change
	var filled string
	err := e.transact(ctx, func(ctx context.Context, t *transaction) (err error) {
		if err := e.keeper.hold(ctx, l.Marker.Run); err != nil {
			return err
		}
		if c, err = t.change(ctx, l); err != nil {
			return err
		}
		c.pool, c.touched = pooled(staging)
		if err := c.choose(ctx, t, "UNLOGGED TABLE"); err != nil {
			return err
		}
		if filled, err = c.filled(ctx, t); err != nil {
			return err
		}
		t.add("preview", "CREATE VIEW "+staging.String()+" AS "+c.shown())
		return nil
	}, nil)
	if err == nil {
		e.previews.Store(l.Target, preview{staging, c.Signature(), filled})
	}
	return err
}

// pooled names the tables of a preview, in SQL.
func pooled(preview engine.Relation) (pool, touched string) {
	entering, leaving := engine.PartsOf(preview)
	return entering.String(), leaving.String()
}

// landable refuses what cannot land.
func (e *Engine) landable(l engine.Landing) error {
	for _, r := range []engine.Relation{l.Target, engine.LoadsOf(l.Target), engine.QuarantineOf(l.Target)} {
		if err := engine.CheckTarget(r, longestIdentifier); err != nil {
			return err
		}
	}
	if e.settings.Archive == nil {
		return fault.New(fault.Internal, "the warehouse was opened without a reader of the archive")
	}
	return nil
}

// Land brings archived loads into the lake table, retires what they supersede
// and writes the marker, in one transaction. Of loads the warehouse holds
// already only the marker is written.
func (e *Engine) Land(ctx context.Context, l engine.Landing) (landed engine.Landed, err error) {
	defer e.landing.Lock(l.Target.Dataset())()
	if err := e.landable(l); err != nil {
		return landed, fault.Wrap(l.Target.Dataset(), err)
	}
	err = e.housed(ctx, []engine.Relation{l.Target}, func() error {
		return e.transact(ctx, func(ctx context.Context, t *transaction) error {
			if err := t.mark(ctx, []engine.Marker{l.Marker}); err != nil {
				return err
			}
			t.about = l.Target
			landed, err = e.land(ctx, t, l)
			return err
		}, e.marked([]engine.Marker{l.Marker}))
	})
	if err != nil {
		return engine.Landed{}, fault.Wrap(l.Target.Dataset(), err)
	}
	if landed.Inserted > 0 {
		e.written.add(l.Target, landed.Inserted)
	}
	return landed, nil
}

func (e *Engine) land(ctx context.Context, t *transaction, l engine.Landing) (landed engine.Landed, err error) {
	c, err := t.change(ctx, l)
	if err != nil {
		return landed, err
	}
	prepared, err := e.previewOf(ctx, t, c)
	if err != nil {
		return landed, err
	}
	if prepared.Name != "" { // it reads tables that may change their shape
		t.add("drop", "DROP VIEW "+prepared.String())
	}
	if err := t.shape(ctx, l); err != nil {
		return landed, err
	}
	c.there = c.all
	if landed, err = c.enter(ctx, t, prepared); err != nil {
		return landed, err
	}
	return landed, c.register(ctx, t)
}

// enter changes the rows, with what a preview computed when there was one.
func (c change) enter(ctx context.Context, t *transaction, prepared engine.Relation) (landed engine.Landed, err error) {
	c.pool, c.touched = "pg_temp.larder_pool", "pg_temp.larder_touched"
	switch {
	case prepared.Name != "":
		c.pool, c.touched = pooled(prepared)
	case c.idle():
		return landed, nil
	case c.Mode == engine.Append:
		return c.append(ctx, t)
	default:
		if err := c.choose(ctx, t, "TEMP TABLE"); err != nil {
			return landed, err
		}
	}
	if landed, err = c.apply(ctx, t); err != nil {
		return landed, err
	}
	t.add("drop", "DROP TABLE "+c.pool)
	if c.touches() {
		t.add("drop", "DROP TABLE "+c.touched)
	}
	return landed, nil
}

// previewOf returns the staging relation of a Preview of exactly this change;
// it has no name when there is none, or when it was swept away. One that the
// server lost in a crash is an error.
func (e *Engine) previewOf(ctx context.Context, t *transaction, c change) (engine.Relation, error) {
	stored, ok := e.previews.LoadAndDelete(c.Target)
	p, is := stored.(preview)
	if !ok || !is || p.signature != c.Signature() {
		return engine.Relation{}, nil
	}
	entering, leaving := engine.PartsOf(p.staging)
	needed := []engine.Relation{p.staging, entering}
	if c.touches() {
		needed = append(needed, leaving)
	}
	found, err := look(ctx, t.ask, needed...)
	if err != nil {
		return engine.Relation{}, err
	}
	for _, r := range found {
		if !r.there() {
			return engine.Relation{}, nil
		}
	}
	c.pool, c.touched = pooled(p.staging)
	filled, err := c.filled(ctx, t)
	if err == nil && filled != p.filled {
		err = emptied(c.Target) // not to be computed anew: what was checked is gone
	}
	return p.staging, err
}

// filled says which of the tables that were prepared have rows. They are not
// logged: a crash of the server empties them.
func (c change) filled(ctx context.Context, t *transaction) (string, error) {
	list := "EXISTS (SELECT 1 FROM " + c.pool + ")"
	if c.touches() {
		list += ", EXISTS (SELECT 1 FROM " + c.touched + ")"
	}
	rows, err := t.texts(ctx, "SELECT "+list)
	if err != nil {
		return "", err
	}
	return strings.Join(rows[0], " "), nil
}

// register enters the loads that arrived and what they supersede, and copies
// the rows that could not be read.
func (c change) register(ctx context.Context, t *transaction) error {
	dataset := engine.Literal(c.Target.Dataset())
	for _, id := range c.Retired {
		t.add("loads", fmt.Sprintf("UPDATE larder.loads SET superseded_by = %s WHERE dataset = %s AND id = %s",
			engine.Literal(c.Dead[id]), dataset, engine.Literal(id)))
	}
	var rows []string
	for _, l := range c.Arrived {
		by := "NULL"
		if id := c.Dead[l.ID]; id != "" {
			by = engine.Literal(id)
		}
		rows = append(rows, fmt.Sprintf("(%s, %s, %d, %d, %s, ARRAY[%s]::text[])",
			dataset, engine.Literal(l.ID), l.Sequence, l.Rows, by, table.Literals(l.Supersedes)))
	}
	if len(rows) > 0 {
		t.add("loads", "INSERT INTO larder.loads (dataset, id, sequence, \"rows\", superseded_by, supersedes) VALUES "+strings.Join(rows, ", "))
	}
	t.flush(ctx)
	var bad []string
	for _, l := range c.Arrived {
		bad = append(bad, l.Quarantine...)
	}
	if len(bad) > 0 {
		t.do("quarantine", func() error {
			_, err := t.e.copyIn(ctx, t.on, engine.QuarantineOf(c.Target).String(), quarantineColumns, bad)
			return err
		})
	}
	return t.failed
}

// quarantineColumns are those of the rows that could not be read.
var quarantineColumns = []table.Column{
	{Name: "_load", Type: table.Type{Kind: table.Varchar}},
	{Name: "_file", Type: table.Type{Kind: table.Varchar}},
	{Name: "line", Type: table.Type{Kind: table.BigInt}},
	{Name: "column_name", Type: table.Type{Kind: table.Varchar}},
	{Name: "reason", Type: table.Type{Kind: table.Varchar}},
	{Name: "text", Type: table.Type{Kind: table.Varchar}},
	{Name: "_loaded_at", Type: table.Type{Kind: table.TimestampTZ}},
}

// Loads returns the loads the warehouse holds for a lake table, oldest first.
func (e *Engine) Loads(ctx context.Context, r engine.Relation) ([]engine.HeldLoad, error) {
	rows, err := e.ask(ctx, heldQuery(r))
	if err != nil {
		return nil, fault.Wrap(r.Dataset(), err)
	}
	held, err := heldLoads(rows)
	out := make([]engine.HeldLoad, len(held))
	for i, h := range held {
		out[i] = h.HeldLoad
	}
	return out, err
}
