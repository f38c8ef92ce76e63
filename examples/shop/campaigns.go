package shop

import (
	"strconv"
	"time"
)

// campaign is paid advertising. The search network bills in dollars and writes
// American dates, the social network bills in euros and writes decimal commas.
type campaign struct {
	id, title string
	social    bool
	budget    int // a day, in minor units of the network's currency
}

// name returns the campaign's id, "" for no campaign.
func (c *campaign) name() string {
	if c == nil {
		return ""
	}
	return c.id
}

func (s *simulation) hireAgencies() {
	s.campaigns = []*campaign{
		{"SR-BRAND", "Search, our name", false, 5200},
		{"SR-GROCERY", "Search, grocery delivery", false, 5200},
		{"SR-RECIPES", "Search, recipes", false, 3900},
		{"SO-SPRING", "Frühling im Körbchen", true, 2800},
		{"SO-FAMILY", "Family dinners", true, 4200},
		{"SO-FRIENDS", "Bring a friend", true, 2600},
	}
}

// advertise spends the day's budgets.
func (s *simulation) advertise() {
	for n, c := range s.campaigns {
		r := newRandom(s.seed, "ads "+c.id, s.today)
		spend := int64(c.budget) * s.scale / 1000 * rhythm(s.date) / 1000 * int64(r.between(850, 1150)) / 1000
		clicks := spend/int64(r.between(38, 62)) + 1
		shown := clicks * int64(r.between(18, 40))
		money := usd
		if c.social {
			money = eur
			s.files.write(s.drops.social, s.row.european().text(s.date.Format("02.01.2006")).text(c.id).
				text(latin1(c.title)).number(shown).number(clicks).money(spend))
		} else {
			s.files.write(s.drops.search, s.row.csv().text(s.date.Format("01/02/2006")).text(c.id).
				text(c.title).number(shown).number(clicks).money(spend).text(s.date.Format("01/02/2006")+" 11:"+strconv.Itoa(10+n)+" PM"))
		}
		s.truth.Spend[c.id] += s.toGBP(spend, money)
	}
}

// latin1 writes a text in ISO 8859-1, as the social network still does.
func latin1(s string) string {
	out := make([]byte, 0, len(s))
	for _, c := range s {
		out = append(out, byte(c)) // every letter used here is below U+0100
	}
	return string(out)
}

// promotion lowers prices: by percent on a category, or by an amount on a
// member's first order.
type promotion struct {
	id, title, category string
	percent             int64
	ends                time.Time
}

// promote starts a new pair of offers every other Thursday, and the welcome
// offer on the first day.
func (s *simulation) promote() {
	if s.today == 0 {
		s.writePromotion(&promotion{id: "WELCOME5", title: "5 off your first order", ends: s.first.AddDate(20, 0, 0)})
	}
	running := s.offers[:0]
	for _, p := range s.offers {
		if s.date.Before(p.ends) {
			running = append(running, p)
		}
	}
	s.offers = running
	if s.today%14 != 1 {
		return
	}
	r := newRandom(s.seed, "offers", s.today)
	first := r.below(len(shelves))
	for n := range 2 {
		shelf := shelves[(first+n*5)%len(shelves)]
		p := &promotion{
			id: "OFFER-" + s.day + "-" + string(rune('A'+n)), category: shelf.name,
			percent: int64(one(r, []int{10, 15, 20, 25})), ends: s.date.AddDate(0, 0, r.between(5, 12)),
		}
		p.title = strconv.FormatInt(p.percent, 10) + " % off " + shelf.name
		s.offers = append(s.offers, p)
		s.writePromotion(p)
	}
}

func (s *simulation) writePromotion(p *promotion) {
	kind := "percent"
	if p.percent == 0 {
		kind = "amount"
	}
	s.files.write(s.drops.promotions, s.row.csv().text(p.id).text(p.title).text(kind).text(p.category).
		number(p.percent).text(s.day).text(dayText(p.ends)))
}
