package shop

import (
	"fmt"
	"strconv"
)

var (
	firstNames = []string{"Ada", "Amir", "Beatrix", "Callum", "Chidi", "Clara", "Dev", "Eilidh", "Emeka", "Esme", "Farah", "Finn", "Grace", "Hana", "Hugo", "Imran", "Iris", "Jonas", "Kezia", "Leo", "Lin", "Mabel", "Maeve", "Nadia", "Niall", "Olive", "Omar", "Priya", "Rhys", "Rosa", "Sana", "Saoirse", "Tariq", "Una", "Viktor", "Wren", "Xena", "Yusuf", "Zara", "Zoe"}
	lastNames  = []string{"Abbott", "Adeyemi", "Ahmed", "Barlow", "Bell", "Byrne", "Chandra", "Clarke", "Daly", "Doyle", "Ellis", "Evans", "Fox", "Gill", "Hart", "Hussain", "Jones", "Kaur", "Kelly", "Lamb", "Lowe", "Malik", "Marsh", "Murphy", "Nolan", "Obi", "O'Neill", "Patel", "Penny", "Quinn", "Reid", "Rossi", "Shah", "Stone", "Tate", "Vance", "Walsh", "Ward", "Yates", "Young"}
	streets    = []string{"Mill Lane", "Station Road", "High Street", "Church Walk", "Orchard Close", "Harbour View", "Park Row", "Bridge Street", "Elm Grove", "Quay Road"}
	towns      = [3][]string{
		gbp: {"London", "Leeds", "Bristol", "Glasgow", "Cardiff", "Manchester", "Norwich", "York", "Belfast", "Brighton"},
		eur: {"Dublin", "Cork", "Galway", "Limerick"},
		usd: {"Boston", "Portland", "Denver"},
	}
	countries = [3]string{"GB", "IE", "US"}
)

// member is a household that pays to shop here.
type member struct {
	number   int
	id       string
	currency currency // of the member's country
	annual   bool
	joined   string
	campaign *campaign // that brought the member; nil when they came by themselves
	first    bool      // has not ordered yet
	active   int       // place among the active members, -1 when left
	credit   int64     // store credit left, in the member's currency
}

// fee is what a term of membership costs.
func (m *member) fee() int64 {
	if m.annual {
		return priceList[m.currency] * 5900 / 100
	}
	return priceList[m.currency] * 690 / 100
}

// days is how long a term lasts.
func (m *member) days() int {
	if m.annual {
		return 365
	}
	return 30
}

// enrol makes the members who were there before the first day. They joined
// over the year and a half before it, and their terms end in its course.
func (s *simulation) enrol() {
	r := newRandom(s.seed, "founders", 0)
	for range int(1800 * s.scale / 1000) {
		ago := r.between(1, 540)
		m := s.newMember(r, dayText(s.first.AddDate(0, 0, -ago)))
		m.first = false
		s.writeMember(m, "active", m.joined+"T09:00:00Z")
		s.at(m.days()-1-(ago-1)%m.days(), func() { s.renew(m) })
	}
}

// join brings the day's new members.
func (s *simulation) join() {
	r := newRandom(s.seed, "join", s.today)
	for range r.around(12 * s.scale * rhythm(s.date) / 1000) {
		m := s.newMember(r, s.day)
		if r.chance(620) {
			m.campaign = s.campaigns[r.weighted(30, 14, 18, 10, 16, 12)]
		}
		at := s.clock(timeOfDay(r))
		s.writeMember(m, "active", at)
		s.charge(m, "joined")
		s.at(s.today+m.days(), func() { s.renew(m) })
		s.truth.NewMembers[m.campaign.name()]++
		s.summary.NewMembers++
		s.newcomers = append(s.newcomers, m)
	}
}

func (s *simulation) newMember(r *random, joined string) *member {
	m := &member{number: len(s.active) + s.left + 1, joined: joined, first: true, active: len(s.active)}
	m.id = fmt.Sprintf("M%06d", m.number)
	m.currency = currency(r.weighted(800, 140, 60))
	m.annual = r.chance(350)
	s.active = append(s.active, m)
	return m
}

// renew charges the next term or lets the member go.
func (s *simulation) renew(m *member) {
	r := newRandom(s.seed, "renew "+m.id, s.today)
	leaves := 45
	if m.annual {
		leaves = 180
	}
	if r.chance(leaves) {
		last := s.active[len(s.active)-1]
		s.active[m.active], last.active = last, m.active
		s.active = s.active[:len(s.active)-1]
		m.active = -1
		s.left++
		s.writeMember(m, "left", s.clock(9*3600+m.number%3600))
		return
	}
	s.charge(m, "renewed")
	s.at(s.today+m.days(), func() { s.renew(m) })
}

// charge writes a membership fee and the term it pays for.
func (s *simulation) charge(m *member, kind string) {
	plan := planName(m)
	s.files.write(s.drops.fees, s.row.csv().text("F"+m.id[1:]+"-"+s.day).text(m.id).text(kind).text(plan).
		money(m.fee()).text(m.currency.String()).text(s.day).
		text(dayText(s.date.AddDate(0, 0, m.days()))))
	s.truth.Membership[DayCurrency{s.day, m.currency.String()}] += m.fee()
}

func planName(m *member) string {
	if m.annual {
		return "annual"
	}
	return "monthly"
}

// writeMember writes the member's record as it is now. What never changes is
// drawn from the member's own stream, so that each copy says the same.
func (s *simulation) writeMember(m *member, status, at string) {
	r := newRandom(s.seed, "person", m.number)
	first, last := one(r, firstNames), one(r, lastNames)
	s.files.write(s.drops.members, s.row.csv().text(m.id).text(first).text(last).
		text(mailbox(first, last, m.number)).
		text(strconv.Itoa(r.between(1, 180))+" "+one(r, streets)).text(one(r, towns[m.currency])).
		text(countries[m.currency]).text(m.currency.String()).text(planName(m)).text(status).
		text(m.joined).text(m.campaign.name()).text(at))
}

// mailbox is an address at example.com, which nobody will ever receive mail at.
func mailbox(first, last string, number int) string {
	letters := make([]byte, 0, 48)
	for _, c := range []byte(first + "." + last) {
		switch {
		case c >= 'A' && c <= 'Z':
			letters = append(letters, c+'a'-'A')
		case c != '\'':
			letters = append(letters, c)
		}
	}
	return string(letters) + strconv.Itoa(number) + "@example.com"
}
