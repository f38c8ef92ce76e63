package check

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
)

// The real shop: a UK online shop without Saturdays, with Christmas gaps and
// countries that rarely order (UCI repository 352 and 502). The method of
// expectation was chosen looking at both years: what is counted here says that
// it still does what it did, not how it does on a shop never seen.
const (
	laterYear   = "(from read_csv('%s/uci_online_retail/by-day/*.csv*', all_varchar = true) where InvoiceDate < '2011-07-01')"
	earlierYear = "(select Quantity, Price as UnitPrice, InvoiceDate, Country from read_parquet('%s/uci_online_retail_ii/online_retail_II.parquet'))"
)

// realShop loads the lines, and their sums by day and country as daily: the
// rules below mean the same on both, and run 600 days quickly on the second.
func realShop(t *testing.T, source string) (*duck, Subject) {
	t.Helper()
	data := cmp.Or(os.Getenv("LARDER_DATA"), "../../../shared/data")
	if _, err := os.Stat(filepath.Join(data, "uci_online_retail", "by-day")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the UCI data is not at %s: set LARDER_DATA", data)
		}
		t.Skipf("the UCI data is not at %s: set LARDER_DATA to try the deviations on it", data)
	}
	d := openDuck(t)
	d.exec(t, `create table sales as select quantity::integer as quantity, unitprice::decimal(18,3) as unit_price,
		invoicedate::timestamp as sold_at, country from `+fmt.Sprintf(source, data))
	d.exec(t, `create table daily as select cast(sold_at as date) as sold_at, country, count(*) as lines,
		sum(quantity * unit_price) as amount from sales group by 1, 2`)
	return d, d.subject(t, "shop.sales", engine.Relation{Schema: "main", Name: "daily"})
}

// tolerated is how many of 100 trading days may warn: 1.2 would by chance if
// days were normally distributed. Of the six found in the sums of the earlier
// year, two are bad debts written off as one negative invoice.
const tolerated = 2.1

func usualRules(t *testing.T, days int) []project.Check {
	var out []project.Check
	for _, text := range []string{"sum(lines)", "sum(amount)", "sum(amount) by country"} {
		out = append(out, line(t, fmt.Sprintf("%s over sold_at within 2.5 stddev of last %d days", text, days)))
	}
	return out
}

// spoken is how often each rule warned, by year and length of the baseline. On
// the 474 trading days that is 1.2 % for lines and 1.5 % for amounts at 28 days.
var spoken = map[string]map[string]int{
	"later year, 14 days":   {"sum(lines)": 2, "sum(amount)": 1, "sum(amount) by country": 5},
	"later year, 28 days":   {"sum(lines)": 2, "sum(amount)": 2, "sum(amount) by country": 4},
	"earlier year, 14 days": {"sum(lines)": 3, "sum(amount)": 6, "sum(amount) by country": 12},
	"earlier year, 28 days": {"sum(lines)": 6, "sum(amount)": 6, "sum(amount) by country": 10},
}

// TestOrdinaryDaysOfARealShopAreSilent runs every calendar day as today, the
// Saturdays and the Christmas gap included, without a business calendar and
// with one that knows the holidays. The Saturdays nobody told it about.
func TestOrdinaryDaysOfARealShopAreSilent(t *testing.T) {
	for name, source := range map[string]string{"later year": laterYear, "earlier year": earlierYear} {
		for _, days := range []int{14, 28} {
			name := fmt.Sprintf("%s, %d days", name, days)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d, s := realShop(t, source)
				trading := tradingDays(t, d)
				for _, closed := range []func(time.Time) bool{nil, holidays(trading)} {
					s.Closed = closed
					if closed != nil && days == 14 {
						continue
					}
					warned := warnings(t, d, s, trading, usualRules(t, days))
					for _, rule := range usualRules(t, days) {
						messages := warned[rule.Name]
						rate := 100 * float64(len(messages)) / float64(len(trading))
						t.Logf("%s: %.1f of 100 trading days warn (%d of %d)\n\t%s", rule.Name, rate, len(messages), len(trading), strings.Join(messages, "\n\t"))
						value, _, _ := strings.Cut(rule.Name, " over")
						if want := spoken[name][value]; len(messages) != want {
							t.Errorf("%s warns on %d days, not %d", rule.Name, len(messages), want)
						}
						if rate > tolerated && len(rule.Rule.By) == 0 || rate > 2*tolerated {
							t.Errorf("%s: %.1f of 100 trading days warn", rule.Name, rate)
						}
					}
				}
			})
		}
	}
}

// holidays are the days other than Saturdays on which nothing was sold.
func holidays(trading []time.Time) func(time.Time) bool {
	return func(day time.Time) bool { return day.Weekday() != time.Saturday && !slices.Contains(trading, day) }
}

// warnings runs the rules on every calendar day and returns, per rule, what
// was warned of, once for each tested day.
func warnings(t *testing.T, d *duck, s Subject, trading []time.Time, rules []project.Check) map[string][]string {
	t.Helper()
	warned := map[string][]string{}
	for day := trading[0].AddDate(0, 0, 1); !day.After(trading[len(trading)-1].AddDate(0, 0, 1)); day = day.AddDate(0, 0, 1) {
		s.AsOf = day.Add(9 * time.Hour)
		for _, r := range check(t, d, s, rules...) {
			switch r.Status {
			case state.Pass, state.Learning:
			case state.Warn:
				about, _, _ := strings.Cut(r.Message, ", usual is")
				if !slices.Contains(warned[r.Check], about) {
					warned[r.Check] = append(warned[r.Check], about)
				}
			default:
				t.Fatalf("%s: %s", r.Check, r.Message)
			}
		}
	}
	return warned
}

// TestDeviationsOfRawLines holds the daily sums used above against the lines.
func TestDeviationsOfRawLines(t *testing.T) {
	t.Parallel()
	d, s := realShop(t, laterYear)
	s.AsOf = time.Date(2011, 5, 13, 9, 0, 0, 0, time.UTC)
	want := check(t, d, s, line(t, "sum(amount) by country over sold_at within 2.5 stddev of last 28 days"))[0]
	raw := d.subject(t, "shop.sales", engine.Relation{Schema: "main", Name: "sales"})
	raw.AsOf = s.AsOf
	got := check(t, d, raw, line(t, "sum(quantity * unit_price) by country over sold_at within 2.5 stddev of last 28 days"))[0]
	_, wantRest, _ := strings.Cut(want.Message, ") on")
	_, gotRest, _ := strings.Cut(got.Message, ") on")
	if want.Status != state.Warn || wantRest != gotRest || gotRest == "" {
		t.Errorf("\n got %s\nwant %s", got.Message, want.Message)
	}
}

func tradingDays(t *testing.T, d *duck) []time.Time {
	t.Helper()
	batch, err := engine.ReadAll(t.Context(), d, "select distinct sold_at from daily order by 1", 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []time.Time
	for _, row := range batch.Rows {
		out = append(out, row[0].(time.Time))
	}
	return out
}

// TestFaultsOfARealShopAreFound puts a fault into each trading day in turn, in
// both years, in rows and in sums, against 14 and 28 days, and counts how often it is
// found. Days that vary by 40 % hide half a load, and a day loaded twice, from any
// rule of 2.5 standard deviations: the floors say what is to be expected.
func TestFaultsOfARealShopAreFound(t *testing.T) {
	t.Parallel()
	faults := []struct {
		name    string
		inject  func(float64) float64
		atLeast float64
	}{
		{"amounts x 100", func(v float64) float64 { return 100 * v }, 0.99},
		{"amounts x 10", func(v float64) float64 { return 10 * v }, 0.94},
		{"a day loaded four times", func(v float64) float64 { return 4 * v }, 0.7},
		{"a day loaded twice", func(v float64) float64 { return 2 * v }, 0.2},
		{"half the rows missing", func(v float64) float64 { return v / 2 }, 0.03},
		{"nothing at all", func(float64) float64 { return 0 }, 0.9},
	}
	found, tested := make([]int, len(faults)), 0
	for _, source := range []string{laterYear, earlierYear} {
		d, _ := realShop(t, source)
		for _, value := range []string{"sum(lines)", "sum(amount)"} {
			series := dailySeries(t, d, value)
			for _, days := range []int{14, 28} {
				for _, one := range series {
					u := expectation(series, one.day, 2.5, days, 1)
					if u.learning {
						continue
					}
					tested++
					for i, f := range faults {
						if _, outlying := u.test(f.inject(one.value)); outlying {
							found[i]++
						}
					}
				}
			}
		}
	}
	for i, f := range faults {
		recall := float64(found[i]) / float64(tested)
		t.Logf("%s: found on %.2f of %d days", f.name, recall, tested)
		if recall < f.atLeast {
			t.Errorf("%s: found on %.2f of %d days only", f.name, recall, tested)
		}
	}
}

func dailySeries(t *testing.T, d *duck, value string) []daily {
	t.Helper()
	batch, err := engine.ReadAll(t.Context(), d, "select sold_at, "+value+" from daily group by 1 order by 1", 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []daily
	for _, row := range batch.Rows {
		n, err := number(row[1])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, daily{row[0].(time.Time), float(n)})
	}
	return out
}

// TestAMissingDayOfARealShop takes every trading day away in turn. With the
// business calendar each is missed; without one a day without rows cannot be
// told from a holiday, and none is.
func TestAMissingDayOfARealShop(t *testing.T) {
	t.Parallel()
	d, s := realShop(t, laterYear)
	trading := tradingDays(t, d)
	rule := usualRules(t, 28)[0]
	for _, closed := range []func(time.Time) bool{holidays(trading), nil} {
		missed, tested := 0, 0
		for _, day := range trading[40:] {
			d.exec(t, "create or replace view without as select * from daily where sold_at < date '"+day.Format(time.DateOnly)+"'")
			s.Relation.Name, s.Closed, s.AsOf = "without", closed, day.AddDate(0, 0, 1).Add(9*time.Hour)
			tested++
			if r := check(t, d, s, rule)[0]; strings.Contains(r.Message, day.Format(time.DateOnly)+" is missing") {
				missed++
			}
		}
		want := tested
		if closed == nil {
			want = 0
		}
		if missed != want {
			t.Errorf("calendar %v: %d of %d missing days are found, want %d", closed != nil, missed, tested, want)
		}
	}
}

// TestFaultsOfACountryAreFound puts a fault into one country on each trading day
// in turn, 28 days and more after the first, through the rule as it would run,
// and pins on how many of those days the rule names the country. A day of the
// home market varies by 37 %, so that one half of it is ordinary; what has no row
// or a hundredfold amount is not. A smaller market that orders on some days only
// can be found too large, never missing.
func TestFaultsOfACountryAreFound(t *testing.T) {
	t.Parallel()
	d, s := realShop(t, laterYear)
	s.Relation.Name = "faulty"
	trading := tradingDays(t, d)[28:]
	rules := []project.Check{
		line(t, "sum(amount) by country over sold_at within 2.5 stddev of last 28 days"),
		line(t, "sum(lines) by country over sold_at within 2.5 stddev of last 28 days"),
	}
	for _, c := range []struct {
		name, country string
		change        string // of the lines and amounts of the day, %s
		want          [2]int // days on which amounts, and numbers of lines, are called unusual
	}{
		{"untouched", "United Kingdom", "lines, amount", [2]int{0, 1}},
		{"doubled", "United Kingdom", "2 * lines as lines, 2 * amount as amount", [2]int{12, 28}},
		{"three times", "United Kingdom", "3 * lines as lines, 3 * amount as amount", [2]int{47, 93}},
		{"halved", "United Kingdom", "lines // 2 as lines, amount / 2 as amount", [2]int{0, 0}},
		{"a tenth", "United Kingdom", "lines // 10 as lines, amount / 10 as amount", [2]int{0, 17}},
		{"prices in pence", "United Kingdom", "lines, 100 * amount as amount", [2]int{139, 1}},
		{"missing", "United Kingdom", "", [2]int{116, 132}},
		{"untouched", "Germany", "lines, amount", [2]int{1, 0}},
		{"prices in pence", "Germany", "lines, 100 * amount as amount", [2]int{69, 0}},
	} {
		var got [2]int
		for _, day := range trading {
			is := fmt.Sprintf("sold_at = date '%s' and country = '%s'", day.Format(time.DateOnly), c.country)
			view := "create or replace view faulty as select sold_at, country, lines, amount from daily where not (" + is + ")"
			if c.change != "" {
				view += " union all select sold_at, country, " + c.change + " from daily where " + is
			}
			d.exec(t, view)
			s.AsOf = day.AddDate(0, 0, 1).Add(9 * time.Hour)
			for i, r := range check(t, d, s, rules...) {
				if slices.ContainsFunc(r.Segments, func(g state.SegmentResult) bool { return g.Segment == "country = '"+c.country+"'" }) {
					got[i]++
				}
			}
		}
		t.Logf("%s, %s: %d and %d of %d days", c.country, c.name, got[0], got[1], len(trading))
		if got != c.want {
			t.Errorf("%s, %s: found on %v days, not %v", c.country, c.name, got, c.want)
		}
	}
}
