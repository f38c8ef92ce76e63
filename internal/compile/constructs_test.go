package compile

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/library"
	"github.com/larder-data/larder/internal/table"
)

var update = flag.Bool("update", false, "write the golden files anew")

type construct struct{ name, sql string }

// constructs reads testdata/constructs.sql: a comment names what follows it.
func constructs(t testing.TB) []construct {
	t.Helper()
	data, err := os.ReadFile("testdata/constructs.sql")
	if err != nil {
		t.Fatal(err)
	}
	var out []construct
	for _, part := range strings.Split("\n"+string(data), "\n-- ")[1:] {
		name, sql, _ := strings.Cut(part, "\n")
		out = append(out, construct{name, strings.TrimSpace(sql)})
	}
	return out
}

// picture is what a model's columns, lineage and dependencies look like on paper.
func picture(n *Node) string {
	var b strings.Builder
	for i, c := range n.Columns {
		var from []string
		for _, f := range n.Lineage[i].From {
			from = append(from, strings.TrimPrefix(f.Dataset, "shop.")+"."+f.Column)
		}
		arrow := "<-"
		if n.Lineage[i].Direct {
			arrow = "=="
		}
		line := fmt.Sprintf("  %s %s %s %s", c.Name, c.Type, arrow, strings.Join(from, ", "))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	fmt.Fprintf(&b, "  reads %s\n", strings.Join(n.DependsOn, ", "))
	if len(n.Params) > 0 {
		fmt.Fprintf(&b, "  uses %s\n", strings.Join(n.Params, ", "))
	}
	return b.String()
}

// constructModels are the constructs as models of one project, by number.
func constructModels(t testing.TB) []Model {
	t.Helper()
	var out []Model
	for i, c := range constructs(t) {
		out = append(out, model(fmt.Sprintf("m.c%03d", i), c.sql))
	}
	return out
}

func TestConstructs(t *testing.T) {
	r, err := compileAll(t, input(t, constructModels(t)...), Options{})
	if err != nil {
		t.Fatal(pictureOfErrors(err))
	}
	var got strings.Builder
	for i, c := range constructs(t) {
		fmt.Fprintf(&got, "%s\n%s\n", c.name, picture(r.Graph.Nodes[fmt.Sprintf("m.c%03d", i)]))
	}
	golden(t, "testdata/constructs.golden", got.String())
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("differs from %s (-want +got):\n%s", path, diff)
	}
}

// bare opens a DuckDB with the retail tables, for comparing with what it says.
func bare(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	statements := []string{"set timezone = 'Europe/London'", "create schema shop"}
	for _, of := range tables(t, retail) {
		statements = append(statements, "create table "+sqlName(of.Dataset)+tableDefinition(of.Columns))
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return db
}

var parameter = regexp.MustCompile(`\$(\w+)`)

// TestConstructsAreWhatDuckDBSays compares every construct's columns with
// DESCRIBE of the text with its parameters filled in by the Renderer.
func TestConstructsAreWhatDuckDBSays(t *testing.T) {
	db := bare(t)
	in := input(t, constructModels(t)...)
	r, err := compileAll(t, in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := NewRenderer("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = renderer.Close() })
	for name := range builtIn {
		in.Params[name] = Param{Type: table.Type{Kind: table.TimestampTZ}, Value: "2024-07-01 00:00"}
	}
	for i, c := range constructs(t) {
		t.Run(c.name, func(t *testing.T) {
			text, err := renderer.Render(c.sql, library.DuckDB, in.Params)
			if err != nil {
				t.Fatal(err)
			}
			if len(parameter.FindAllString(text, -1)) > 0 && !strings.Contains(text, "'$.") {
				t.Errorf("parameters are left in %s", text)
			}
			n := r.Graph.Nodes[fmt.Sprintf("m.c%03d", i)]
			if diff := cmp.Diff(describe(t, db, text), n.Columns); diff != "" {
				t.Errorf("DESCRIBE differs (-DuckDB +ours):\n%s", diff)
			}
			again, err := r.Bind(context.Background(), c.sql)
			if diff := cmp.Diff(n.Columns, again); diff != "" || err != nil {
				t.Errorf("Bind differs (-compiled +bound): %v\n%s", err, diff)
			}
		})
	}
}

func describe(t *testing.T, db *sql.DB, query string) []table.Column {
	t.Helper()
	rows, err := db.Query("select column_name, column_type from (describe (" + query + "\n))")
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	var out []table.Column
	for rows.Next() {
		var name, of string
		if err := rows.Scan(&name, &of); err != nil {
			t.Fatal(err)
		}
		parsed, err := table.ParseType(of)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, table.Column{Name: name, Type: parsed})
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// sqlName is a dataset as SQL names it.
func sqlName(dataset string) string {
	schema, name, _ := strings.Cut(dataset, ".")
	return table.Quote(schema) + "." + table.Quote(name)
}
