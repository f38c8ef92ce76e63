package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// upstream is a dataset a bound query may read.
type upstream struct {
	dataset string
	columns []table.Column
	money   map[string]string // lower-case column: currency code or column
	sum     string            // of all of this, for cache keys
}

// rowNumber is the number of the source that stands for a table's physical row
// numbers, which no model may read.
const rowNumber int32 = 0

// walker follows columns through a bound plan, from the tables at its leaves to
// the query's output. References in a plan are positions in what the
// operators below put out.
type walker struct {
	upstreams map[string]upstream // by lower-case dataset
	refs      []ColumnRef         // sources by number
	numbers   map[ColumnRef]int32
	reads     map[string][]bool // by lower-case dataset: which columns are read

	ctes     map[int][]flow // output of common table expressions, by their index
	delims   [][]flow       // columns handed to correlated subqueries, innermost last
	bindings map[int][]flow // output by table index, for references that are not positions

	conditions []int32  // sources that filters and joins look at
	sums       []summed // additions of money, to be held against their currencies
	problems   []problem
	broken     error // the plan is not of the shape we know
}

// summed is an aggregate over a column with a unit.
type summed struct {
	unit int32
	keys []int32 // sources of what it is grouped by
	name string
	at   int
}

// problem is something in the SQL that is refused. At is a byte offset in the
// bound text; when it is negative, the first use of name is meant.
type problem struct {
	at      int
	name    string
	message string
	hint    string
}

const noSample = "choose rows by a column, e.g. where hash(id) % 100 < 1"

func newWalker(upstreams map[string]upstream) *walker {
	return &walker{
		upstreams: upstreams,
		refs:      []ColumnRef{{}},
		numbers:   map[ColumnRef]int32{},
		reads:     map[string][]bool{},
		ctes:      map[int][]flow{},
		bindings:  map[int][]flow{},
	}
}

func (w *walker) number(ref ColumnRef) int32 {
	n, ok := w.numbers[ref]
	if !ok {
		n = int32(len(w.refs))
		w.numbers[ref], w.refs = n, append(w.refs, ref)
	}
	return n
}

func (w *walker) refuse(p problem) {
	if !slices.Contains(w.problems, p) {
		w.problems = append(w.problems, p)
	}
}

// unknown remembers that the plan is not of the shape we know. Lineage that may
// be wrong is worse than none.
func (w *walker) unknown(format string, args ...any) {
	if w.broken == nil {
		w.broken = fault.New(fault.Internal, "the plan of %s is not understood: %s", Dialect(), fmt.Sprintf(format, args...))
	}
}

// operator returns what an operator puts out, column by column.
func (w *walker) operator(v value) []flow {
	kind := v.get("type").text()
	first := v.get("children").first()
	switch kind {
	case "LOGICAL_GET":
		return w.get(v)
	case "LOGICAL_PROJECTION":
		return w.bind(v, "table_index", w.expressions(v.get("expressions"), w.operator(first)))
	case "LOGICAL_FILTER":
		in := w.operator(first)
		w.condition(w.expressions(v.get("expressions"), in)...)
		return mapped(in, v.get("projection_map"))
	case "LOGICAL_AGGREGATE_AND_GROUP_BY":
		return w.aggregate(v, w.operator(first))
	case "LOGICAL_WINDOW", "LOGICAL_UNNEST":
		in := w.operator(first)
		return join(in, w.expressions(v.get("expressions"), in))
	case "LOGICAL_ORDER_BY", "LOGICAL_TOP_N":
		in := w.operator(first)
		w.orders(v.get("orders"), in)
		return mapped(in, v.get("projections"))
	case "LOGICAL_LIMIT":
		in := w.operator(first)
		w.optional(v.get("limit_val").get("expression"), in)
		w.optional(v.get("offset_val").get("expression"), in)
		return in
	case "LOGICAL_DISTINCT":
		return w.operator(first)
	case "LOGICAL_UNION", "LOGICAL_EXCEPT", "LOGICAL_INTERSECT":
		return w.bind(v, "table_index", w.setOperation(kind, v))
	case "LOGICAL_MATERIALIZED_CTE":
		w.ctes[v.get("table_index").index()] = w.operator(first)
		return w.operator(first.next())
	case "LOGICAL_RECURSIVE_CTE":
		return w.recursive(v)
	case "LOGICAL_CTE_REF":
		return w.bind(v, "table_index", w.commonTable(v))
	case "LOGICAL_DELIM_GET":
		return w.bind(v, "table_index", w.correlated(v))
	case "LOGICAL_COMPARISON_JOIN", "LOGICAL_ASOF_JOIN", "LOGICAL_ANY_JOIN", "LOGICAL_DELIM_JOIN":
		return w.join(kind, v)
	case "LOGICAL_CROSS_PRODUCT", "LOGICAL_POSITIONAL_JOIN":
		return join(w.operator(first), w.operator(first.next()))
	case "LOGICAL_EXPRESSION_GET":
		return w.bind(v, "table_index", w.rows(v))
	case "LOGICAL_PIVOT":
		return w.pivot(v)
	case "LOGICAL_DUMMY_SCAN":
		return blank(1)
	case "LOGICAL_EMPTY_RESULT":
		return blank(v.get("return_types").len())
	case "LOGICAL_CHUNK_GET":
		return blank(v.get("chunk_types").len())
	case "LOGICAL_SAMPLE":
		w.refuse(problem{
			-1, "sample", "a sample gives other rows each time",
			noSample,
		})
		return w.operator(first)
	}
	w.unknown("operator %s", strings.Clone(kind))
	return nil
}

// bind remembers an operator's output under its table index.
func (w *walker) bind(v value, key string, out []flow) []flow {
	w.bindings[v.get(key).index()] = out
	return out
}

// mapped picks columns by position; no positions means all.
func mapped(in []flow, positions value) []flow {
	if !positions.first().ok() {
		return in
	}
	var out []flow
	for c := positions.first(); c.ok(); c = c.next() {
		out = append(out, at(in, c.index()))
	}
	return out
}

func at(in []flow, i int) flow {
	if i < 0 || i >= len(in) {
		return flow{}
	}
	return in[i]
}

func (w *walker) condition(flows ...flow) {
	for _, f := range flows {
		w.conditions = merge(w.conditions, f.from)
	}
}
