package compile

import (
	"encoding/hex"
	"sort"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/larder-data/larder/internal/table"
)

// meaning writes a bound plan so that two queries which mean the same to the
// engine read the same: without places in the text, names nobody sees from
// outside, and numbers that only count.
type meaning struct {
	w       *walker
	out     []byte
	numbers map[uint64]int // table indexes in the order they are met
	calls   func(name string, arguments int, at int)
}

// silent are the members of plan objects that say nothing of the result.
var silent = map[string]bool{
	"query_location": true, "catalog_name": true, "schema_name": true, "original_arguments": true,
	"has_serialize": true, "is_operator": true, "ctename": true, "materialize": true, "bound_columns": true,
	"input_table_names": true, "distinct_validity": true, "allow_out_of_order": true, "delim_flipped": true,
	"column_count": true, "mark_types": true, "group_index": true, "aggregate_index": true,
	"groupings_index": true, "window_index": true, "unnest_index": true, "mark_index": true, "pivot_index": true,
}

// counters are members that tie a reference to an operator by its number. Other
// references are positions.
var counters = map[string]bool{"table_index": true, "cte_index": true}

// write appends the meaning of any part of a plan.
func (m *meaning) write(v value) {
	switch v.kind() {
	case objectNode:
		m.object(v)
	case arrayNode:
		m.out = append(m.out, '[')
		for c := v.first(); c.ok(); c = c.next() {
			m.write(c)
			m.out = append(m.out, ',')
		}
		m.out = append(m.out, ']')
	default:
		m.out = append(m.out, v.raw()...)
	}
}

func (m *meaning) object(v value) {
	expression := v.get("expression_class").ok()
	operator := strings.HasPrefix(v.get("type").text(), "LOGICAL_")
	if operator && v.get("type").text() == "LOGICAL_GET" {
		m.get(v)
		return
	}
	if expression && m.calls != nil {
		if name := v.get("name").text(); name != "" {
			m.calls(name, v.get("children").len(), v.get("query_location").index())
		}
	}
	m.out = append(m.out, '{')
	for c := v.first(); c.ok(); c = c.next() {
		key := c.key()
		switch {
		case silent[key], expression && key == "alias", expression && key == "arguments":
			continue
		case counters[key]:
			m.name(key)
			m.out = strconv.AppendInt(m.out, int64(m.count(c)), 10)
		default:
			m.name(key)
			m.write(c)
		}
		m.out = append(m.out, ',')
	}
	m.out = append(m.out, '}')
}

func (m *meaning) name(key string) {
	m.out = append(append(m.out, key...), ':')
}

// count numbers an operator by the order in which it is first spoken of.
func (m *meaning) count(v value) int {
	n, _ := v.number()
	i, ok := m.numbers[n]
	if !ok {
		i = len(m.numbers)
		m.numbers[n] = i
	}
	return i
}

// get writes a table as its name and the columns read of it, in the order the
// plan has them, so that a column nobody reads may come, go or change.
func (m *meaning) get(v value) {
	m.out = append(m.out, "{get:"...)
	m.out = strconv.AppendInt(m.out, int64(m.count(v.get("table_index"))), 10)
	if v.get("name").text() == "seq_scan" {
		m.tableRead(v)
	} else {
		for _, key := range []string{"name", "parameters", "named_parameters", "input_table_types", "projected_input", "returned_types"} {
			m.name(key)
			m.write(v.get(key))
		}
		for c := v.get("column_indexes").first(); c.ok(); c = c.next() {
			m.write(c.get("index"))
			m.out = append(m.out, ',')
		}
		m.write(v.get("children"))
	}
	m.out = append(m.out, '}')
}

func (m *meaning) tableRead(v value) {
	data := v.get("function_data")
	key := strings.ToLower(data.get("schema").text() + "." + data.get("table").text())
	m.quote(key)
	columns := m.w.upstreams[key].columns
	for c := v.get("column_indexes").first(); c.ok(); c = c.next() {
		if i := c.get("index").index(); i >= 0 && i < len(columns) {
			m.column(columns[i])
		} else {
			m.out = append(m.out, '*')
		}
	}
	m.write(v.get("projection_ids"))
}

func (m *meaning) column(c table.Column) {
	m.quote(strings.ToLower(c.Name))
	m.out = append(m.out, c.Type.String()...)
	m.out = append(m.out, ';')
}

// output is columns by the names readers know them by.
func (m *meaning) output(columns []table.Column) {
	for _, c := range columns {
		m.quote(c.Name)
		m.out = append(m.out, c.Type.String()...)
		m.out = append(m.out, ';')
	}
}

func (m *meaning) quote(text string) { m.out = strconv.AppendQuote(m.out, text) }

// fingerprint hashes what a plan means together with what it does not show:
// the output, which moment each built-in parameter means, the time zone, the
// build settings, and of which form it is.
func (m *meaning) fingerprint(plan value, columns []table.Column, moments []string, zone, settings string, view bool) string {
	m.numbers = map[uint64]int{}
	m.out = m.out[:0]
	m.write(plan)
	m.output(columns)
	for _, moment := range moments {
		m.quote(moment)
	}
	m.quote(zone)
	m.quote(settings)
	m.out = strconv.AppendBool(m.out, view)
	return hash(m.out)
}

// hash returns 128 bits of a hash in hexadecimal.
func hash(data []byte) string {
	sum := xxh3.Hash128(data).Bytes()
	return hex.EncodeToString(sum[:])
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
