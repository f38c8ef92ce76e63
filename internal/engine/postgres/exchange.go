package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// dependent is a view that reads what is to be exchanged.
type dependent struct {
	name   string // quoted
	kind   string
	create string   // makes it anew
	after  []string // gives it its comment, its privileges and its owner
}

// exchange moves what stands under a name out of the way, which is to drop it
// unless away says otherwise, and lets another take the name. Views that read it
// are made anew around it, as they were; one that cannot be, since a column
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
	if err := t.unguarded(ctx, r, there); err != nil {
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

// unguarded refuses a table that row security keeps from people: the table that
// takes its place would show them every row.
func (t *transaction) unguarded(ctx context.Context, r engine.Relation, there relation) error {
	rows, err := t.texts(ctx, `SELECT coalesce((SELECT string_agg(polname, ', ') FROM pg_policy WHERE polrelid = c.oid), 'none')
		FROM pg_class c WHERE c.relrowsecurity AND c.oid = `+there.oid)
	if err == nil && len(rows) > 0 {
		err = fault.New(fault.Conflict, "the columns of %s change, and its row security (policies: %s) would be lost", r.Dataset(), rows[0][0]).
			WithHint("disable row security on it, run again, and create the policies anew")
		t.fail(err)
	}
	return err
}

func (v dependent) restore(ctx context.Context, on *pgconn.PgConn, r engine.Relation) error {
	_, err := exec(ctx, on, v.create)
	if err != nil {
		return fault.New(fault.Conflict, "the view %s reads %s and would no longer work: %w", v.name, r.Dataset(), err).
			WithHint("change or drop the view first, then run again")
	}
	return script(ctx, on, strings.Join(v.after, ";"))
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
		SELECT c.oid, format('%I.%I', n.nspname, c.relname), c.relkind,
			format('CREATE VIEW %I.%I %s AS %s', n.nspname, c.relname, 'WITH (' || array_to_string(c.reloptions, ', ') || ')', pg_get_viewdef(c.oid)),
			format('COMMENT ON VIEW %I.%I IS %L', n.nspname, c.relname, obj_description(c.oid, 'pg_class')),
			CASE WHEN pg_get_userbyid(c.relowner) <> current_user THEN format('ALTER VIEW %I.%I OWNER TO %I', n.nspname, c.relname, pg_get_userbyid(c.relowner)) END
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
		views[i] = dependent{name: row[1], kind: row[2], create: row[3], after: append(append(grants, row[4]), row[5])}
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
