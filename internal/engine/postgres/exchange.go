package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// dependent is a view that reads what is to be exchanged.
type dependent struct {
	name       string // quoted
	kind       string
	definition string
	grants     []string
}

// exchange moves what stands under a name out of the way, which is to drop it
// unless away says otherwise, and lets another take the name. Views that read it
// are made anew around it, with their grants; one that cannot be, since a column
// it reads is gone, keeps all from happening and is named.
func (t *transaction) exchange(ctx context.Context, r engine.Relation, there relation, away string, take func()) error {
	if !there.there() {
		take()
		t.flush(ctx)
		return t.failed
	}
	// Names in a view's text are then written whole.
	t.add("search path", "SET LOCAL search_path = ''")
	views, err := t.dependents(ctx, there)
	if err != nil {
		return err
	}
	grants, err := t.grants(ctx, there.oid)
	if err != nil {
		return err
	}
	for i := len(views) - 1; i >= 0; i-- {
		if views[i].kind != "v" {
			t.fail(fault.New(fault.Conflict, "the materialized view %s reads %s, whose columns change", views[i].name, r.Dataset()).
				WithHint("drop it, run again, and create it anew"))
			return t.failed
		}
		t.add("drop view", "DROP VIEW "+views[i].name)
	}
	if away == "" {
		away = "DROP " + there.word() + " " + r.String()
	}
	t.add("drop", away)
	take()
	t.add("grant", strings.Join(grants, ";"))
	t.flush(ctx)
	for _, v := range views {
		t.do("view", func() error { return v.restore(ctx, t.on, r) })
	}
	t.add("search path", "RESET search_path")
	t.flush(ctx)
	return t.failed
}

func (v dependent) restore(ctx context.Context, on *pgconn.PgConn, r engine.Relation) error {
	_, err := exec(ctx, on, "CREATE VIEW "+v.name+" AS "+v.definition)
	if err != nil {
		return fault.New(fault.Conflict, "the view %s reads %s and would no longer work: %w", v.name, r.Dataset(), err).
			WithHint("change or drop the view first, then run again")
	}
	return script(ctx, on, strings.Join(v.grants, ";"))
}

// dependents are the views that read a relation, directly or through other
// views, those first that others read.
func (t *transaction) dependents(ctx context.Context, r relation) ([]dependent, error) {
	rows, err := t.texts(ctx, `WITH RECURSIVE reads(oid, depth) AS (
			SELECT `+r.oid+`::oid, 0
			UNION
			SELECT w.ev_class, reads.depth + 1 FROM reads
			JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = reads.oid AND d.classid = 'pg_rewrite'::regclass
			JOIN pg_rewrite w ON w.oid = d.objid AND w.ev_class <> reads.oid
		)
		SELECT c.oid, format('%I.%I', n.nspname, c.relname), c.relkind, pg_get_viewdef(c.oid)
		FROM (SELECT oid, max(depth) AS depth FROM reads WHERE depth > 0 GROUP BY oid) AS r
		JOIN pg_class c ON c.oid = r.oid JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY r.depth, c.oid`)
	if err != nil {
		return nil, err
	}
	views := make([]dependent, len(rows))
	for i, row := range rows {
		grants, err := t.grants(ctx, row[0])
		if err != nil {
			return nil, err
		}
		views[i] = dependent{name: row[1], kind: row[2], definition: row[3], grants: grants}
	}
	return views, nil
}

// grants are the statements that give a relation's privileges to whoever has
// them now, its owner apart.
func (t *transaction) grants(ctx context.Context, oid string) ([]string, error) {
	rows, err := t.texts(ctx, `SELECT format('GRANT %s ON %I.%I TO %s%s', a.privilege_type, n.nspname, c.relname,
			CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN aclexplode(c.relacl) AS a
		WHERE c.oid = `+oid+" AND a.grantee <> c.relowner")
	if err != nil {
		return nil, err
	}
	grants := make([]string, len(rows))
	for i, row := range rows {
		grants[i] = row[0]
	}
	return grants, nil
}

// quoted is a list of columns.
func quoted(columns []table.Column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = engine.Quote(c.Name)
	}
	return strings.Join(names, ", ")
}

func literals(texts []string) string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = engine.Literal(t)
	}
	return strings.Join(out, ", ")
}

// leftOf is where the rows of a lake table stand that have left its current
// state: among Larder's own tables, out of people's way.
func leftOf(r engine.Relation) engine.Relation {
	return engine.StagingOf(engine.Relation{Schema: engine.OwnSchema, Name: r.Dataset()}, "left", longestIdentifier)
}
