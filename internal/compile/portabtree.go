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
				l.differs(l.at(on), "DISTINCT ON without ORDER BY keeps any row", "order by the same columns first")
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
			l.differs(l.at(o), "descending, DuckDB has NULLs last and PostgreSQL first", "desc nulls last")
		}
		if l.isTextColumn(e) {
			l.differs(l.at(o), "texts are ordered by bytes in DuckDB, in PostgreSQL by the database's language", `order by x collate "C"`)
		}
	}
}

func neverNull(e value) bool {
	name := e.get("function_name").text()
	return e.get("class").text() == "CONSTANT" || name == "count" || name == "count_star" || name == "row_number" || name == "rank" || name == "dense_rank"
}

// isTextColumn reports whether an expression is a text.
func (l *lint) isTextColumn(e value) bool { return isText(l.kindOf(e)) }

// names learns the types of all names given in select lists. Those that are made
// of others, read before or behind them in the text, take a second look.
func (l *lint) names(tree *document) {
	for i := range tree.nodes {
		if v := (value{tree, int32(len(tree.nodes) - 1 - i)}); v.key() == "select_list" {
			l.remember(v)
		}
	}
	for i := range tree.nodes {
		if v := (value{tree, int32(i)}); v.key() == "select_list" {
			l.remember(v)
		}
	}
}

// remember notes the types of the names a select list gives.
func (l *lint) remember(list value) {
	for c := list.first(); c.ok(); c = c.next() {
		alias := strings.ToLower(c.get("alias").text())
		if alias == "" {
			continue
		}
		kind := l.kindOf(c)
		if before, ok := l.named[alias]; ok && before != "" && before != kind {
			kind = ""
		} else if upstream := l.columnKind(alias); upstream != "" && upstream != kind {
			kind = ""
		}
		l.named[strings.Clone(alias)] = kind
	}
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

// aliases finds names of the select list that are used beside it.
func (l *lint) aliases(v value) {
	given := map[string]int{}
	for c, i := v.get("select_list").first(), 0; c.ok(); c, i = c.next(), i+1 {
		if alias := strings.ToLower(c.get("alias").text()); alias != "" {
			if _, again := given[alias]; !again {
				given[alias] = i
			}
		}
	}
	if len(given) == 0 {
		return
	}
	known := map[string]bool{}
	for _, name := range l.columnsOf(v.get("from_table")) {
		known[strings.ToLower(name)] = true
	}
	if known["*"] {
		return
	}
	report := func(at int, name string) {
		l.breaks(at, "PostgreSQL does not know "+name+" here: it is a name given in the same SELECT", "write the expression again, or compute it in a query before")
	}
	for _, key := range []string{"select_list", "where_clause", "having", "group_expressions"} {
		l.columnRefs(v.get(key), func(ref value) {
			name := ref.get("column_names").first().text()
			_, isAlias := given[strings.ToLower(name)]
			if !isAlias || known[strings.ToLower(name)] || ref.get("column_names").len() != 1 {
				return
			}
			if key == "group_expressions" && ref.key() == "" && isDirect(v.get(key), ref) {
				return
			}
			report(l.at(ref), strings.Clone(name))
		})
	}
	for m := v.get("modifiers").first(); m.ok(); m = m.next() {
		for o := m.get("orders").first(); o.ok(); o = o.next() {
			e := o.get("expression")
			if e.get("class").text() == "COLUMN_REF" {
				continue
			}
			l.columnRefs(e, func(ref value) {
				name := ref.get("column_names").first().text()
				if _, isAlias := given[strings.ToLower(name)]; isAlias && !known[strings.ToLower(name)] && ref.get("column_names").len() == 1 {
					report(l.at(ref), strings.Clone(name))
				}
			})
		}
	}
}

func isDirect(list, ref value) bool {
	for c := list.first(); c.ok(); c = c.next() {
		if c.id == ref.id {
			return true
		}
	}
	return false
}

// columnRefs visits the columns below a node, but not those of subqueries.
func (l *lint) columnRefs(v value, visit func(value)) {
	switch v.get("class").text() {
	case "COLUMN_REF":
		visit(v)
		return
	case "SUBQUERY", "LAMBDA":
		return
	}
	for c := v.first(); c.ok(); c = c.next() {
		if c.kind() == objectNode || c.kind() == arrayNode {
			l.columnRefs(c, visit)
		}
	}
}

// columnsOf names the columns a FROM clause puts out; "*" when that is not known.
func (l *lint) columnsOf(from value) []string {
	rename := func(names []string) []string {
		for i, alias := 0, from.get("column_name_alias").first(); alias.ok() && i < len(names); i, alias = i+1, alias.next() {
			names[i] = alias.text()
		}
		return names
	}
	switch from.get("type").text() {
	case "EMPTY":
		return nil
	case "BASE_TABLE":
		schema, name := from.get("schema_name").text(), from.get("table_name").text()
		if schema == "" {
			if names, ok := l.ctes[strings.ToLower(name)]; ok {
				return rename(slices.Clone(names))
			}
			return []string{"*"}
		}
		return rename(columnNames(l.upstreams[strings.ToLower(schema+"."+name)]))
	case "SUBQUERY":
		return rename(l.outputs(from.get("subquery").get("node")))
	case "JOIN":
		return append(l.columnsOf(from.get("left")), l.columnsOf(from.get("right"))...)
	}
	if n := from.get("column_name_alias").len(); n > 0 {
		return rename(make([]string, n))
	}
	return []string{"*"}
}

func columnNames(up upstream) []string {
	out := make([]string, len(up.columns))
	for i, c := range up.columns {
		out[i] = c.Name
	}
	return out
}

// outputs names the columns of a query.
func (l *lint) outputs(query value) []string {
	switch query.get("type").text() {
	case "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE":
		return l.outputs(query.get("left"))
	case "SELECT_NODE":
	default:
		return []string{"*"}
	}
	if query.get("from_table").get("type").text() == "EXPRESSION_LIST" {
		return make([]string, query.get("from_table").get("values").first().len())
	}
	var out []string
	for c := query.get("select_list").first(); c.ok(); c = c.next() {
		switch alias := c.get("alias").text(); {
		case alias != "":
			out = append(out, alias)
		case c.get("class").text() == "STAR":
			out = append(out, l.columnsOf(query.get("from_table"))...)
		case c.get("class").text() == "COLUMN_REF":
			name := ""
			for n := c.get("column_names").first(); n.ok(); n = n.next() {
				name = n.text()
			}
			out = append(out, name)
		default:
			out = append(out, "")
		}
	}
	return out
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
