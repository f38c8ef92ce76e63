package shop

import "time"

// pay writes a transaction of the payment provider: whole minor units, and the
// payout it will be part of. Authorisations move no money and join no payout.
func (s *simulation) pay(o *order, kind, suffix string, amount, fee int64, at string) {
	payout := ""
	if kind != "authorisation" {
		payout = "PO-" + dayText(s.payday()) + "-" + o.currency.String()
		signed := amount
		if kind != "capture" {
			signed = -amount
		}
		s.due[o.currency] += signed - fee
		s.moved[o.currency] = true
	}
	s.files.write(s.drops.payments, s.row.object().pair("id", "T"+o.id[1:]+suffix).pair("type", kind).
		pair("order_id", o.id).count("amount", amount).count("fee", fee).
		pair("currency", o.currency.String()).pair("payout_id", payout).pair("created", at))
	switch kind {
	case "capture":
		s.cash(o, Cash{Captured: amount, Fees: fee})
	case "refund":
		s.cash(o, Cash{Refunded: amount, Fees: fee})
	case "chargeback":
		s.cash(o, Cash{ChargedBack: amount, Fees: fee})
	}
}

// payday is the Monday after the day.
func (s *simulation) payday() time.Time {
	return s.date.AddDate(0, 0, 7-(int(s.date.Weekday())+6)%7)
}

// payOut pays, each Monday, what the week before came to.
func (s *simulation) payOut() {
	if s.date.Weekday() != time.Monday {
		return
	}
	for c := gbp; c <= usd; c++ {
		if !s.moved[c] {
			continue
		}
		id := "PO-" + s.day + "-" + c.String()
		s.files.write(s.drops.payouts, s.row.csv().text(id).text(c.String()).text(s.day).money(s.due[c]))
		s.truth.Payouts[id] = s.due[c]
		s.due[c], s.moved[c] = 0, false
	}
}

// cash adds to the truth of the order's day and currency.
func (s *simulation) cash(o *order, more Cash) {
	key := s.key(o)
	c := s.truth.Cash[key]
	c.Ordered += more.Ordered
	c.Shipped += more.Shipped
	c.Captured += more.Captured
	c.Refunded += more.Refunded
	c.ChargedBack += more.ChargedBack
	c.Fees += more.Fees
	s.truth.Cash[key] = c
}

func (s *simulation) key(o *order) DayCurrency { return DayCurrency{o.day, o.currency.String()} }
