package dataco_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/examples/publictest"
	"github.com/larder-data/larder/internal/app/apptest"
	"github.com/larder-data/larder/internal/pgtest"
)

var now = time.Date(2018, 2, 7, 6, 0, 0, 0, time.UTC)

// warnings are what is wrong with the data and stays so.
var warnings = []string{
	"lake.dataco_customers.last_name_given warn: last_name is empty in 8 of 20,652 rows",
	"lake.dataco_customers.state_is_no_zip warn: state does not match ^[A-Z]{2}$ in 3 of 20,652 rows",
	"lake.dataco_orders.regions_without_blanks warn: 5,947 of 65,752 rows break region = larder.squeeze(region)",
	"lake.dataco_orders.states_have_their_letters warn: 105 of 65,752 rows break strpos(state, '?') = 0",
	"marketing.new_customers.some_customers_come_back warn: 4 of 36 rows break first_share < 0.9",
	"operations.late_deliveries.every_mode_can_be_in_time warn: sum(early + on_time) for mode = 'First Class' is 0, expected more than 0",
	"warehouse.orders.canceled_with_a_shipping_date warn: 2,855 of 65,752 rows break contradiction is distinct from 'canceled with a shipping date'",
	"warehouse.orders.shipped_before_payment warn: 14,382 of 65,752 rows break contradiction is distinct from 'shipped before payment'",
	"warehouse.orders.shipped_under_review warn: 704 of 65,752 rows break contradiction is distinct from 'shipped under review'",
	"warehouse.orders.shipped_while_on_hold warn: 3,624 of 65,752 rows break contradiction is distinct from 'shipped while on hold'",
	"warehouse.orders.shipped_while_pending warn: 7,321 of 65,752 rows break contradiction is distinct from 'shipped while pending'",
}

func TestOrdersAndDeliveries(t *testing.T) {
	data := publictest.Data(t, publicFiles...)
	p := publictest.Copy(t, data, now)
	plan, report := p.Run()
	steps, results := publictest.Unwell(report)
	if len(steps) > 0 || len(report.Steps) != len(plan.Steps) {
		t.Errorf("everything should be published:\n%s", strings.Join(steps, "\n"))
	}
	slices.Sort(results)
	if diff := cmp.Diff(warnings, results); diff != "" {
		t.Errorf("known to be wrong with the data (-), found (+):\n%s", diff)
	}
	all := orders(t, data)
	for _, c := range []struct{ name, want, query string }{
		{
			"late deliveries", lateDeliveries(all),
			`select month, mode, region, orders, canceled, early, on_time, late, days_late from operations.late_deliveries`,
		},
		{
			"new customers", newCustomers(all),
			`select month, orders, first_orders, never_again from marketing.new_customers`,
		},
		{
			"addresses", addresses(t, data),
			`select customer_id, street, city, state, zip, country from warehouse.customers`,
		},
		{
			"contradictions", lifecycle,
			`select status, contradiction, sum(orders) from operations.order_lifecycle group by 1, 2`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, built := strings.Split(c.want, "\n"), strings.Split(p.Ask(c.query), "\n")
			slices.Sort(want)
			slices.Sort(built)
			if diff := cmp.Diff(want, built); diff != "" {
				t.Errorf("from the files (-), built (+):\n%.2000s", diff)
			}
		})
	}
	t.Run("shipping times of another time zone", func(t *testing.T) { otherZone(t, p) })
}

// lifecycle was counted from the files with a plain CSV reader.
const lifecycle = `CANCELED | canceled with a shipping date | 1367
CLOSED | - | 7249
COMPLETE | - | 21716
ON_HOLD | shipped while on hold | 3624
PAYMENT_REVIEW | shipped under review | 704
PENDING | shipped while pending | 7321
PENDING_PAYMENT | shipped before payment | 14382
PROCESSING | - | 7901
SUSPECTED_FRAUD | canceled with a shipping date | 1488`

// otherZone reads the shipping times as if they were of a zone twelve hours
// ahead of the orders'. The check that holds the dates against the order
// system's statuses sees it, and the mart keeps its last good figures.
func otherZone(t *testing.T, p *publictest.Project) {
	before := p.Ask(`select sum(late) from operations.late_deliveries`)
	p.Replace("models/warehouse/orders.sql", "cast(s.shipped_at as date) as shipped_on", `cast(s.shipped_at - interval '12 hours' as date) as shipped_on`)
	_, report := p.Run()
	steps, results := publictest.Unwell(report)
	if len(steps) == 0 || !strings.Contains(strings.Join(results, "\n"), "warehouse.orders.status_is_what_the_dates_say block") {
		t.Errorf("the orders should be held:\n%s", strings.Join(append(steps, results...), "\n"))
	}
	if after := p.Ask(`select sum(late) from operations.late_deliveries`); after != before || after != "36048" {
		t.Errorf("the mart counts %s late orders, before it was %s", after, before)
	}
}

// TestBothEnginesBuildTheSame builds the project on DuckDB and on PostgreSQL. No
// model has a file of its own for PostgreSQL.
func TestBothEnginesBuildTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("loads 150,000 rows into PostgreSQL")
	}
	server := pgtest.Start(t)
	p := publictest.Copy(t, publictest.Data(t, publicFiles...), now)
	one := apptest.Build(t, p.Dir, apptest.Target{Name: "local", Settings: "{engine: duckdb}"}, now)
	other := apptest.Build(t, p.Dir, apptest.Target{
		Name: "postgres", Settings: fmt.Sprintf("{engine: postgres, url: %q}", server.URL(server.Database(t))),
	}, now)
	if rows := apptest.Same(t, one, other); rows < 80_000 {
		t.Errorf("only %d rows were compared", rows)
	}
}
