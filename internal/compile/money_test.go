package compile

import (
	"strings"
	"testing"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// moneyInput is the shop with orders' money declared: net and tax in the
// currency of the row, prices in pounds.
func moneyInput(t testing.TB, models ...Model) Input {
	in := input(t, models...)
	for i := range in.Tables {
		switch in.Tables[i].Dataset {
		case "shop.orders":
			in.Tables[i].Declared = []Declared{{Name: "net", Currency: "currency"}, {Name: "Tax", Currency: "currency"}}
		case "shop.prices":
			in.Tables[i].Declared = []Declared{{Name: "price", Currency: "GBP"}}
		}
	}
	return in
}

// declare gives a model declared columns: "name type currency", "-" for none.
func declare(t testing.TB, m Model, columns ...string) Model {
	t.Helper()
	for i, text := range columns {
		f := strings.Fields(text)
		d := Declared{Name: f[0], Where: fault.Place{File: "header", Line: i + 1}, TypeWhere: fault.Place{File: "header", Line: i + 1, Column: 9}}
		if f[1] != "-" {
			var err error
			if d.Type, err = table.ParseType(f[1]); err != nil {
				t.Fatal(err)
			}
		}
		if f[2] != "-" {
			d.Currency = f[2]
		}
		m.Columns = append(m.Columns, d)
	}
	return m
}

func TestMoney(t *testing.T) {
	for _, c := range []struct {
		name, sql string
		columns   []string
		want      string // of the error: message and hint; "" is none
	}{
		{"decimal stays", "select net + tax as gross from shop.orders", []string{"gross decimal(18,2) GBP"}, ""},
		{
			"division", "select order_id, net / 2 as half from shop.orders",
			[]string{"half - GBP"},
			"mart.m.sql:1:22: model mart.m: the money column half is DOUBLE, a float: pennies get lost; DECIMAL / x is DOUBLE | cast the quotient: cast(a / b as decimal(18,2)) as half",
		},
		{
			"average", "select avg(price) as price from shop.prices",
			[]string{"price - GBP"},
			"mart.m.sql:1:8: model mart.m: the money column price is DOUBLE, a float: pennies get lost; avg(DECIMAL) is DOUBLE | cast the result: cast(avg(...) as decimal(18,2)) as price",
		},
		{
			"round of a quotient", "select round(net / 3, 2) as third from shop.orders",
			[]string{"third - GBP"},
			"mart.m.sql:1:18: model mart.m: the money column third is DOUBLE, a float: pennies get lost; DECIMAL / x is DOUBLE | cast the quotient: cast(a / b as decimal(18,2)) as third",
		},
		{
			"through a common table expression", "with a as (select order_id, avg(unit_price) as p from shop.lines group by all) select order_id, p * 2 as q from a",
			[]string{"q - GBP"},
			"mart.m.sql:1:29: model mart.m: the money column q is DOUBLE, a float: pennies get lost; avg(DECIMAL) is DOUBLE | cast the result: cast(avg(...) as decimal(18,2)) as q",
		},
		{
			"cast to a float", "select net::double as d from shop.orders",
			[]string{"d - GBP"},
			"mart.m.sql:1:11: model mart.m: the money column d is DOUBLE, a float: pennies get lost; it leaves DECIMAL at a cast | cast to decimal(18,2) instead",
		},
		{
			"float from the start", "select area as a from shop.stores",
			[]string{"a - GBP"},
			"mart.m.sql:1:16: model mart.m: the money column a is DOUBLE, a float: pennies get lost | cast it: cast(... as decimal(18,2)) as a",
		},
		{"quotient cast back", "select cast(net / 2 as decimal(18,2)) as half from shop.orders", []string{"half decimal(18,2) GBP"}, ""},
		{
			"other type", "select net from shop.orders",
			[]string{"net decimal(18,4) -"},
			"header:1:9: model mart.m: the column net is declared as DECIMAL(18,4) and is DECIMAL(18,2) | declare DECIMAL(18,2), or write cast(... as decimal(18,4)) as net",
		},
		{
			"missing column", "select net from shop.orders",
			[]string{"nett - -"},
			"header:1: model mart.m: the column nett is declared, but the result has none of that name | did you mean net?",
		},
		{
			"unknown currency", "select net, currency from shop.orders",
			[]string{"net - curency"},
			"header:1: model mart.m: the currency curency of net is neither a code such as GBP nor a column | did you mean currency?",
		},
		{
			"mixed currencies", "select store_id, sum(net) as net from shop.orders group by store_id", nil,
			"mart.m.sql:1:18: model mart.m: sum(net) adds up several currencies: the currency is in shop.orders.currency | group by currency, choose one currency with where, or convert first",
		},
		{"grouped by the currency", "select store_id, currency, sum(net) as net from shop.orders group by all", nil, ""},
		{"one currency", "select sum(net) as net from shop.orders where currency = 'GBP'", nil, ""},
		{"one currency in a filter", "select sum(net) filter (where currency = 'GBP') as net from shop.orders", nil, ""},
		{"one currency by case", "select sum(case when currency = 'GBP' then net end) as net from shop.orders", nil, ""},
		{"converted", "select sum(net * p.price) as net from shop.orders cross join shop.prices p", nil, ""},
		{"a code is one currency", "select sum(price) as p from shop.prices", nil, ""},
		{"not money", "select sum(quantity) as n from shop.lines", nil, ""},
		{
			"rollup over currencies", "select currency, sum(net) as net from shop.orders group by rollup (currency)", nil,
			"mart.m.sql:1:18: model mart.m: sum(net) adds up several currencies: the currency is in shop.orders.currency | group by currency, choose one currency with where, or convert first",
		},
		{
			"window over currencies", "select order_id, sum(net) over (partition by customer_id) as n from shop.orders", nil,
			"mart.m.sql:1:18: model mart.m: sum(net) adds up several currencies: the currency is in shop.orders.currency | group by currency, choose one currency with where, or convert first",
		},
		{"window within a currency", "select order_id, sum(net) over (partition by customer_id, currency) as n from shop.orders", nil, ""},
		{
			"sum of sums", "select sum(net) as n from (select store_id, currency, sum(net) as net from shop.orders group by all)", nil,
			"mart.m.sql:1:8: model mart.m: sum(net) adds up several currencies: the currency is in shop.orders.currency | group by currency, choose one currency with where, or convert first",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := compileAll(t, moneyInput(t, declare(t, model("mart.m", c.sql), c.columns...)), Options{})
			got := ""
			if list, ok := err.(fault.List); ok { //nolint:errorlint // the concrete list is what Compile promises
				var lines []string
				for _, e := range list {
					lines = append(lines, e.Error()+" | "+e.Hint)
				}
				got = strings.Join(lines, "\n")
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestMoneyIsPassedOn(t *testing.T) {
	in := moneyInput(t,
		model("mart.a", "select order_id, store_id, net, currency as cur from shop.orders"),
		model("mart.b", "select store_id, sum(net) as total from mart.a group by store_id"),
		model("mart.c", "select net from shop.orders"),
		model("mart.d", "select max(price) as top, price * 2 as twice from shop.prices group by all"),
		declare(t, model("mart.e", "select price as p from shop.prices"), "p - EUR"),
	)
	r, err := compileAll(t, in, Options{})
	if want := "sum(net) adds up several currencies: the currency is in mart.a.cur"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	for dataset, want := range map[string]map[string]string{
		"shop.orders": {"net": "currency", "tax": "currency"},
		"mart.a":      {"net": "cur"},
		"mart.c":      nil, // the currency did not come along
		"mart.d":      {"top": "GBP"},
		"mart.e":      {"p": "EUR"},
	} {
		got := r.Graph.Nodes[dataset].Money
		if len(got) != len(want) {
			t.Errorf("%s: got %v, want %v", dataset, got, want)
		}
		for column, currency := range want {
			if got[column] != currency {
				t.Errorf("%s.%s: got %q, want %q", dataset, column, got[column], currency)
			}
		}
	}
}

func TestMoneyThatBecomesAFloatIsAWarning(t *testing.T) {
	for _, c := range []struct{ name, sql, want string }{
		{"average", "select avg(price) as p from shop.prices", "avg(DECIMAL) is DOUBLE"},
		{"quotient", "select price / 2 as p from shop.prices", "DECIMAL / x is DOUBLE"},
		{"money per piece", "select sum(price) / count(*) as p from shop.prices", "DECIMAL / x is DOUBLE"},
		{"ratio of money to money", "select price / max(price) over () as p from shop.prices", ""},
		{"no money", "select avg(quantity) as q, avg(unit_price) as u from shop.lines", ""},
		{"cast back", "select cast(avg(price) as decimal(18,2)) as p from shop.prices", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := compileAll(t, moneyInput(t, model("mart.m", c.sql)), Options{})
			if err != nil {
				t.Fatal(err)
			}
			warnings := r.Graph.Nodes["mart.m"].Warnings
			if c.want == "" && len(warnings) > 0 || c.want != "" && (len(warnings) != 1 || !strings.Contains(warnings[0].Error(), c.want)) {
				t.Errorf("got %v, want %q", warnings, c.want)
			}
		})
	}
}

func TestDeclaredTables(t *testing.T) {
	in := input(t)
	for i := range in.Tables {
		if in.Tables[i].Dataset == "shop.stores" {
			in.Tables[i].Declared = []Declared{{Name: "area", Currency: "GBP", Where: fault.Place{File: "shop.yml", Line: 7}}}
		}
	}
	_, err := compileAll(t, in, Options{})
	if err == nil || err.Error() != "shop.yml:7: the money column area is DOUBLE, a float: pennies get lost" {
		t.Errorf("got %v", err)
	}
}

func TestGrain(t *testing.T) {
	m := model("mart.m", "select order_id, line_no from shop.lines")
	m.Grain = []GrainColumn{{Name: "Order_ID"}, {Name: "line", Where: fault.Place{File: "header", Line: 3}}}
	_, err := compileAll(t, input(t, m), Options{})
	if got := strings.TrimSpace(pictureOfErrors(err)); got != "header:3: model mart.m: the grain names line, but the result has no such column\n    hint: known: order_id, line_no" {
		t.Errorf("got %s", got)
	}
}
