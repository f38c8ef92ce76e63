package completejourney_test

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

var now = time.Date(2018, 1, 2, 6, 0, 0, 0, time.UTC)

// warnings are what is wrong with the data and stays so.
var warnings = []string{
	"lake.journey_coupons.each_once warn: 4,872 of 116,204 rows repeat an earlier coupon_upc, product_id, campaign_id",
	"lake.journey_coupons.known_article warn: product_id is not found in lake.journey_products in 16 of 116,204 rows",
	"lake.journey_products.category_given warn: product_category is empty in 540 of 92,331 rows",
	"lake.journey_products.numbers_in_full warn: product_id does not match ^[0-9]+$ in 1 of 92,331 rows",
	"lake.journey_transactions.money_is_no_dust warn: 1 of 75,000 rows break strpos(sales_value, 'e-') = 0",
	"lake.journey_transactions.numbers_in_full warn: basket_id does not match ^[0-9]+$ in 1 of 75,000 rows",
	"lake.journey_transactions.something_was_bought warn: 416 of 75,000 rows break quantity > 0",
	"marketing.household_spend.demographics_known warn: income is empty in 1,576 of 2,377 rows",
	"warehouse.basket_lines.coupons_pay_no_more_than_the_sale warn: 169 of 75,000 rows break coupon_disc <= sales_value",
	"warehouse.basket_lines.gallons_given warn: 71 of 75,000 rows break not is_fuel or gallons is not null",
	"warehouse.basket_lines.known_article warn: department is empty in 222 of 75,000 rows",
}

func TestAYearOfHouseholds(t *testing.T) {
	data := publictest.Data(t, publicFiles...)
	if testing.Short() {
		data = sample(t, data)
	}
	p := publictest.Copy(t, data, now)
	plan, report := p.Run()
	steps, results := publictest.Unwell(report)
	if len(steps) > 0 || len(report.Steps) != len(plan.Steps) {
		t.Errorf("everything should be published:\n%s", strings.Join(steps, "\n"))
	}
	slices.Sort(results)
	if diff := cmp.Diff(warnings, results); diff != "" && !testing.Short() {
		t.Errorf("known to be wrong with the data (-), found (+):\n%s", diff)
	}
	r := readRaw(t, data)
	for _, c := range []struct {
		name  string
		want  []string
		query string
	}{
		{"household_spend", r.householdSpend(), `select household_id, income, baskets, first_on, last_on, spend, fuel_spend,
			loyalty_discount, coupon_discount, campaigns, redemptions from marketing.household_spend`},
		{"campaign_uplift", r.campaignUplift(t), `select campaign_id, days, sent, households, redeeming, redemptions,
			spend_before, spend_during, control_before, control_during, uplift from marketing.campaign_uplift`},
		{"promotions_weekly", r.promotionsWeekly(), `select store_id, week, promoted, on_display, in_mailer, lines, promoted_lines,
			spend, promoted_spend from merchandising.promotions_weekly`},
	} {
		t.Run(c.name, func(t *testing.T) {
			built := strings.Split(p.Ask(c.query), "\n")
			slices.Sort(c.want)
			slices.Sort(built)
			if diff := cmp.Diff(c.want, built); diff != "" {
				t.Errorf("from the files (-), built (+):\n%.2000s", diff)
			}
		})
	}
	if built := p.Ask(inAll); built != inAllWant && !testing.Short() {
		t.Errorf("in all it should be %s, and is %s", inAllWant, built)
	}
	t.Run("days in UTC", func(t *testing.T) { daysInUTC(t, p) })
}

const inAll = `select sum(spend), sum(fuel_spend), sum(loyalty_discount), sum(coupon_discount), sum(baskets), count(*),
	(select sum(gallons) from warehouse.basket_lines), (select count(*) from warehouse.coupons) from marketing.household_spend`

// inAllWant was added up from the files apart from the project.
const inAllWant = "233935.24 | 19613.31 | 40180.91 | 1598.81 | 47243 | 2377 | 7686.977 | 111332"

// daysInUTC forgets where the stores are. The retailer's own weeks show it: what
// was bought on a Sunday evening would be in the week after.
func daysInUTC(t *testing.T, p *publictest.Project) {
	before := p.Ask(`select sum(spend) from marketing.household_spend`)
	p.Replace("models/warehouse/basket_lines.sql", "at time zone 'America/New_York'", "at time zone 'UTC'")
	_, report := p.Run()
	_, results := publictest.Unwell(report)
	if !strings.Contains(strings.Join(results, "\n"), "warehouse.basket_lines.week_is_monday_to_sunday block") {
		t.Errorf("the lines should be held:\n%s", strings.Join(results, "\n"))
	}
	if after := p.Ask(`select sum(spend) from marketing.household_spend`); after != before {
		t.Errorf("the mart says %s, before it was %s", after, before)
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
	if rows := apptest.Same(t, one, other); rows < 20_000 {
		t.Errorf("only %d rows were compared", rows)
	}
}
