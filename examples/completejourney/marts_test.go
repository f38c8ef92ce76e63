package completejourney_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/larder-data/larder/examples/publictest"
)

// householdSpend is the mart of that name.
func (r raw) householdSpend() []string {
	type sums struct {
		baskets                       map[string]bool
		first, last                   string
		sales, fuel, loyalty, coupons int64
		campaigns, redemptions        int
	}
	households := map[string]*sums{}
	for _, l := range r.lines {
		h := households[l.household]
		if h == nil {
			h = &sums{baskets: map[string]bool{}, first: l.boughtOn, last: l.boughtOn}
			households[l.household] = h
		}
		h.baskets[l.basket] = true
		h.first, h.last = min(h.first, l.boughtOn), max(h.last, l.boughtOn)
		h.sales, h.loyalty, h.coupons = h.sales+l.sales, h.loyalty+l.loyalty, h.coupons+l.coupons
		if l.isFuel {
			h.fuel += l.sales
		}
	}
	for _, sent := range r.sent {
		for household := range sent {
			if h := households[household]; h != nil {
				h.campaigns++
			}
		}
	}
	for _, row := range r.redeemed {
		if h := households[row["household_id"]]; h != nil {
			h.redemptions++
		}
	}
	var out []string
	for household, h := range households {
		income := r.income[household]
		if income == "" {
			income = "-"
		}
		out = append(out, fmt.Sprintf("%s | %s | %d | %s | %s | %s | %s | %s | %s | %d | %d", household, income, len(h.baskets), h.first, h.last,
			cents(h.sales), cents(h.fuel), cents(h.loyalty), cents(h.coupons), h.campaigns, h.redemptions))
	}
	return out
}

func cents(n int64) string { return publictest.Decimal(n, 2) }

// campaignUplift is the mart of that name: every line is looked at once for
// every campaign.
func (r raw) campaignUplift(t *testing.T) []string {
	t.Helper()
	bought, touched := map[string]bool{}, map[string]bool{}
	for _, l := range r.lines {
		bought[l.household] = true
	}
	for _, sent := range r.sent {
		for household := range sent {
			touched[household] = true
		}
	}
	control := 0
	for household := range bought {
		if !touched[household] {
			control++
		}
	}
	var out []string
	for _, c := range r.campaigns {
		sent := r.sent[c["campaign_id"]]
		households, redeeming, redemptions := 0, map[string]bool{}, 0
		for household := range sent {
			if bought[household] {
				households++
			}
		}
		for _, row := range r.redeemed {
			if row["campaign_id"] == c["campaign_id"] {
				redemptions++
				redeeming[row["household_id"]] = true
			}
		}
		start, end := day(t, c["start_date"]), day(t, c["end_date"])
		days := int(end.Sub(start)/(24*time.Hour)) + 1
		from := start.AddDate(0, 0, -days).Format(time.DateOnly)
		head := fmt.Sprintf("%s | %d | %d | %d | %d | %d | ", c["campaign_id"], days, len(sent), households, len(redeeming), redemptions)
		if from < "2017-01-01" || c["end_date"] > "2017-12-31" {
			out = append(out, head+"- | - | - | - | -")
			continue
		}
		var before, during, controlBefore, controlDuring int64
		for _, l := range r.lines {
			inside := l.boughtOn >= c["start_date"]
			switch {
			case l.boughtOn < from || l.boughtOn > c["end_date"]:
			case sent[l.household] && inside:
				during += l.sales
			case sent[l.household]:
				before += l.sales
			case touched[l.household]:
			case inside:
				controlDuring += l.sales
			default:
				controlBefore += l.sales
			}
		}
		uplift := "-"
		if households > 0 && control > 0 {
			uplift = publictest.Decimal(perDay(during-before, households*days)-perDay(controlDuring-controlBefore, control*days), 6)
		}
		out = append(out, head+fmt.Sprintf("%s | %s | %s | %s | %s", cents(before), cents(during), cents(controlBefore), cents(controlDuring), uplift))
	}
	return out
}

func day(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// perDay divides cents exactly and rounds to millionths of a dollar, half away
// from zero.
func perDay(cents int64, by int) int64 {
	text := new(big.Rat).SetFrac64(cents, int64(by)*100).FloatString(6)
	whole, _ := new(big.Rat).SetString(text)
	return new(big.Rat).Mul(whole, big.NewRat(1_000_000, 1)).Num().Int64()
}

// promotionsWeekly is the mart of that name.
func (r raw) promotionsWeekly() []string {
	type sums struct{ lines, promoted, sales, promotedSales int64 }
	sold, stores := map[string]*sums{}, map[string]bool{}
	for key := range r.promotions {
		store, _, _ := strings.Cut(key, " | ")
		stores[store], sold[key] = true, &sums{}
	}
	for _, l := range r.lines {
		key := l.store + " | " + l.week
		if !stores[l.store] {
			continue
		}
		s := sold[key]
		if s == nil {
			s = &sums{}
			sold[key] = s
		}
		s.lines++
		s.sales += l.sales
		if r.promotions[key][l.product] != "" {
			s.promoted++
			s.promotedSales += l.sales
		}
	}
	var out []string
	for key, s := range sold {
		articles := r.promotions[key]
		display, mailer := 0, 0
		for _, where := range articles {
			if where[0] != '0' {
				display++
			}
			if where[1] != '0' {
				mailer++
			}
		}
		out = append(out, fmt.Sprintf("%s | %d | %d | %d | %d | %d | %s | %s", key, len(articles), display, mailer, s.lines, s.promoted,
			cents(s.sales), cents(s.promotedSales)))
	}
	return out
}
