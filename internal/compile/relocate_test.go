package compile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/fault"
)

func renderer(t *testing.T) *Renderer {
	t.Helper()
	r, err := NewRenderer("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// toAda moves what is in warehouse, and leaves the rest.
func toAda(dataset string) (string, bool) {
	schema, _, _ := strings.Cut(strings.ToLower(dataset), ".")
	return "ada__" + schema, schema == "warehouse" || schema == "ware house"
}

func TestRelocate(t *testing.T) {
	r := renderer(t)
	for _, c := range []struct{ name, sql, want string }{
		{"a table", "from warehouse.orders", `from "ada__warehouse".orders`},
		{"any case, comments and all", "select 1 -- from warehouse.orders\nFROM WareHouse /* é */ . \"Orders\" as o", "select 1 -- from warehouse.orders\nFROM \"ada__warehouse\" /* é */ . \"Orders\" as o"},
		{"a quoted schema", `select 'é', * from "ware house".x`, `select 'é', * from "ada__ware house".x`},
		{"another schema stays", "from lake.orders join warehouse.x using (a)", `from lake.orders join "ada__warehouse".x using (a)`},
		{"a column with its schema", "select warehouse.orders.id from warehouse.orders", `select "ada__warehouse".orders.id from "ada__warehouse".orders`},
		{"an alias that looks like it", "select warehouse.orders from lake.x as warehouse", "select warehouse.orders from lake.x as warehouse"},
		{"text that looks like it", "select 'warehouse.orders' from lake.x", "select 'warehouse.orders' from lake.x"},
		{
			"everywhere", "with o as (select * from warehouse.a) select (select max(b) from warehouse.b) from o where exists (from warehouse.c) union all from warehouse.d",
			`with o as (select * from "ada__warehouse".a) select (select max(b) from "ada__warehouse".b) from o where exists (from "ada__warehouse".c) union all from "ada__warehouse".d`,
		},
		{"beside parameters", "from warehouse.a where t < $now and b = 'é'", `from "ada__warehouse".a where t < $now and b = 'é'`},
		{"in a pivot", "select * from warehouse.a pivot (sum(x) for y in (1, 2))", `select * from "ada__warehouse".a pivot (sum(x) for y in (1, 2))`},
		{"sampled, joined as of", "from warehouse.a asof join warehouse.b on a.x >= b.x", `from "ada__warehouse".a asof join "ada__warehouse".b on a.x >= b.x`},
		{"nothing", "select 1", "select 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := r.Relocate(c.sql, "", toAda)
			if err != nil || got != c.want {
				t.Errorf("got  %s\nwant %s\n%v", got, c.want, err)
			}
		})
	}
	if _, err := r.Relocate("select from", "", toAda); fault.KindOf(err) != fault.Invalid {
		t.Errorf("what is no SQL gives %v", err)
	}
}

func TestRelocateForeign(t *testing.T) {
	r := renderer(t)
	for sql, want := range map[string]string{
		"select distinct on (o.id) o.* from warehouse.orders as o, lake.x where o.j ? 'warehouse.orders' -- warehouse.orders":             `select distinct on (o.id) o.* from "ada__warehouse".orders as o, lake.x where o.j ? 'warehouse.orders' -- warehouse.orders`,
		"select WareHouse.Orders.id, warehouse.b from WAREHOUSE.\"Orders\" join lateral (select * from warehouse.a) as warehouse on true": `select "ada__warehouse".Orders.id, warehouse.b from "ada__warehouse"."Orders" join lateral (select * from "ada__warehouse".a) as warehouse on true`,
		"select extract(day from warehouse.x) from lake.x as warehouse":                                                                   "select extract(day from warehouse.x) from lake.x as warehouse",
	} {
		if got, err := r.Relocate(sql, "postgres", toAda); err != nil || got != want {
			t.Errorf("got  %s\nwant %s\n%v", got, want, err)
		}
	}
}

func TestReads(t *testing.T) {
	r := renderer(t)
	got, err := r.Reads("with o as (from a.b) select * from o join Lake.x on true where exists (from a.b) -- and c.d", "")
	if diff := cmp.Diff([]string{"a.b", "Lake.x"}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	got, err = r.Reads("select distinct on (a) a.b.c from a.b, lateral (select from Lake.x, a.b) as l", "postgres")
	if diff := cmp.Diff([]string{"a.b", "Lake.x"}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// Every construct the compiler is tried on can be moved, and reads the same
// datasets afterwards but for their schemas.
func TestRelocateEveryConstruct(t *testing.T) {
	r := renderer(t)
	moveAll := func(dataset string) (string, bool) {
		schema, _, _ := strings.Cut(dataset, ".")
		return "ada__" + schema, true
	}
	back := func(dataset string) (string, bool) {
		schema, _, _ := strings.Cut(dataset, ".")
		return strings.TrimPrefix(schema, "ada__"), true
	}
	tried := 0
	for _, c := range constructs(t) {
		there, err := r.Relocate(c.sql, "", moveAll)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		again, err := r.Relocate(there, "", back)
		if plain := strings.ReplaceAll(again, `"`, ""); err != nil || plain != strings.ReplaceAll(c.sql, `"`, "") {
			t.Errorf("%s: there and back is\n%s\nnot\n%s\n%v", c.name, again, c.sql, err)
		}
		if there != c.sql {
			tried++
		}
	}
	if tried < 100 {
		t.Errorf("only %d constructs read a dataset", tried)
	}
}
