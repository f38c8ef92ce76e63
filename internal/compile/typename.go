package compile

import (
	"context"
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// unnamedFields begins the spelling of a type that nobody can write.
const unnamedFields = "unnamed "

// columnType turns a type of a plan into ours. A type that table does not know
// comes back as Nested with the engine's spelling and false.
func (s *session) columnType(ctx context.Context, v value) (table.Type, bool, error) {
	spelled := strings.Clone(typeText(v))
	if t, ok := s.types[spelled]; ok {
		return t, isKnown(t), nil
	}
	t, err := table.ParseType(spelled)
	if err != nil {
		t = table.Type{Kind: table.Nested, Spelling: spelled}
	}
	if t.Kind == table.Nested {
		// The engine's own spelling quotes only the field names that need it.
		err := s.conn.QueryRowContext(ctx, "select typeof(cast(null as "+spelled+"))").Scan(&t.Spelling)
		if err != nil && ctx.Err() != nil {
			return table.Type{}, false, fault.New(fault.Interrupted, "%w", ctx.Err())
		}
		if err != nil { // a row() without names: there is no way to write its type
			t.Spelling = unnamedFields + spelled
		}
	}
	s.types[spelled] = t
	return t, isKnown(t), nil
}

// isKnown tells a nested type from one that only stands in for its spelling.
func isKnown(t table.Type) bool {
	if t.Kind != table.Nested {
		return true
	}
	_, err := table.ParseType(t.Spelling)
	return err == nil && !strings.HasPrefix(t.Spelling, unnamedFields)
}

// typeText spells a type of a plan so that DuckDB reads it back.
func typeText(v value) string {
	info := v.get("type_info")
	if alias := info.get("alias").text(); alias != "" {
		return alias
	}
	id := v.get("id").text()
	switch id {
	case "DECIMAL":
		return "DECIMAL(" + digits(info.get("width")) + "," + digits(info.get("scale")) + ")"
	case "LIST":
		return typeText(info.get("child_type")) + "[]"
	case "ARRAY":
		return typeText(info.get("child_type")) + "[" + digits(info.get("size")) + "]"
	case "STRUCT":
		return "STRUCT(" + fields(info.get("child_types").first()) + ")"
	case "UNION": // the first field is the tag
		return "UNION(" + fields(info.get("child_types").first().next()) + ")"
	case "MAP":
		entry := info.get("child_type").get("type_info").get("child_types").first()
		return "MAP(" + typeText(entry.get("second")) + ", " + typeText(entry.next().get("second")) + ")"
	case "ENUM":
		var values []string
		for c := info.get("values").first(); c.ok(); c = c.next() {
			values = append(values, table.Literal(c.text()))
		}
		return "ENUM(" + strings.Join(values, ", ") + ")"
	case "NULL":
		return "INTEGER"
	}
	return id
}

func fields(first value) string {
	var out []string
	for c := first; c.ok(); c = c.next() {
		out = append(out, table.Quote(c.get("first").text())+" "+typeText(c.get("second")))
	}
	return strings.Join(out, ", ")
}

func digits(v value) string { return strconv.Itoa(max(v.index(), 0)) }
