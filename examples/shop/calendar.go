package shop

import (
	"time"
	_ "time/tzdata" // the shop lives in London also where the system knows no time zones
)

// london returns the time zone the shop's business days are counted in.
func london() *time.Location {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic("the embedded time zones have no Europe/London: " + err.Error()) //nolint:forbidigo // the program is built wrong
	}
	return zone
}

// dayText writes a date as files and tables do.
func dayText(date time.Time) string { return date.Format(time.DateOnly) }

// easter returns Easter Sunday, by the anonymous Gregorian computus.
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e, f := b/4, b%4, (b+8)/25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}

// holiday reports whether a date is a bank holiday in England: days on which
// nothing is dispatched and no rates are fixed.
func holiday(date time.Time) bool {
	switch month, day, weekday := date.Month(), date.Day(), date.Weekday(); {
	case month == time.January && day == 1, month == time.December && (day == 25 || day == 26):
		return true
	case weekday == time.Monday && month == time.May:
		return day <= 7 || day > 24
	case weekday == time.Monday && month == time.August:
		return day > 24
	}
	fromEaster := int(date.Sub(easter(date.Year())).Hours() / 24)
	return fromEaster == -2 || fromEaster == 1
}

// working reports whether parcels leave and banks are open.
func working(date time.Time) bool {
	return date.Weekday() != time.Sunday && !holiday(date)
}

// banking reports whether a rate is fixed.
func banking(date time.Time) bool {
	return working(date) && date.Weekday() != time.Saturday
}

// rhythm is how busy a date is, in thousandths of an ordinary day: people shop
// for the weekend, stock up before a holiday and rest on it.
func rhythm(date time.Time) int64 {
	busy := [7]int64{930, 950, 900, 930, 1040, 1140, 1110}[date.Weekday()] // from Sunday
	switch {
	case holiday(date):
		busy = busy * 650 / 1000
	case holiday(date.AddDate(0, 0, 1)) || holiday(date.AddDate(0, 0, 2)):
		busy = busy * 1250 / 1000
	}
	if date.Month() == time.December && date.Day() >= 8 && date.Day() <= 23 {
		busy = busy * 1350 / 1000
	}
	return busy
}

// hours is how orders spread over a day, by hour.
var hours = []int{0, 0, 0, 0, 0, 0, 6, 14, 22, 30, 34, 32, 36, 32, 26, 24, 26, 34, 48, 62, 66, 48, 22, 0}

// timeOfDay draws a second of the day by the hours people shop at.
func timeOfDay(r *random) int { return r.weighted(hours...)*3600 + r.below(3600) }
