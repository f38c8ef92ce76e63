package shop

import (
	"path/filepath"
	"time"

	"github.com/larder-data/larder/internal/fault"
)

// Options say what to simulate. The zero value is the demo's shop: 120 days
// from 1 January 2025, seed 0, scale 1 (some 85 orders a day).
type Options struct {
	Days  int       // at most 3,660; 0 is 120
	Seed  uint64    // same options, same bytes
	Scale float64   // 0.01 to 1,000; 0 is 1. Members, orders and spend grow with it, the catalogue does not
	Start time.Time // its date is the first day; zero is 1 January 2025
}

// simulation is a shop in the middle of a day. Days run one after the other;
// what a day decides about later ones waits in plans. Nothing depends on how
// many days will follow: more days only add files and lengthen the last month's.
type simulation struct {
	seed  uint64
	scale int64 // in thousandths
	zone  *time.Location
	first time.Time
	days  int

	today int       // from 0
	date  time.Time // midnight UTC of the day's date
	day   string    // its text
	plans [][]func()

	products  []*product
	vendors   []*vendor
	campaigns []*campaign
	offers    []*promotion
	active    []*member
	newcomers []*member
	left      int
	rates     rates
	due       [3]int64 // next payout, by currency
	moved     [3]bool  // whether it has any transaction

	files   drops
	drops   tables
	row     *row
	truth   Truth
	summary Summary
}

// tables are the files of each source.
type tables struct {
	members, fees, products, promotions, orders, lines *drop
	picks, events, payments, payouts, receipts         *drop
	web, contacts, search, social, rates               *drop
}

// Simulate writes the raw files of a shop below dir/data and returns what they
// came to. A file that holds the same bytes already is left alone, so that a
// second call with one more day looks like the next morning's delivery. Other
// files are not touched. Memory does not grow with the number of orders.
func Simulate(dir string, options Options) (Summary, error) {
	s, err := open(dir, options)
	if err != nil {
		return Summary{}, err
	}
	s.stock()
	s.hireAgencies()
	for s.today = range s.days {
		s.date = s.first.AddDate(0, 0, s.today)
		s.day = dayText(s.date)
		s.files.turn(s.day)
		s.live()
		if s.files.err != nil {
			break
		}
	}
	if err := s.files.close(); err != nil {
		return Summary{}, err
	}
	s.summary.First, s.summary.Last, s.summary.Days = dayText(s.first), s.day, s.days
	s.summary.Members = len(s.active)
	s.summary.Files, s.summary.Rows = s.files.files, s.files.rows
	s.summary.Truth = s.truth
	return s.summary, nil
}

func open(dir string, options Options) (*simulation, error) {
	if options.Days == 0 {
		options.Days = 120
	}
	if options.Scale == 0 {
		options.Scale = 1
	}
	if options.Start.IsZero() {
		options.Start = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	if options.Days < 0 || options.Days > 3660 {
		return nil, fault.New(fault.Invalid, "cannot simulate %d days", options.Days).WithHint("days may be 1 to 3660")
	}
	if !(options.Scale >= 0.01 && options.Scale <= 1000) {
		return nil, fault.New(fault.Invalid, "cannot simulate at scale %g", options.Scale).WithHint("scale may be 0.01 to 1000")
	}
	year, month, day := options.Start.Date()
	s := &simulation{
		seed: options.Seed, scale: int64(options.Scale * 1000), zone: london(), days: options.Days,
		first: time.Date(year, month, day, 0, 0, 0, 0, time.UTC),
		plans: make([][]func(), options.Days), row: &row{}, truth: newTruth(),
		files: drops{root: filepath.Join(dir, "data")},
	}
	s.lay()
	return s, nil
}

// lay says what each source delivers, and how.
func (s *simulation) lay() {
	f := &s.files
	s.drops = tables{
		members:    f.add("shop/members", ".csv", "month", "member_id,first_name,last_name,email,address,town,country,currency,plan,status,joined_on,campaign_id,updated_at"),
		fees:       f.add("shop/membership_fees", ".csv", "month", "fee_id,member_id,kind,plan,amount,currency,charged_on,paid_until"),
		products:   f.add("shop/products", ".csv", "month", "product_id,name,category,vendor_id,vendor_name,price_gbp,cost_gbp,tax_percent,updated_at"),
		promotions: f.add("shop/promotions", ".csv", "month", "promotion_id,title,kind,category,percent,starts_on,ends_on"),
		orders:     f.add("shop/orders", ".csv", "day", "order_id,placed_at,member_id,session_id,currency,goods,discount,tax,shipping,store_credit,total"),
		lines:      f.add("shop/order_lines", ".csv", "day", "order_id,line_no,product_id,quantity,unit_price,currency,discount,tax,promotion_id"),
		picks:      f.add("fulfilment/picks", ".csv", "month", "order_id,line_no,parcel_id,product_id,quantity,outcome,picked_at"),
		events:     f.add("fulfilment/carrier_events", ".csv.gz", "month", "parcel_id,order_id,carrier,event,at"),
		payments:   f.add("payments/transactions", ".jsonl", "month", ""),
		payouts:    f.add("payments/payouts", ".csv", "month", "payout_id,currency,paid_on,amount"),
		receipts:   f.add("vendors/receipts", ".tsv", "month", ""),
		web:        f.add("web/events", ".jsonl.gz", "day", ""),
		contacts:   f.add("service/contacts", ".csv", "month", "contact_id,opened_at,member_id,order_id,channel,reason,message,minutes,credit_granted,currency,satisfaction"),
		search:     f.add("ads/search", ".csv", "month", "Day,Campaign ID,Campaign,Impr.,Clicks,Cost,Exported"),
		social:     f.add("ads/social", ".csv", "month", "Datum;Kampagne;Titel;Anzeigen;Klicks;Kosten"),
		rates:      f.add("bank/fx_rates", ".csv", "month", "rate_on,currency,gbp_per_unit"),
	}
}

// live is one day, in the order things happen.
func (s *simulation) live() {
	s.fixRates()
	s.reprice()
	s.promote()
	if s.today == 0 {
		s.enrol()
	}
	s.payOut()
	for _, plan := range s.plans[s.today] {
		plan()
	}
	s.plans[s.today] = nil
	s.join()
	s.sell()
	s.wander()
	s.advertise()
	s.restock()
}

// at plans something for a day, counted from 0; days after the last never come.
// A plan for today made while today's plans run, or after, happens at once.
func (s *simulation) at(day int, plan func()) {
	switch {
	case day == s.today:
		plan()
	case day < s.days:
		s.plans[day] = append(s.plans[day], plan)
	}
}

// clock returns an instant of today, seconds after midnight in London, in UTC.
func (s *simulation) clock(second int) string {
	year, month, day := s.date.Date()
	return time.Date(year, month, day, 0, 0, second, 0, s.zone).UTC().Format(time.RFC3339)
}
