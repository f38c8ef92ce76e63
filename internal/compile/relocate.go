package compile

import (
	"maps"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Relocate returns a query with the schemas of some of the datasets it reads
// replaced: move tells the new schema of a dataset, named schema.name as the
// query spells it, and false for one that is to stay. Everything else stays as
// it is written, to the byte. DuckDB's own syntax tree tells which words are
// datasets; SQL it cannot read is an Invalid error. Of SQL in another engine's
// dialect, "" being DuckDB's, its FROM clauses tell.
func (r *Renderer) Relocate(sql, dialect string, move func(dataset string) (schema string, moved bool)) (string, error) {
	if dialect != "" {
		return relocateForeign(sql, dialect, move)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.open(); err != nil {
		return "", err
	}
	if err := r.read(sql); err != nil {
		return "", err
	}
	moves := map[int]string{} // by where a schema is written: the new one
	for i := range r.doc.nodes {
		v := value{&r.doc, int32(i)}
		if r.doc.nodes[i].kind != objectNode {
			continue
		}
		schema, name := readIn(v)
		if schema == "" {
			continue
		}
		if to, ok := move(schema + "." + name); ok {
			moves[v.get("query_location").index()] = to
		}
	}
	if len(moves) == 0 {
		return sql, nil
	}
	return replaceSchemas(sql, moves)
}

func relocateForeign(sql, dialect string, move func(dataset string) (schema string, moved bool)) (string, error) {
	moves := map[int]string{}
	for _, ref := range references(scanAs(dialect, sql)) {
		if len(ref.parts) != 2 {
			continue
		}
		if to, ok := move(ref.parts[0] + "." + ref.parts[1]); ok {
			moves[ref.at] = to
		}
	}
	return replaceSchemas(sql, moves)
}

// Reads returns the datasets a query reads, as it spells them, each once. The
// dialect is as Relocate's; DuckDB's SQL that cannot be read is an Invalid error.
func (r *Renderer) Reads(sql, dialect string) ([]string, error) {
	if dialect != "" {
		return readsForeign(sql, dialect), nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.open(); err != nil {
		return nil, err
	}
	if err := r.read(sql); err != nil {
		return nil, err
	}
	var out []string
	for i := range r.doc.nodes {
		v := value{&r.doc, int32(i)}
		if r.doc.nodes[i].kind != objectNode || v.get("type").text() != "BASE_TABLE" || v.get("schema_name").text() == "" {
			continue
		}
		if dataset := v.get("schema_name").text() + "." + v.get("table_name").text(); !slices.Contains(out, dataset) {
			out = append(out, dataset)
		}
	}
	return out, nil
}

func readsForeign(sql, dialect string) []string {
	var out []string
	for _, ref := range references(scanAs(dialect, sql)) {
		if dataset := strings.Join(ref.parts, "."); len(ref.parts) == 2 && !ref.column && !slices.Contains(out, dataset) {
			out = append(out, dataset)
		}
	}
	return out
}

// readIn returns the dataset a node names: a table read, or a column written
// with schema and table in front.
func readIn(v value) (schema, name string) {
	switch {
	case v.get("type").text() == "BASE_TABLE":
		return v.get("schema_name").text(), v.get("table_name").text()
	case v.get("class").text() == "COLUMN_REF":
		first := v.get("column_names").first()
		second := first.next()
		if second.ok() && second.next().ok() {
			return first.text(), second.text()
		}
	}
	return "", ""
}

// replaceSchemas puts other names in the place of those written at some offsets.
func replaceSchemas(sql string, moves map[int]string) (string, error) {
	var b strings.Builder
	done := 0
	for _, t := range scan(sql) {
		to, ok := moves[t.at]
		if !ok {
			continue
		}
		if _, isName := t.identifier(); !isName {
			return "", fault.New(fault.Internal, "no name stands at byte %d of the query", t.at)
		}
		b.WriteString(sql[done:t.at])
		b.WriteString(table.Quote(to))
		done = t.end()
		delete(moves, t.at)
	}
	if len(moves) > 0 {
		at := slices.Sorted(maps.Keys(moves))[0]
		return "", fault.New(fault.Internal, "no name stands at byte %d of the query", at)
	}
	b.WriteString(sql[done:])
	return b.String(), nil
}
