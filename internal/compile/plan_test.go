package compile

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// shopSession is a session over the shop's empty tables.
func shopSession(t testing.TB) *session {
	t.Helper()
	ctx := context.Background()
	shadow, err := openShadow(ctx, "Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	s, err := shadow.session(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
		if err := shadow.close(); err != nil {
			t.Error(err)
		}
	})
	for _, of := range tables(t, retail) {
		if err := s.ensure(ctx, of.Dataset, of.Columns); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestPlanShape pins what members the objects of DuckDB's plans have, over all
// constructs. The walker and the fingerprint rely on them. When a new DuckDB
// changes this file, look at each change: a member that went may be one the
// walker reads, and a member that came is part of fingerprints unless it is
// listed as silent.
func TestPlanShape(t *testing.T) {
	s := shopSession(t)
	shapes := map[string]map[string]bool{}
	for _, c := range constructs(t) {
		st := readStatement(c.sql, input(t).Params)
		answer, err := s.serialize(context.Background(), s.plan, st.wrapped())
		if err != nil || answer.get("error").yes() {
			t.Fatalf("%s: %v %s", c.name, err, answer.get("error_message").text())
		}
		for i := range s.doc.nodes {
			addShape(shapes, value{&s.doc, int32(i)})
		}
	}
	var b strings.Builder
	for _, name := range sortedKeys(shapes) {
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(sortedKeys(shapes[name]), " "))
	}
	golden(t, "testdata/plan.golden", b.String())
	all := map[string]bool{}
	for _, members := range shapes {
		maps.Copy(all, members)
	}
	for _, relied := range []map[string]bool{silent, counters} {
		for key := range relied {
			if !all[key] {
				t.Errorf("no plan has the member %s", key)
			}
		}
	}
}

// addShape notes the members of an operator or expression.
func addShape(shapes map[string]map[string]bool, v value) {
	name := strings.Clone(v.get("expression_class").text())
	if operator := v.get("type").text(); name == "" && strings.HasPrefix(operator, "LOGICAL_") {
		name = strings.Clone(operator)
	}
	if name == "" {
		return
	}
	if shapes[name] == nil {
		shapes[name] = map[string]bool{}
	}
	for c := v.first(); c.ok(); c = c.next() {
		shapes[name][strings.Clone(c.key())] = true
	}
}

// TestRefusedFunctionsExist holds the functions that are refused against the
// engine's catalog, and the other way round: every function the engine calls
// volatile, or whose value depends on the session, is refused.
func TestRefusedFunctionsExist(t *testing.T) {
	s := shopSession(t)
	rows, err := s.conn.QueryContext(context.Background(), `
		select function_name, bool_or(stability is not null and stability <> 'CONSISTENT')
		from duckdb_functions() where function_type in ('scalar', 'macro', 'aggregate', 'table', 'table_macro') group by all`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	unstable := map[string]bool{}
	for rows.Next() {
		var name string
		var differs bool
		if err := rows.Scan(&name, &differs); err != nil {
			t.Fatal(err)
		}
		unstable[name] = unstable[name] || differs
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	// Written without parentheses, these have another name in the catalog.
	// getenv is there in DuckDB's own shell, which a model may have come from.
	elsewhere := []string{"current_time", "current_timestamp", "localtime", "localtimestamp", "getenv"}
	for name := range otherEachTime {
		if _, known := unstable[name]; !known && !slices.Contains(elsewhere, name) {
			t.Errorf("%s is refused, but DuckDB has no such function", name)
		}
	}
	for _, name := range sortedKeys(unstable) {
		if _, refused := otherEachTime[name]; unstable[name] && !refused && !slices.Contains(harmless, name) {
			t.Errorf("%s is not consistent, and not refused", name)
		}
	}
}

// harmless are functions that DuckDB does not call consistent, but which give
// the same each time: error() only fails.
var harmless = []string{"error"}
