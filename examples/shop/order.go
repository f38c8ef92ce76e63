package shop

import (
	"cmp"
	"slices"
	"strconv"
)

// line is one product in an order. Amounts are minor units of its currency.
type line struct {
	product   *product
	quantity  int64
	price     int64
	discount  int64
	tax       int64
	promotion string
}

func (l *line) gross() int64 { return l.quantity * l.price }
func (l *line) net() int64   { return l.gross() - l.discount }
func (l *line) total() int64 { return l.net() + l.tax }

// order is a paid basket. Its sums are taken once, from its lines.
type order struct {
	number   int
	id       string
	member   *member
	currency currency
	day      string
	lines    []line

	goods, discount, tax, shipping, credit, total int64

	captured, refunded int64 // so far
}

// welcome is the offer on a first order: 5.00 off goods of 25.00 and more.
const (
	welcome       = "WELCOME5"
	welcomeAmount = 500
	welcomeFrom   = 2500
)

// settle takes the sums: offers on the lines, tax, shipping (free from 40.00),
// store credit as far as it lasts. See the package comment for what then holds.
func (o *order) settle(offers []*promotion, first bool, credit int64) {
	for i := range o.lines {
		l := &o.lines[i]
		for _, p := range offers {
			if p.category == l.product.category {
				l.promotion, l.discount = p.id, divide(l.gross()*p.percent, 100)
			}
		}
		o.goods += l.gross()
	}
	if first && o.goods >= welcomeFrom {
		o.spread(welcome, welcomeAmount)
	}
	for i := range o.lines {
		l := &o.lines[i]
		l.tax = divide(l.net()*l.product.tax, 100)
		o.discount += l.discount
		o.tax += l.tax
	}
	if o.goods < 4000 {
		o.shipping = 399
	}
	due := o.goods - o.discount + o.tax + o.shipping
	o.credit = min(credit, due)
	o.total = due - o.credit
}

// spread gives one amount off the whole basket, instead of any other offer,
// each line bearing its share and no penny lost.
func (o *order) spread(promotion string, amount int64) {
	weights := make([]int64, len(o.lines))
	for i := range o.lines {
		weights[i] = o.lines[i].gross()
	}
	for i, part := range allocate(amount, weights) {
		o.lines[i].promotion, o.lines[i].discount = promotion, part
	}
}

// sell takes the day's orders, in the order they come in: many a newcomer's
// first, and those of members who happen to need something.
func (s *simulation) sell() {
	type customer struct {
		member *member
		second int
	}
	r := newRandom(s.seed, "sell", s.today)
	var queue []customer
	for _, m := range s.newcomers {
		if r.chance(700) {
			queue = append(queue, customer{m, timeOfDay(r)})
		}
	}
	s.newcomers = s.newcomers[:0]
	appetite := 1000 + 3*int64(s.today%365)/2 // grows a little over a year
	for range r.around(int64(len(s.active)) * 21 * rhythm(s.date) / 1000 * appetite / 1000) {
		queue = append(queue, customer{s.active[r.below(len(s.active))], timeOfDay(r)})
	}
	slices.SortStableFunc(queue, func(a, b customer) int { return cmp.Compare(a.second, b.second) })
	for _, c := range queue {
		s.order(c.member, c.second)
	}
}

// order fills a member's basket, pays for it and plans what becomes of it.
func (s *simulation) order(m *member, second int) {
	s.summary.Orders++
	number := 1_000_000 + s.summary.Orders
	r := newRandom(s.seed, "order", number)
	o := &order{number: number, id: "O" + strconv.Itoa(number), member: m, currency: m.currency, day: s.day}
	taken := map[*product]bool{}
	for range 1 + r.weighted(60, 110, 150, 190, 180, 130, 90, 50, 25, 15) {
		p := s.products[min(r.below(len(s.products)), r.below(len(s.products)))] // a few products are everybody's
		if taken[p] {
			continue
		}
		taken[p] = true
		o.lines = append(o.lines, line{product: p, quantity: int64(1 + r.weighted(640, 230, 80, 50)), price: p.priceIn(m.currency)})
	}
	o.settle(s.offers, m.first, m.credit)
	m.first = false
	m.credit -= o.credit
	s.writeOrder(o, second)
	s.browse(r, o, second)
	if o.total > 0 {
		s.pay(o, "authorisation", "a", o.total, 0, s.clock(second+2))
	}
	s.fulfil(r, o, second)
}

// writeOrder writes the order and its lines and enters them in the truth.
func (s *simulation) writeOrder(o *order, second int) {
	s.files.write(s.drops.orders, s.row.csv().text(o.id).text(s.clock(second)).text(o.member.id).text(o.session()).
		text(o.currency.String()).money(o.goods).money(o.discount).money(o.tax).money(o.shipping).
		money(o.credit).money(o.total))
	sales := s.truth.NetSales[s.key(o)]
	sales.Orders++
	for i := range o.lines {
		l := &o.lines[i]
		s.files.write(s.drops.lines, s.row.csv().text(o.id).number(int64(i+1)).text(l.product.id).number(l.quantity).
			money(l.price).text(o.currency.String()).money(l.discount).money(l.tax).text(l.promotion))
		inPounds := s.toGBP(l.net(), o.currency)
		sales.add(l, inPounds)
		s.summary.NetSales += inPounds
	}
	s.truth.NetSales[s.key(o)] = sales
	s.cash(o, Cash{Ordered: o.total})
}

func (o *order) session() string { return "W" + o.id[1:] }
