package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// heldLoad is a load in larder.loads.
type heldLoad struct {
	engine.HeldLoad
	supersedes []string
}

func heldQuery(r engine.Relation) string {
	return `SELECT id, sequence, "rows", coalesce(superseded_by, ''), to_json(supersedes) FROM larder.loads
		WHERE dataset = ` + engine.Literal(r.Dataset()) + ` ORDER BY sequence, id COLLATE "C"`
}

func heldLoads(rows [][]string) ([]heldLoad, error) {
	out := make([]heldLoad, len(rows))
	for i, row := range rows {
		h := heldLoad{HeldLoad: engine.HeldLoad{ID: row[0], SupersededBy: row[3]}}
		h.Sequence, _ = strconv.ParseInt(row[1], 10, 64)
		h.Rows, _ = strconv.ParseInt(row[2], 10, 64)
		if err := json.Unmarshal([]byte(row[4]), &h.supersedes); err != nil {
			return nil, fault.New(fault.Broken, "larder.loads: load %s cannot be read", h.ID)
		}
		out[i] = h
	}
	return out, nil
}

// change is what a landing does to the loads the warehouse holds.
type change struct {
	engine.Landing
	there   []table.Column // of the lake table as it is; nil while it does not exist
	all     []table.Column // those declared, and those that no longer are
	held    []heldLoad
	arrived []engine.ArchivedLoad // not held yet, by sequence
	dead    map[string]string     // load held or arrived -> the load that supersedes it
	retired []string              // held loads that were current and no longer are
	fresh   []engine.ArchivedLoad // arrived loads that are current

	// The rows that compete: all that arrive, and those there are already of the
	// windows or keys in touched; "larder stays" says which are the current state.
	pool, touched string
}

// change compares a landing with the loads there are. A load may arrive after
// the one that supersedes it; loads held already are passed over.
func (t *transaction) change(ctx context.Context, l engine.Landing) (change, error) {
	c := change{Landing: l, all: withProvenance(l.Columns), dead: map[string]string{}}
	if err := c.valid(); err != nil {
		return c, err
	}
	rows, err := t.texts(ctx, heldQuery(l.Target))
	if err != nil {
		return c, err
	}
	if c.held, err = heldLoads(rows); err != nil {
		return c, err
	}
	found, err := look(ctx, t.ask, l.Target)
	if err != nil {
		return c, err
	}
	c.there = found[0].columns
	for _, column := range c.there {
		if _, ok := exactly(c.all, column.Name); !ok {
			c.all = append(c.all, column) // no longer declared
		}
	}
	c.compare(l.Loads)
	return c, nil
}

func (c *change) compare(loads []engine.ArchivedLoad) {
	holds := map[string]bool{}
	for _, h := range c.held {
		holds[h.ID] = true
		for _, id := range h.supersedes {
			c.dead[id] = h.ID
		}
	}
	for _, load := range loads {
		if holds[load.ID] {
			continue
		}
		holds[load.ID] = true
		c.arrived = append(c.arrived, load)
		for _, id := range load.Supersedes {
			c.dead[id] = load.ID
		}
	}
	slices.SortStableFunc(c.arrived, func(a, b engine.ArchivedLoad) int { return int(a.Sequence - b.Sequence) })
	for _, h := range c.held {
		if h.SupersededBy == "" && c.dead[h.ID] != "" {
			c.retired = append(c.retired, h.ID)
		}
	}
	for _, load := range c.arrived {
		if c.dead[load.ID] == "" {
			c.fresh = append(c.fresh, load)
		}
	}
}

// valid refuses a landing that does not say how rows compete.
func (c change) valid() error {
	needed := map[engine.Mode][]string{engine.Append: {}, engine.Window: {c.WindowColumn}, engine.Key: c.Key}
	columns, ok := needed[c.Mode]
	switch {
	case !ok:
		return fault.New(fault.Invalid, "the mode %q of %s is not known", c.Mode, c.Target.Dataset())
	case c.Mode == engine.Key && len(columns) == 0:
		return fault.New(fault.Invalid, "%s has no key columns", c.Target.Dataset())
	}
	for _, name := range columns {
		if _, ok := exactly(c.Columns, name); !ok {
			return fault.New(fault.Invalid, "%q, by which rows compete, is no column of %s", name, c.Target.Dataset())
		}
	}
	return nil
}

// inOrder reports that every fresh load is newer than all that are held.
func (c change) inOrder() bool {
	for _, load := range c.fresh {
		for _, h := range c.held {
			if h.Sequence >= load.Sequence {
				return false
			}
		}
	}
	return true
}

// signature tells apart two changes that would not do the same.
func (c change) signature() string {
	return fmt.Sprintf("%v + %+v %v %s %v %q %q", c.held, c.arrived, c.Columns, c.Mode, c.Key, c.WindowColumn, c.Version+"\x00"+c.Deleted)
}

// groups are the columns in which rows compete; none in mode Append.
func (c change) groups() []string {
	switch c.Mode {
	case engine.Window:
		return []string{c.WindowColumn}
	case engine.Key:
		return c.Key
	}
	return nil
}

// touches reports whether there is a table of touched windows or keys.
func (c change) touches() bool { return c.Mode != engine.Append && c.exists() }

// exists reports whether the lake table has ever had a load.
func (c change) exists() bool { return len(c.held) > 0 }

// everyCandidate reports that rows which left the current state may come back
// to it, or order those that arrive. Otherwise what arrives competes only with
// what is current.
func (c change) everyCandidate() bool {
	return len(c.retired) > 0 || !c.inOrder() || c.Mode == engine.Key && c.Version != "" && c.Deleted != ""
}

// idle reports that the landing changes no rows.
func (c change) idle() bool { return len(c.arrived) == 0 && len(c.retired) == 0 }

// declared are the columns files may have.
func (c change) declared() []table.Column { return withProvenance(c.Columns) }

// choose fills the pool with the rows that compete, and says which of them the
// current state is made of.
func (c change) choose(ctx context.Context, t *transaction, what string) error {
	t.add("pool", "CREATE "+what+" "+strings.TrimPrefix(c.pool, "pg_temp.")+" ("+definitions(c.all)+`, "larder stays" boolean NOT NULL DEFAULT false)`)
	if err := c.copyIn(ctx, t, c.pool, c.arrived); err != nil {
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

// copyIn copies the rows of loads into a table.
func (c change) copyIn(ctx context.Context, t *transaction, into string, loads []engine.ArchivedLoad) error {
	var paths []string
	for _, l := range loads {
		paths = append(paths, l.Parquet...)
	}
	t.flush(ctx)
	if len(paths) > 0 {
		t.do("copy", func() error {
			rows, err := t.e.copyIn(ctx, t.on, into, c.declared(), paths)
			t.copied += rows
			return err
		})
	}
	return t.failed
}

// touchedQuery finds the windows or keys to be chosen anew: those that arrive,
// and those of rows whose load is retired. A retired deletion left no row in
// the current state, so the past is asked too.
func (c change) touchedQuery() string {
	columns := prefixed("", c.groups())
	sets := []string{"SELECT " + columns + " FROM " + c.pool + " WHERE _load IN (NULL" + literalsAfter(ids(c.fresh)) + ")"}
	if len(c.retired) > 0 {
		for _, r := range c.rivals() {
			sets = append(sets, "SELECT "+columns+" FROM "+r.String()+" WHERE _load IN ("+literals(c.retired)+")")
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
	ranked := `SELECT p.*, p.ctid AS "larder row", ` + rank + "() OVER (PARTITION BY " + prefixed("p.", c.groups()) + " ORDER BY " + order + `) AS "larder place" FROM ` +
		c.pool + " AS p JOIN " + c.sequences() + " AS s ON p._load = s.id AND NOT s.dead"
	return "UPDATE " + c.pool + ` AS p SET "larder stays" = true FROM (SELECT "larder row" FROM (` + ranked + `) AS "larder ranked" WHERE ` +
		stays + `) AS chosen WHERE p.ctid = chosen."larder row"`
}

// sequences is a relation of all loads: id, sequence, and whether it is dead.
func (c change) sequences() string {
	rows := []string{"(NULL::text, NULL::bigint, true)"}
	row := func(id string, sequence int64) {
		rows = append(rows, fmt.Sprintf("(%s, %d, %t)", engine.Literal(id), sequence, c.dead[id] != ""))
	}
	for _, h := range c.held {
		row(h.ID, h.Sequence)
	}
	for _, l := range c.arrived {
		row(l.ID, l.Sequence)
	}
	return "(SELECT * FROM (VALUES " + strings.Join(rows, ", ") + ") AS v(id, sequence, dead))"
}

// stays is the condition on a row of the pool that it enters the current state.
func (c change) stays() string {
	if c.Mode == engine.Append {
		return "_load IN (NULL" + literalsAfter(ids(c.fresh)) + ")"
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
	case len(c.retired) > 0:
		return "a._load IN (" + literals(c.retired) + ")"
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
	for _, l := range c.arrived {
		if c.dead[l.ID] != "" {
			late = append(late, l)
		}
	}
	before := t.copied
	if err = c.copyIn(ctx, t, c.Target.String(), c.fresh); err == nil {
		landed.Inserted = t.copied - before
		err = c.copyIn(ctx, t, leftOf(c.Target).String(), late)
	}
	return landed, err
}

// retire moves the rows of retired loads out of the current state.
func (c change) retire(ctx context.Context, t *transaction) (int64, error) {
	if len(c.retired) == 0 {
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

func prefixed(prefix string, names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = prefix + engine.Quote(name)
	}
	return strings.Join(out, ", ")
}

// literalsAfter is a list of texts that follows another element.
func literalsAfter(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return ", " + literals(texts)
}
