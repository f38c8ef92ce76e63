package compile

import (
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/library"
)

// expression looks at one expression of the syntax tree.
func (l *lint) expression(class string, v, parent value) {
	at := l.at(v)
	switch class {
	case "FUNCTION":
		l.function(v, parent)
	case "WINDOW":
		l.window(v)
	case "CAST":
		if v.get("try_cast").yes() {
			l.breaks(at, "TRY_CAST is DuckDB's own", "larder.try_decimal(x), larder.try_bigint(x), larder.try_date(x), or case when x ~ '^...$' then cast(x as ...) end")
		}
		l.castTo(v, at)
	case "STAR":
		l.star(v, at)
	case "LAMBDA":
		l.breaks(at, "lambdas are DuckDB's own", "unnest the list and aggregate, or keep rows instead of lists")
	case "COMPARISON", "BETWEEN":
		l.comparison(v, at)
	case "POSITIONAL_REFERENCE":
		l.breaks(at, "#1 is DuckDB's own", "name the column")
	case "OPERATOR":
		l.operator(v, at)
	}
}

func (l *lint) operator(v value, at int) {
	switch v.get("type").text() {
	case "ARRAY_EXTRACT":
		list, index := v.get("children").first(), v.get("children").first().next()
		if l.isTextColumn(list) {
			l.breaks(at, "a character of a text is not taken with [] in PostgreSQL", "substr(x, 1, 1)")
		} else if _, ok := index.get("value").get("value").number(); !ok {
			l.breaks(at, "only lists have [] in PostgreSQL, counted from 1", "(array_agg(x order by y desc))[1] for the last, t.field for a field")
		}
	case "ARRAY_SLICE":
		l.breaks(at, "slices are read otherwise in PostgreSQL", "substr(x, from, length) for texts")
	case "STRUCT_EXTRACT":
		l.breaks(at, "structs are DuckDB's own", "keep the fields as columns")
	case "OPERATOR_TRY":
		l.breaks(at, "TRY is DuckDB's own", "case when ... then ... end with a test before")
	case "OPERATOR_UNPACK":
		l.breaks(at, "*columns() is DuckDB's own", "name the columns")
	}
}

func (l *lint) star(v value, at int) {
	for key, what := range map[string]string{"exclude_list": "EXCLUDE", "qualified_exclude_list": "EXCLUDE", "replace_list": "REPLACE", "rename_list": "RENAME"} {
		if v.get(key).len() > 0 {
			l.breaks(at, "* "+what+" is DuckDB's own", "name the columns")
		}
	}
	if v.get("columns").yes() || v.get("expr").kind() == objectNode {
		l.breaks(at, "COLUMNS is DuckDB's own", "name the columns")
	}
}

// castTo looks at the types there are in one engine only, or that mean
// something else there.
func (l *lint) castTo(v value, at int) {
	if v.get("query_location").index() < 0 {
		return // inside INTERVAL and the like
	}
	to := v.get("cast_type").get("id").text()
	switch to {
	case "TINYINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT", "UHUGEINT", "BLOB", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "STRUCT", "MAP", "UNION", "ENUM", "BIT", "VARINT", "BIGNUM":
		l.breaks(at, "PostgreSQL has no type "+to, "smallint, bigint, decimal(38,0), timestamp")
	}
	for _, c := range l.calls[v.get("query_location").index()] {
		if c.name != "cast" {
			continue
		}
		from := c.arguments[0]
		if inner := v.get("child"); inner.get("class").text() == "CAST" {
			from = strings.Clone(inner.get("cast_type").get("id").text())
		}
		switch {
		case isReal(from) && isText(c.returns):
			l.differs(floatText, at, "a float as a text is 1.0 in DuckDB and 1 in PostgreSQL", "cast it to decimal first")
		case isText(from) && !c.constant[0] && (isWhole(c.returns) || c.returns == "BOOLEAN"):
			l.differs(textNumber, at, "DuckDB reads more texts as "+c.returns+" than PostgreSQL ('1.5', '1e3', ' 1 ')", "larder.try_bigint(x), or case x when 'yes' then true ... end")
		case c.returns == "BOOLEAN" && from != "BOOLEAN" && from != "INTEGER" && !isText(from), from == "BOOLEAN" && ranks[c.returns] > 0 && c.returns != "INTEGER":
			l.breaks(at, "PostgreSQL makes no "+c.returns+" of "+from, "case when x then 1 else 0 end, or x <> 0")
		}
	}
}

// comparison looks for texts that are compared by order.
func (l *lint) comparison(v value, at int) {
	kind := v.get("type").text()
	name := "compare"
	if v.get("class").text() == "BETWEEN" {
		name = "between"
	} else if kind == "COMPARE_EQUAL" || kind == "COMPARE_NOTEQUAL" || strings.Contains(kind, "DISTINCT") {
		return
	}
	left := l.kindOf(v.get("left"))
	if name == "between" {
		left = l.kindOf(v.get("input"))
	}
	calls := append(slices.Clone(l.calls[v.get("query_location").index()]), called{name: name, arguments: []string{left, left}})
	for _, c := range calls {
		if c.name == name && len(c.arguments) > 0 && isText(c.arguments[0]) && isText(c.arguments[1]) && !l.coded(v) {
			l.differs(textOrder, at, languageOrder, `x collate "C" < y`)
			return
		}
	}
}

// function judges a call.
func (l *lint) function(v, parent value) {
	name := strings.ToLower(v.get("function_name").text())
	at := l.at(v)
	if strings.EqualFold(v.get("schema").text(), library.Schema) {
		return
	}
	l.chained(v, name, at)
	if v.get("export_state").yes() {
		l.breaks(at, "EXPORT_STATE is DuckDB's own", "aggregate where it is needed")
	}
	if v.get("order_bys").get("orders").len() > 0 {
		l.orders(v.get("order_bys").get("orders"), value{})
	}
	rule, ok := portable[name]
	if !ok {
		instead := spellings[name]
		if instead == "" {
			instead = "see docs/portability.md for the functions that mean the same everywhere"
		}
		l.breaks(at, "the function "+strings.Clone(name)+" is not one of those that mean the same in PostgreSQL", instead)
		return
	}
	c, bound := l.call(at, name, synonyms[name])
	if !bound {
		c, bound = l.aggregate(l.kindOf(v.get("children").first()), name, synonyms[name])
	}
	if c.name = name; !bound {
		c.arguments = l.kindsOf(v.get("children"))
	}
	if rule != nil {
		rule(l, use{v, parent, c, at, bound})
	}
	l.narrow(v, name)
}

// chained is x.lower() for lower(x).
func (l *lint) chained(v value, name string, at int) {
	if v.get("is_operator").yes() || len(l.st.patches) > 0 {
		return
	}
	i := slices.IndexFunc(l.st.tokens, func(t token) bool { return t.at == at })
	if i > 0 && l.st.tokens[i-1].is(".") && v.get("schema").text() == "" && strings.EqualFold(l.st.tokens[i].text, name) {
		l.breaks(at, "a function behind a dot is DuckDB's own", name+"(x)")
	}
}

// wideners are functions that take any number.
var wideners = map[string]bool{
	"abs": true, "sum": true, "avg": true, "min": true, "max": true, "count": true, "greatest": true, "least": true, "round": true, "coalesce": true, "ceil": true, "floor": true,
	"concat": true, "concat_ws": true, "nullif": true, "sign": true, "mod": true, "power": true, "pow": true, "sqrt": true, "array_agg": true, "stddev": true, "stddev_samp": true, "var_samp": true,
}

// wholes are functions that take integers of four bytes only in PostgreSQL.
var wholes = map[string]bool{
	"left": true, "right": true, "repeat": true, "make_date": true, "lpad": true, "rpad": true, "split_part": true, "substr": true, "substring": true, "chr": true,
	"ntile": true, "nth_value": true,
}

// narrow finds extract() and the like where PostgreSQL wants a whole number: it
// returns numeric there.
func (l *lint) narrow(v value, name string) {
	if wideners[name] || v.get("is_operator").yes() {
		return
	}
	for c, i := v.get("children").first(), 0; c.ok() && wholes[name]; c, i = c.next(), i+1 {
		if kind := l.kindOf(c); (kind == "BIGINT" || kind == "HUGEINT") && c.get("class").text() != "CONSTANT" {
			l.breaks(l.at(c), "PostgreSQL wants an integer in "+name+", this is "+kind, "cast it: x::integer")
		}
	}
	for c := v.get("children").first(); c.ok(); c = c.next() {
		inner := c.get("function_name").text()
		if inner == "date_part" || inner == "ceil" || inner == "floor" || inner == "round" || inner == "sum" {
			l.breaks(l.at(c), inner+" returns a number with a point in PostgreSQL, where "+name+" wants a whole one", "cast it: "+inner+"(...)::integer")
		}
	}
}

func (l *lint) window(v value) {
	name := strings.ToLower(v.get("function_name").text())
	at := l.at(v)
	if v.get("schema").text() == library.Schema {
		l.breaks(at, "the library's aggregates stand in GROUP BY", "aggregate in a query of its own and join")
		return
	}
	l.orders(v.get("orders"), value{})
	if v.get("ignore_nulls").yes() {
		l.breaks(at, "PostgreSQL 15 has no IGNORE NULLS", "number the values with count(x) over (order by ...) and take max(x) per number")
	}
	if v.get("distinct").yes() {
		l.breaks(at, "PostgreSQL has no DISTINCT in windows", "count distinct in a query of its own and join")
	}
	if v.get("arg_orders").len() > 0 {
		l.breaks(at, "PostgreSQL has no ORDER BY in a window function's arguments", "order the window")
	}
	l.narrow(v, name)
	if windows[name] {
		if o := v.get("orders"); o.len() == 0 && (strings.HasPrefix(name, "row_number") || name == "lag" || name == "lead" || name == "ntile" || strings.HasSuffix(name, "_value")) {
			l.differs(rowOrder, at, name+" without ORDER BY numbers the rows as they come", "over (order by ...)")
		}
		return
	}
	rule, ok := portable[name]
	if !ok || !aggregateNames[name] {
		l.breaks(at, "the window function "+strings.Clone(name)+" is not one of those that mean the same in PostgreSQL", spellings[name])
		return
	}
	c, bound := l.call(at, name, synonyms[name])
	if c.name = name; !bound {
		c.arguments = l.kindsOf(v.get("children"))
	}
	if rule != nil {
		rule(l, use{v, value{}, c, at, bound})
	}
}
