package compile

import (
	"slices"
	"strings"
)

// walk looks at a node of the syntax tree and at all below it.
func (l *lint) walk(v, parent value) {
	switch v.kind() {
	case arrayNode:
		for c := v.first(); c.ok(); c = c.next() {
			l.walk(c, parent)
		}
		return
	case objectNode:
	default:
		return
	}
	self := parent
	if class := v.get("class").text(); class != "" {
		l.expression(class, v, parent)
		self = v
	} else if kind := v.get("type").text(); kind != "" {
		l.node(kind, v)
		if strings.HasSuffix(kind, "_NODE") {
			self = value{}
		}
	}
	if v.key() == "cte_map" {
		l.commonTables(v)
		return
	}
	for c := v.first(); c.ok(); c = c.next() {
		l.walk(c, self)
	}
}

// commonTables walks the WITH of a query, and remembers what each puts out.
func (l *lint) commonTables(v value) {
	for c := v.get("map").first(); c.ok(); c = c.next() {
		query := c.get("value").get("query").get("node")
		l.walk(query, value{})
		names := l.outputs(query)
		for i, alias := 0, c.get("value").get("aliases").first(); alias.ok() && i < len(names); i, alias = i+1, alias.next() {
			names[i] = alias.text()
		}
		l.ctes[strings.ToLower(c.get("key").text())] = names
		if c.get("value").get("key_targets").len() > 0 {
			l.breaks(l.at(query), "USING KEY is DuckDB's own", "write the recursion without a key")
		}
	}
}

// joinKinds are joins PostgreSQL does not know.
var joinKinds = map[string]string{
	"SEMI": "where exists (select 1 from ... where ...)", "ANTI": "where not exists (select 1 from ... where ...)",
	"ASOF": "ranges made with lead(), see docs/functions.md, A rate as of a date", "POSITIONAL": "number the rows of both with row_number() and join on the numbers",
}

// node looks at queries and at what stands in FROM.
func (l *lint) node(kind string, v value) {
	switch kind {
	case "SELECT_NODE":
		l.query(v)
	case "SET_OPERATION_NODE":
		if strings.HasSuffix(v.get("setop_type").text(), "BY_NAME") {
			l.breaks(l.at(v), "UNION BY NAME is DuckDB's own", "list the columns of both sides in the same order")
		}
		l.modifiers(v)
	case "JOIN":
		for _, key := range []string{"join_type", "ref_type"} {
			if instead, ok := joinKinds[v.get(key).text()]; ok {
				l.breaks(l.at(v), v.get(key).text()+" JOIN is DuckDB's own", instead)
			}
		}
		if kind := v.get("join_type").text(); (kind == "FULL" || kind == "OUTER") && v.get("condition").get("type").text() != "COMPARE_EQUAL" && v.get("using_columns").len() == 0 && v.get("condition").get("type").text() != "CONJUNCTION_AND" {
			l.breaks(l.at(v), "PostgreSQL joins FULL only on equality", "join on columns that are equal, filter before")
		}
	case "PIVOT":
		l.breaks(l.at(v), "PIVOT and UNPIVOT are DuckDB's own", "sum(case when key = 'a' then x end) as a, ...; for the way back union all")
	case "SHOW_REF":
		l.breaks(l.at(v), "this is DuckDB's own", "read a dataset")
	case "SUBQUERY", "EXPRESSION_LIST":
		if kind == "SUBQUERY" && v.get("alias").text() == "" {
			l.breaks(l.at(v), "PostgreSQL wants a name for a query in FROM", "(select ...) as t")
		}
	case "TABLE_FUNCTION":
		if name := v.get("function").get("function_name").text(); !slices.Contains([]string{"unnest", "generate_series", "date_spine", "month_spine"}, name) {
			l.breaks(l.at(v), name+" is DuckDB's own table function", "generate_series(from, to), larder.date_spine(from, to), or a dataset")
		}
	}
	if v.get("sample").kind() == objectNode {
		l.breaks(l.at(v), "DuckDB's sample is written otherwise in PostgreSQL", "where larder.hash_bucket(id::varchar, 100) < 1")
	}
}

// query looks at one SELECT.
func (l *lint) query(v value) {
	at := l.at(v)
	if v.get("aggregate_handling").text() == "FORCE_AGGREGATES" {
		l.breaks(l.place("all", at), "GROUP BY ALL is DuckDB's own", "name the columns: group by 1, 2")
	}
	if v.get("qualify").kind() == objectNode {
		l.breaks(l.place("qualify", l.at(v.get("qualify"))), "QUALIFY is DuckDB's own", "compute it in a query around: select * from (select ..., row_number() over (...) as n from ...) as t where n = 1")
	}
	from := v.get("from_table")
	if first, table := l.at(v.get("select_list")), l.at(from); table >= 0 && from.get("type").text() != "EMPTY" && from.get("type").text() != "EXPRESSION_LIST" && (first < 0 || first > table || l.wordAt(first) == "from") {
		l.breaks(table, "a query that begins with FROM is DuckDB's own", "select * from ...")
	}
	l.modifiers(v)
	l.aliases(v)
}

// place finds a keyword near an offset: behind it when there is one.
func (l *lint) place(word string, near int) int {
	found := -1
	for _, t := range l.st.tokens {
		if t.kind == wordToken && strings.EqualFold(t.text, word) && (found < 0 || t.at <= near) {
			found = t.at
		}
	}
	if found >= 0 && len(l.st.patches) == 0 {
		return found
	}
	return near
}

// modifiers looks at ORDER BY, LIMIT and DISTINCT of a query.
func (l *lint) modifiers(v value) {
	limited, ordered, on := false, value{}, value{}
	for m := v.get("modifiers").first(); m.ok(); m = m.next() {
		switch m.get("type").text() {
		case "LIMIT_PERCENT_MODIFIER":
			l.breaks(l.at(m), "LIMIT in percent is DuckDB's own", "number the rows and compare with count(*) over ()")
		case "LIMIT_MODIFIER":
			limited = true
		case "ORDER_MODIFIER":
			ordered = m.get("orders")
		case "DISTINCT_MODIFIER":
			if m.get("distinct_on_targets").len() > 0 {
				on = m.get("distinct_on_targets")
			}
		}
	}
	for o := ordered.first(); o.ok(); o = o.next() {
		if e := o.get("expression"); e.get("class").text() == "STAR" {
			l.breaks(l.at(o), "ORDER BY ALL is DuckDB's own", "name the columns")
		}
	}
	if on.ok() {
		for t, o := on.first(), ordered.first(); t.ok(); t, o = t.next(), o.next() {
			if !o.ok() {
				l.differs(rowOrder, l.at(on), "DISTINCT ON without ORDER BY keeps any row", "order by the same columns first")
				break
			}
			if unplaced(t.raw()) != unplaced(o.get("expression").raw()) {
				l.breaks(l.at(on), "PostgreSQL wants ORDER BY to begin with the columns of DISTINCT ON", "order by them first")
				break
			}
		}
	}
	if limited || on.ok() {
		l.orders(ordered, v.get("select_list"))
	}
}

// orders looks at an order that decides which rows there are, or their numbers.
// A number means a column of the select list, where there is one.
func (l *lint) orders(list, selected value) {
	for o := list.first(); o.ok(); o = o.next() {
		e := o.get("expression")
		if n := e.get("value").get("value").index(); e.get("class").text() == "CONSTANT" && n > 0 && selected.ok() {
			for e = selected.first(); n > 1 && e.ok(); n-- {
				e = e.next()
			}
		}
		if o.get("type").text() == "DESCENDING" && o.get("null_order").text() == "ORDER_DEFAULT" && !neverNull(e) {
			l.differs(nullOrder, l.at(o), "descending, DuckDB has NULLs last and PostgreSQL first", "desc nulls last")
		}
		if l.isTextColumn(e) && !l.coded(e) {
			l.differs(textOrder, l.at(o), languageOrder, `order by x collate "C"`)
		}
	}
}

func neverNull(e value) bool {
	name := e.get("function_name").text()
	return e.get("class").text() == "CONSTANT" || name == "count" || name == "count_star" || name == "row_number" || name == "rank" || name == "dense_rank"
}

// lateral finds a query in FROM that reads what stands beside it.
func (l *lint) lateral(tree *document) {
	derived := -1
	for i := range tree.nodes {
		switch v := (value{tree, int32(i)}); {
		case v.get("class").text() == "SUBQUERY":
			return
		case v.get("type").text() == "SUBQUERY" && derived < 0:
			derived = l.at(v)
		}
	}
	if l.correlated && derived >= 0 && !slices.ContainsFunc(l.st.tokens, func(t token) bool { return strings.EqualFold(t.text, "lateral") }) {
		l.breaks(derived, "PostgreSQL wants the word LATERAL before a query that reads what stands beside it", "from a, lateral (select ...) as b")
	}
}

// unplaced is a piece of a syntax tree without the places in the text.
func unplaced(raw string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(raw, `"query_location":`)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		raw = strings.TrimLeft(after, "0123456789")
	}
}
