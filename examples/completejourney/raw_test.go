package completejourney_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/larder-data/larder/examples/publictest"
)

const folder = "dunnhumby_completejourney"

var publicFiles = []string{
	folder + "/transactions_sample.csv.gz", folder + "/products.csv.gz", folder + "/demographics.csv",
	folder + "/campaign_descriptions.csv", folder + "/campaigns.csv", folder + "/coupons.csv.gz",
	folder + "/coupon_redemptions.csv", folder + "/promotions_sample.csv.gz",
}

// line is a line of a basket; money is in cents.
type line struct {
	household, store, basket, product, week string
	boughtOn                                string
	sales, loyalty, coupons                 int64
	isFuel                                  bool
}

// raw is what the files have, read without the product.
type raw struct {
	lines      []line
	income     map[string]string
	campaigns  []publictest.Row
	sent       map[string]map[string]bool // households of a campaign
	redeemed   []publictest.Row
	promotions map[string]map[string]string // by store and week, then article: display and mailer
}

func readRaw(t *testing.T, data string) raw {
	t.Helper()
	in := func(name string) string { return filepath.Join(data, folder, name) }
	fuel := map[string]bool{}
	publictest.EachRow(t, in("products.csv.gz"), func(_, v []string) {
		fuel[v[0]] = v[5] == "GASOLINE-REG UNLEADED"
	})
	r := raw{income: map[string]string{}, sent: map[string]map[string]bool{}, promotions: map[string]map[string]string{}}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	publictest.EachRow(t, in("transactions_sample.csv.gz"), func(_, v []string) {
		at, err := time.Parse(time.DateTime, v[10])
		if err != nil {
			t.Fatal(err)
		}
		basket, sales := v[2], v[5]
		if basket == "4.0128e+10" {
			basket = "40128000000"
		}
		if sales == "4.440892e-16" {
			sales = "0"
		}
		r.lines = append(r.lines, line{
			household: v[0], store: v[1], basket: basket, product: v[3], week: v[9], boughtOn: at.In(zone).Format(time.DateOnly),
			sales: publictest.Digits(t, sales, 2), loyalty: publictest.Digits(t, v[6], 2),
			coupons: publictest.Digits(t, v[7], 2) + publictest.Digits(t, v[8], 2), isFuel: fuel[v[3]],
		})
	})
	for _, row := range publictest.Rows(t, in("demographics.csv")) {
		r.income[row["household_id"]] = row["income"]
	}
	r.campaigns = publictest.Rows(t, in("campaign_descriptions.csv"))
	for _, row := range publictest.Rows(t, in("campaigns.csv")) {
		if r.sent[row["campaign_id"]] == nil {
			r.sent[row["campaign_id"]] = map[string]bool{}
		}
		r.sent[row["campaign_id"]][row["household_id"]] = true
	}
	r.redeemed = publictest.Rows(t, in("coupon_redemptions.csv"))
	publictest.EachRow(t, in("promotions_sample.csv.gz"), func(_, v []string) {
		key := v[1] + " | " + v[4]
		if r.promotions[key] == nil {
			r.promotions[key] = map[string]string{}
		}
		r.promotions[key][v[0]] = v[2] + v[3]
	})
	return r
}
