package shop

// currency is one of the three the shop sells in.
type currency int

const (
	gbp currency = iota
	eur
	usd
)

var (
	currencies = [3]string{"GBP", "EUR", "USD"}
	priceList  = [3]int64{100, 120, 130}             // percent of the price in pence
	startRate  = [3]int64{1_000_000, 834500, 796000} // millionths of a pound per unit
)

func (c currency) String() string { return currencies[c] }

// rates fixes the day's rates. Banks rest at weekends and on holidays: until
// the next fixing the last one holds.
type rates struct{ perUnit [3]int64 }

// toGBP converts minor units by the rate in force, rounded half away from zero.
func (s *simulation) toGBP(amount int64, c currency) int64 {
	return divide(amount*s.rates.perUnit[c], 1_000_000)
}

// fixRates writes the rates of a banking day. The first file starts with the
// fixing before the first day, so that every day has one in force.
func (s *simulation) fixRates() {
	if s.today == 0 {
		s.rates.perUnit = startRate
		before := s.date.AddDate(0, 0, -1)
		for !banking(before) {
			before = before.AddDate(0, 0, -1)
		}
		s.writeRates(dayText(before))
	}
	if !banking(s.date) {
		return
	}
	r := newRandom(s.seed, "rates", s.today)
	for c := eur; c <= usd; c++ {
		moved := s.rates.perUnit[c] + int64(r.between(-2600, 2600))
		home := startRate[c] - s.rates.perUnit[c] // a slight pull back, so that a long walk stays plausible
		s.rates.perUnit[c] = moved + home/50
	}
	s.writeRates(s.day)
}

func (s *simulation) writeRates(day string) {
	for c := eur; c <= usd; c++ {
		s.files.write(s.drops.rates, s.row.csv().text(day).text(c.String()).rate(s.rates.perUnit[c]))
	}
}
