package shop

import "strconv"

// carriers and how often, in a thousand, their parcels come a day late.
var carriers = []struct {
	name string
	late int
}{{"Swiftwheel", 60}, {"Parcel Post", 130}, {"Greenvan", 35}}

// pick is what became of one line: shipped, substituted by a like product at
// the ordered line's price, or short (out of stock, not charged).
type pick struct {
	line    int
	product *product // nil when short
	outcome string
}

// fulfil plans what leaves when. One order in eight is split in two parcels;
// the shipping fee goes with the first, store credit is used up first.
func (s *simulation) fulfil(r *random, o *order, second int) {
	parcels := make([][]pick, 1, 2)
	if len(o.lines) > 1 && r.chance(125) {
		parcels = parcels[:2]
	}
	for i := range o.lines {
		p := pick{line: i, product: o.lines[i].product, outcome: "shipped"}
		switch n := r.below(1000); {
		case n < 12:
			p.product, p.outcome = nil, "short"
		case n < 45:
			p.product, p.outcome = s.alike(r, p.product), "substituted"
		}
		at := i % len(parcels)
		parcels[at] = append(parcels[at], p)
	}
	day := s.today
	if second > 14*3600 {
		day++
	}
	after := care{order: o}
	var value int64 // of what has left, before store credit
	for n, picks := range parcels {
		day = s.nextDispatch(day)
		var goods int64
		for _, p := range picks {
			if p.product != nil {
				goods += o.lines[p.line].total()
			}
			after.saw(p)
		}
		before := max(0, value-o.credit)
		if goods > 0 && value == 0 {
			goods += o.shipping
		}
		value += goods
		s.ship(r, o, n+1, day, picks, goods, max(0, value-o.credit)-before, &after)
		day += r.between(1, 3)
	}
	if unused := o.credit - min(o.credit, value); unused > 0 {
		s.at(after.left, func() { o.member.credit += unused })
	}
	s.aftercare(r, after)
}

// nextDispatch returns the first day from day on that parcels leave.
func (s *simulation) nextDispatch(day int) int {
	for !working(s.first.AddDate(0, 0, day)) {
		day++
	}
	return day
}

// alike returns another product of the category, the same when there is luck.
func (s *simulation) alike(r *random, p *product) *product {
	first := (p.number() - 1) / 20 * 20 // each shelf holds twenty
	other := s.products[first+r.below(20)]
	if other == p {
		other = s.products[first+(p.number()-first)%20]
	}
	return other
}

func (p *product) number() int {
	n, err := strconv.Atoi(p.id[len("SKU"):])
	if err != nil {
		panic("a product's id is its number: " + p.id) //nolint:forbidigo // a defect of the program
	}
	return n
}

// ship plans one parcel: picks and capture on the day it leaves, the carrier's
// events after it. Nothing leaves and nothing is captured when all is short.
func (s *simulation) ship(r *random, o *order, n, day int, picks []pick, goods, capture int64, after *care) {
	parcel := "P" + o.id[1:] + "-" + strconv.Itoa(n)
	if goods == 0 {
		parcel = ""
	}
	second := r.between(15*3600, 18*3600)
	s.at(day, func() {
		at := s.clock(second)
		for _, p := range picks {
			s.writePick(o, p, parcel, at)
		}
		if capture > 0 {
			o.captured += capture
			s.pay(o, "capture", "c"+strconv.Itoa(n), capture, divide(capture*14, 1000)+20, at)
		}
		s.cash(o, Cash{Shipped: capture})
	})
	after.left = max(after.left, day)
	if goods == 0 {
		return
	}
	s.carry(r, o, parcel, day, second, after)
}

func (s *simulation) writePick(o *order, p pick, parcel, at string) {
	l := &o.lines[p.line]
	s.row.csv().text(o.id).number(int64(p.line + 1)).text(parcel)
	if p.product == nil {
		s.truth.Shorts++
		s.files.write(s.drops.picks, s.row.text("").number(0).text(p.outcome).text(at))
		return
	}
	if p.outcome == "substituted" {
		s.truth.Substitutions++
	}
	s.files.write(s.drops.picks, s.row.text(p.product.id).number(l.quantity).text(p.outcome).text(at))
	key := DayCurrency{s.day, o.currency.String()}
	sales := s.truth.ShippedSales[key]
	sales.add(l, s.toGBP(l.net(), o.currency))
	s.truth.ShippedSales[key] = sales
}

// carry plans the carrier's events: collected, sorted, out for delivery,
// perhaps nobody home, delivered.
func (s *simulation) carry(r *random, o *order, parcel string, day, second int, after *care) {
	carrier := carriers[r.weighted(500, 300, 200)]
	event := func(day, second int, what string) {
		s.at(day, func() {
			s.files.write(s.drops.events, s.row.csv().text(parcel).text(o.id).text(carrier.name).text(what).text(s.clock(second)))
			if what == "delivered" {
				s.truth.Delivered++
			}
		})
	}
	event(day, second+900, "collected")
	event(day, second+3*3600, "sorted")
	door := day + 1
	if r.chance(carrier.late) {
		door += r.between(1, 3)
		after.late = true
	}
	for !working(s.first.AddDate(0, 0, door)) {
		door++
	}
	hour := r.between(8*3600, 17*3600)
	event(door, hour-r.between(3600, 2*3600), "out_for_delivery")
	if r.chance(40) {
		event(door, hour, "nobody_home")
		door = s.nextDispatch(door + 1)
		event(door, hour-3600, "out_for_delivery")
		after.late = true
	}
	event(door, hour, "delivered")
	after.door = max(after.door, door)
}
