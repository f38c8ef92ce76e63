package compile

import "slices"

// flow is what is known of one column at one place in a plan: which columns
// of which datasets its values come from, and what happened to them.
type flow struct {
	from   []int32    // numbers of the source columns, sorted
	direct bool       // the value passes unchanged from the one column in from
	unit   int32      // the source column whose unit (a currency) it still has; 0: none
	left   *departure // where the value stopped being a decimal and became a float
}

// departure is an expression that turns decimals into a float.
type departure struct {
	what   string  // "/", "avg", "cast"
	at     int     // byte offset in the bound text, -1 when DuckDB does not say
	from   []int32 // sources of the decimal
	others []int32 // sources of what it was combined with
}

// merge returns the sorted union of two sorted lists. It may return one of them.
func merge(a, b []int32) []int32 {
	if len(b) == 0 || slices.Equal(a, b) {
		return a
	}
	if len(a) == 0 {
		return b
	}
	out := make([]int32, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		case a[0] > b[0]:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// combine is the flow of a value computed from others: everything flows in,
// and nothing passes unchanged.
func combine(flows ...flow) flow {
	var out flow
	for _, f := range flows {
		out.from = merge(out.from, f.from)
		if out.left == nil {
			out.left = f.left
		}
	}
	return out
}

// either is the flow of a value that is one of several, as after a UNION.
func either(a, b flow) flow {
	out := combine(a, b)
	out.direct = a.direct && b.direct && slices.Equal(a.from, b.from)
	if a.unit == b.unit {
		out.unit = a.unit
	}
	return out
}

// blank is n columns that come from nowhere.
func blank(n int) []flow { return make([]flow, max(n, 0)) }

func join(left, right []flow) []flow {
	return append(left[:len(left):len(left)], right...)
}
