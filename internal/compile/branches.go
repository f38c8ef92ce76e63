package compile

import "slices"

// aggregate returns the group keys, the aggregates and the GROUPING values.
func (w *walker) aggregate(v value, in []flow) []flow {
	groups := w.expressions(v.get("groups"), in)
	out := slices.Clone(groups)
	sums := len(w.sums)
	out = append(out, w.expressions(v.get("expressions"), in)...)
	keys := w.keys(v, groups)
	for i := sums; i < len(w.sums); i++ {
		w.sums[i].keys = keys
	}
	for set := v.get("grouping_functions").first(); set.ok(); set = set.next() {
		var about flow
		for g := set.first(); g.ok(); g = g.next() {
			about = combine(about, at(groups, g.index()))
		}
		out = append(out, about)
	}
	return out
}

// keys returns the sources of the group keys that hold in every grouping set.
func (w *walker) keys(v value, groups []flow) []int32 {
	var out []int32
	for i, g := range groups {
		everywhere := true
		for set := v.get("grouping_sets").first(); set.ok(); set = set.next() {
			found := false
			for c := set.first(); c.ok(); c = c.next() {
				found = found || c.index() == i
			}
			everywhere = everywhere && found
		}
		if everywhere {
			out = merge(out, g.from)
		}
	}
	return out
}

// setOperation goes by position. The rows of EXCEPT are all from its left.
func (w *walker) setOperation(kind string, v value) []flow {
	var out []flow
	for c, i := v.get("children").first(), 0; c.ok(); c, i = c.next(), i+1 {
		in := w.operator(c)
		switch {
		case i == 0:
			out = slices.Clone(in)
		case kind == "LOGICAL_EXCEPT":
			w.condition(in...)
		case len(in) != len(out):
			w.unknown("set operation over %d and %d columns", len(out), len(in))
		default:
			for n := range out {
				out[n] = either(out[n], in[n])
			}
		}
	}
	return out
}

// recursive follows a recursive common table expression until no further
// source flows in. There are finitely many, so this ends.
func (w *walker) recursive(v value) []flow {
	start := v.get("children").first()
	out := slices.Clone(w.operator(start))
	for {
		w.ctes[v.get("table_index").index()] = out
		step := w.operator(start.next())
		changed := false
		for i := range out {
			if i >= len(step) {
				w.unknown("recursion over %d and %d columns", len(out), len(step))
				return out
			}
			merged := either(out[i], step[i])
			changed = changed || !slices.Equal(merged.from, out[i].from) || merged.direct != out[i].direct || merged.unit != out[i].unit
			out[i] = merged
		}
		if !changed {
			return out
		}
		out = slices.Clone(out)
	}
}

// join returns the columns of both sides, or of the one the kind of join keeps.
func (w *walker) join(kind string, v value) []flow {
	first := v.get("children").first()
	left := w.operator(first)
	if kind == "LOGICAL_DELIM_JOIN" {
		w.delims = append(w.delims, w.expressions(v.get("duplicate_eliminated_columns"), left))
	}
	right := w.operator(first.next())
	if kind == "LOGICAL_DELIM_JOIN" {
		w.delims = w.delims[:len(w.delims)-1]
	}
	mark := w.matches(v, left, right)
	switch v.get("join_type").text() {
	case "SEMI", "ANTI":
		return mapped(left, v.get("left_projection_map"))
	case "RIGHT_SEMI", "RIGHT_ANTI":
		return mapped(right, v.get("right_projection_map"))
	case "MARK":
		return w.bind(v, "mark_index", append(slices.Clone(mapped(left, v.get("left_projection_map"))), mark))
	}
	return join(mapped(left, v.get("left_projection_map")), mapped(right, v.get("right_projection_map")))
}

// matches walks a join's conditions. It returns the flow of "is there a match",
// the value of IN and EXISTS: what is compared, but not what merely ties a
// correlated subquery to its row unless there is nothing else.
func (w *walker) matches(v value, left, right []flow) flow {
	var compared, tied flow
	for c := v.get("conditions").first(); c.ok(); c = c.next() {
		both := combine(w.expression(c.get("left"), left), w.expression(c.get("right"), right))
		w.condition(both)
		if c.get("comparison").text() == "COMPARE_NOT_DISTINCT_FROM" {
			tied = combine(tied, both)
		} else {
			compared = combine(compared, both)
		}
	}
	for _, key := range []string{"condition", "predicate"} {
		if any := w.optional(v.get(key), join(left, right)); len(any.from) > 0 {
			w.condition(any)
			compared = combine(compared, any)
		}
	}
	if len(compared.from) == 0 {
		return tied
	}
	return compared
}

// pivot returns the group columns, then for each pivot value each aggregate.
// Below it stand the groups, one list per aggregate, and the list of values.
func (w *walker) pivot(v value) []flow {
	in := w.operator(v.get("children").first())
	bound := v.get("bound_pivot")
	groups := bound.get("group_count").index()
	aggregates := max(bound.get("aggregates").len(), 1)
	out := blank(bound.get("types").len())
	for i := range out {
		if i < groups {
			out[i] = at(in, i)
		} else {
			out[i] = combine(at(in, groups+(i-groups)%aggregates))
		}
	}
	return w.bind(v, "pivot_index", out)
}
