package compile

import (
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/table"
)

// called is a bound call: the types tell what the syntax tree does not.
type called struct {
	name      string
	arguments []string // type ids of the arguments as written, without the casts the engine put around
	constant  []bool
	returns   string
}

// readPlan collects the calls, comparisons and casts of a bound plan.
func (l *lint) readPlan(root value) {
	l.calls = map[int][]called{}
	for c := root.get("expressions").first(); c.ok(); c = c.next() {
		l.columns = append(l.columns, table.Column{Name: strings.Clone(outputName(c))})
	}
	doc := root.d
	for i := int(root.id); i < len(doc.nodes); i++ {
		v := value{doc, int32(i)}
		if strings.HasSuffix(v.get("type").text(), "DELIM_JOIN") || v.get("type").text() == "LOGICAL_DEPENDENT_JOIN" {
			l.correlated = true
		}
		class := v.get("expression_class").text()
		if class == "" {
			continue
		}
		at := v.get("query_location").index() - len(wrapHead)
		switch class {
		case "BOUND_FUNCTION", "BOUND_AGGREGATE", "BOUND_WINDOW":
			name := strings.Clone(v.get("name").text())
			l.note(at, v, name, "children")
		case "BOUND_COMPARISON":
			l.note(at, v, "compare", "left", "right")
		case "BOUND_BETWEEN":
			l.note(at, v, "between", "input", "lower", "upper")
		case "BOUND_CAST":
			l.note(at, v, "cast", "child")
		}
	}
}

// note remembers one bound expression.
func (l *lint) note(at int, v value, name string, keys ...string) {
	if at < 0 && v.get("expression_class").text() != "BOUND_AGGREGATE" {
		return
	}
	c := called{name: name, returns: typeID(v)}
	argument := func(child value) {
		id, constant := written(child)
		c.arguments, c.constant = append(c.arguments, id), append(c.constant, constant)
	}
	for _, key := range keys {
		child := v.get(key)
		if child.kind() != arrayNode {
			argument(child)
			continue
		}
		for e := child.first(); e.ok(); e = e.next() {
			argument(e)
		}
	}
	if at < 0 { // aggregates have no place
		l.aggregates = append(l.aggregates, c)
		return
	}
	l.calls[at] = append(l.calls[at], c)
}

// aggregate is a bound aggregate of one of the names. When there are several of
// different types, the one whose first argument has the type.
func (l *lint) aggregate(of string, names ...string) (called, bool) {
	var found []called
	for _, c := range l.aggregates {
		if slices.Contains(names, c.name) {
			found = append(found, c)
		}
	}
	for _, c := range found {
		if len(c.arguments) > 0 && c.arguments[0] == of {
			return c, true
		}
	}
	if len(found) == 0 {
		return called{}, false
	}
	return found[0], true
}

// kindOf is the type of an expression of the syntax tree, as far as it can be
// told: columns are known by their name.
func (l *lint) kindOf(v value) string {
	switch v.get("class").text() {
	case "COLUMN_REF":
		name := ""
		for c := v.get("column_names").first(); c.ok(); c = c.next() {
			name = strings.ToLower(c.text())
		}
		if kind, ok := l.named[name]; ok {
			return kind
		}
		return l.columnKind(name)
	case "FUNCTION":
		name := v.get("function_name").text()
		if c, ok := l.call(v.get("query_location").index(), name, synonyms[name]); ok {
			return c.returns
		}
		if c, ok := l.aggregate(l.kindOf(v.get("children").first()), name, synonyms[name]); ok {
			return c.returns
		}
	case "WINDOW":
		switch v.get("function_name").text() {
		case "row_number", "rank", "dense_rank", "ntile", "count", "count_star":
			return "BIGINT"
		case "lag", "lead", "first_value", "last_value", "nth_value", "min", "max":
			return l.kindOf(v.get("children").first())
		}
	case "CAST":
		return strings.Clone(v.get("cast_type").get("id").text())
	case "CONSTANT":
		return strings.Clone(v.get("value").get("type").get("id").text())
	case "CASE":
		return l.kindOf(v.get("case_checks").first().get("then_expr"))
	}
	if v.get("type").text() == "OPERATOR_COALESCE" {
		return l.kindOf(v.get("children").first())
	}
	return ""
}

func (l *lint) kindsOf(list value) []string {
	var out []string
	for c := list.first(); c.ok(); c = c.next() {
		out = append(out, l.kindOf(c))
	}
	return out
}

func (l *lint) columnKind(name string) string {
	for _, key := range sortedKeys(l.upstreams) {
		if c, ok := table.Find(l.upstreams[key].columns, name); ok {
			kind, _, _ := strings.Cut(c.Type.String(), "(")
			return kind
		}
	}
	return ""
}

func typeID(v value) string { return strings.Clone(typeOf(v).get("id").text()) }

// written is the type of an expression under the casts around it, when these
// stand where it stands: a written cast has its own place.
func written(v value) (id string, constant bool) {
	for v.get("expression_class").text() == "BOUND_CAST" {
		child := v.get("child")
		at := child.get("query_location").index()
		if at >= 0 && at != v.get("query_location").index() {
			break
		}
		v = child
	}
	return typeID(v), v.get("expression_class").text() == "BOUND_CONSTANT"
}

// call finds the bound call of a name at a place; ok is false when the engine
// has folded or replaced it.
func (l *lint) call(at int, names ...string) (called, bool) {
	for _, c := range l.calls[at] {
		for _, name := range names {
			if c.name == name {
				return c, true
			}
		}
	}
	return called{}, false
}

// casts looks at the casts of the plan that stand nowhere in the syntax tree:
// the engine added them, and PostgreSQL may not.
func (l *lint) casts(tree *document) {
	explicit, kinds := map[int]bool{}, map[int]string{}
	for i := range tree.nodes {
		v := value{tree, int32(i)}
		if v.get("class").text() == "COLUMN_REF" || v.get("class").text() == "FUNCTION" || v.get("class").text() == "CASE" {
			kinds[v.get("query_location").index()] = l.kindOf(v)
		}
		if v.get("class").text() == "CAST" {
			explicit[v.get("query_location").index()] = true
			explicit[v.get("child").get("query_location").index()] = true
		}
		if v.key() == "group_expressions" || v.key() == "orders" { // GROUP BY 1 has the casts of what it numbers
			for c := v.first(); c.ok(); c = c.next() {
				explicit[l.at(c)] = true
			}
		}
		if name := v.get("function_name").text(); name == "||" || name == "concat" || name == "concat_ws" { // these take anything
			for c := v.get("children").first(); c.ok(); c = c.next() {
				explicit[l.at(c)] = true
			}
		}
	}
	for at, calls := range l.calls {
		for _, c := range calls {
			kind, known := kinds[at]
			if !known || kind != "" && kind != c.arguments[0] { // a cast inside of a macro has a place in the macro's text
				continue
			}
			if c.name != "cast" || explicit[at] || c.constant[0] || sameFamily(c.arguments[0], c.returns) {
				continue
			}
			l.breaks(at, "DuckDB makes "+c.returns+" of "+c.arguments[0]+" by itself here, PostgreSQL refuses to", "write the cast: cast(x as "+strings.ToLower(c.returns)+")")
		}
	}
}

// ranks are the numbers PostgreSQL widens by itself, narrow to wide.
var ranks = map[string]int{"TINYINT": 1, "SMALLINT": 1, "INTEGER": 2, "INTEGER_LITERAL": 2, "BIGINT": 3, "HUGEINT": 4, "DECIMAL": 4, "FLOAT": 5, "DOUBLE": 6}

// moments are the times PostgreSQL widens by itself.
var moments = map[string]int{"DATE": 1, "TIMESTAMP": 2, "TIMESTAMP WITH TIME ZONE": 3}

// sameFamily reports whether PostgreSQL makes one type of the other without
// being asked.
func sameFamily(from, to string) bool {
	switch {
	case from == to, from == "", to == "", from == "NULL", from == `"NULL"`, from == "SQLNULL", to == "ANY", from == "UNKNOWN":
		return true
	case ranks[from] > 0 && ranks[to] > 0:
		return true // narrowing is seen where it matters: at functions' arguments
	case moments[from] > 0 && moments[to] > 0:
		return moments[from] <= moments[to]
	}
	return from == "STRING_LITERAL"
}

func isText(id string) bool { return id == "VARCHAR" || id == "STRING_LITERAL" }

func isWhole(id string) bool { return ranks[id] > 0 && ranks[id] < 4 || id == "HUGEINT" }

func isReal(id string) bool { return id == "DOUBLE" || id == "FLOAT" }
