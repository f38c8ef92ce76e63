package compile

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/library"
	"github.com/larder-data/larder/internal/table"
)

// forPostgres is a model for PostgreSQL that declares columns.
func forPostgres(t testing.TB, dataset, sql, declares string) Model {
	t.Helper()
	m := model(dataset, sql)
	m.Dialect = library.Postgres
	for _, c := range columns(t, declares) {
		m.Columns = append(m.Columns, Declared{Name: c.Name, Type: c.Type, Where: fault.Place{File: dataset + ".sql", Line: 1, Text: c.Name}})
	}
	return m
}

// overridden is a model with an override for PostgreSQL.
func overridden(dataset, sql, override string) Model {
	m := model(dataset, sql)
	o := model(dataset+".postgres", override)
	m.Overrides = []Override{{Engine: library.Postgres, SQL: override, Place: o.Place, Where: o.Where}}
	return m
}

const distinctOn = "select distinct on (o.order_id) o.order_id, o.net, l.sku ->> 'x' as x\nfrom shop.orders as o, lateral (select * from shop.lines l where l.order_id = o.order_id) as l\nwhere o.ordered_at < $now and o.currency = $home"

func TestModelForAnotherEngine(t *testing.T) {
	in := input(t,
		forPostgres(t, "mart.pg", distinctOn, "order_id bigint, net decimal(18,2), x varchar"),
		model("mart.after", "select order_id, net * 2 as twice from mart.pg"))
	in.Engine = library.Postgres
	r, err := compileAll(t, in, Options{})
	if err != nil {
		t.Fatal(pictureOfErrors(err))
	}
	n := r.Graph.Nodes["mart.pg"]
	if diff := cmp.Diff([]string{"shop.lines", "shop.orders"}, n.DependsOn); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(columns(t, "order_id bigint, net decimal(18,2), x varchar"), n.Columns); diff != "" {
		t.Error(diff)
	}
	if !n.Described() || n.Dialect != library.Postgres || n.SQL != distinctOn {
		t.Errorf("%q for %q", n.SQL, n.Dialect)
	}
	if diff := cmp.Diff([]string{"home", "now"}, n.Params); diff != "" {
		t.Error(diff)
	}
	all := len(r.Graph.Nodes["shop.orders"].Columns) + len(r.Graph.Nodes["shop.lines"].Columns)
	for _, edge := range n.Lineage {
		if len(edge.From) != all || edge.Direct {
			t.Errorf("%s comes from %v", edge.Column, edge.From)
		}
	}
	after := r.Graph.Nodes["mart.after"]
	if diff := cmp.Diff(columns(t, "order_id bigint, twice decimal(18,2)"), after.Columns); diff != "" {
		t.Error(diff)
	}
	if after.Described() || after.SQL == "" {
		t.Errorf("%+v", after)
	}
}

// TestForeignIsRefused: what the text alone shows to be wrong is told, with its
// place.
func TestForeignIsRefused(t *testing.T) {
	for sql, want := range map[string]string{
		"select 1 from shop.orderz":                                  "1:15 there is no dataset shop.orderz (did you mean shop.orders?)",
		"select 1\nfrom orders o":                                    "2:6 orders has no schema (write shop.orders)",
		"select 1 from other.shop.orders":                            "1:15 other.shop.orders is no dataset",
		"select 1 from pg_catalog.pg_class":                          "1:15 pg_catalog.pg_class is no dataset",
		"select now() as t from shop.orders":                         "1:8 now gives another answer each time",
		"select current_date as d, o.user from shop.orders as o":     "1:8 current_date gives another answer each time",
		"select gen_random_uuid() from shop.orders":                  "1:8 gen_random_uuid gives another answer each time",
		"select age(ordered_at), age($now, x) from shop.orders":      "1:8 age gives another answer each time",
		"select pg_read_file('x') from shop.orders":                  "1:8 pg_read_file reads something that is no dataset",
		"with x as (delete from shop.orders returning *) select 1":   "1:12 delete changes data, and a model only reads",
		"select $missing from shop.orders":                           "1:8 the parameter $missing is not known",
		"select 1; select 2":                                         "1:9 there is more than one statement",
		"delete from shop.orders":                                    `1:1 "delete" is no SELECT`,
		"select (1 from shop.orders":                                 "1:8 this parenthesis is never closed",
		"select mart.pg.x from mart.pg":                              "1:8 the model reads itself",
		"select m.x from mart.next as m":                             "1:15 models read each other in a circle",
		"select pg_sleep(5), j ? 'now()' as \"now\" from shop.lines": "1:8 pg_sleep gives another answer each time",
	} {
		in := input(t, forPostgres(t, "mart.pg", sql, "x bigint"), model("mart.next", "select x from mart.pg"))
		_, err := compileAll(t, in, Options{})
		if !toldAt(err, want) {
			t.Errorf("%s\ngot  %s\nwant %s", sql, pictureOfErrors(err), want)
		}
	}
}

// toldAt reports whether an error says "line:column message (hint)".
func toldAt(err error, want string) bool {
	var list fault.List
	list.Add(err)
	for _, f := range list {
		text := strings.TrimPrefix(f.Where.String(), f.Where.File+":") + " " + f.Err.Error() + " (" + f.Hint + ")"
		if strings.HasPrefix(text, strings.TrimSuffix(want, ")")) {
			return true
		}
	}
	return false
}

func TestForeignPromises(t *testing.T) {
	m := forPostgres(t, "mart.pg", "select 1 from shop.orders", "a double, b bigint")
	m.Columns[0].Currency, m.Columns[1].Currency = "GBP", "Pounds"
	m.Grain = []GrainColumn{{Name: "c", Where: m.Where}}
	_, err := compileAll(t, input(t, m), Options{})
	for _, want := range []string{"a is DOUBLE, a float", "the currency Pounds of b", "the grain names c"} {
		if !strings.Contains(pictureOfErrors(err), want) {
			t.Errorf("%q is not told: %v", want, err)
		}
	}
}

func fingerprintOn(t *testing.T, engine string, cache Cache, models ...Model) map[string]string {
	t.Helper()
	in := input(t, models...)
	in.Engine = engine
	r, err := compileAll(t, in, Options{Cache: cache})
	if err != nil {
		t.Fatal(pictureOfErrors(err))
	}
	out := map[string]string{}
	for name, n := range r.Graph.Nodes {
		out[name] = n.Fingerprint
	}
	return out
}

// TestForeignFingerprint: it changes with what the text may mean and with
// nothing else.
func TestForeignFingerprint(t *testing.T) {
	print := func(change func(*Input, *Model)) string {
		t.Helper()
		m := forPostgres(t, "mart.pg", distinctOn, "order_id bigint, net decimal(18,2), x varchar")
		in := input(t)
		change(&in, &m)
		in.Models = []Model{m}
		r, err := compileAll(t, in, Options{})
		if err != nil {
			t.Fatal(pictureOfErrors(err))
		}
		return r.Graph.Nodes["mart.pg"].Fingerprint
	}
	before := print(func(*Input, *Model) {})
	for name, change := range map[string]func(*Input, *Model){
		"comments and spaces": func(_ *Input, m *Model) { m.SQL = "-- hello\n" + strings.ReplaceAll(m.SQL, " ", " \n ") + " -- $now" },
		"case of words":       func(_ *Input, m *Model) { m.SQL = strings.Replace(m.SQL, "select", "SELECT", 1) },
		"another variable": func(in *Input, _ *Model) {
			in.Params["big_order"] = Param{Type: table.Type{Kind: table.Integer}, Value: "1"}
		},
		"another table": func(in *Input, _ *Model) { in.Tables[2].Columns = nil },
		"the engine":    func(in *Input, _ *Model) { in.Engine = library.Postgres },
	} {
		if print(change) != before {
			t.Errorf("%s changes the fingerprint", name)
		}
	}
	for name, change := range map[string]func(*Input, *Model){
		"a text":             func(_ *Input, m *Model) { m.SQL = strings.Replace(m.SQL, "'x'", "'X'", 1) },
		"a quote":            func(_ *Input, m *Model) { m.SQL = strings.Replace(m.SQL, "as x", `as "X"`, 1) },
		"a prefix of a text": func(_ *Input, m *Model) { m.SQL = strings.Replace(m.SQL, "'x'", "e'x'", 1) },
		"a variable's value": func(in *Input, _ *Model) {
			in.Params["home"] = Param{Type: table.Type{Kind: table.Varchar}, Value: "FR"}
		},
		"a parameter":       func(_ *Input, m *Model) { m.SQL = strings.Replace(m.SQL, "$now", "$start", 1) },
		"an input's column": func(in *Input, _ *Model) { in.Tables[0].Columns = in.Tables[0].Columns[:12] },
		"a promise":         func(_ *Input, m *Model) { m.Columns[1].Type.Scale = 4 },
		"a promised name":   func(_ *Input, m *Model) { m.Columns[1].Name = "Net" },
		"the zone":          func(in *Input, _ *Model) { in.TimeZone = "UTC" },
		"the form":          func(_ *Input, m *Model) { m.View = true },
		"settings":          func(_ *Input, m *Model) { m.Settings = "x" },
	} {
		if print(change) == before {
			t.Errorf("%s does not change the fingerprint", name)
		}
	}
}

func TestOverride(t *testing.T) {
	sql := "select order_id, any_value(sku) as sku from shop.lines join shop.orders using (order_id) where currency = $home group by all"
	override := "select order_id, min(sku collate \"C\") as sku\nfrom shop.orders join shop.lines using (order_id)\nwhere tax < $big_order group by 1"
	cache, err := OpenCache(filepath.Join(t.TempDir(), "compiled"))
	if err != nil {
		t.Fatal(err)
	}
	plain := fingerprintOn(t, library.Postgres, cache, model("mart.m", sql))["mart.m"]
	for range 2 { // the second time from the cache
		on := fingerprintOn(t, library.Postgres, cache, overridden("mart.m", sql, override))["mart.m"]
		if on == plain || on == fingerprintOn(t, library.Postgres, cache, overridden("mart.m", sql, override+" order by 1"))["mart.m"] {
			t.Error("the override is not in the fingerprint")
		}
		if on != fingerprintOn(t, library.Postgres, cache, overridden("mart.m", sql, "-- the same\n"+override))["mart.m"] {
			t.Error("a comment is in the fingerprint")
		}
	}
	if fingerprintOn(t, library.DuckDB, cache, overridden("mart.m", sql, override))["mart.m"] != plain {
		t.Error("the override changes the model on DuckDB")
	}
	in := input(t, overridden("mart.m", sql, override))
	in.Engine = library.Postgres
	r, err := compileAll(t, in, Options{Cache: cache})
	if err != nil {
		t.Fatal(err)
	}
	n := r.Graph.Nodes["mart.m"]
	if n.SQL != override || !n.Described() || cmp.Diff([]string{"big_order"}, n.Params) != "" || len(n.Reads["shop.orders"]) < 10 {
		t.Errorf("%+v", n)
	}
	if diff := cmp.Diff(columns(t, "order_id bigint, sku varchar"), n.Columns); diff != "" {
		t.Error(diff)
	}
	if from := n.Lineage[1].From; len(from) != 1 || from[0] != (ColumnRef{"shop.lines", "sku"}) {
		t.Errorf("sku comes from %v", from)
	}
}

func TestOverrideReadsOtherwise(t *testing.T) {
	_, err := compileAll(t, input(t, overridden("mart.m", "select sku, $home as h from shop.lines", "select sku\nfrom shop.orders, shop.typo where $x")), Options{})
	for _, want := range []string{
		"2:6 this reads shop.orders, and mart.m does not (both have",
		"1 mart.m reads shop.lines, and this does not (both have",
		"2:19 there is no dataset shop.typo", "2:35 the parameter $x is not known",
	} {
		if !toldAt(err, want) {
			t.Errorf("not told: %s\n%s", want, pictureOfErrors(err))
		}
	}
	if !strings.Contains(pictureOfErrors(err), "mart.m.postgres.sql:2:6: model mart.m for PostgreSQL") {
		t.Error(pictureOfErrors(err))
	}
}

func TestHold(t *testing.T) {
	n := &Node{Dataset: "mart.m", Dialect: library.Postgres, Columns: columns(t, "a bigint, b hugeint, c varchar, d tinyint, e double")}
	if err := n.Hold(columns(t, "a bigint, b decimal(38,0), c varchar, d smallint, e double")); err != nil {
		t.Error(err)
	}
	lists := &Node{Dialect: library.Postgres, Columns: columns(t, "a integer[], b varchar[], c tinyint[]")}
	nested := func(spelling string) table.Type { return table.Type{Kind: table.Nested, Spelling: spelling} }
	if err := lists.Hold([]table.Column{{Name: "a", Type: nested("int4[]")}, {Name: "b", Type: nested("text[]")}, {Name: "c", Type: nested("int2[]")}}); err != nil {
		t.Error(err)
	}
	if err := lists.Hold([]table.Column{{Name: "a", Type: nested("int8[]")}, {Name: "b", Type: nested("hstore")}, {Name: "c", Type: table.Type{Kind: table.Decimal, Precision: 38, Scale: 10, Spelling: "numeric"}}}); err == nil ||
		!strings.Contains(err.Error(), "a is int8[], not integer[]; b is hstore, not varchar[]; c is numeric without a size, not tinyint[]") {
		t.Error(err)
	}
	err := n.Hold(columns(t, "a integer, c varchar, b decimal(38,2), d smallint, e double, f date"))
	want := "the SQL for PostgreSQL returns something else than mart.m promises: a is INTEGER, not BIGINT; column 2 is c, not b; column 3 is b, not c; the column f is one too many"
	if fault.KindOf(err) != fault.Invalid || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if err := n.Hold(columns(t, "a bigint, b decimal(38,2)")); err == nil || !strings.Contains(err.Error(), "b is DECIMAL(38,2), not DECIMAL(38,0); the column c is missing") {
		t.Error(err)
	}
}

// TestRebindForeign: a stored text has the fingerprint it had when it was stored.
func TestRebindForeign(t *testing.T) {
	m := overridden("mart.m", "select sku from shop.lines", "select sku from shop.lines order by 1")
	in := input(t, m)
	in.Engine = library.Postgres
	r, err := compileAll(t, in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := r.Graph.Nodes["mart.m"]
	if got, err := r.Rebind(context.Background(), m, n.SQL, n.Reads); err != nil || got != n.Fingerprint {
		t.Errorf("%s, not %s: %v", got, n.Fingerprint, err)
	}
	if got, err := r.Rebind(context.Background(), m, n.SQL+", 2", n.Reads); err != nil || got == n.Fingerprint {
		t.Errorf("another text has the same fingerprint: %v", err)
	}
}
