package duckdb

import (
	"context"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/table"
)

// store says where the rows of all loads of a lake table are, which x__loads
// shows. Once files of the archive did not stay they are in the warehouse.
type store uint8

const (
	inFiles store = iota // of the archive; x__loads is a view of them
	inTable              // x__loads itself, a copy of all rows
	inRest               // of mode append: x, and those that left it in a table of Larder's own; x__loads is a view of both
)

// leftOf is where the rows of a lake table stand that have left it.
func leftOf(r engine.Relation) engine.Relation {
	return engine.Relation{Schema: engine.OwnSchema, Name: "left of " + r.Dataset()}
}

// storeOf is where the rows of a lake table's loads are now.
func (e *Engine) storeOf(target engine.Relation) store {
	switch {
	case e.known.form(engine.LoadsOf(target)) == engine.Table:
		return inTable
	case e.known.form(leftOf(target)) != "":
		return inRest
	default:
		return inFiles
	}
}

// next is where the rows of all loads are after the landing. Rows that only ever
// were appended are stored once.
func (c change) next() store {
	passing := slices.ContainsFunc(c.Arrived, func(l engine.ArchivedLoad) bool { return l.Passing })
	switch {
	case c.store == inFiles && !passing, c.store == inTable:
		return c.store
	case c.Mode == engine.Append && (c.store == inRest || len(c.Held) == 0):
		return inRest
	default:
		return inTable
	}
}

// moved brings the rows of the loads held to where they are to be, before the
// landing changes any, and returns the change that finds them there.
func (c change) moved(t *transaction, loadsForm engine.Form, there []table.Column) change {
	loads, left, next := engine.LoadsOf(c.Target), leftOf(c.Target), c.next()
	switch {
	case next == inFiles:
		return c
	case next == c.store && next == inTable:
		reshape(t, loads, there, c.Columns)
	case next == c.store:
		reshape(t, left, there, c.Columns)
	case next == inRest: // there are no loads yet
		t.add("loads", "CREATE TABLE "+left.String()+" ("+definitions(c.Columns)+")")
	default:
		t.add("loads", "CREATE OR REPLACE TEMP TABLE larder_all AS SELECT * FROM "+c.rows(c.held(everyHeld)))
		if loadsForm != "" {
			t.add("loads", "DROP VIEW "+loads.String())
		}
		t.add("loads", "CREATE TABLE "+loads.String()+" AS SELECT * FROM larder_all")
		t.add("loads", "DROP TABLE larder_all")
		if c.store == inRest {
			t.add("loads", "DROP TABLE "+left.String())
		}
	}
	c.store = next
	return c
}

// leaving keeps rows that are about to leave the lake table and would be nowhere
// else.
func (c change) leaving(t *transaction, gone string) {
	if c.store == inRest {
		t.add("loads", "INSERT INTO "+leftOf(c.Target).String()+" BY NAME SELECT * FROM "+c.Target.String()+" AS a WHERE "+gone)
	}
}

// keep keeps rows that arrive and would be nowhere else.
func (c change) keep(t *transaction) {
	into, o := engine.LoadsOf(c.Target), origin{}
	switch c.store {
	case inTable:
		o = c.arrived()
	case inRest:
		into, o = leftOf(c.Target), c.dead()
	}
	if !o.none() {
		t.add("loads", "INSERT INTO "+into.String()+" BY NAME SELECT * FROM "+c.rows(o))
	}
}

// loadsNow returns the query x__loads is to be defined by, "" when it shows it
// already or is a table, and the columns of the table that has rows of its own.
func (e *Engine) loadsNow(ctx context.Context, c change) (view string, there []table.Column, err error) {
	switch next := c.next(); {
	case next == inFiles:
		view, err = e.loadsView(ctx, c)
	case next == inTable && c.store == inTable:
		there, err = e.columnsNow(ctx, engine.LoadsOf(c.Target))
	case next == inRest:
		if c.store == inRest {
			there, err = e.columnsNow(ctx, leftOf(c.Target))
		}
		if view = c.both(); e.shows(c.Target, view) {
			view = ""
		}
	}
	return view, there, err
}

// shows reports whether x__loads is known to be defined by a query.
func (e *Engine) shows(target engine.Relation, view string) bool {
	was, ok := e.views.Load(key(engine.LoadsOf(target)))
	return ok && was == view
}

// both selects the rows of the lake table and those that left it.
func (c change) both() string {
	var list []string
	for _, column := range engine.WithProvenance(c.Columns) {
		name := engine.Quote(column.Name)
		list = append(list, name+"::"+column.Type.String()+" AS "+name)
	}
	one := "SELECT " + strings.Join(list, ", ") + " FROM "
	return one + c.Target.String() + " UNION ALL " + one + leftOf(c.Target).String()
}

// kept selects loads that are kept in the warehouse.
func (c change) kept(loads []string) string {
	from := []engine.Relation{engine.LoadsOf(c.Target)}
	if c.store == inRest {
		from = []engine.Relation{c.Target, leftOf(c.Target)}
	}
	var parts []string
	for _, r := range from {
		parts = append(parts, "SELECT * FROM "+r.String()+" WHERE _load IN ("+table.Literals(loads)+")")
	}
	return strings.Join(parts, " UNION ALL BY NAME ")
}
