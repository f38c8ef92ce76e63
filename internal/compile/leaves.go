package compile

import "strings"

// tableFunctions are the functions in FROM that compute rows from their
// arguments alone. All others read files, the catalog or the engine's state.
var tableFunctions = map[string]bool{
	"unnest": true, "range": true, "generate_series": true, "repeat": true, "repeat_row": true,
	"json_each": true, "json_tree": true,
}

// get returns the columns a table or a table function puts out.
func (w *walker) get(v value) []flow {
	name := v.get("name").text()
	if name != "seq_scan" {
		return w.bind(v, "table_index", w.tableFunction(strings.Clone(name), v))
	}
	data := v.get("function_data")
	dataset := data.get("schema").text() + "." + data.get("table").text()
	source, ok := w.upstreams[strings.ToLower(dataset)]
	if !ok {
		w.unknown("table %s", dataset)
		return nil
	}
	read := w.read(source)
	var out []flow
	for c := v.get("column_indexes").first(); c.ok(); c = c.next() {
		i := c.get("index").index()
		if i < 0 || i >= len(source.columns) {
			// count(*) reads no column and still has one here; nothing refers to it.
			out = append(out, flow{from: []int32{rowNumber}})
			continue
		}
		read[i] = true
		n := w.number(ColumnRef{source.dataset, source.columns[i].Name})
		f := flow{from: []int32{n}, direct: true}
		if source.money[strings.ToLower(source.columns[i].Name)] != "" {
			f.unit = n
		}
		out = append(out, f)
	}
	return w.bind(v, "table_index", mapped(out, v.get("projection_ids")))
}

// read notes that a dataset is read, and returns which of its columns are.
func (w *walker) read(source upstream) []bool {
	key := strings.ToLower(source.dataset)
	if w.reads[key] == nil {
		w.reads[key] = make([]bool, max(len(source.columns), 1))
	}
	return w.reads[key]
}

// tableFunction returns the columns of a function in FROM: computed from all its
// arguments, followed by what it passes through from the rows it is applied to.
func (w *walker) tableFunction(name string, v value) []flow {
	if !tableFunctions[name] {
		w.refuse(notADataset(-1, name))
	}
	var in []flow
	if child := v.get("children").first(); child.ok() {
		in = w.operator(child)
	}
	computed := combine(in[:min(len(in), v.get("input_table_types").len())]...)
	var out []flow
	for c := v.get("column_indexes").first(); c.ok(); c = c.next() {
		out = append(out, computed)
	}
	out = mapped(out, v.get("projection_ids"))
	for c := v.get("projected_input").first(); c.ok(); c = c.next() {
		out = append(out, at(in, c.index()))
	}
	return out
}

func notADataset(at int, name string) problem {
	return problem{
		at, name, name + " reads something that is no dataset",
		datasetsOnly,
	}
}

const datasetsOnly = "a model reads datasets only; files become datasets through a source"

// rows returns the columns of VALUES: each may come from any of its rows.
func (w *walker) rows(v value) []flow {
	var in []flow
	if child := v.get("children").first(); child.ok() {
		in = w.operator(child)
	}
	out := blank(v.get("expr_types").len())
	for i, row := 0, v.get("expressions").first(); row.ok(); i, row = i+1, row.next() {
		for n, f := range w.expressions(row, in) {
			switch {
			case n >= len(out):
				w.unknown("rows of different width")
			case i == 0:
				out[n] = f
			default:
				out[n] = either(out[n], f)
			}
		}
	}
	return out
}

// commonTable returns the columns of a common table expression by reference.
func (w *walker) commonTable(v value) []flow {
	out, ok := w.ctes[v.get("cte_index").index()]
	if n := v.get("chunk_types").len(); !ok || n > len(out) {
		w.unknown("common table expression with %d columns", n)
		return blank(n)
	}
	return out
}

// correlated returns the columns a correlated subquery gets from outside: they
// belong to the nearest join around it that hands any in.
func (w *walker) correlated(v value) []flow {
	n := v.get("chunk_types").len()
	for i := len(w.delims) - 1; i >= 0; i-- {
		if len(w.delims[i]) == n {
			return w.delims[i]
		}
	}
	w.unknown("correlated columns without a join")
	return blank(n)
}
