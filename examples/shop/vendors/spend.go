package vendors

import (
	"strconv"
	"strings"
	"time"

	"github.com/larder-data/larder/examples/shop"
)

// restated is how many days the networks go on counting a day's clicks.
const restated = 3

// spend reads what both networks bill, the American way and the German one,
// into one list. Values are the final ones.
func (s *stock) spend(from *folder) {
	from.rows("ads/search", ',', true, func(v []string) {
		day := date(v[0], "01/02/2006")
		s.keep("ads/spend", v[1], day, []string{"search", day, v[1], v[2], v[3], v[4], v[5], "USD", date(v[6], "01/02/2006 03:04 PM")})
	})
	from.rows("ads/social", ';', true, func(v []string) {
		day := date(v[0], "02.01.2006")
		s.keep("ads/spend", v[1], day, []string{"social", day, v[1], fromLatin1(v[2]), v[3], v[4], strings.Replace(v[5], ",", ".", 1), "EUR", ""})
	})
	spend := s.feeds["ads/spend"]
	for i := range spend.records { // a campaign has a record each day
		spend.records[i].id += " " + spend.records[i].day
	}
}

// date reads a date, or a date and time without a zone, and writes it the
// international way.
func date(said, layout string) string {
	t, err := time.Parse(layout, said)
	switch {
	case err != nil:
		return said
	case strings.Contains(layout, ":"):
		return t.Format("2006-01-02T15:04:05")
	}
	return t.Format(time.DateOnly)
}

// fromLatin1 reads ISO 8859-1, which the social network writes.
func fromLatin1(latin1 string) string {
	letters := make([]rune, len(latin1))
	for i := range len(latin1) {
		letters[i] = rune(latin1[i])
	}
	return string(letters)
}

// restate makes of final records what the networks say on a day: of a day just
// ended they have counted some four fifths, and all of it three days later.
func restate(final []record, today string) []record {
	for i, r := range final {
		days := age(r.day, today)
		if days >= restated {
			continue
		}
		low, wide := [restated]uint64{780, 900, 970}[days], [restated]uint64{120, 70, 25}[days]
		part := low + chance(0, "restated", r.id, strconv.Itoa(days))%wide
		values := append([]string(nil), r.values...)
		values[4] = strconv.FormatInt(share(minor(r.values[4]), part), 10)
		values[5] = strconv.FormatInt(share(minor(r.values[5]), part), 10)
		values[6] = shop.Money(share(minor(r.values[6]), part))
		final[i].values = values
	}
	return final
}
