package shop

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// asker answers questions about a warehouse, a row as its fields joined by blanks.
type asker interface{ rows(query string) []string }

// compare holds the marts against what the simulator counted by itself, to the
// penny, on every day and in every currency.
func compare(t *testing.T, w asker, s Summary) {
	truth := s.Truth
	for name, c := range map[string]struct {
		query string
		want  []string
	}{
		"net sales": {
			`select ordered_on, currency, orders, units, gross, discount, net_sales, tax, net_sales_gbp from finance.net_sales_daily`,
			lines(truth.NetSales, func(k DayCurrency, s Sales) string {
				return fmt.Sprint(k.Day, " ", k.Currency, " ", s.Orders, " ", s.Units, amounts(s.Gross, s.Discount, s.Net, s.Tax, s.NetGBP))
			}),
		},
		"shipped sales": {
			`select shipped_on, currency, lines, units, net_sales, tax, net_sales_gbp from finance.shipped_sales_daily`,
			lines(truth.ShippedSales, func(k DayCurrency, s Sales) string {
				return fmt.Sprint(k.Day, " ", k.Currency, " ", s.Lines, " ", s.Units, amounts(s.Net, s.Tax, s.NetGBP))
			}),
		},
		"order to cash": {
			`select ordered_on, currency, ordered, shipped, captured, refunded, charged_back, fees, cash from finance.order_to_cash`,
			lines(truth.Cash, func(k DayCurrency, c Cash) string {
				return k.Day + " " + k.Currency + amounts(c.Ordered, c.Shipped, c.Captured, c.Refunded, c.ChargedBack, c.Fees,
					c.Captured-c.Refunded-c.ChargedBack-c.Fees)
			}),
		},
		"payouts": {
			`select payout_id, expected, paid, difference from finance.payouts where paid is not null`,
			lines(truth.Payouts, func(id string, paid int64) string { return id + amounts(paid, paid, 0) }),
		},
		"membership": {
			`select charged_on, currency, cast(sum(amount) as decimal(18,2)) from finance.membership_revenue group by 1, 2`,
			lines(truth.Membership, func(k DayCurrency, fees int64) string { return k.Day + " " + k.Currency + amounts(fees) }),
		},
		"spend": {
			`select campaign_id, cast(sum(spend_gbp) as decimal(18,2)) from marketing.acquisition where campaign_id <> 'organic' group by 1`,
			lines(truth.Spend, func(id string, spend int64) string { return id + amounts(spend) }),
		},
		"new members": {
			`select case campaign_id when 'organic' then '' else campaign_id end, cast(sum(new_members) as bigint) from marketing.acquisition group by 1`,
			lines(truth.NewMembers, func(id string, joined int) string { return fmt.Sprint(id, " ", joined) }),
		},
		"funnel": {
			`select session_on, cast(sum(sessions) as bigint), cast(sum(with_cart) as bigint), cast(sum(at_checkout) as bigint), cast(sum(bought) as bigint) from marketing.funnel_daily group by 1`,
			lines(truth.Funnel, func(day string, f Funnel) string {
				return fmt.Sprint(day, " ", f.Sessions, " ", f.Carted, " ", f.Checkout, " ", f.Purchased)
			}),
		},
		"counts": {
			`select cast(sum(lines_substituted) as bigint), cast(sum(lines_short) as bigint), (select cast(sum(times) as bigint) from merchandising.substitutions),
				(select cast(sum(delivered) as bigint) from operations.order_to_door), (select cast(sum(contacts) as bigint) from member_services.contacts_per_order),
				(select cast(sum(accepted_units + rejected_units) as bigint) from operations.vendor_performance),
				(select cast(sum(orders) as bigint) from marketing.cohorts), (select count(*) from warehouse.members where status = 'active')
			from merchandising.product_performance`,
			[]string{fmt.Sprint(truth.Substitutions, truth.Shorts, truth.Substitutions, truth.Delivered, truth.Contacts, truth.Received, s.Orders, s.Members)},
		},
		"net sales in pounds": {
			`select cast(sum(net_sales_gbp) as decimal(18,2)), (select cast(sum(net_sales_gbp) as decimal(18,2)) from merchandising.product_performance) from finance.net_sales_daily`,
			[]string{Money(s.NetSales) + " " + Money(s.NetSales)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := w.rows(c.query)
			slices.Sort(got)
			if len(got) == 0 {
				t.Fatal("there is nothing to compare")
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	returned := w.rows(`select count(case when refunded > 0 then 1 end) > 0 and count(case when charged_back > 0 then 1 end) > 0 from finance.order_to_cash`)
	if returned[0] != "true" {
		t.Error("no refund or no chargeback in four months: the figures above prove less than they seem to")
	}
}

// lines writes a map as sorted lines.
func lines[K comparable, V any](of map[K]V, write func(K, V) string) []string {
	var all []string
	for key, value := range of {
		all = append(all, write(key, value))
	}
	slices.Sort(all)
	return all
}

func amounts(minor ...int64) (text string) {
	for _, m := range minor {
		text += " " + Money(m)
	}
	return text
}
