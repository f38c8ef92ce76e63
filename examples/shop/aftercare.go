package shop

import "strconv"

// care is what a member may have to complain about.
type care struct {
	order       *order
	late        bool
	short       bool
	substituted bool
	left        int   // day the last parcel left
	door        int   // day the last parcel arrived; 0 when none left
	picked      []int // lines that left
}

func (c *care) saw(p pick) {
	if p.product != nil {
		c.picked = append(c.picked, p.line)
	}
	c.short = c.short || p.outcome == "short"
	c.substituted = c.substituted || p.outcome == "substituted"
}

// complaints is how a contact reads, by reason.
var complaints = map[string]string{
	"late":         "My delivery has not come, \"tomorrow\" was yesterday",
	"missing":      "Something I ordered was not in the box, please look into it",
	"substitution": "This is not what I ordered, and not what I would have chosen",
	"quality":      "Bruised on arrival, I would like my money back",
	"question":     "Can I change the day, or the address, of my next order?",
}

// aftercare plans contacts with member services, the refunds and credits that
// come of them, and the rare chargeback.
func (s *simulation) aftercare(r *random, c care) {
	o := c.order
	reason, likely := "question", 12
	switch n := r.below(3); {
	case c.late:
		reason, likely = "late", 300
	case c.short:
		reason, likely = "missing", 280
	case c.substituted && n > 0:
		reason, likely = "substitution", 160
	case n == 0:
		reason, likely = "quality", 60
	}
	day := max(c.left, c.door)
	if r.chance(likely) {
		s.contact(r, c, reason, day+r.between(0, 2))
	}
	if r.chance(4) {
		s.at(day+r.between(20, 45), func() {
			if amount := o.captured - o.refunded; amount > 0 {
				o.refunded += amount
				s.pay(o, "chargeback", "b", amount, 1500, s.clock(4*3600))
			}
		})
	}
}

// contact plans one talk with member services and what it grants: money back
// for one line by card, the same as store credit, or kind words.
func (s *simulation) contact(r *random, c care, reason string, day int) {
	o, second, minutes := c.order, r.between(8*3600, 19*3600), r.between(2, 40)
	channel := []string{"chat", "email", "phone"}[r.weighted(5, 3, 2)]
	remedy := r.weighted(35, 25, 40)
	satisfied := r.between(1, 5)
	answered := r.chance(600)
	var amount int64
	if len(c.picked) > 0 && reason != "question" {
		amount = o.lines[one(r, c.picked)].total()
	}
	s.at(day, func() {
		s.truth.Contacts++
		amount := min(amount, o.captured-o.refunded)
		var credit int64
		switch {
		case amount <= 0:
		case remedy == 0:
			o.refunded += amount
			s.pay(o, "refund", "r", amount, 0, s.clock(second+minutes*60))
		case remedy == 1:
			credit = amount
			o.member.credit += credit
		}
		s.row.csv().text("C" + o.id[1:]).text(s.clock(second)).text(o.member.id).text(o.id).text(channel).
			text(reason).text(complaints[reason]).number(int64(minutes)).money(credit).text(o.currency.String())
		if answered {
			s.row.number(int64(satisfied))
		} else {
			s.row.text("")
		}
		s.files.write(s.drops.contacts, s.row)
	})
}

// browse writes the web session an order came from.
func (s *simulation) browse(r *random, o *order, second int) {
	v := s.visit(r, o.session(), o.member)
	n := len(o.lines) + 3
	v.event(second-25*n, "page_view", "", "")
	for i := range o.lines {
		v.event(second-25*(n-1-i), "add_to_cart", o.lines[i].product.id, "")
	}
	v.event(second-25, "checkout", "", "")
	v.event(second, "purchase", "", o.id)
	s.funnel(1, 1, 1, 1)
}

// wander writes the sessions that end without an order; some leave a cart.
func (s *simulation) wander() {
	r := newRandom(s.seed, "wander", s.today)
	for n := range r.around(110 * s.scale * rhythm(s.date) / 1000) {
		var m *member
		if len(s.active) > 0 && r.chance(450) {
			m = s.active[r.below(len(s.active))]
		}
		v := s.visit(r, "V"+s.day+"-"+strconv.Itoa(n+1), m)
		second := timeOfDay(r)
		v.event(second, "page_view", "", "")
		for range r.weighted(30, 45, 25) {
			second += r.between(5, 90)
			v.event(second, "product_view", one(r, s.products).id, "")
		}
		cart, checkout := r.chance(250), false
		if cart {
			v.event(second+20, "add_to_cart", one(r, s.products).id, "")
			if checkout = r.chance(320); checkout {
				v.event(second+60, "checkout", "", "")
			}
		}
		s.funnel(1, count(cart), count(checkout), 0)
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// visit is one web session being written.
type visit struct {
	s                           *simulation
	id, member, device, brought string
}

func (s *simulation) visit(r *random, id string, m *member) visit {
	v := visit{s: s, id: id, device: []string{"phone", "desktop", "tablet"}[r.weighted(6, 3, 1)]}
	if m != nil {
		v.member = m.id
	}
	if r.chance(280) {
		v.brought = s.campaigns[r.weighted(30, 14, 18, 10, 16, 12)].id
	}
	return v
}

func (v visit) event(second int, what, product, order string) {
	v.s.files.write(v.s.drops.web, v.s.row.object().pair("at", v.s.clock(second)).pair("session_id", v.id).
		pair("event", what).pair("device", v.device).pair("member_id", v.member).
		pair("campaign_id", v.brought).pair("product_id", product).pair("order_id", order))
}

func (s *simulation) funnel(sessions, carted, checkout, purchased int) {
	f := s.truth.Funnel[s.day]
	f.Sessions += sessions
	f.Carted += carted
	f.Checkout += checkout
	f.Purchased += purchased
	s.truth.Funnel[s.day] = f
}
