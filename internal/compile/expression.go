package compile

import (
	"slices"
	"strings"
)

// expressions returns the flow of each expression in a list.
func (w *walker) expressions(list value, in []flow) []flow {
	out := make([]flow, 0, list.len())
	for c := list.first(); c.ok(); c = c.next() {
		out = append(out, w.expression(c, in))
	}
	return out
}

// optional is expression for one that may be missing.
func (w *walker) optional(v value, in []flow) flow {
	if v.kind() != objectNode {
		return flow{}
	}
	return w.expression(v, in)
}

// orders walks sort keys. They decide no value, but may be refused.
func (w *walker) orders(list value, in []flow) []flow {
	var out []flow
	for c := list.first(); c.ok(); c = c.next() {
		out = append(out, w.expression(c.get("expression"), in))
	}
	return out
}

// expression returns where the value of a bound expression comes from.
func (w *walker) expression(v value, in []flow) flow {
	class := v.get("expression_class").text()
	switch class {
	case "BOUND_REF":
		return w.reference(in, v.get("index").index(), v)
	case "BOUND_COLUMN_REF":
		binding := v.get("binding")
		return w.reference(w.bindings[binding.get("table_index").index()], binding.get("column_index").index(), v)
	case "BOUND_CONSTANT", "BOUND_PARAMETER", "BOUND_DEFAULT":
		return flow{}
	case "BOUND_CAST":
		return w.cast(v, in)
	case "BOUND_FUNCTION":
		return w.function(v, in)
	case "BOUND_AGGREGATE":
		return w.aggregateCall(v, in)
	case "BOUND_WINDOW":
		return w.window(v, in)
	case "BOUND_COMPARISON":
		return combine(w.expression(v.get("left"), in), w.expression(v.get("right"), in))
	case "BOUND_CONJUNCTION":
		return combine(w.expressions(v.get("children"), in)...)
	case "BOUND_BETWEEN":
		return combine(w.expression(v.get("input"), in), w.expression(v.get("lower"), in), w.expression(v.get("upper"), in))
	case "BOUND_CASE":
		return w.choice(v, in)
	case "BOUND_OPERATOR":
		children := w.expressions(v.get("children"), in)
		out := combine(children...)
		if v.get("type").text() == "OPERATOR_COALESCE" {
			out.unit = commonUnit(children)
		}
		return out
	case "BOUND_UNNEST":
		return combine(w.expression(v.get("child"), in))
	}
	w.unknown("expression %s", strings.Clone(class))
	return flow{}
}

func (w *walker) reference(in []flow, i int, v value) flow {
	if i < 0 || i >= len(in) {
		w.unknown("reference to column %d of %d", i, len(in))
		return flow{}
	}
	out := in[i]
	if slices.Contains(out.from, rowNumber) {
		w.refuse(problem{
			v.get("query_location").index(), "rowid", "rowid is a place in storage, not data: it changes when a table is rebuilt",
			"number rows with row_number() over (order by ...)",
		})
	}
	return out
}

// choice is CASE: the value is one of the results, the conditions decide which,
// and both are where it comes from.
func (w *walker) choice(v value, in []flow) flow {
	var out flow
	for c := v.get("case_checks").first(); c.ok(); c = c.next() {
		out = combine(out, w.expression(c.get("when_expr"), in), w.expression(c.get("then_expr"), in))
	}
	return combine(out, w.optional(v.get("else_expr"), in))
}

func (w *walker) cast(v value, in []flow) flow {
	child := w.expression(v.get("child"), in)
	out := combine(child)
	out.unit = child.unit
	if isFloat(v.get("return_type")) && isDecimal(typeOf(v.get("child"))) {
		out.left = &departure{what: "cast", at: v.get("query_location").index(), from: out.from}
	}
	return out
}

// unitKeepers are functions whose result has the unit of their arguments.
var unitKeepers = map[string]bool{
	"+": true, "-": true, "round": true, "abs": true, "ceil": true, "floor": true, "trunc": true,
	"sum": true, "sum_no_overflow": true, "fsum": true, "kahan_sum": true, "sumkahan": true, "avg": true, "mean": true, "favg": true,
	"min": true, "max": true, "first": true, "last": true, "any_value": true, "lag": true, "lead": true,
	"first_value": true, "last_value": true, "nth_value": true,
}

// adders are aggregates that add up, and so must not see mixed units.
var adders = map[string]bool{
	"sum": true, "sum_no_overflow": true, "fsum": true, "kahan_sum": true, "sumkahan": true,
	"avg": true, "mean": true, "favg": true,
}

func (w *walker) function(v value, in []flow) flow {
	return w.call(v, v.get("name").text(), w.expressions(v.get("children"), in))
}

// call is the flow of any function of the arguments.
func (w *walker) call(v value, name string, children []flow) flow {
	out := combine(children...)
	if unitKeepers[name] {
		out.unit = commonUnit(children)
	}
	if isFloat(v.get("return_type")) {
		out.left = w.leaving(v, name, children, out.left)
	}
	return out
}

// leaving finds out whether a call that returns a float was given a decimal.
// DuckDB puts casts around arguments; they look like those in the text.
func (w *walker) leaving(v value, name string, children []flow, before *departure) *departure {
	var first *departure
	i := 0
	for c := v.get("children").first(); c.ok() && i < len(children); c, i = c.next(), i+1 {
		stripped := c
		for stripped.get("expression_class").text() == "BOUND_CAST" && isFloat(typeOf(stripped)) {
			stripped = stripped.get("child")
		}
		switch {
		case isDecimal(typeOf(stripped)) && first == nil && stripped.get("expression_class").text() != "BOUND_CONSTANT":
			first = &departure{what: strings.Clone(name), at: v.get("query_location").index(), from: children[i].from}
		case first != nil:
			first.others = merge(first.others, children[i].from)
		case name == "/":
			return before // a number through a decimal has no unit of money
		}
	}
	if first == nil {
		return before
	}
	return first
}

func (w *walker) aggregateCall(v value, in []flow) flow {
	name := v.get("name").text()
	children := w.expressions(v.get("children"), in)
	w.condition(w.optional(v.get("filter"), in))
	w.orders(v.get("order_bys").get("orders"), in)
	w.add(v, name, children, nil)
	return w.call(v, name, children)
}

// add notes an addition of a column that has a unit.
func (w *walker) add(v value, name string, children []flow, keys []int32) {
	if adders[name] && len(children) > 0 && children[0].unit != 0 {
		w.sums = append(w.sums, summed{children[0].unit, keys, strings.Clone(name), v.get("query_location").index()})
	}
}

// window is the flow of a window function: its arguments, or, for those that
// number rows and have no column to work on, the order they number by.
func (w *walker) window(v value, in []flow) flow {
	children := w.expressions(v.get("children"), in)
	partitions := combine(w.expressions(v.get("partitions"), in)...)
	orders := append(w.orders(v.get("orders"), in), w.orders(v.get("arg_orders"), in)...)
	w.condition(w.optional(v.get("filters"), in))
	w.optional(v.get("start_expr"), in)
	w.optional(v.get("end_expr"), in)
	name := v.get("name").text()
	if name == "" { // WINDOW_RANK and its kin have a type of their own
		name = strings.ToLower(strings.TrimPrefix(v.get("type").text(), "WINDOW_"))
	}
	w.add(v, name, children, partitions.from)
	if len(combine(children...).from) == 0 && v.get("type").text() != "WINDOW_AGGREGATE" {
		return combine(orders...)
	}
	out := w.call(v, name, children)
	unit := out.unit
	out = combine(out, w.optional(v.get("offset_expr"), in), w.optional(v.get("default_expr"), in))
	out.unit = unit
	return out
}

// commonUnit is the one unit among flows, 0 when there are none or several.
func commonUnit(flows []flow) int32 {
	var unit int32
	for _, f := range flows {
		switch {
		case f.unit == 0 && len(f.from) > 0, unit != 0 && f.unit != 0 && f.unit != unit:
			return 0
		case f.unit != 0:
			unit = f.unit
		}
	}
	return unit
}

// typeOf is the type of a bound expression.
func typeOf(v value) value {
	if t := v.get("return_type"); t.ok() {
		return t
	}
	return v.get("value").get("type")
}

func isFloat(t value) bool {
	id := t.get("id").text()
	return id == "DOUBLE" || id == "FLOAT"
}

func isDecimal(t value) bool { return t.get("id").text() == "DECIMAL" }
