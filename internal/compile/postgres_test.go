package compile

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/library"
	"github.com/larder-data/larder/internal/pgtest"
	"github.com/larder-data/larder/internal/table"
)

// byCodepoint gives texts the collation that Larder's tables have there.
var byCodepoint = []string{
	"create collation larder.codepoint (provider = libc, locale = 'C.UTF-8')",
	"alter table shop.t alter column s type varchar collate larder.codepoint, alter column u type varchar collate larder.codepoint",
	`alter table shop."Caps" alter column place type varchar collate larder.codepoint`,
}

// onPostgreSQL is a server with the data of portableData and the library.
func onPostgreSQL(t *testing.T) *pgtest.Server {
	t.Helper()
	pg := pgtest.Start(t)
	functions, err := library.Statements(library.Postgres)
	if err != nil {
		t.Fatal(err)
	}
	statements := slices.Concat(portableData, functions, byCodepoint)
	if _, err := pg.Psql("postgres", statements...); err != nil {
		t.Fatal(err)
	}
	return pg
}

// postgresRows are a query's rows as psql prints them, sorted.
func postgresRows(pg *pgtest.Server, text string) ([]string, error) {
	rows, err := pg.Psql("postgres", `\pset null '~'`+"\n"+`\pset fieldsep '|'`+"\n"+text, "")
	slices.Sort(rows)
	return rows, err
}

// TestParametersMeanTheSame: what a parameter becomes is the same value of the
// same type on both engines, whatever the session's zone is.
func TestParametersMeanTheSame(t *testing.T) {
	r, db, pg := renderer(t), onDuckDB(t), onPostgreSQL(t)
	if _, err := db.Exec("set timezone = 'UTC'"); err != nil {
		t.Fatal(err)
	}
	of := func(kind table.Kind, value string) Param { return Param{Type: table.Type{Kind: kind}, Value: value} }
	for _, p := range []Param{
		of(table.Varchar, ""), of(table.Varchar, `it's a \'test\' of $now -- ?`), of(table.Varchar, "two\nlines and 'ä' \\n"), of(table.Varchar, " 1 "),
		of(table.Date, "2024-02-29"), of(table.Boolean, "true"), of(table.Boolean, "false"), of(table.SmallInt, "-3"), of(table.Integer, "2147483647"),
		of(table.TinyInt, "-128"), of(table.UInteger, "4294967295"), of(table.UBigInt, "18446744073709551615"), of(table.BigInt, "-9223372036854775808"),
		of(table.HugeInt, "99999999999999999999999999999999999999"), of(table.Double, "0.1"), of(table.Double, "1e300"), of(table.Float, "0.5"),
		{Type: table.Type{Kind: table.Decimal, Precision: 18, Scale: 2}, Value: "1000"},
		{Type: table.Type{Kind: table.Decimal, Precision: 38, Scale: 10}, Value: "-1234567890123456789.0123456789"},
		of(table.Timestamp, "2024-03-31 01:30"), of(table.Timestamp, "2024-10-27 01:30:00.123456"), of(table.Time, "23:59:59.5"),
		of(table.TimestampTZ, "2024-03-31 01:30"), of(table.TimestampTZ, "2024-10-27 01:30"), of(table.TimestampTZ, "2024-07-01"),
		of(table.TimestampTZ, "2024-07-01T09:00:00+05:30"), of(table.TimestampTZ, "2024-07-01 09:00:00.25 Z"), of(table.TimestampTZ, "0001-01-01 00:00:00+00"),
		of(table.UUID, "8f14e45f-ceea-467f-ab0b-0123456789ab"),
	} {
		value := p.Value
		of, ok := spellingFor(library.Postgres, p.Type)
		if !ok {
			t.Fatal(p.Type)
		}
		var both [2][]string
		params := map[string]Param{"p": p}
		for i, engine := range []string{library.DuckDB, library.Postgres} {
			text, err := r.Render("select replace($p::varchar, chr(10), '/') as a, $p is null as b, replace(concat($p, '|', $p), chr(10), '/') as c", engine, params)
			if err == nil && engine == library.DuckDB {
				both[i], err = duckRows(db, text)
			} else if err == nil {
				both[i], err = postgresRows(pg, "set timezone = 'UTC';\n"+text)
				both[i] = slices.DeleteFunc(both[i], func(line string) bool { return line == "SET" })
			}
			if err != nil {
				t.Fatalf("%s %q on %s: %v", p.Type, value, engine, err)
			}
		}
		if p.Type.IsFloat() || p.Type.Kind == table.Boolean {
			continue // the values are one, and the texts of them known to differ: see float_text and boolean_text
		}
		if diff := cmp.Diff(both[0], both[1]); diff != "" {
			t.Errorf("%s %q (-DuckDB +PostgreSQL):\n%s", p.Type, value, diff)
		}
		kind, err := postgresRows(pg, fmt.Sprintf("select pg_typeof(x)::text = pg_typeof(null::%s)::text from (%s) as q(x)", of, must(r.Render("select $p", library.Postgres, params))))
		if err != nil || !slices.Equal(kind, []string{"t"}) {
			t.Errorf("%s is another type on PostgreSQL: %v %v", p.Type, kind, err)
		}
	}
}

func must(text string, err error) string {
	if err != nil {
		return err.Error()
	}
	return text
}

// postgresOnly are queries that DuckDB cannot read, or reads otherwise.
var postgresOnly = []string{
	"select distinct on (a) a, id from shop.t order by a, id desc",
	"select t.id, l.amount from shop.t, lateral (select amount from shop.o where o.t_id = t.id order by amount limit 1) as l",
	"select q.* from rows from (generate_series(1, 2), unnest(array['a', 'b'])) with ordinality as q(i, s, n), shop.o",
	"select x.id from only shop.t as x tablesample bernoulli (50) repeatable (1) join shop.o using (id)",
	"select extract(epoch from o.at), substring(o.s from '^.' for '#'), trim(leading 'x' from o.s), overlay(o.s placing 'y' from 1 for 1) from (select ts as at, s from shop.t) as o",
	"select a is distinct from b as x, a is not distinct from b as y, j -> 'from' as z, j ? 'shop.o' as w from (select a, b, '{}'::jsonb as j from shop.t) as q",
	"with recursive r (n) as not materialized (select 1 union all select n + 1 from r where n < 3), t as (select n from r) select t.n, o.id from t, shop.o as o",
	"table shop.o",
	"(select id, a, x from shop.t) union all table shop.o order by 1 limit 3",
	"select shop.t.a, shop.o.* from shop.t full join (shop.o cross join (values (1), (2)) as v(x)) on shop.t.id = shop.o.t_id",
	"select grouping(a), count(*) filter (where id > 1), percentile_cont(0.5) within group (order by x) from shop.t group by rollup (a), cube (ok)",
	"select (array_agg(s order by id))[1:2], array(select amount from shop.o), row(1, 'x') is null from shop.t group by ok",
	"select t.* from shop.t as t where exists (select from shop.o where o.t_id = t.id) and t.id > any (array(select t_id from shop.o)) or (t.id, 1) in (select id, 1 from shop.o)",
	"select sum(x) over w, first_value(id) over (w rows between current row and unbounded following exclude ties) from shop.t window w as (partition by ok order by id)",
	`select "t"."id" as "from", 1 as select, 2 as join from "shop" . "t" order by 1 fetch first row with ties`,
	"select $$ from shop.o $$ || e'\\' from shop.o' || U&'from shop.o' as x -- from shop.o\n/* from /* shop.o */ */ from shop.t",
	"select xmlserialize(content xmlelement(name a, id) as text) as x, cast(id as text) from shop.t",
	"select case when a > 1 then (select max(id) from shop.o) end as c from shop.t for key share of t",
}

// TestReferencesAreWhatPostgresReads holds the finder against PostgreSQL: a view
// of a query depends on what the query reads.
func TestReferencesAreWhatPostgresReads(t *testing.T) {
	r, pg := renderer(t), onPostgreSQL(t)
	texts := postgresOnly
	for _, s := range snippets(t) {
		texts = append(texts, must(r.Render(s.sql, library.Postgres, renderParams(s.sql))))
	}
	var statements []string
	for i, text := range texts {
		create := fmt.Sprintf("create view read_%03d as\n%s", i, text)
		statements = append(statements, "do $larder$ begin execute "+table.Literal(create)+"; exception when others then raise notice '%', sqlerrm; end $larder$")
	}
	read, err := pg.Psql("postgres", append(statements, "select distinct 'reads ' || view_name || ' ' || table_schema || '.' || table_name from information_schema.view_table_usage",
		"select 'made ' || table_name from information_schema.views where table_name like 'read_%'")...)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for i, text := range texts {
		view := fmt.Sprintf("read_%03d", i)
		if !slices.Contains(read, "made "+view) {
			if i < len(postgresOnly) {
				t.Errorf("PostgreSQL refuses %s", text)
			}
			continue
		}
		tried++
		want := []string{}
		for _, line := range read {
			if name, ok := strings.CutPrefix(line, "reads "+view+" "); ok {
				want = append(want, name)
			}
		}
		got := []string{}
		for _, ref := range references(scanAs(library.Postgres, text)) {
			name := strings.ToLower(strings.Join(ref.parts, "."))
			if name == "shop.caps" {
				name = "shop.Caps"
			}
			if !ref.column && !slices.Contains(got, name) {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n(-PostgreSQL +ours) %s", text, diff)
		}
	}
	if tried < 150 {
		t.Errorf("only %d texts were tried", tried)
	}
}
