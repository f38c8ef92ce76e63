package compile

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/library"
)

// readsOf are the relations a text names, columns' with a dot behind.
func readsOf(sql string) []string {
	var out []string
	for _, r := range references(scanAs(library.Postgres, sql)) {
		name := strings.Join(r.parts, ".")
		if r.column {
			name += "."
		}
		out = append(out, name)
	}
	return out
}

func TestReferences(t *testing.T) {
	for _, c := range []struct{ name, sql, want string }{
		{"one", "select a from lake.x", "lake.x"},
		{"quoted, spaced, commented", `select 1 from "La""ke" . /* . y */ "X Y" as q`, `La"ke.X Y`},
		{"a list and joins", "select 1 from lake.a, lake.b b left join lake.c using (x, y), lake.d cross join lake.e on f(p, q) = 1, lake.f", "lake.a lake.b lake.c lake.d lake.e lake.f"},
		{"in brackets", "select 1 from (lake.a join lake.b on true) join (lake.c cross join (lake.d))", "lake.a lake.b lake.c lake.d"},
		{"subqueries everywhere", "select (select max(x) from lake.a) from (select * from lake.b) q where exists (select from lake.c) and x in (select y from lake.d, lake.e)", "lake.a lake.b lake.c lake.d lake.e"},
		{"common tables", "with a as (select * from lake.x), recursive_ (p, q) as not materialized (select * from a) select * from recursive_, a, lake.y", "lake.x lake.y"},
		{"a common table called like a dataset", "with x as (select 1) select * from x, lake.x", "lake.x"},
		{"set operations", "select 1 from lake.a union all (select 2 from lake.b) except table lake.c intersect values (1)", "lake.a lake.b lake.c"},
		{"from that begins nothing", "select extract(year from t.day), substring(t.s from 2 for 3), trim(both ' ' from t.s), overlay(t.s placing 'x' from 1), t.a is distinct from t.b, t.a is not distinct from t.c from lake.t", "lake.t"},
		{"a query in such a call", "select extract(year from (select max(day) from lake.a))", "lake.a"},
		{"functions in from", "select 1 from generate_series(1, 3) as g(i), lateral unnest(a) with ordinality as u(x, n), lake.a, larder.date_spine(x, y) d, rows from (f(1), g(2)) as r, lake.b", "lake.a lake.b"},
		{"lateral and only", "select 1 from only lake.a, lateral (select * from lake.b) as l", "lake.a lake.b"},
		{"columns with their schema", "select lake.a.x, lake.a.*, a.y, s.t.u.v from lake.a where q.* is not null", "lake.a. lake.a. s.t. lake.a"},
		{"an alias that looks like it", "select lake.x from other.t as lake order by lake.x", "other.t"},
		{"lists that are none of from", "select a, lake.x from lake.t group by a, lake.y order by b, lake.z", "lake.t"},
		{"windows", "select sum(a) over w, count(*) filter (where b), percentile_cont(0.5) within group (order by a) from lake.t, lake.u window w as (partition by x, y), v as (order by z, lake.w)", "lake.t lake.u"},
		{"words as names", `select 1 as from, t.select, 2 as "join" from lake.t as "from" join lake.u on true`, "lake.t lake.u"},
		{"texts, comments, quotes", "select 'from lake.a', $$ from lake.b $$, e'\\' from lake.c' -- from lake.d\n from lake.e /* join lake.f */", "lake.e"},
		{"operators", "select a ? 'from', b ->> 'x', c @> d, a::lake_type from lake.t", "lake.t"},
		{"no schema, too many", "select 1 from orders, a.b.c", "orders a.b.c"},
		{"locks and limits", "select 1 from lake.a order by x fetch first 3 rows only for update of a", "lake.a"},
		{"arrays", "select array(select x from lake.a), (array[1, 2])[1], array[b, lake.c] from lake.d", "lake.a lake.d"},
		{"grouping sets", "select 1 from lake.a, lake.b group by grouping sets ((x, y), (), rollup (z, lake.q))", "lake.a lake.b"},
		{"sampled", "select 1 from lake.a tablesample bernoulli (10) repeatable (3), lake.b", "lake.a lake.b"},
		{"nothing", "select 1", ""},
		{"brackets that close too much", "select ) from lake.a ) , lake.b", "lake.a lake.b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(readsOf(c.sql), " "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestReferencesAreWhatDuckDBReads holds the finder against DuckDB's own syntax
// tree, on every text both can read: what is read has to be found, and nothing
// else that is a dataset.
func TestReferencesAreWhatDuckDBReads(t *testing.T) {
	r := renderer(t)
	texts := exampleModels(t)
	for _, c := range constructs(t) {
		texts = append(texts, c.sql)
	}
	for _, s := range snippets(t) {
		texts = append(texts, s.sql)
	}
	tried := 0
	for _, text := range texts {
		want, err := r.Reads(text, "")
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if onlyDuckDBs(text) {
			continue
		}
		tried++
		var got []string
		for _, ref := range references(scan(text)) {
			if name := strings.Join(ref.parts, "."); len(ref.parts) == 2 && !slices.Contains(got, name) && !ref.column {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n(-DuckDB +ours) %s", text, diff)
		}
	}
	if tried < 300 {
		t.Errorf("only %d texts were tried", tried)
	}
}

// onlyDuckDBs reports whether a text has a place for relations that no other
// engine has.
func onlyDuckDBs(text string) bool {
	for _, t := range scan(text) {
		if isWord(t, "pivot", "unpivot", "summarize", "describe") {
			return true
		}
	}
	return false
}

// FuzzReferences: no text makes the finder fail, what it finds stands in the
// text, and spaces and comments between the words change nothing.
func FuzzReferences(f *testing.F) {
	for _, s := range snippets(f) {
		f.Add(s.sql)
	}
	f.Add("with a as (select) select from ((a.b join), lateral 'x' . from")
	f.Add("select $a$ from lake.x $a$ ? ?x $1 $b from x.y.z.*")
	f.Fuzz(func(t *testing.T, sql string) {
		tokens := scanAs(library.Postgres, sql)
		found := references(tokens)
		var apart strings.Builder
		for _, token := range tokens {
			if token.end() > len(sql) || sql[token.at:token.end()] != token.text {
				t.Fatalf("%q is not at %d", token.text, token.at)
			}
			fmt.Fprintf(&apart, "%s ", token.text)
		}
		for _, r := range found {
			at := slices.IndexFunc(tokens, func(token token) bool { return token.at == r.at })
			if name, ok := tokens[max(at, 0)].identifier(); at < 0 || !ok || name != r.parts[0] {
				t.Fatalf("%v is not at %d", r.parts, r.at)
			}
		}
		again := scanAs(library.Postgres, apart.String())
		if !slices.EqualFunc(tokens, again, func(a, b token) bool { return a.kind == b.kind && a.text == b.text }) {
			return // a text or comment without an end, or words that were one only side by side
		}
		if diff := cmp.Diff(names(found), names(references(again))); diff != "" {
			t.Errorf("spaces change what is found: %s", diff)
		}
	})
}

func names(found []reference) [][]string {
	out := make([][]string, len(found))
	for i, r := range found {
		out[i] = r.parts
	}
	return out
}
