package check

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/engine"
)

// TestDaysOf23And25Hours: a day is one of the project's zone, also when the
// clocks change in it.
func TestDaysOf23And25Hours(t *testing.T) {
	d := openDuck(t)
	for _, c := range []struct {
		name, night string // the day the clocks change
		hours       int
		sample      string // when asked for shortly before midnight, and a quarter of an hour after
		messages    []string
	}{
		{"spring", "2011-03-27", 23, "2011-03-27 22:50:00Z", []string{"pass 24 | count(*) on 2011-03-26 is usual", "pass 23 | count(*) on 2011-03-27 is usual"}},
		{"autumn", "2011-10-30", 25, "2011-10-30 23:50:00Z", []string{"pass 24 | count(*) on 2011-10-29 is usual", "pass 25 | count(*) on 2011-10-30 is usual"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			// One row an hour, from 20 days before until two days after.
			d.exec(t, fmt.Sprintf(`create or replace table hourly as select sold, sold at time zone 'Europe/London' as on_the_clock from range(
				timestamptz '%s 00:00:00 Europe/London' - interval '480 hours', timestamptz '%s 00:00:00 Europe/London' + interval '50 hours', interval '1 hour') r(sold)`, c.night, c.night))
			s := d.subject(t, "shop.hourly", engine.Relation{Schema: "main", Name: "hourly"})
			at, err := time.Parse("2006-01-02 15:04:05Z", c.sample)
			if err != nil {
				t.Fatal(err)
			}
			for i, late := range []time.Duration{0, 15 * time.Minute} {
				s.AsOf = at.Add(late)
				compare(t, "a timestamp with its zone", check(t, d, s, line(t, "row_count over sold within 2.5 stddev of last 14 days"))[0], c.messages[i])
				compare(t, "a timestamp of the zone's clock", check(t, d, s, line(t, "row_count over on_the_clock within 2.5 stddev of last 14 days"))[0], c.messages[i])
			}
			by := check(t, d, s, line(t, "count(*) by day(sold) = 24"))[0]
			var odd []string
			for _, g := range by.Segments {
				odd = append(odd, g.Segment+": "+g.Value)
			}
			if want := "day(sold) = " + c.night + ": " + fmt.Sprint(c.hours); !slices.Contains(odd, want) {
				t.Errorf("%s is not in %v", want, odd)
			}
		})
	}
}

// TestFreshnessOverANight: a date is new until its day is over, which is 24
// hours after it began or 23 or 25; an hour is always an hour.
func TestFreshnessOverANight(t *testing.T) {
	d := openDuck(t)
	d.exec(t, "create table days as select date '2011-10-29' as sold_on, timestamp '2011-10-29 23:00:00' as sold_at")
	s := d.subject(t, "shop.days", engine.Relation{Schema: "main", Name: "days"})
	for _, c := range []struct{ rule, asOf, want string }{
		{"freshness(sold_on) < 1 day", "2011-10-30T22:59:00Z", "pass 23h59m0s | the newest sold_on is 23 hours 59 minutes old"},
		{"freshness(sold_on) < 1 day", "2011-10-30T23:01:00Z", "warn 24h1m0s | the newest sold_on is 1 day 1 minute old, expected at most 1 day"},
		{"freshness(sold_at) < 1 day", "2011-10-30T22:01:00Z", "warn 24h1m0s | the newest sold_at is 1 day 1 minute old, expected at most 1 day"},
	} {
		at, err := time.Parse(time.RFC3339, c.asOf)
		if err != nil {
			t.Fatal(err)
		}
		s.AsOf = at
		compare(t, c.asOf, check(t, d, s, line(t, c.rule))[0], c.want)
	}
}
