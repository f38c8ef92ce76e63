package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/table"
)

// choose fills the pool with the rows that compete, and says which of them the
// current state is made of.
func (c change) choose(ctx context.Context, t *transaction, what string) error {
	t.add("pool", "CREATE "+what+" "+strings.TrimPrefix(c.pool, "pg_temp.")+" ("+definitions(c.all)+`, "larder stays" boolean NOT NULL DEFAULT false)`)
	if _, err := c.copyIn(ctx, t, c.pool, c.Arrived); err != nil {
		return err
	}
	if c.touches() {
		t.add("touched", "CREATE "+what+" "+strings.TrimPrefix(c.touched, "pg_temp.")+" AS "+c.touchedQuery())
		list := quoted(c.there)
		for _, r := range c.rivals() {
			t.add("pool", "INSERT INTO "+c.pool+" ("+list+") SELECT "+list+" FROM "+r.String()+" AS a WHERE "+c.isTouched())
		}
	}
	if c.Mode != engine.Append {
		t.add("choose", c.chooseQuery())
	}
	t.flush(ctx)
	return t.failed
}

// rivals are the relations whose rows compete with those that arrive.
func (c change) rivals() []engine.Relation {
	if c.everyCandidate() {
		return []engine.Relation{c.Target, leftOf(c.Target)}
	}
	return []engine.Relation{c.Target}
}

// copyIn copies the rows of loads into a table, and returns how many.
func (c change) copyIn(ctx context.Context, t *transaction, into string, loads []engine.ArchivedLoad) (rows int64, err error) {
	var paths []string
	for _, l := range loads {
		paths = append(paths, l.Parquet...)
	}
	t.flush(ctx)
	if len(paths) > 0 {
		t.do("copy", func() error {
			rows, err = t.e.copyIn(ctx, t.on, into, c.declared(), paths)
			return err
		})
	}
	return rows, t.failed
}

// touchedQuery finds the windows or keys to be chosen anew: those that arrive,
// and those of rows whose load is retired. A retired deletion left no row in
// the current state, so the past is asked too.
func (c change) touchedQuery() string {
	columns := table.QuoteAll("", c.groups())
	sets := []string{"SELECT " + columns + " FROM " + c.pool + " WHERE _load IN (NULL" + literalsAfter(ids(c.Fresh)) + ")"}
	if len(c.Retired) > 0 {
		for _, r := range c.rivals() {
			sets = append(sets, "SELECT "+columns+" FROM "+r.String()+" WHERE _load IN ("+table.Literals(c.Retired)+")")
		}
	}
	return strings.Join(sets, " UNION ")
}

// isTouched is the condition on a row "a" that its window or key is touched.
func (c change) isTouched() string {
	same := make([]string, len(c.groups()))
	for i, name := range c.groups() {
		same[i] = "a." + engine.Quote(name) + " IS NOT DISTINCT FROM t." + engine.Quote(name)
	}
	return "EXISTS (SELECT 1 FROM " + c.touched + " AS t WHERE " + strings.Join(same, " AND ") + ")"
}

// chooseQuery marks the rows of the pool that stay: of each window those of the
// newest load that has it, of each key the newest unless it is a deletion;
// never those of a load that is superseded.
func (c change) chooseQuery() string {
	order, rank := "s.sequence DESC", "rank"
	if c.Mode == engine.Key {
		order, rank = "s.sequence DESC, p._row DESC", "row_number"
		if c.Version != "" {
			order = "p." + engine.Quote(c.Version) + " DESC NULLS LAST, " + order
		}
	}
	stays := `"larder place" = 1`
	if c.Deleted != "" {
		stays += " AND (" + engine.WithoutEnd(c.Deleted) + ") IS NOT TRUE"
	}
	ranked := `SELECT p.*, p.ctid AS "larder row", ` + rank + "() OVER (PARTITION BY " + table.QuoteAll("p.", c.groups()) + " ORDER BY " + order + `) AS "larder place" FROM ` +
		c.pool + " AS p JOIN " + c.sequences() + " AS s ON p._load = s.id AND NOT s.dead"
	return "UPDATE " + c.pool + ` AS p SET "larder stays" = true FROM (SELECT "larder row" FROM (` + ranked + `) AS "larder ranked" WHERE ` +
		stays + `) AS chosen WHERE p.ctid = chosen."larder row"`
}

// sequences is a relation of all loads: id, sequence, and whether it is dead.
func (c change) sequences() string {
	rows := []string{"(NULL::text, NULL::bigint, true)"}
	row := func(id string, sequence int64) {
		rows = append(rows, fmt.Sprintf("(%s, %d, %t)", engine.Literal(id), sequence, c.Dead[id] != ""))
	}
	for _, h := range c.Held {
		row(h.ID, h.Sequence)
	}
	for _, l := range c.Arrived {
		row(l.ID, l.Sequence)
	}
	return "(SELECT * FROM (VALUES " + strings.Join(rows, ", ") + ") AS v(id, sequence, dead))"
}

// stays is the condition on a row of the pool that it enters the current state.
func (c change) stays() string {
	if c.Mode == engine.Append {
		return "_load IN (NULL" + literalsAfter(ids(c.Fresh)) + ")"
	}
	return `"larder stays"`
}

// leaves is the condition on a row "a" of the current state that it is in the
// pool too, or retired; "" when no row is.
func (c change) leaves() string {
	switch {
	case !c.exists(), c.idle():
		return ""
	case c.Mode != engine.Append:
		return c.isTouched()
	case len(c.Retired) > 0:
		return "a._load IN (" + table.Literals(c.Retired) + ")"
	}
	return ""
}

// shown is the query of the table as it would be.
func (c change) shown() string {
	var parts []string
	for _, column := range c.declared() {
		part := "a." + engine.Quote(column.Name)
		was, ok := exactly(c.there, column.Name)
		switch {
		case !ok: // it comes with this landing
			part = "CAST(NULL AS " + spell(column.Type) + ")"
		case spell(was.Type) != spell(column.Type):
			part = "CAST(" + part + " AS " + spell(column.Type) + ")"
		}
		parts = append(parts, part)
	}
	shown := "SELECT " + quoted(c.declared()) + " FROM " + c.pool + " WHERE " + c.stays()
	if c.there == nil {
		return shown
	}
	shown += " UNION ALL SELECT " + strings.Join(parts, ", ") + " FROM " + c.Target.String() + " AS a"
	if gone := c.leaves(); gone != "" {
		shown += " WHERE NOT (" + gone + ")"
	}
	return shown
}

// append lands loads whose rows do not compete: they are copied where they stay.
func (c change) append(ctx context.Context, t *transaction) (landed engine.Landed, err error) {
	if landed.Removed, err = c.retire(ctx, t); err != nil {
		return landed, err
	}
	var late []engine.ArchivedLoad
	for _, l := range c.Arrived {
		if c.Dead[l.ID] != "" {
			late = append(late, l)
		}
	}
	if landed.Inserted, err = c.copyIn(ctx, t, c.Target.String(), c.Fresh); err == nil {
		_, err = c.copyIn(ctx, t, leftOf(c.Target).String(), late)
	}
	return landed, err
}

// retire moves the rows of retired loads out of the current state.
func (c change) retire(ctx context.Context, t *transaction) (int64, error) {
	if len(c.Retired) == 0 {
		return 0, nil
	}
	list := quoted(c.all)
	return t.exec(ctx, "retire", "WITH gone AS (DELETE FROM "+c.Target.String()+" AS a WHERE "+c.leaves()+" RETURNING "+list+
		") INSERT INTO "+leftOf(c.Target).String()+" ("+list+") SELECT "+list+" FROM gone")
}

// apply changes the rows of the lake table to what the pool says.
func (c change) apply(ctx context.Context, t *transaction) (landed engine.Landed, err error) {
	switch {
	case c.Mode == engine.Append:
		landed.Removed, err = c.retire(ctx, t)
	case c.touches():
		if landed.Removed, err = t.exec(ctx, "remove", "DELETE FROM "+c.Target.String()+" AS a WHERE "+c.isTouched()); err == nil && c.everyCandidate() {
			_, err = t.exec(ctx, "remove", "DELETE FROM "+leftOf(c.Target).String()+" AS a WHERE "+c.isTouched())
		}
	}
	if err != nil {
		return landed, err
	}
	list := quoted(c.all)
	if landed.Inserted, err = t.exec(ctx, "insert", "INSERT INTO "+c.Target.String()+" ("+list+") SELECT "+list+" FROM "+c.pool+" WHERE "+c.stays()); err != nil {
		return landed, err
	}
	_, err = t.exec(ctx, "insert", "INSERT INTO "+leftOf(c.Target).String()+" ("+list+") SELECT "+list+" FROM "+c.pool+" WHERE ("+c.stays()+") IS NOT TRUE")
	return landed, err
}

func ids(loads []engine.ArchivedLoad) []string {
	out := make([]string, len(loads))
	for i, l := range loads {
		out[i] = l.ID
	}
	return out
}

// literalsAfter is a list of texts that follows another element.
func literalsAfter(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return ", " + table.Literals(texts)
}
