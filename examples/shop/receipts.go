package shop

import (
	"strconv"
	"time"
)

// restock orders from each vendor on Mondays; what was ordered arrives days
// later, not always on time, in full, or fit to sell.
func (s *simulation) restock() {
	if s.date.Weekday() != time.Monday {
		return
	}
	for _, v := range s.vendors {
		r := newRandom(s.seed, "restock "+v.id, s.today)
		number := "PO" + v.id[1:] + "-" + s.date.Format("060102")
		ordered, expected := s.day, s.date.AddDate(0, 0, 3)
		line := 0
		for _, p := range v.products {
			if !r.chance(700) {
				continue
			}
			line++
			s.receive(r, v, p, number, line, ordered, expected)
		}
	}
}

// receive plans the receipt of one line of a purchase order.
func (s *simulation) receive(r *random, v *vendor, p *product, number string, line int, ordered string, expected time.Time) {
	wanted := int64(r.between(20, 60)) * max(1, s.scale/1000)
	got, rejected, reason := wanted, int64(0), `\N`
	if r.chance(70) {
		got = wanted * int64(r.between(600, 950)) / 1000
	}
	if r.chance(v.spoiled) {
		rejected = max(1, got*int64(r.between(20, 300))/1000)
		reason = one(r, []string{"damaged", "short dated", "wrong item", "too warm"})
	}
	cost := p.cost // as agreed when it was ordered
	day := s.today + 3
	if r.chance(v.late) {
		day += r.between(1, 4)
	}
	s.at(day, func() {
		s.files.write(s.drops.receipts, s.row.tsv().text(number).text(strconv.Itoa(line)).text(v.id).text(p.id).
			text(ordered).text(dayText(expected)).text(s.day).number(wanted).number(got).number(rejected).
			text(reason).money(cost))
		s.truth.Received += got
	})
}
