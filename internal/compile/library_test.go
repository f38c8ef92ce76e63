package compile

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/library"
	"github.com/larder-data/larder/internal/table"
)

const withFunctions = `select order_id,
    larder.divide(net, 3, 2)::decimal(18,2) as third,
    larder.convert(net - tax, 1.17, 2) as euros,
    larder.is_business_day(ordered_on, array[date '2024-12-25']) as open_day,
    larder.add_business_days(ordered_on, 3, array[shipped_on]) as due_on,
    larder.title_text(status) as state,
    d.day
from shop.orders
left join larder.date_spine(date '2024-01-01', date '2024-12-31') as d on d.day = ordered_on`

func TestLineageGoesThroughTheLibrary(t *testing.T) {
	r, err := compileAll(t, input(t, model("mart.m", withFunctions), model("mart.g",
		"select store_id, larder.median(net) as middle, larder.last_by(status, ordered_on) as latest from shop.orders group by store_id")), Options{})
	if err != nil {
		t.Fatal(pictureOfErrors(err))
	}
	want := `  order_id BIGINT == orders.order_id
  third DECIMAL(18,2) <- orders.net
  euros DECIMAL(27,10) <- orders.net, orders.tax
  open_day BOOLEAN <- orders.ordered_on
  due_on DATE <- orders.ordered_on, orders.shipped_on
  state VARCHAR <- orders.status
  day DATE <-
  reads shop.orders
`
	if diff := cmp.Diff(want, picture(r.Graph.Nodes["mart.m"])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want = `  store_id INTEGER == orders.store_id
  middle DECIMAL(27,10) <- orders.net
  latest VARCHAR <- orders.ordered_on, orders.status
  reads shop.orders
`
	if diff := cmp.Diff(want, picture(r.Graph.Nodes["mart.g"])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, n := range r.Graph.Nodes {
		for _, w := range n.Warnings {
			t.Errorf("%s: %v", name, w)
		}
	}
}

// TestEveryLibraryFunctionBinds compiles each example: its plan can be
// serialized, has lineage, and nothing in it is refused.
func TestEveryLibraryFunctionBinds(t *testing.T) {
	in := input(t)
	for i, f := range library.Functions() {
		if f.Example != "" {
			in.Models = append(in.Models, model("m.f"+strings.Repeat("x", i), "select "+f.Example+" as v, net from shop.orders"))
		}
	}
	if _, err := compileAll(t, in, Options{}); err != nil {
		t.Error(pictureOfErrors(err))
	}
}

// TestFingerprintFollowsAFunctionsDefinition replaces a function in the shadow
// catalog, as a new version of the library would.
func TestFingerprintFollowsAFunctionsDefinition(t *testing.T) {
	in := input(t, model("mart.m", "select larder.week_start(ordered_on) as w from shop.orders"))
	r, err := compileAll(t, in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	rebound := func() string {
		got, err := r.Rebind(t.Context(), in.Models[0], in.Models[0].SQL, map[string][]table.Column{"shop.orders": r.Graph.Nodes["shop.orders"].Columns})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	compiled := r.Graph.Nodes["mart.m"].Fingerprint
	if got := rebound(); got != compiled {
		t.Errorf("the same definition: %s and %s", got, compiled)
	}
	shadow, err := r.c.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shadow.db.Exec("create or replace macro " + catalogName + ".larder.week_start(day date) as day - 1"); err != nil {
		t.Fatal(err)
	}
	if got := rebound(); got == compiled {
		t.Errorf("another definition has the same fingerprint %s", got)
	}
}

func TestLibraryIsInstalledOnlyWhenMentioned(t *testing.T) {
	shadow, err := openShadow(t.Context(), "UTC")
	if err != nil {
		t.Fatal(err)
	}
	defer shadow.close()
	s, err := shadow.session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.functions(t.Context(), "select lard"); err != nil || s.shadow.library {
		t.Errorf("installed without need: %v", err)
	}
	before := time.Now()
	if err := s.functions(t.Context(), "select LARDER.divide(1, 2, 3)"); err != nil || !s.shadow.library {
		t.Errorf("not installed: %v", err)
	}
	t.Logf("installing takes %s", time.Since(before))
}
