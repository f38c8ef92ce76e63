package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// relation is what the catalog says of a table or view.
type relation struct {
	oid     string
	kind    string // of pg_class: r table, v view, p partitioned, m materialized view, f foreign table
	logged  bool
	columns []table.Column
	shape   string // tells apart relations whose columns differ in anything
	limited bool   // a text column has a length
}

func (r relation) there() bool { return r.oid != "" }

// word is the kind in SQL.
func (r relation) word() string {
	switch r.kind {
	case "v":
		return "VIEW"
	case "m":
		return "MATERIALIZED VIEW"
	case "f":
		return "FOREIGN TABLE"
	}
	return "TABLE"
}

// asker asks a question with lists of texts for its parameters.
type asker func(ctx context.Context, q *question, parameters ...[]string) ([][]string, error)

// lookUp finds relations by schema and name.
var lookUp = &question{name: "larder_look", sql: `SELECT w.i, c.oid, c.relkind, c.relpersistence, a.attname, a.atttypid, a.atttypmod,
		format_type(a.atttypid, a.atttypmod)
	FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w(schema, name, i)
	JOIN pg_namespace n ON n.nspname = w.schema
	JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
	LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	ORDER BY w.i, a.attnum`}

// look asks the catalog for relations, in one question. Those that do not exist
// have no oid.
func look(ctx context.Context, ask asker, wanted ...engine.Relation) ([]relation, error) {
	schemas, names := make([]string, len(wanted)), make([]string, len(wanted))
	for i, r := range wanted {
		schemas[i], names[i] = r.Schema, r.Name
	}
	rows, err := ask(ctx, lookUp, schemas, names)
	if err != nil {
		return nil, err
	}
	found := make([]relation, len(wanted))
	for _, row := range rows {
		i, _ := strconv.Atoi(row[0])
		r := &found[i-1]
		r.oid, r.kind, r.logged = row[1], row[2], row[3] != "u"
		if row[4] == "" {
			continue
		}
		oid, _ := strconv.ParseUint(row[5], 10, 32)
		modifier, _ := strconv.ParseInt(row[6], 10, 32)
		r.columns = append(r.columns, table.Column{
			Name: row[4], Type: field{uint32(oid), int32(modifier)}.typeOf(func() string { return row[7] }),
		})
		r.shape += fmt.Sprintf("%q %s, ", row[4], row[7])
		r.limited = r.limited || strings.HasPrefix(row[7], "character") && modifier >= 0
	}
	return found, nil
}

// lookOne asks for one relation.
func (e *Engine) lookOne(ctx context.Context, r engine.Relation) (relation, error) {
	var found []relation
	err := e.with(ctx, func(ctx context.Context, on *pgconn.PgConn) (err error) {
		found, err = look(ctx, asks(on), r)
		return err
	})
	if err != nil {
		return relation{}, err
	}
	return found[0], nil
}

// Columns returns a relation's columns in order.
func (e *Engine) Columns(ctx context.Context, r engine.Relation) ([]table.Column, error) {
	found, err := e.lookOne(ctx, r)
	if err != nil {
		return nil, fault.Wrap(r.Dataset(), err)
	}
	if !found.there() {
		return nil, fault.New(fault.NotFound, "there is no table or view %s", r.Dataset())
	}
	return found.columns, nil
}

// everything lists what stands in people's schemas.
const everything = `SELECT n.nspname, c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND NOT c.relispartition
	AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'larder') AND n.nspname !~ '^pg_(temp|toast_temp)_'`

// Relations returns the tables and views that exist, by name, without those
// that are hidden.
func (e *Engine) Relations(ctx context.Context) ([]engine.Relation, error) {
	rows, err := e.ask(ctx, everything)
	if err != nil {
		return nil, fault.Wrap("relations", err)
	}
	out := []engine.Relation{}
	for _, row := range rows {
		if r := (engine.Relation{Schema: row[0], Name: row[1]}); !engine.Hidden(r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b engine.Relation) int {
		return strings.Compare(a.Schema+"\x00"+a.Name, b.Schema+"\x00"+b.Name)
	})
	return out, nil
}

// Drop removes a published relation, the versions kept of it and its marker in
// one transaction, of a lake table its companions too. What is gone already is no error. Views of
// other people's on it keep it from going, and are named.
func (e *Engine) Drop(ctx context.Context, dataset string, r engine.Relation) error {
	err := e.transact(ctx, func(ctx context.Context, t *transaction) error {
		t.about = r
		companions := []engine.Relation{r, engine.LoadsOf(r), engine.QuarantineOf(r), leftOf(r)}
		found, err := look(ctx, t.ask, companions...)
		if err != nil {
			return err
		}
		order := []int{0}
		if found[1].kind == "v" && found[2].there() && found[3].there() {
			order = []int{1, 0, 2, 3} // the view of all loads reads the tables
		}
		for _, i := range order {
			if found[i].there() {
				t.add("drop", "DROP "+found[i].word()+" "+companions[i].String())
			}
		}
		h, err := t.history(ctx, []engine.Relation{r})
		if err != nil {
			return err
		}
		for _, version := range h.of(r) {
			t.add("forget", "DROP TABLE "+pastOf(r, version).String())
		}
		t.add("loads", "DELETE FROM larder.loads WHERE dataset = "+engine.Literal(r.Dataset()))
		t.add("marker", "DELETE FROM larder.published WHERE dataset = "+engine.Literal(dataset))
		return nil
	}, nil)
	return fault.Wrap(dataset, err)
}

// blocked says, of a wait that ended because others hold a relation, who they
// are. It is asked after the transaction that waited has given its connection
// back: else all connections could be held by those that want one more.
func (e *Engine) blocked(ctx context.Context, r engine.Relation, err error) error {
	if err == nil || fault.KindOf(err) != fault.Busy {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	rows, asked := e.ask(ctx, `SELECT a.usename, a.application_name, a.pid, a.state, coalesce(to_char(a.xact_start, 'HH24:MI:SS'), '')
		FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
		WHERE l.granted AND l.locktype = 'relation' AND l.relation = to_regclass(`+engine.Literal(r.String())+`) AND l.pid <> pg_backend_pid()
		ORDER BY a.xact_start LIMIT 3`)
	if asked != nil || len(rows) == 0 {
		return err
	}
	var who []string
	for _, row := range rows {
		program := row[1]
		if program == "" {
			program = "a program without a name"
		}
		who = append(who, fmt.Sprintf("%s with %s, process %s, %s since %s", row[0], program, row[2], row[3], row[4]))
	}
	return fault.New(fault.Busy, "%s is in use by %s: %w", r.Dataset(), strings.Join(who, "; and by "), err).
		WithHint("wait until they are done and run again, or end theirs: SELECT pg_terminate_backend(%s)", rows[0][2])
}

// housed does work on relations whose schemas are created when they are
// missing. One that was known to exist, and that somebody has dropped since, is
// made anew, and the work done again.
func (e *Engine) housed(ctx context.Context, targets []engine.Relation, work func() error) error {
	for {
		for _, r := range targets {
			if err := e.ensureSchema(ctx, r.Schema); err != nil {
				return err
			}
		}
		err := work()
		if err == nil || !e.homeless(ctx, targets) {
			return err
		}
	}
}

// homeless reports whether a schema of relations does not exist any more.
func (e *Engine) homeless(ctx context.Context, targets []engine.Relation) bool {
	gone := false
	for _, r := range targets {
		found, err := e.ask(ctx, schemaNamed(r.Schema))
		if err == nil && len(found) == 0 {
			gone = true
			e.schemas.Delete(r.Schema)
		}
	}
	return gone
}

func schemaNamed(schema string) string {
	return "SELECT 1 FROM pg_namespace WHERE nspname = " + engine.Literal(schema)
}

// ensureSchema creates a schema that is missing; several may want it at once.
// It is looked for first: to create one needs a privilege that to find it
// created does not.
func (e *Engine) ensureSchema(ctx context.Context, schema string) error {
	if _, known := e.schemas.Load(schema); known {
		return nil
	}
	err := e.with(ctx, func(ctx context.Context, on *pgconn.PgConn) error {
		found, err := texts(ctx, on, schemaNamed(schema))
		if err != nil || len(found) > 0 {
			return err
		}
		// The lock ends with the statement's own transaction.
		return script(ctx, on, "SELECT pg_advisory_xact_lock("+strconv.Itoa(settingUp)+"); CREATE SCHEMA IF NOT EXISTS "+engine.Quote(schema))
	})
	if err == nil {
		e.schemas.Store(schema, true)
	}
	return err
}
