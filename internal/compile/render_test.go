package compile

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/library"
	"github.com/larder-data/larder/internal/table"
)

func TestRender(t *testing.T) {
	r, err := NewRenderer("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	of := func(kind table.Kind, value string) Param { return Param{Type: table.Type{Kind: kind}, Value: value} }
	params := map[string]Param{
		"home": of(table.Varchar, "it's; $now -- here"), "day": of(table.Date, "2024-07-01"),
		"start": of(table.TimestampTZ, "2024-07-01 00:00"), "none": {Type: table.Type{Kind: table.Integer}, Null: true},
		"rate": {Type: table.Type{Kind: table.Decimal, Precision: 9, Scale: 4}, Value: "1.2500"},
	}
	db := bare(t)
	if _, err := db.Exec("set timezone = 'America/New_York'"); err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]string{
		"select $home as x":                                        "it's; $now -- here",
		"select $HOME || '!' as x;":                                "it's; $now -- here!",
		"select $day + 1 as x -- the next one":                     "2024-07-02",
		"select '$home' as x":                                      "$home",
		"select ($start at time zone 'UTC')::varchar as x":         "2024-06-30 23:00:00",
		"select date_trunc('hour', $start) - interval 1 hour as x": "2024-06-30 18:00:00-04",
		"select $rate * 2 as x":                                    "2.5000",
		"select coalesce($none, 7) as x":                           "7",
		"select typeof($none) as x":                                "INTEGER",
		"select count(*) as x from range($day::timestamp, timestamp '2024-07-03', interval 1 day)": "2",
		"select x from (select $home as x limit 1) where $day is not null":                         "it's; $now -- here",
	} {
		text, err := r.Render(sql, library.DuckDB, params)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		var got string
		if err := db.QueryRow("select x::varchar from (" + text + ")").Scan(&got); err != nil || got != want {
			t.Errorf("%s\n%s\n%q, want %q %v", sql, text, got, want, err)
		}
	}
	for _, sql := range []string{"select $missing", "select ?", "select $1", "select $end"} {
		if text, err := r.Render(sql, library.DuckDB, params); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s became %q, %v", sql, text, err)
		}
	}
	if _, err := NewRenderer("Mars/Olympus"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("the time zone is taken: %v", err)
	}
}

func TestRenderFromManyGoroutines(t *testing.T) {
	r, err := NewRenderer("UTC")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			now := time.Date(2024, 1, 1+i, 0, 0, 0, 0, time.UTC).Format("2006-01-02 15:04:05+00")
			text, err := r.Render("select $now as x", library.DuckDB, map[string]Param{"now": {Type: table.Type{Kind: table.TimestampTZ}, Value: now}})
			if err != nil || !strings.Contains(text, now) {
				t.Errorf("%s %v", text, err)
			}
		})
	}
	wg.Wait()
}

// filledTree is what the renderer is held against: DuckDB's own syntax tree of a
// text with its parameters replaced.
func filledTree(t *testing.T, db *sql.DB, text string, params map[string]Param) any {
	t.Helper()
	return replaceNodes(syntaxTree(t, db, text), func(node map[string]any) any {
		if node["class"] != "PARAMETER" {
			return node
		}
		_, p, ok := findParam(params, fmt.Sprint(node["identifier"]))
		if !ok {
			t.Fatalf("no value for %v in %s", node["identifier"], text)
		}
		statement := syntaxTree(t, db, "select "+castText(p)).(map[string]any)["statements"].([]any)[0]
		cast := statement.(map[string]any)["node"].(map[string]any)["select_list"].([]any)[0].(map[string]any)
		cast["alias"] = node["alias"]
		return replaceNodes(cast, asItIs)
	})
}

func asItIs(node map[string]any) any { return node }

// syntaxTree is DuckDB's syntax tree of a text.
func syntaxTree(t *testing.T, db *sql.DB, text string) any {
	t.Helper()
	var answer string
	if err := db.QueryRow("select json_serialize_sql($1::varchar)::varchar", text).Scan(&answer); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	decoder := json.NewDecoder(strings.NewReader(answer))
	decoder.UseNumber()
	var tree map[string]any
	if err := decoder.Decode(&tree); err != nil || tree["error"] != false {
		t.Fatalf("%v %v\n%s", err, tree["error_message"], text)
	}
	return tree
}

// replaceNodes is a tree without parameters and places, its objects replaced.
func replaceNodes(tree any, replace func(map[string]any) any) any {
	switch v := tree.(type) {
	case []any:
		for i := range v {
			v[i] = replaceNodes(v[i], replace)
		}
	case map[string]any:
		for key := range v {
			switch key {
			case "named_param_map":
				v[key] = []any{}
			case "query_location":
				v[key] = 0
			default:
				v[key] = replaceNodes(v[key], replace)
			}
		}
		return replace(v)
	}
	return tree
}

// textOf is the text DuckDB makes of a syntax tree.
func textOf(t *testing.T, db *sql.DB, tree any) string {
	t.Helper()
	in, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	var out string
	if err := db.QueryRow("select json_deserialize_sql($1::json)", string(in)).Scan(&out); err != nil {
		t.Fatalf("%v\n%s", err, in)
	}
	return out
}

// renderCases are texts in which parameters, comments, strings and quotes are
// easily taken for each other.
var renderCases = []string{
	"select $home as x -- $home\n, 1 /* $day /* $home */ $day */ as y",
	"select '$home' as a, $$ $home $$ as b, $tag$ $$ $day $tag$ as c, e'\\'$home' as d, \"$home\" from (select 1 as \"$home\") as q",
	"select coalesce(nullif($day, cast($day as date)), $day + $count) as x",
	"select x from (values (1), ($count)) as v(x) where x between $count and $count and x in($count,$count) limit $count",
	"with a as (select $day as d), b as (select d from a) select a.d, b.d as e from a, b where a.d>=$day",
	"select case when $flag then $rate else -$rate end * $rate as x, ($start)::date as y, $start::date as z",
	"select [$count, 2][$count] as x, {'a': $home}.a as y, $home || $home as z",
	"select $HOME as x;; -- $home",
	"select count(*) as n, count() as m, interval '1 day' * $count as i from range($count) as r(v)",
}

// TestRenderIsTheSyntaxTrees holds the text with values at the places of its
// parameters against DuckDB's syntax tree with values in the place of its own
// parameters: the two have to be one tree, so that nothing can tell them apart.
func TestRenderIsTheSyntaxTrees(t *testing.T) {
	r, db := renderer(t), bare(t)
	texts := append(exampleModels(t), renderCases...)
	for _, c := range constructs(t) {
		texts = append(texts, c.sql)
	}
	for _, s := range snippets(t) {
		texts = append(texts, s.sql)
	}
	with := 0
	for _, text := range texts {
		params := renderParams(text)
		got, err := r.Render(text, library.DuckDB, params)
		if err != nil {
			t.Errorf("%v\n%s", err, text)
			continue
		}
		ours := replaceNodes(syntaxTree(t, db, got), asItIs)
		theirs := filledTree(t, db, text, params)
		if diff := cmp.Diff(theirs, ours); diff != "" {
			t.Errorf("%s\nbecame\n%s\nwhich is not what it means (-tree +text):\n%s", text, got, diff)
		}
		if got != text {
			with++
		}
	}
	if with < 40 {
		t.Errorf("only %d texts have parameters", with)
	}
}

// TestRenderedRows runs what both ways make of a text: same columns, same rows.
func TestRenderedRows(t *testing.T) {
	r, db := renderer(t), onDuckDB(t)
	texts := slices.Clone(renderCases)
	for _, s := range snippets(t) {
		if strings.Contains(s.sql, "$") {
			texts = append(texts, s.sql)
		}
	}
	for _, text := range texts {
		params := renderParams(text)
		got, err := r.Render(text, library.DuckDB, params)
		if err != nil {
			t.Fatal(err)
		}
		want := textOf(t, db, filledTree(t, db, text, params))
		if diff := cmp.Diff(describe(t, db, want), describe(t, db, got)); diff != "" {
			t.Errorf("columns of %s (-tree +text):\n%s", text, diff)
		}
		ours, err := duckRows(db, got)
		if err != nil {
			t.Fatalf("%v\n%s", err, got)
		}
		theirs, err := duckRows(db, want)
		if diff := cmp.Diff(theirs, ours); diff != "" || err != nil {
			t.Errorf("rows of %s (-tree +text): %v\n%s", text, err, diff)
		}
	}
}

// renderParams has a value for whatever a text may ask.
func renderParams(text string) map[string]Param {
	out := map[string]Param{
		"home": {Type: table.Type{Kind: table.Varchar}, Value: "it's; $now -- here"}, "day": {Type: table.Type{Kind: table.Date}, Value: "2024-07-01"},
		"count": {Type: table.Type{Kind: table.Integer}, Value: "1"}, "flag": {Type: table.Type{Kind: table.Boolean}, Value: "true"},
		"rate": {Type: table.Type{Kind: table.Decimal, Precision: 9, Scale: 4}, Value: "1.2500"},
	}
	for _, name := range parameter.FindAllStringSubmatch(text, -1) {
		if _, _, ok := findParam(out, name[1]); !ok {
			out[strings.ToLower(name[1])] = Param{Type: table.Type{Kind: table.TimestampTZ}, Value: "2024-07-01 00:00:00+00"}
		}
	}
	return out
}

// exampleModels are the models of the examples, headers and all.
func exampleModels(t *testing.T) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir("../../examples", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".sql" {
			return err
		}
		text, err := os.ReadFile(path)
		out = append(out, string(text))
		return err
	})
	if err != nil || len(out) < 20 {
		t.Fatalf("%d models: %v", len(out), err)
	}
	return out
}

// TestRenderForPostgres: what a parameter becomes means the same on PostgreSQL.
func TestRenderForPostgres(t *testing.T) {
	r := renderer(t)
	params := map[string]Param{
		"day": {Type: table.Type{Kind: table.Date}, Value: "2026-01-01"}, "home": {Type: table.Type{Kind: table.Varchar}, Value: "it's"},
		"at": {Type: table.Type{Kind: table.TimestampTZ}, Value: "2026-07-01 09:00"}, "zoned": {Type: table.Type{Kind: table.TimestampTZ}, Value: "2026-07-01T09:00:00.5-02:00"},
		"rate": {Type: table.Type{Kind: table.Decimal, Precision: 9, Scale: 4}, Value: "1.25"}, "f": {Type: table.Type{Kind: table.Double}, Value: "0.5"},
		"big": {Type: table.Type{Kind: table.HugeInt}, Value: "99999999999999999999"}, "list": {Type: table.Type{Kind: table.Nested, Spelling: "INTEGER[]"}, Value: "[1]"},
	}
	for text, want := range map[string]string{
		"select $day, $home -- $home":                      "select CAST('2026-01-01' AS DATE), CAST('it''s' AS VARCHAR)",
		"select $at, $zoned":                               "select CAST('2026-07-01 08:00:00+00' AS TIMESTAMP WITH TIME ZONE), CAST('2026-07-01 11:00:00.5+00' AS TIMESTAMP WITH TIME ZONE)",
		"select $rate * $f, $big":                          "select CAST('1.25' AS DECIMAL(9,4)) * CAST('0.5' AS DOUBLE PRECISION), CAST('99999999999999999999' AS DECIMAL(38,0))",
		"select j ? 'key', j ?| array['$day'] from lake.x": "select j ? 'key', j ?| array['$day'] from lake.x",
	} {
		if got, err := r.Render(text, library.Postgres, params); err != nil || got != want {
			t.Errorf("got  %s\nwant %s\n%v", got, want, err)
		}
	}
	if got, err := r.Render("select $list", library.Postgres, params); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "PostgreSQL has no type INTEGER[]") {
		t.Errorf("a list became %s, %v", got, err)
	}
}

// BenchmarkRender fills in realistic models.
func BenchmarkRender(b *testing.B) {
	r, err := NewRenderer("Europe/London")
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	text := realisticSQL(7)
	params := renderParams(text)
	for b.Loop() {
		if _, err := r.Render(text, library.DuckDB, params); err != nil {
			b.Fatal(err)
		}
	}
}
