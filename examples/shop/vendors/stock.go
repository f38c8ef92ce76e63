package vendors

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/larder-data/larder/examples/shop"
	"github.com/larder-data/larder/internal/fault"
)

// stock is everything the vendors will ever tell, whatever day it is.
type stock struct {
	summary shop.Summary
	feeds   map[string]*feed
	hours   []hour // of the browser's events
	days    []string
	calendar
}

// hour is the browser's events of one hour, as the file has them.
type hour struct {
	key, day string // "2025/01/03/14"
	lines    []string
}

// layouts are the fields of each feed. Names and values are those of the
// simulator's files, so that rows landed either way are equal.
var layouts = map[string]string{
	"shop/orders": "order_id! placed_at! member_id session_id currency goods:money discount:money tax:money " +
		"shipping:money store_credit:money total:money status updated_at!",
	"shop/customers":  "member_id! first_name last_name email address town country currency plan status joined_on campaign_id updated_at!",
	"shop/products":   "product_id! name category vendor_id vendor_name price_gbp:money cost_gbp:money tax_percent:whole updated_at!",
	"shop/promotions": "promotion_id! title kind category percent:whole starts_on! ends_on",
	"shop/fees":       "fee_id! member_id kind plan amount:money currency charged_on! paid_until",
	"shop/picks":      "order_id! line_no:whole! parcel_id product_id quantity:whole outcome picked_at!",
	"shop/refunds":    "refund_id! order_id! amount:money currency created_at!",
	"shop/contacts": "contact_id! opened_at! member_id order_id channel reason message minutes:whole credit_granted:money " +
		"currency satisfaction:whole",
	"ads/spend":             "network! day! campaign_id! campaign impressions:whole clicks:whole cost:decimal currency exported_at",
	"payments/transactions": "id! type order_id amount:whole fee:whole currency payout_id created!",
	"payments/payouts":      "payout_id! currency paid_on! amount:money",
	"payments/settlements":  "transaction_id! type order_id gross:decimal fee:decimal net:decimal currency payout_id created_at!",
	"carrier/events":        "event_id! parcel_id! order_id carrier event at received_at!",
	"catalogue/suppliers":   "vendor_id! name items:whole",
	"catalogue/items":       "product_id! vendor_id name category cost:decimal storage sizes details updated_at!",
	"catalogue/receipts": "purchase_order! line_no:whole! vendor_id product_id ordered_on expected_on received_on " +
		"ordered_units:whole received_units:whole rejected_units:whole reject_reason unit_cost:decimal",
}

// orderLine are the fields of the lines within an order.
const orderLine = "line_no:whole! product_id quantity:whole unit_price:money currency discount:money tax:money promotion_id"

// fill simulates the shop into a folder that is gone afterwards, and keeps
// what its systems wrote.
func fill(options shop.Options) (_ *stock, err error) {
	path, err := os.MkdirTemp("", "larder-vendors")
	if err != nil {
		return nil, fault.New(fault.OutOfRoom, "a folder to simulate the shop in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(path)) }()
	london, err := zone()
	if err != nil {
		return nil, err
	}
	s := &stock{feeds: map[string]*feed{}, calendar: calendar{london}}
	if s.summary, err = shop.Simulate(path, options); err != nil {
		return nil, err
	}
	for name, described := range layouts {
		s.feeds[name] = &feed{name: name, columns: columnsOf(described)}
	}
	s.feeds["shop/orders"].lines = columnsOf(orderLine)
	s.feeds["payments/transactions"].sparse = true
	from := &folder{path: path}
	s.members(from)
	s.offers(from)
	s.orders(from)
	s.spend(from)
	s.payouts(from)
	s.scans(from)
	s.goods(from)
	s.clicks(from)
	s.everyDay()
	return s, from.err
}

// keep adds a version of a record whose time is an instant or a date.
func (s *stock) keep(name, id, at string, values []string) {
	day := s.day(at)
	if day == at {
		at = midnight(day)
	}
	s.feeds[name].add(record{id: id, at: at, day: day, values: values})
}

func (s *stock) members(from *folder) {
	from.rows("shop/members", ',', true, func(v []string) { s.keep("shop/customers", v[0], v[12], v) })
	from.rows("shop/membership_fees", ',', true, func(v []string) { s.keep("shop/fees", v[0], v[6], v) })
	from.rows("service/contacts", ',', true, func(v []string) { s.keep("shop/contacts", v[0], v[1], v) })
}

func (s *stock) offers(from *folder) {
	from.rows("shop/promotions", ',', true, func(v []string) { s.keep("shop/promotions", v[0], v[5], v) })
	known := map[string]string{}
	from.rows("shop/products", ',', true, func(v []string) {
		if known[v[0]] != v[8] { // each month's file has all of them; a version is new when its time is
			known[v[0]] = v[8]
			s.keep("shop/products", v[0], v[8], v)
			s.item(v)
		}
	})
}

// orders reads orders with their lines, and what changes an order later: a
// parcel packed, money given back.
func (s *stock) orders(from *folder) {
	lines := map[string][]record{}
	from.rows("shop/order_lines", ',', true, func(v []string) {
		lines[v[0]] = append(lines[v[0]], record{id: v[1], values: v[1:]})
	})
	placed := map[string]record{}
	become := func(id, status, at string) {
		r := placed[id]
		values := append(slices.Clip(r.values), status, at)
		s.feeds["shop/orders"].add(record{id: id, at: at, day: s.day(at), values: values, lines: r.lines})
	}
	from.rows("shop/orders", ',', true, func(v []string) {
		placed[v[0]] = record{values: v, lines: lines[v[0]]}
		become(v[0], "open", v[1])
	})
	packed := map[string]string{}
	from.rows("fulfilment/picks", ',', true, func(v []string) {
		s.keep("shop/picks", v[0]+"-"+padded(v[1]), v[6], v)
		if packed[v[0]] != v[6] {
			packed[v[0]] = v[6]
			become(v[0], "packed", v[6])
		}
	})
	from.lines("payments/transactions", func(line string) error {
		t, err := object(line)
		if err != nil {
			return err
		}
		s.transaction(t)
		switch t["type"] {
		case "refund":
			become(t["order_id"], "refunded", t["created"])
			s.keep("shop/refunds", t["id"], t["created"],
				[]string{t["id"], t["order_id"], major(t["amount"]), t["currency"], t["created"]})
		case "chargeback":
			become(t["order_id"], "disputed", t["created"])
		}
		return nil
	})
}

// padded makes numbers sort as numbers.
func padded(number string) string { return strings.Repeat("0", max(0, 4-len(number))) + number }

func (s *stock) transaction(t map[string]string) {
	created := t["created"]
	s.keep("payments/transactions", t["id"], created,
		[]string{t["id"], t["type"], t["order_id"], t["amount"], t["fee"], t["currency"], t["payout_id"], created})
	if t["payout_id"] == "" {
		return
	}
	gross, fee := minor(t["amount"]), minor(t["fee"])
	if t["type"] != "capture" {
		gross = -gross
	}
	s.keep("payments/settlements", t["id"], created, []string{
		t["id"], t["type"], t["order_id"], shop.Money(gross), shop.Money(fee), shop.Money(gross - fee),
		t["currency"], t["payout_id"], created,
	})
}

func (s *stock) payouts(from *folder) {
	from.rows("payments/payouts", ',', true, func(v []string) { s.keep("payments/payouts", v[0], v[2], v) })
}

// scans reads the carriers' scans and makes them late: four in five are told
// within twenty minutes, some within half a day, one in twenty days later.
func (s *stock) scans(from *folder) {
	of := map[string]int{}
	from.rows("fulfilment/carrier_events", ',', true, func(v []string) {
		of[v[0]]++
		id := v[0] + "-E" + strconv.Itoa(of[v[0]])
		luck := chance(0, "late scan", id)
		late := 60 + luck>>32%1140
		switch n := luck % 1000; {
		case n >= 950:
			late = 86400 + luck>>32%(3*86400)
		case n >= 800:
			late = 3600 + luck>>32%(11*3600)
		}
		received := after(v[4], int64(late))
		s.keep("carrier/events", id, received, []string{id, v[0], v[1], v[2], v[3], v[4], received})
	})
}

func (s *stock) clicks(from *folder) {
	files := map[string]*hour{}
	from.lines("web/events", func(line string) error {
		event, err := object(line)
		if err != nil {
			return err
		}
		at := event["at"]
		key := strings.NewReplacer("-", "/", "T", "/").Replace(at[:len("2025-01-03T14")])
		if files[key] == nil {
			files[key] = &hour{key: key, day: s.day(at)}
		}
		files[key].lines = append(files[key].lines, line)
		return nil
	})
	for _, key := range slices.Sorted(maps.Keys(files)) {
		s.hours = append(s.hours, *files[key])
	}
}

// everyDay notes the simulated days, each of which has a settlement file.
func (s *stock) everyDay() {
	for day := s.summary.First; day <= s.summary.Last && day != ""; {
		s.days = append(s.days, day)
		date, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return
		}
		day = date.AddDate(0, 0, 1).Format(time.DateOnly)
	}
}
