package dataco_test

import (
	"fmt"
	"os"
	"path/filepath"
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
	"lake.dataco_categories.names_differ warn: 1 of 51 rows repeat an earlier name",
	"lake.dataco_customers.last_name_given warn: last_name is empty in 8 of 20,652 rows",
	"lake.dataco_customers.state_is_no_zip warn: state does not match ^[A-Z]{2}$ in 3 of 20,652 rows",
	"lake.dataco_orders.regions_without_blanks warn: 5,947 of 65,752 rows break region = larder.squeeze(region)",
	"lake.dataco_orders.states_have_their_letters warn: 105 of 65,752 rows break strpos(state, '?') = 0",
	"lake.dataco_products.names_in_full warn: 23 of 118 rows break length(name) < 45",
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
		{"products", products(t, data), `select product_id, name, category, price from warehouse.products`},
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

// TestBothEnginesBuildTheSame builds a tenth of the project on DuckDB and on PostgreSQL. No
// model has a file of its own for PostgreSQL.
func TestBothEnginesBuildTheSame(t *testing.T) {
	server := pgtest.Start(t)
	p := publictest.Copy(t, sample(t, publictest.Data(t, publicFiles...)), now)
	one := apptest.Build(t, p.Dir, apptest.Target{Name: "local", Settings: "{engine: duckdb}"}, now)
	other := apptest.Build(t, p.Dir, apptest.Target{
		Name: "postgres", Settings: fmt.Sprintf("{engine: postgres, url: %q}", server.URL(server.Database(t))),
	}, now)
	if rows := apptest.Same(t, one, other); rows < 10_000 {
		t.Errorf("only %d rows were compared", rows)
	}
}

// sample writes the orders whose number ends in 1, their shipments and their
// customers, and everything else. It returns the folder of data.
func sample(t *testing.T, data string) string {
	t.Helper()
	to, customers := t.TempDir(), map[string]bool{}
	for _, file := range []struct {
		name string
		keep func(v []string) bool
	}{
		{"dataco/orders.csv.gz", func(v []string) bool {
			customers[v[1]] = customers[v[1]] || strings.HasSuffix(v[0], "1")
			return strings.HasSuffix(v[0], "1")
		}},
		{"dataco/shipping.csv.gz", func(v []string) bool { return strings.HasSuffix(v[0], "1") }},
		{"dataco/customers.csv.gz", func(v []string) bool { return customers[v[0]] }},
	} {
		publictest.Filter(t, filepath.Join(data, file.name), filepath.Join(to, file.name), file.keep)
	}
	for _, name := range []string{"dataco/products.xlsx", "dataco/category.xlsx"} {
		if err := os.Symlink(filepath.Join(data, name), filepath.Join(to, name)); err != nil {
			t.Fatal(err)
		}
	}
	return to
}
