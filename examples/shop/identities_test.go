package shop

import (
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// closing is what the raw files say of one order.
type closing struct {
	goods, discount, tax, shipping, credit, total int64

	lineGross, lineDiscount, lineTax int64
	lineTotals                       map[string]int64
	left                             int64 // totals of lines that left
	authorised, captured, returned   int64
}

// Whatever the seed, length, size and season: the files alone must prove what
// the package comment promises.
func TestFilesCloseToThePenny(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		options := Options{
			Days:  rapid.SampledFrom([]int{1, 2, 3, 5, 8, 24}).Draw(r, "days"),
			Seed:  rapid.Uint64().Draw(r, "seed"),
			Scale: float64(rapid.IntRange(1, 6).Draw(r, "scale")) / 100,
			Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 800).Draw(r, "start")),
		}
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Simulate(dir, options); err != nil {
			t.Fatal(err)
		}
		orders := closings(t, dir)
		for id, o := range orders {
			o.check(r, id)
		}
		payouts(t, r, dir)
		credits(t, r, dir, orders)
	})
}

func closings(t *testing.T, dir string) map[string]*closing {
	orders := map[string]*closing{}
	for _, r := range raw(t, dir, "shop/orders") {
		orders[r["order_id"]] = &closing{
			goods: r.cents(t, "goods"), discount: r.cents(t, "discount"), tax: r.cents(t, "tax"),
			shipping: r.cents(t, "shipping"), credit: r.cents(t, "store_credit"), total: r.cents(t, "total"),
			lineTotals: map[string]int64{},
		}
	}
	for _, r := range raw(t, dir, "shop/order_lines") {
		o := orders[r["order_id"]]
		gross := r.number(t, "quantity") * r.cents(t, "unit_price")
		o.lineGross += gross
		o.lineDiscount += r.cents(t, "discount")
		o.lineTax += r.cents(t, "tax")
		o.lineTotals[r["line_no"]] = gross - r.cents(t, "discount") + r.cents(t, "tax")
	}
	for _, r := range raw(t, dir, "fulfilment/picks") {
		if r["outcome"] != "short" {
			orders[r["order_id"]].left += orders[r["order_id"]].lineTotals[r["line_no"]]
		}
	}
	for _, r := range raw(t, dir, "payments/transactions") {
		o := orders[r["order_id"]]
		switch amount := r.number(t, "amount"); r["type"] {
		case "authorisation":
			o.authorised += amount
		case "capture":
			o.captured += amount
		default:
			o.returned += amount
		}
	}
	return orders
}

func (o *closing) check(r *rapid.T, id string) {
	if o.lineGross != o.goods || o.lineDiscount != o.discount || o.lineTax != o.tax {
		r.Errorf("%s: lines come to %d, %d, %d; the order says %+v", id, o.lineGross, o.lineDiscount, o.lineTax, *o)
	}
	if o.total != o.goods-o.discount+o.tax+o.shipping-o.credit || o.total != o.authorised {
		r.Errorf("%s does not add up, or is authorised for another amount: %+v", id, *o)
	}
	value := int64(0)
	if o.left > 0 {
		value = o.left + o.shipping
		value -= min(o.credit, value)
	}
	if o.captured != value || o.captured > o.total || o.returned > o.captured {
		r.Errorf("%s: %d left, and that is not what was captured: %+v", id, value, *o)
	}
}

// payouts checks each payout against the transactions that name it.
func payouts(t *testing.T, r *rapid.T, dir string) {
	due := map[string]int64{}
	for _, tx := range raw(t, dir, "payments/transactions") {
		amount := tx.number(t, "amount")
		switch tx["type"] {
		case "authorisation":
			continue
		case "refund", "chargeback":
			amount = -amount
		}
		due[tx["payout_id"]] += amount - tx.number(t, "fee")
	}
	for _, p := range raw(t, dir, "payments/payouts") {
		if paid := p.cents(t, "amount"); paid != due[p["payout_id"]] {
			r.Errorf("%s paid %d of %d", p["payout_id"], paid, due[p["payout_id"]])
		}
	}
}

// credits checks that no member spends store credit nobody granted: what was
// used, less what came back because goods were short, was granted before.
func credits(t *testing.T, r *rapid.T, dir string, orders map[string]*closing) {
	balance := map[string]int64{}
	for _, c := range raw(t, dir, "service/contacts") {
		balance[c["member_id"]] += c.cents(t, "credit_granted")
	}
	for _, o := range raw(t, dir, "shop/orders") {
		closing := orders[o["order_id"]]
		value := int64(0)
		if closing.left > 0 {
			value = closing.left + closing.shipping
		}
		balance[o["member_id"]] -= min(closing.credit, value)
	}
	for member, left := range balance {
		if left < 0 {
			r.Errorf("%s spent %d more store credit than was granted", member, -left)
		}
	}
}
