package check

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
)

// past is a History made by hand.
type past struct {
	values []state.Value
	asked  state.ValuesQuery
}

func (p *past) Values(_ context.Context, q state.ValuesQuery) ([]state.Value, error) {
	p.asked = q
	var out []state.Value
	for _, v := range p.values {
		if !v.At.Before(q.Since) && v.At.Before(q.Before) {
			out = append(out, v)
		}
	}
	return out, nil
}

func TestDeviationFromHistory(t *testing.T) {
	d, s := open(t)
	rule := line(t, "sum(amount) within 2.5 stddev of last 14 days")
	days := func(n int, values ...float64) *past {
		p := &past{}
		for i := n; i > 0; i-- {
			p.values = append(p.values, state.Value{At: s.AsOf.AddDate(0, 0, -i), Number: values[i%len(values)]})
		}
		return p
	}
	late := &past{} // each day is evaluated twice; the first would make 55.30 usual
	for _, v := range days(14, 1000, 1500, 2000).values {
		late.values = append(late.values, state.Value{At: v.At.Add(-time.Hour), Number: 55.3}, v)
	}
	today := days(14, 50, 55, 60)
	today.values = append(today.values, state.Value{At: s.AsOf.Add(-time.Hour), Number: 1e9})
	for _, c := range []struct {
		name    string
		history History
		want    string
	}{
		{"no store", nil, "error  | could not be evaluated: there is no history of evaluations to compare with"},
		{"none yet", &past{}, "learning 55.30 | sum(amount) is learning: fewer than 7 of the 14 days before have a value"},
		{"six days", days(6, 50, 55, 60), "learning 55.30 | sum(amount) is learning: fewer than 7 of the 14 days before have a value"},
		{"usual", days(14, 50, 55, 60), "pass 55.30 | sum(amount) is usual"},
		{"too low", days(14, 1000, 1500, 2000), "warn 55.30 | sum(amount) is 55.30, usual is 499.79 to 2,571.64 (mean 1,535.71, 2.5 stddev, 14 days)"},
		{"constant", days(14, 45), "warn 55.30 | sum(amount) is 55.30, usual is 45.00 to 45.00 (mean 45.00, 2.5 stddev, 14 days)"},
		{"constant and near", days(14, 54), "pass 55.30 | sum(amount) is usual"},
		{"last of the day counts", late, "warn 55.30 | sum(amount) is 55.30, usual is 499.79 to 2,571.64 (mean 1,535.71, 2.5 stddev, 14 days)"},
		{"today is not its own past", today, "pass 55.30 | sum(amount) is usual"},
		{"too old", days(40, 50, 55, 60), "pass 55.30 | sum(amount) is usual"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.Checks = []project.Check{rule}
			results, err := (&Checker{Engine: d, Capabilities: duckCapabilities, History: c.history}).Check(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, c.name, results[0], c.want)
			if p, ok := c.history.(*past); ok && (!p.asked.PublishedOnly || p.asked.Check != rule.Name) {
				t.Errorf("asked %+v", p.asked)
			}
			if c.history != nil && (len(results[0].Segments) != 1 || results[0].Segments[0].Number != 55.3) {
				t.Errorf("the value is kept for the future: %+v", results[0].Segments)
			}
		})
	}
}

func TestDeviationBySegmentFromHistory(t *testing.T) {
	d, s := open(t)
	s.Checks = []project.Check{line(t, "count(*) by country within 2.5 stddev of last 14 days")}
	p := &past{}
	for i := 14; i > 0; i-- {
		at := s.AsOf.AddDate(0, 0, -i)
		p.values = append(p.values, state.Value{At: at, Segment: "country = 'France'", Number: 2 + 0.1*float64(i%3)},
			state.Value{At: at, Segment: "country = 'Germany'", Number: 40 + float64(i%3)},
			state.Value{At: at, Segment: "country = 'Norway'", Number: 3})
		if i < 4 {
			p.values = append(p.values, state.Value{At: at, Segment: "country = 'Spain'", Number: 900})
		}
	}
	results, err := (&Checker{Engine: d, Capabilities: duckCapabilities, History: p}).Check(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range results[0].Segments {
		got = append(got, fmt.Sprintf("%s %s %s", g.Segment, g.Value, g.Status))
	}
	want := []string{
		"country = 'Norway' missing warn", "country = 'Germany' 1 warn",
		"country = 'France' 2 pass", "country = 'Spain' 1 learning", "country is empty 1 learning",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if r := results[0]; r.Status != state.Warn || r.Failing != 2 || !strings.Contains(r.Message, "for country = 'Norway' is missing, usual is") {
		t.Errorf("%+v", r)
	}
}

// sales makes a table with so many rows a day; a negative number is a day
// without any.
func sales(t *testing.T, d *duck, first string, perDay ...int) Subject {
	t.Helper()
	d.exec(t, "create or replace table sales (sold_at timestamptz, shop varchar, amount decimal(18,2))")
	for i, n := range perDay {
		if n > 0 {
			d.exec(t, fmt.Sprintf("insert into sales select timestamptz '%s 12:00:00 Europe/London' + interval '%d' day, case when i %% 2 = 0 then 'a' else 'b' end, 1 from range(%d) r(i)", first, i, n))
		}
	}
	return d.subject(t, "shop.sales", engine.Relation{Schema: "main", Name: "sales"})
}

func TestDeviationOverTestsTheNewestCompleteDay(t *testing.T) {
	d := openDuck(t)
	perDay := []int{50, 52, 48, 51, 49, 50, 53, 47, 50, 52, 48, 51, 49, 50, 500}
	s := sales(t, d, "2011-06-15", perDay...) // the last day is the 29th
	at := func(text string) time.Time {
		out, err := time.ParseInLocation("2006-01-02 15:04", text, s.TimeZone)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	rule := line(t, "row_count over sold_at within 2.5 stddev of last 14 days")
	christmas := func(day time.Time) bool { return day.Day() == 30 }
	for _, c := range []struct {
		name   string
		asOf   string
		closed func(time.Time) bool
		want   string
	}{
		{"the day is not over", "2011-06-29 23:59", nil, "pass 50 | count(*) on 2011-06-28 is usual"},
		{"just over, while it is 23:01 in UTC", "2011-06-30 00:01", nil, "warn 500 | count(*) on 2011-06-29 is 500, usual is 45.73 to 54.27 (mean 50.00, 2.5 stddev, 14 days)"},
		{"data ends earlier", "2011-07-03 09:00", nil, "warn 500 | count(*) on 2011-06-29 is 500, usual is 45.73 to 54.27 (mean 50.00, 2.5 stddev, 14 days)"},
		{"a closed day by the calendar", "2011-07-01 09:00", christmas, "warn 500 | count(*) on 2011-06-29 is 500, usual is 45.73 to 54.27 (mean 50.00, 2.5 stddev, 14 days)"},
		{"an open day without rows", "2011-07-02 09:00", christmas, "warn missing | count(*) on 2011-07-01 is missing, usual is"},
		{"before everything", "2011-06-15 09:00", nil, "learning  | there is no complete day to test yet"},
		{"few days", "2011-06-20 09:00", nil, "learning 49 | count(*) on 2011-06-19 is learning: fewer than 7 of the 14 days before have a value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.AsOf, s.Closed = at(c.asOf), c.closed
			r := check(t, d, s, rule)[0]
			if got := fmt.Sprintf("%s %s | %s", r.Status, r.Value, r.Message); !strings.HasPrefix(got, c.want) {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
			if len(r.Segments) > 1 {
				t.Errorf("days of a column need no history of results: %v", r.Segments)
			}
		})
	}
}

func TestARegularSegmentThatIsMissingFails(t *testing.T) {
	d := openDuck(t)
	s := sales(t, d, "2011-06-15", 50, 52, 48, 51, 49, 50, 53, 47, 50, 52, 48, 51, 49, 50, 50)
	d.exec(t, "delete from sales where shop = 'b' and cast(sold_at as date) = date '2011-06-29'")
	d.exec(t, "insert into sales values (timestamptz '2011-06-20 12:00:00 Europe/London', 'rare', 1e6), (timestamptz '2011-06-29 12:00:00 Europe/London', 'new', 1e6)")
	r := check(t, d, s, line(t, "sum(amount) by shop over sold_at within 2.5 stddev of last 14 days"))[0]
	if r.Status != state.Warn || r.Failing != 1 || !strings.HasPrefix(r.Message, "sum(amount) on 2011-06-29 for shop = 'b' is missing, usual is") {
		t.Errorf("%s", r.Message)
	}
}

// TestTheTestedValueIsNeverInItsBaseline: whatever the tested day holds, what
// is usual stays the same, and a gross outlier is found.
func TestTheTestedValueIsNeverInItsBaseline(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		day := time.Date(2011, 6, 30, 0, 0, 0, 0, time.UTC)
		days := rapid.IntRange(fewestDays, 60).Draw(r, "days")
		var series []daily
		for i := days + 10; i > -5; i-- {
			if i != 0 && rapid.IntRange(0, 9).Draw(r, "open") > 0 {
				series = append(series, daily{day.AddDate(0, 0, -i), rapid.Float64Range(90, 110).Draw(r, "value")})
			}
		}
		k := rapid.Float64Range(1, 4).Draw(r, "k")
		without := expectation(series, day, k, days, 1)
		x := rapid.Float64Range(-1e12, 1e12).Draw(r, "tested")
		with := expectation(append(series, daily{day, x}), day, k, days, 1)
		if diff := cmp.Diff(fmt.Sprint(without), fmt.Sprint(with)); diff != "" {
			r.Fatal(diff)
		}
		for _, d := range with.baseline {
			if !d.day.Before(day) || d.day.Before(day.AddDate(0, 0, -days)) {
				r.Fatalf("%v is in the baseline of %v", d.day, day)
			}
		}
		if with.learning {
			return
		}
		if x > with.low && x < with.high && x != 0 {
			if _, outlying := with.test(x); outlying {
				r.Fatalf("%v is within %v stddev and fails", x, k)
			}
		}
		if _, outlying := with.test(1e7); !outlying {
			r.Fatal("a hundred thousand times the usual passes")
		}
		for _, x := range []float64{0, -1e7} {
			if _, outlying := with.test(x); !outlying {
				r.Fatalf("%v passes among 90 to 110", x)
			}
		}
	})
}

// TestStudentQuantile holds the quantiles against published tables.
func TestStudentQuantile(t *testing.T) {
	for _, c := range []struct {
		tail    float64
		freedom int
		want    float64
	}{{0.025, 1, 12.706}, {0.025, 2, 4.303}, {0.005, 5, 4.032}, {0.01, 6, 3.143}, {0.0005, 10, 4.587}, {0.025, 30, 2.042}, {0.005, 60, 2.660}} {
		if got := studentQuantile(c.tail, c.freedom); math.Abs(got-c.want) > 0.001 {
			t.Errorf("t(%v, %d) = %.4f, want %v", c.tail, c.freedom, got, c.want)
		}
	}
	if got := predictionFactor(2.5, 10_000, 1); math.Abs(got-2.5) > 0.01 {
		t.Errorf("with a long history K is K: %v", got)
	}
}
