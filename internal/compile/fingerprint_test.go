package compile

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/table"
)

// fingerprintOf compiles one model over the shop.
func fingerprintOf(t testing.TB, in Input, sql string) string {
	t.Helper()
	in.Models = []Model{model("mart.m", sql)}
	r, err := compileAll(t, in, Options{Workers: 1})
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	return r.Graph.Nodes["mart.m"].Fingerprint
}

// pair is two texts to compare.
type pair struct{ name, a, b string }

// fingerprints compiles all pairs as one project.
func fingerprints(t testing.TB, pairs []pair) [][2]string {
	t.Helper()
	in := input(t)
	for i, p := range pairs {
		in.Models = append(in.Models, model(fmt.Sprintf("a.m%d", i), p.a), model(fmt.Sprintf("b.m%d", i), p.b))
	}
	r, err := compileAll(t, in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := make([][2]string, len(pairs))
	for i := range pairs {
		out[i] = [2]string{r.Graph.Nodes[fmt.Sprintf("a.m%d", i)].Fingerprint, r.Graph.Nodes[fmt.Sprintf("b.m%d", i)].Fingerprint}
	}
	return out
}

func TestSameMeaningHasSameFingerprint(t *testing.T) {
	pairs := []pair{
		{"white space", "select order_id,net from shop.orders where net>1", "select\n\torder_id ,\n net\nfrom   shop.orders\nwhere net > 1\n"},
		{"comments", "select net from shop.orders", "-- why\nselect /* what */ net from shop.orders -- done"},
		{"case", "select sum(net) as x from shop.orders group by status", "SELECT SUM(Net) AS x FROM Shop.ORDERS GROUP BY Status"},
		{"table alias", "select o.net from shop.orders o", "select z.net from shop.orders as z"},
		{"no table alias", "select net from shop.orders", "select orders.net from shop.orders"},
		{"parentheses", "select net + tax * 2 as x from shop.orders where net > 1 and tax > 2", "select (net + (tax * 2)) as x from shop.orders where ((net > 1) and (tax > 2))"},
		{"using", "select l.sku, p.title from shop.lines l join shop.products p using (sku)", "select l.sku, p.title from shop.lines l join shop.products p on l.sku = p.sku"},
		{"group by all", "select status, sum(net) as x from shop.orders group by all", "select status, sum(net) as x from shop.orders group by status"},
		{"group by place", "select status, sum(net) as x from shop.orders group by 1", "select status, sum(net) as x from shop.orders group by status"},
		{"from first", "from shop.stores", "select * from shop.stores"},
		{"star", "select * from shop.stores", "select store_id, city, opened_on, area from shop.stores"},
		{"name of a common table", "with a as (select net from shop.orders) select net from a", "with b as (select net from shop.orders) select net from b"},
		{"cast spelling", "select net::varchar as x from shop.orders", "select cast(net as text) as x from shop.orders"},
		{"quotes", `select "net" from "shop"."orders"`, "select net from shop.orders"},
		{"semicolon", "select net from shop.orders;", "select net from shop.orders"},
		{"inner alias", "select y + 1 as z from (select net as y from shop.orders)", "select q + 1 as z from (select net as q from shop.orders)"},
	}
	for i, p := range fingerprints(t, pairs) {
		if p[0] != p[1] {
			t.Errorf("%s: %s and %s\n%s\n%s", pairs[i].name, p[0], p[1], pairs[i].a, pairs[i].b)
		}
	}
}

func TestOtherMeaningHasOtherFingerprint(t *testing.T) {
	pairs := []pair{
		{"literal", "select net + 1 as x from shop.orders", "select net + 2 as x from shop.orders"},
		{"text literal", "select net from shop.orders where status = 'a'", "select net from shop.orders where status = 'A'"},
		{"list of literals", "select net from shop.orders where store_id in (1, 2)", "select net from shop.orders where store_id in (1, 3)"},
		{"zero", "select order_id, 0 as x from shop.orders", "select order_id, 1 as x from shop.orders"},
		{"false", "select order_id, false as x from shop.orders", "select order_id, true as x from shop.orders"},
		{"null", "select order_id, null::integer as x from shop.orders", "select order_id, 0 as x from shop.orders"},
		{"column", "select net as x from shop.orders", "select tax as x from shop.orders"},
		{"output name", "select net as x from shop.orders", "select net as y from shop.orders"},
		{"case of an output name", "select net as x from shop.orders", "select net as X from shop.orders"},
		{"output order", "select net, tax from shop.orders", "select tax, net from shop.orders"},
		{"dataset", "select order_id, line_no from shop.lines", "select order_id, line_no from shop.returns"},
		{"join", "select o.net from shop.orders o join shop.lines l using (order_id)", "select o.net from shop.orders o left join shop.lines l using (order_id)"},
		{"semi and anti", "select net from shop.orders o semi join shop.lines l using (order_id)", "select net from shop.orders o anti join shop.lines l using (order_id)"},
		{"comparison", "select net from shop.orders where net > 1", "select net from shop.orders where net >= 1"},
		{"distinct", "select status from shop.orders", "select distinct status from shop.orders"},
		{"distinct aggregate", "select count(status) as n from shop.orders", "select count(distinct status) as n from shop.orders"},
		{"aggregate filter", "select count(*) as n from shop.orders", "select count(*) filter (where net > 1) as n from shop.orders"},
		{"order inside an aggregate", "select list(net order by tax) as n from shop.orders", "select list(net order by tax desc) as n from shop.orders"},
		{"union", "select net from shop.orders union select tax from shop.orders", "select net from shop.orders union all select tax from shop.orders"},
		{"limit", "select net from shop.orders order by order_id limit 5", "select net from shop.orders order by order_id limit 6"},
		{"offset", "select net from shop.orders order by order_id limit 5", "select net from shop.orders order by order_id limit 5 offset 1"},
		{"order", "select net from shop.orders order by order_id limit 5", "select net from shop.orders order by order_id desc limit 5"},
		{"nulls", "select net from shop.orders order by order_id nulls first limit 5", "select net from shop.orders order by order_id nulls last limit 5"},
		{"frame", "select sum(net) over (order by order_id rows 1 preceding) as x from shop.orders", "select sum(net) over (order by order_id rows 2 preceding) as x from shop.orders"},
		{"frame unit", "select sum(net) over (order by order_id rows 1 preceding) as x from shop.orders", "select sum(net) over (order by order_id range 1 preceding) as x from shop.orders"},
		{"partition", "select sum(net) over (partition by status) as x from shop.orders", "select sum(net) over (partition by store_id) as x from shop.orders"},
		{"window exclude", "select sum(net) over (order by order_id rows unbounded preceding) as x from shop.orders", "select sum(net) over (order by order_id rows unbounded preceding exclude current row) as x from shop.orders"},
		{"ignore nulls", "select lag(net) over (order by order_id) as x from shop.orders", "select lag(net ignore nulls) over (order by order_id) as x from shop.orders"},
		{"cast", "select net::varchar as x from shop.orders", "select net::integer as x from shop.orders"},
		{"try cast", "select cast(status as integer) as x from shop.orders", "select try_cast(status as integer) as x from shop.orders"},
		{"function", "select upper(status) as x from shop.orders", "select lower(status) as x from shop.orders"},
		{"struct field", "select address.city as x from shop.orders", "select address.street as x from shop.orders"},
		{"like", "select net from shop.orders where status like 'a%'", "select net from shop.orders where status not like 'a%'"},
		{"parameter", "select net from shop.orders where net > $big_order", "select net from shop.orders where net > 1000.01"},
		{"order of built-in parameters", "select net from shop.orders where ordered_at >= $start and ordered_at < $end", "select net from shop.orders where ordered_at >= $end and ordered_at < $start"},
		{"built-in parameter and null", "select $start as x from shop.orders", "select null::timestamptz as x from shop.orders"},
		{"built-in parameter", "select $start as x from shop.orders", "select $end as x from shop.orders"},
		{"generate_series", "select i from generate_series(1, 3) s(i)", "select i from generate_series(1, 4) s(i)"},
		{"values", "select * from (values (1), (2)) v(x)", "select * from (values (1), (3)) v(x)"},
		{"grouping sets", "select status, store_id, sum(net) as x from shop.orders group by rollup (status, store_id)", "select status, store_id, sum(net) as x from shop.orders group by cube (status, store_id)"},
		{"pivot value", "select * from (pivot shop.lines on line_no in (1, 2) using sum(quantity) group by order_id)", "select * from (pivot shop.lines on line_no in (1, 3) using sum(quantity) group by order_id)"},
		{"asof", "select p.price from shop.orders o asof join shop.prices p on o.ordered_on >= p.valid_from", "select p.price from shop.orders o asof join shop.prices p on o.ordered_on > p.valid_from"},
		{"collation", "select status from shop.orders where status = 'a'", "select status from shop.orders where status collate nocase = 'a'"},
		{"lambda", "select list_transform(tags, lambda x: upper(x)) as y from shop.orders", "select list_transform(tags, lambda x: lower(x)) as y from shop.orders"},
		{"quantile", "select quantile_cont(net, 0.5) as x from shop.orders", "select quantile_cont(net, 0.9) as x from shop.orders"},
		{"separator", "select string_agg(status, ',' order by order_id) as x from shop.orders", "select string_agg(status, ';' order by order_id) as x from shop.orders"},
		{"date format", "select strftime(ordered_on, '%Y') as x from shop.orders", "select strftime(ordered_on, '%m') as x from shop.orders"},
		{"regular expression option", "select regexp_replace(status, 'a', 'b') as x from shop.orders", "select regexp_replace(status, 'a', 'b', 'g') as x from shop.orders"},
		{"correlated", "select (select max(quantity) from shop.lines l where l.order_id = o.order_id) as x from shop.orders o", "select (select max(quantity) from shop.lines l where l.order_id = o.customer_id) as x from shop.orders o"},
		{"side of a self join", "select a.net from shop.orders a join shop.orders b on a.order_id = b.customer_id", "select b.net from shop.orders a join shop.orders b on a.order_id = b.customer_id"},
		{"which common table", "with a as materialized (select order_id as x from shop.orders), b as materialized (select customer_id as x from shop.orders) select a.x from a, b", "with a as materialized (select order_id as x from shop.orders), b as materialized (select customer_id as x from shop.orders) select b.x from a, b"},
	}
	for i, p := range fingerprints(t, pairs) {
		if p[0] == p[1] {
			t.Errorf("%s: both %s\n%s\n%s", pairs[i].name, p[0], pairs[i].a, pairs[i].b)
		}
	}
}

// changeColumns replaces a table's columns.
func changeColumns(in *Input, dataset string, change func([]table.Column) []table.Column) {
	for i := range in.Tables {
		if in.Tables[i].Dataset == dataset {
			in.Tables[i].Columns = change(append([]table.Column(nil), in.Tables[i].Columns...))
		}
	}
}

func TestFingerprintFollowsWhatIsRead(t *testing.T) {
	const sql = "select order_id, net * 2 as twice from shop.orders where net > $big_order and ordered_at < $now"
	before := fingerprintOf(t, input(t), sql)
	for _, c := range []struct {
		name   string
		change func(*Input)
		same   bool
	}{
		{"nothing", func(*Input) {}, true},
		{"another column comes", func(in *Input) {
			changeColumns(in, "shop.orders", func(c []table.Column) []table.Column {
				return append([]table.Column{{Name: "new", Type: table.Type{Kind: table.Date}}}, c...)
			})
		}, true},
		{"an unread column goes", func(in *Input) {
			changeColumns(in, "shop.orders", func(c []table.Column) []table.Column { return c[:len(c)-1] })
		}, true},
		{"an unread column changes its type", func(in *Input) {
			changeColumns(in, "shop.orders", func(c []table.Column) []table.Column { c[2].Type.Kind = table.BigInt; return c })
		}, true},
		{"a read column changes its type", func(in *Input) {
			changeColumns(in, "shop.orders", func(c []table.Column) []table.Column { c[0].Type.Kind = table.Integer; return c })
		}, false},
		{"a column only filtered by changes its type", func(in *Input) {
			changeColumns(in, "shop.orders", func(c []table.Column) []table.Column { c[3].Type.Kind = table.Timestamp; return c })
		}, false},
		{"another table changes", func(in *Input) {
			changeColumns(in, "shop.lines", func(c []table.Column) []table.Column { return c[:2] })
		}, true},
		{"time zone", func(in *Input) { in.TimeZone = "America/New_York" }, false},
		{"a used variable", func(in *Input) {
			in.Params["big_order"] = Param{Type: in.Params["big_order"].Type, Value: "1000.01"}
		}, false},
		{"the type of a used variable", func(in *Input) {
			in.Params["big_order"] = Param{Type: table.Type{Kind: table.Integer}, Value: "1000"}
		}, false},
		{"an unused variable", func(in *Input) { in.Params["home"] = Param{Type: in.Params["home"].Type, Value: "IE"} }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := input(t)
			c.change(&in)
			if after := fingerprintOf(t, in, sql); (after == before) != c.same {
				t.Errorf("before %s, after %s", before, after)
			}
		})
	}
}

func TestFingerprintFollowsSettingsAndForm(t *testing.T) {
	seen := map[string]string{}
	for _, m := range []Model{{}, {Settings: "build=interval"}, {View: true}} {
		name := fmt.Sprintf("%q %v", m.Settings, m.View)
		m.Dataset, m.SQL = "mart.m", "select net from shop.orders"
		r, err := compileAll(t, input(t, m), Options{})
		if err != nil {
			t.Fatal(err)
		}
		f := r.Graph.Nodes["mart.m"].Fingerprint
		if other, taken := seen[f]; taken {
			t.Errorf("%s and %s have one fingerprint", name, other)
		}
		seen[f] = name
	}
}

// TestSpacingNeverMatters puts any white space and comments between the words
// of constructs, and changes the case of keywords.
func TestSpacingNeverMatters(t *testing.T) {
	texts := []string{
		realisticSQL(3),
		"select status, list(net order by tax) filter (where net > 1.5e2) as x, 'it''s -- no comment' as y from shop.orders group by all having count(*) > 1",
		"with recursive up as (select category_id, parent_id from shop.categories union all select u.category_id, c.parent_id from up u join shop.categories c on c.category_id = u.parent_id) select * from up",
		`select address."post code" as p, tags[1:2] as t, {'a': order_id} as s from shop.orders o where exists (from shop.lines l where l.order_id = o.order_id)`,
	}
	spaces := []string{" ", "\n", "\t\t", " /* a 'word' */ ", "\n-- $big_order; select\n", " /* a /* nested */ one */"}
	r, upstreams := shopAlone(t)
	fingerprint := func(sql string) string {
		f, err := r.Rebind(context.Background(), Model{Dataset: "mart.m"}, sql, upstreams)
		if err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
		return f
	}
	rapid.Check(t, func(rt *rapid.T) {
		original := rapid.SampledFrom(texts).Draw(rt, "text")
		var b strings.Builder
		end := 0
		for _, token := range scan(original) {
			if token.at > end || rapid.Bool().Draw(rt, "split") && isApart(original, end, token) {
				b.WriteString(rapid.SampledFrom(spaces).Draw(rt, "space"))
			}
			b.WriteString(token.text)
			end = token.end()
		}
		want, got := fingerprint(original), fingerprint(b.String())
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Errorf("%s\n%s", diff, b.String())
		}
	})
}

// shopAlone is the shop without models, for binding against it.
func shopAlone(t testing.TB) (*Result, map[string][]table.Column) {
	t.Helper()
	in := input(t)
	r, err := compileAll(t, in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	upstreams := map[string][]table.Column{}
	for _, table := range in.Tables {
		upstreams[table.Dataset] = table.Columns
	}
	return r, upstreams
}

// isApart reports whether space may be put before a token: not inside <> or ::.
func isApart(text string, end int, next token) bool {
	return end > 0 && (next.kind != symbolToken || next.text == "(" || next.text == ",") && text[end-1] != '.' && text[end-1] != ':' &&
		text[end-1] != '<' && text[end-1] != '>' && next.kind != parameterToken && !(next.kind == numberToken)
}
