package compile

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// besides is orders with a companion, and what is read of it.
func besides(t *testing.T, sql ...string) []Model {
	orders := model("mart.orders", "select order_id, store_id, net from shop.orders")
	orders.Companion = &Companion{Dataset: "mart.orders__apart", Columns: columns(t, "_why varchar")}
	models := []Model{orders}
	for i, text := range sql {
		models = append(models, model([]string{"mart.reads", "mart.and_more"}[i], text))
	}
	return models
}

// A companion is read by its name, depends on its model, and passes on what the
// model's columns are.
func TestCompanion(t *testing.T) {
	cache, err := OpenCache(filepath.Join(t.TempDir(), "compiled"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time from the cache
		r, err := compileAll(t, input(t, besides(t,
			"select a.order_id, a._why, o.net + a.net as both, 1 as one from MART.orders__APART a join mart.orders o using (order_id)",
			"select * from mart.orders__apart")...), Options{Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		n := r.Graph.Nodes["mart.reads"]
		if diff := cmp.Diff([]string{"mart.orders"}, n.DependsOn); diff != "" {
			t.Error(diff)
		}
		from := func(column string) ColumnRef { return ColumnRef{"mart.orders", column} }
		want := []Edge{
			{Column: "order_id", From: []ColumnRef{from("order_id")}, Direct: true},
			{Column: "_why"},
			{Column: "both", From: []ColumnRef{from("net")}},
			{Column: "one"},
		}
		if diff := cmp.Diff(want, n.Lineage); diff != "" {
			t.Error(diff)
		}
		more := r.Graph.Nodes["mart.and_more"]
		if diff := cmp.Diff(columns(t, "order_id bigint, store_id integer, net decimal(18,2), _why varchar"), more.Columns); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(more.Columns, r.Graph.Nodes["mart.orders"].Companion.Columns); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"mart.and_more", "mart.reads"}, r.Graph.Nodes["mart.orders"].UsedBy); diff != "" {
			t.Error(diff)
		}
		gone := []Change{{Column: "store_id", Kind: Removed}}
		if broken := r.Graph.Breaks("mart.orders", gone); len(broken) != 1 || broken[0].Dataset != "mart.and_more" {
			t.Errorf("without store_id, these break: %+v", broken)
		}
		edges, err := r.Lineage(t.Context(), "select net, _why from mart.orders__apart")
		if err != nil || edges[0].From[0] != from("net") || edges[1].From != nil {
			t.Errorf("%+v, %v", edges, err)
		}
	}
}

// What a model needs beside what it reads comes before it, and no circle may
// lead through it.
func TestNeeds(t *testing.T) {
	models := besides(t, "select 1 as one", "select store_id from shop.stores")
	models[1].Needs = []string{"mart.and_more", "shop.Lines", "mart.orders__apart"}
	r, err := compileAll(t, input(t, models...), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"mart.and_more", "mart.orders", "shop.lines"}, r.Graph.Nodes["mart.reads"].DependsOn); diff != "" {
		t.Error(diff)
	}
	models[2].SQL = "select one from mart.reads"
	if _, err := compileAll(t, input(t, models...), Options{}); err == nil || !strings.Contains(err.Error(), "in a circle") {
		t.Error(err)
	}
}

func TestNoModelReadsItsOwnCompanion(t *testing.T) {
	models := besides(t, "select _why from mart.orders__apart")
	models[0].SQL = "select order_id from mart.reads"
	if _, err := compileAll(t, input(t, models...), Options{}); err == nil || !strings.Contains(err.Error(), "in a circle") {
		t.Error(err)
	}
	models = besides(t)
	models[0].SQL = "select order_id from mart.orders__apart"
	if _, err := compileAll(t, input(t, models...), Options{}); err == nil || !strings.Contains(err.Error(), "the model reads itself") {
		t.Error(err)
	}
}
