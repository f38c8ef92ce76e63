package duckdb

import (
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/table"
)

// delta is a change in SQL: which rows leave the current state and which enter
// it. The rows' condition and the query read a helper table, touched, that is
// made first; it names the windows or keys whose rows have to be chosen anew.
type delta struct {
	touched string // query of the helper table, "" when none is needed
	gone    string // condition on a row "a" of the current state; "" when none leave
	enter   string // query of the rows that enter, "" when there are none
}

// sqlFor writes the change to a lake table in SQL. exists says whether the
// table is there, helper is the helper table's name.
func (c change) sqlFor(exists bool, helper string) delta {
	if len(c.Retired) == 0 && c.fresh().none() {
		return delta{}
	}
	switch c.Mode {
	case engine.Window:
		return c.windowDelta(exists, helper)
	case engine.Key:
		return c.keyDelta(exists, helper)
	default:
		return c.appendDelta(exists)
	}
}

// appendDelta: the rows of retired loads leave, those of fresh loads enter.
func (c change) appendDelta(exists bool) delta {
	var d delta
	if exists && len(c.Retired) > 0 {
		d.gone = "a._load IN (" + table.Literals(c.Retired) + ")"
	}
	if o := c.fresh(); !o.none() {
		d.enter = "SELECT * FROM " + c.rows(o)
	}
	return d
}

// windowDelta: of each window that fresh loads have, or that retired loads
// filled, the rows leave and those of the newest load that has it enter.
func (c change) windowDelta(exists bool, helper string) delta {
	candidates := c.fresh() // the newest loads by far
	if len(c.Retired) > 0 || !c.InOrder() {
		candidates = c.counting()
	}
	column := engine.Quote(c.WindowColumn)
	sets := c.touchedSets(exists, column, origin{})
	rows := "(SELECT f.*, s.sequence AS \"larder sequence\" FROM " + c.rows(candidates) + " AS f JOIN " + c.sequences() + " AS s ON f._load = s.id)"
	d := delta{
		touched: "SELECT t." + column + ` AS w, max(c."larder sequence") AS sequence FROM (` + strings.Join(sets, " UNION ") + ") AS t LEFT JOIN " + rows +
			" AS c ON t." + column + " IS NOT DISTINCT FROM c." + column + " GROUP BY ALL",
		enter: `SELECT c.* EXCLUDE ("larder sequence") FROM ` + rows + " AS c JOIN " + helper + " AS t ON c." + column +
			` IS NOT DISTINCT FROM t.w AND c."larder sequence" = t.sequence`,
	}
	if exists {
		d.gone = "EXISTS (SELECT 1 FROM " + helper + " AS t WHERE a." + column + " IS NOT DISTINCT FROM t.w)"
	}
	return d
}

// keyDelta: of each key that fresh loads have, or that retired loads gave its
// row, the row leaves and the newest of all candidates enters, unless it is a
// deletion.
func (c change) keyDelta(exists bool, helper string) delta {
	keys := table.QuoteAll("", c.Key)
	plain := len(c.Retired) == 0 && c.InOrder()
	candidates := c.rows(c.counting())
	switch {
	case plain && c.Version == "": // what arrives is newer than anything
		candidates = c.rows(c.fresh())
	case plain && c.Deleted == "": // the current row stands for all copies before
		candidates = c.rows(c.fresh())
		if exists {
			candidates = "(SELECT * FROM " + candidates + " UNION ALL BY NAME SELECT " + table.QuoteAll("", columnNames(c.Columns)) + " FROM " + c.current(c.Target) + ")"
		}
	}
	var retired origin
	if c.Deleted != "" { // a retired deletion left no row behind
		retired = c.retired()
	}
	same := make([]string, len(c.Key))
	for i, name := range c.Key {
		same[i] = "c." + engine.Quote(name) + " IS NOT DISTINCT FROM t." + engine.Quote(name)
	}
	order := "s.sequence DESC, c._row DESC"
	if c.Version != "" {
		order = "c." + engine.Quote(c.Version) + " DESC NULLS LAST, " + order
	}
	d := delta{
		touched: strings.Join(c.touchedSets(exists, keys, retired), " UNION "),
		enter: "SELECT c.* FROM " + candidates + " AS c JOIN " + c.sequences() + " AS s ON c._load = s.id" +
			" WHERE EXISTS (SELECT 1 FROM " + helper + " AS t WHERE " + strings.Join(same, " AND ") + ")" +
			" QUALIFY row_number() OVER (PARTITION BY " + table.QuoteAll("c.", c.Key) + " ORDER BY " + order + ") = 1",
	}
	if c.Deleted != "" {
		d.enter = "SELECT * FROM (" + d.enter + ") AS newest WHERE (" + engine.WithoutEnd(c.Deleted) + ") IS NOT TRUE"
	}
	if exists {
		d.gone = "EXISTS (SELECT 1 FROM " + helper + " AS t WHERE " + strings.ReplaceAll(strings.Join(same, " AND "), "c.\"", "a.\"") + ")"
	}
	return d
}

// touchedSets are queries of the windows or keys to be chosen anew.
func (c change) touchedSets(exists bool, columns string, retired origin) []string {
	var sets []string
	if o := c.fresh(); !o.none() {
		sets = append(sets, "SELECT DISTINCT "+columns+" FROM "+c.rows(o))
	}
	if exists && len(c.Retired) > 0 {
		sets = append(sets, "SELECT DISTINCT "+columns+" FROM "+c.current(c.Target)+" AS a WHERE a._load IN ("+table.Literals(c.Retired)+")")
	}
	if !retired.none() {
		sets = append(sets, "SELECT DISTINCT "+columns+" FROM "+c.rows(retired))
	}
	if len(sets) == 0 {
		sets = append(sets, "SELECT DISTINCT "+columns+" FROM "+c.rows(origin{}))
	}
	return sets
}

// sequences is the order of all loads that count.
func (c change) sequences() string {
	values := []string{"(NULL, NULL)"}
	for _, l := range c.Fresh {
		values = append(values, "("+engine.Literal(l.ID)+", "+strconv.FormatInt(l.Sequence, 10)+")")
	}
	return "(SELECT id, sequence FROM larder.loads WHERE dataset = " + engine.Literal(c.Target.Dataset()) +
		" UNION ALL FROM (VALUES " + strings.Join(values, ", ") + ") AS arriving(id, sequence))"
}

// rows reads archived loads in the table's columns and types; a column they lack
// is NULL.
func (c change) rows(o origin) string {
	all := engine.WithProvenance(c.Columns)
	empty, cast := make([]string, len(all)), make([]string, len(all))
	for i, column := range all {
		name := engine.Quote(column.Name)
		empty[i] = "NULL::" + column.Type.String() + " AS " + name
		cast[i] = name + "::" + column.Type.String() + " AS " + name
	}
	source := "SELECT " + strings.Join(empty, ", ") + " WHERE false"
	if len(o.files) > 0 {
		source += " UNION ALL BY NAME SELECT * FROM " + parquet(o.files)
	}
	if len(o.loads) > 0 {
		source += " UNION ALL BY NAME " + c.kept(o.loads)
	}
	return "(SELECT " + strings.Join(cast, ", ") + " FROM (" + source + "))"
}

// current reads the table as it is, in the columns and types it is to have.
func (c change) current(r engine.Relation) string {
	all := engine.WithProvenance(c.Columns)
	empty := make([]string, len(all))
	for i, column := range all {
		empty[i] = "NULL::" + column.Type.String() + " AS " + engine.Quote(column.Name)
	}
	return "(SELECT " + strings.Join(empty, ", ") + " WHERE false UNION ALL BY NAME SELECT * FROM " + r.String() + ")"
}

func columnNames(columns []table.Column) []string { return table.Names(engine.WithProvenance(columns)) }

// parquet reads the files as one table.
func parquet(paths []string) string {
	return "read_parquet([" + table.Literals(paths) + "], union_by_name = true)"
}
