package compile

import (
	"slices"
	"strings"
)

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
