package library

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the documents anew")

func TestDocumented(t *testing.T) {
	const path = "../../docs/functions.md"
	if *update {
		if err := os.WriteFile(path, []byte(Document()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Document(), string(got)); diff != "" {
		t.Errorf("%s is not what the definitions say: go test ./internal/library -run Documented -update\n%s", path, diff)
	}
}

func TestEveryFunctionSaysWhatItDoes(t *testing.T) {
	names := map[string]bool{}
	for _, f := range Functions() {
		if f.Doc == "" || f.Group == "" || f.Form == "" || types[f.Returns] == nil {
			t.Errorf("%s is not told whole: %+v", f.Name, f)
		}
		if f.Example != "" {
			names[f.Name] = true
		}
	}
	for _, f := range Functions() {
		if !names[f.Name] {
			t.Errorf("%s has no example", f.Name)
		}
	}
	if len(names) < 25 {
		t.Errorf("%d functions", len(names))
	}
}

func TestPatterns(t *testing.T) {
	db, pg := duck(t), postgres(t)
	for _, p := range Patterns() {
		rows, err := db.Query("select concat_ws('|', " + strings.Join(textColumns(t, p.SQL), ", ") + ") from (" + p.SQL + ")")
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		var got []string
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			got = append(got, line)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p.Gives, strings.Join(got, "\n")); diff != "" {
			t.Errorf("%s on DuckDB (-want +got):\n%s", p.Name, diff)
		}
		lines, err := pg.Psql("postgres", p.SQL)
		if diff := cmp.Diff(p.Gives, strings.Join(lines, "\n")); diff != "" || err != nil {
			t.Errorf("%s on PostgreSQL: %v (-want +got):\n%s", p.Name, err, diff)
		}
	}
}

// textColumns are a query's columns as texts, NULL as nothing.
func textColumns(t *testing.T, query string) []string {
	t.Helper()
	rows, err := duck(t).Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		names[i] = "coalesce(" + name + "::varchar, '')"
	}
	return names
}
