package duckdb

import (
	"context"
	"encoding/json"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// preview is what a Preview computed, for the Land that follows it.
type preview struct {
	staging   engine.Relation
	signature string
	delta     delta
}

// Preview computes what the landing changes and shows the table as it would be
// under a staging name: the rows that stay and those that enter. A Land of the
// same loads before the Discard uses what was computed.
func (e *Engine) Preview(ctx context.Context, l engine.Landing) (engine.Staged, error) {
	staged := engine.Staged{
		Relation: engine.PreviewOf(l.Target, l.Marker.Run, longestIdentifier), Target: l.Target,
		Form: engine.View, Rows: -1, Columns: engine.WithProvenance(l.Columns),
	}
	if err := e.Discard(ctx, staged); err != nil {
		return engine.Staged{}, err
	}
	defer e.landing.Lock(l.Target.Dataset())()
	c, there, err := e.change(ctx, l)
	if err != nil {
		return engine.Staged{}, explain(l.Target.Dataset(), err)
	}
	entering, touched := engine.PartsOf(staged.Relation)
	d := c.sqlFor(there != nil, touched.String())
	err = e.transact(ctx, func(ctx context.Context, t *transaction) error {
		if d.touched != "" {
			t.add("touched", "CREATE TABLE "+touched.String()+" AS "+d.touched)
		}
		if d.enter != "" {
			if _, err := t.exec(ctx, "enter", "CREATE TABLE "+entering.String()+" AS "+d.enter); err != nil {
				return err
			}
		}
		t.add("preview", "CREATE VIEW "+staged.Relation.String()+" AS "+c.preview(there != nil, d, entering))
		return nil
	})
	if err != nil {
		return engine.Staged{}, explain(l.Target.Dataset(), err)
	}
	e.known.made(staged.Relation, engine.View, nil)
	if d.touched != "" {
		e.known.made(touched, engine.Table, nil)
	}
	if d.enter != "" {
		e.known.made(entering, engine.Table, nil)
	}
	e.previews.Store(key(l.Target), preview{staged.Relation, c.Signature(), d})
	return staged, nil
}

// preview is the query of the table as it would be.
func (c change) preview(exists bool, d delta, entering engine.Relation) string {
	list := table.QuoteAll("", columnNames(c.Columns))
	stays := "SELECT " + list + " FROM " + c.rows(origin{})
	if exists {
		stays = "SELECT " + list + " FROM " + c.current(c.Target) + " AS a"
		if d.gone != "" {
			stays += " WHERE NOT (" + d.gone + ")"
		}
	}
	if d.enter == "" {
		return stays
	}
	return stays + " UNION ALL SELECT " + list + " FROM " + entering.String()
}

// Land brings archived loads into the lake table, retires what they supersede
// and writes the marker, in one transaction. Of loads the warehouse holds
// already only the marker is written.
func (e *Engine) Land(ctx context.Context, l engine.Landing) (engine.Landed, error) {
	var landed engine.Landed
	defer e.landing.Lock(l.Target.Dataset())()
	defer e.publishing.Lock(l.Marker.Dataset)()
	c, there, err := e.change(ctx, l)
	if err != nil {
		return landed, explain(l.Target.Dataset(), err)
	}
	p := e.previewOf(c)
	quarantine, loads := engine.QuarantineOf(l.Target), engine.LoadsOf(l.Target)
	view, stored, err := e.loadsNow(ctx, c)
	if err != nil {
		return landed, explain(l.Target.Dataset(), err)
	}
	err = e.transact(ctx, func(ctx context.Context, t *transaction) error {
		if err := e.fence(l.Marker); err != nil {
			return err
		}
		if there == nil {
			t.add("create", "CREATE TABLE "+l.Target.String()+" ("+definitions(l.Columns)+")")
		} else {
			reshape(t, l.Target, there, l.Columns)
		}
		c := c.moved(t, e.known.form(loads), stored)
		if landed, err = c.apply(ctx, t, there != nil, p); err != nil {
			return err
		}
		if p != nil {
			t.add("drop", e.known.drop(p.staging))
			entering, touched := engine.PartsOf(p.staging)
			t.add("drop", e.known.drop(entering))
			t.add("drop", e.known.drop(touched))
		}
		c.register(t)
		c.quarantine(t, e.known.form(quarantine) != "")
		c.keep(t)
		if view != "" {
			t.add("view", "CREATE OR REPLACE VIEW "+loads.String()+" AS "+view)
		}
		e.mark(t, l.Marker)
		return nil
	})
	if err != nil {
		return engine.Landed{}, explain(l.Target.Dataset(), err)
	}
	e.landedIn(c, there, p)
	if view != "" {
		e.views.Store(key(loads), view)
	}
	e.wrote(ctx, landed.Inserted, l.Columns)
	return landed, nil
}

// landedIn records what a landing made.
func (e *Engine) landedIn(l change, there []table.Column, p *preview) {
	columns := engine.WithProvenance(l.Columns)
	if there != nil {
		columns = nil // the order may differ: ask again when needed
	}
	e.known.made(l.Target, engine.Table, columns)
	form := engine.View
	switch l.next() {
	case inTable:
		form = engine.Table
		e.known.gone(leftOf(l.Target))
	case inRest:
		e.known.made(leftOf(l.Target), engine.Table, nil)
	}
	e.known.made(engine.LoadsOf(l.Target), form, nil)
	e.known.made(engine.QuarantineOf(l.Target), engine.Table, nil)
	e.known.marked(l.Marker)
	if p != nil {
		entering, touched := engine.PartsOf(p.staging)
		e.known.gone(p.staging, entering, touched)
		e.previews.Delete(key(l.Target))
	}
}

// change compares a landing with what the warehouse holds, and returns the
// table's columns, nil when it does not exist yet.
func (e *Engine) change(ctx context.Context, l engine.Landing) (change, []table.Column, error) {
	if err := engine.CheckTarget(l.Target, longestIdentifier); err != nil {
		return change{}, nil, err
	}
	if err := e.ensureSchema(ctx, l.Target.Schema); err != nil {
		return change{}, nil, err
	}
	held, paths, err := e.held(ctx, l.Target)
	if err != nil {
		return change{}, nil, err
	}
	compared, err := engine.Compare(l, held)
	if err != nil {
		return change{}, nil, err
	}
	there, err := e.columnsNow(ctx, l.Target)
	return change{Change: compared, paths: paths, store: e.storeOf(l.Target)}, there, err
}

// previewOf returns what a Preview computed for exactly this change, nil when
// there is none.
func (e *Engine) previewOf(c change) *preview {
	stored, ok := e.previews.Load(key(c.Target))
	if !ok {
		return nil
	}
	p, ok := stored.(preview)
	if !ok || p.signature != c.Signature() || e.known.form(p.staging) == "" {
		return nil
	}
	return &p
}

// apply changes the rows of the lake table.
func (c change) apply(ctx context.Context, t *transaction, exists bool, p *preview) (landed engine.Landed, err error) {
	var d delta
	source := ""
	if p != nil {
		d = p.delta
		entering, _ := engine.PartsOf(p.staging)
		source = "SELECT * FROM " + entering.String()
	} else {
		d = c.sqlFor(exists, "larder_touched")
		source = d.enter
		if d.touched != "" {
			t.add("touched", "CREATE OR REPLACE TEMP TABLE larder_touched AS "+d.touched)
		}
		if d.gone != "" && d.enter != "" {
			// What enters may be chosen from rows that are about to leave.
			t.add("enter", "CREATE OR REPLACE TEMP TABLE larder_entering AS "+d.enter)
			source = "SELECT * FROM larder_entering"
		}
	}
	if d.gone != "" {
		c.leaving(t, d.gone)
		if landed.Removed, err = t.exec(ctx, "remove", "DELETE FROM "+c.Target.String()+" AS a WHERE "+d.gone); err != nil {
			return landed, err
		}
	}
	if d.enter != "" {
		if landed.Inserted, err = t.exec(ctx, "insert", "INSERT INTO "+c.Target.String()+" BY NAME "+source); err != nil {
			return landed, err
		}
	}
	if p == nil && d.touched != "" {
		t.add("touched", "DROP TABLE larder_touched")
	}
	if p == nil && d.gone != "" && d.enter != "" {
		t.add("enter", "DROP TABLE larder_entering")
	}
	return landed, nil
}

// Loads returns the loads the warehouse holds for a lake table, oldest first.
func (e *Engine) Loads(ctx context.Context, r engine.Relation) ([]engine.HeldLoad, error) {
	held, _, err := e.held(ctx, r)
	if err != nil {
		return nil, explain(r.Dataset(), err)
	}
	out := make([]engine.HeldLoad, len(held))
	for i, h := range held {
		out[i] = h.HeldLoad
	}
	return out, nil
}

// held returns the loads of a lake table, and the files of each.
func (e *Engine) held(ctx context.Context, r engine.Relation) ([]engine.KnownLoad, map[string][]string, error) {
	batch, err := engine.ReadAll(ctx, e, `SELECT id, sequence, "rows", superseded_by, supersedes, paths
		FROM larder.loads WHERE dataset = `+engine.Literal(r.Dataset())+" ORDER BY sequence, id", 0)
	if err != nil {
		return nil, nil, err
	}
	loads, paths := make([]engine.KnownLoad, len(batch.Rows)), map[string][]string{}
	for i, row := range batch.Rows {
		l := &loads[i]
		l.ID, l.SupersededBy = text(row[0]), text(row[3])
		l.Sequence, _ = row[1].(int64)
		l.Rows, _ = row[2].(int64)
		var own []string
		if json.Unmarshal([]byte(text(row[4])), &l.Supersedes) != nil || json.Unmarshal([]byte(text(row[5])), &own) != nil {
			return nil, nil, fault.New(fault.Broken, "larder.loads: load %s cannot be read", l.ID)
		}
		paths[l.ID] = own
	}
	return loads, paths, nil
}
