package http_test

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/fault"
)

const incremental = `
tables:
  orders:
    path: /orders
    records: data
    key: id
    total: total
    page: {kind: cursor, param: after, from: next, size_param: n, size: 3}
    since: {param: since, column: updated_at%s}
    columns: {id: bigint, total: 'decimal(18,2)', updated_at: timestamptz}
`

func TestSinceAPosition(t *testing.T) {
	for _, exclusive := range []bool{false, true} {
		for _, lookback := range []string{"", ", lookback: 10 minutes"} {
			t.Run(fmt.Sprint(exclusive, lookback), func(t *testing.T) {
				s := newShop()
				s.exclusive = exclusive
				d := newDock(t, s, fmt.Sprintf(incremental, lookback))
				d.landed("orders") // nothing yet
				for i := range 5 {
					s.put(i, minute(10*i), fmt.Sprintf("%d.50", i))
				}
				d.landed("orders")
				d.has(current, s.truth()...)
				for range 3 {
					d.landed("orders") // nothing new
				}
				d.sameLoads("orders", "from the beginning: 5 count")
				s.put(2, minute(50), "20.00") // changed
				s.put(9, minute(51), "9.00")  // new
				d.landed("orders")
				d.landed("orders")
				d.has(current, s.truth()...)
				if got := d.loads("orders"); len(got) != 2 {
					t.Error(got)
				}
			})
		}
	}
}

// Late records, at a position that was passed, come with the lookback; a
// record that was deleted goes with the next reread.
func TestLookbackAndReread(t *testing.T) {
	s := newShop()
	d := newDock(t, s, fmt.Sprintf(incremental, ", lookback: 1 hour")+"    reread: 2 days\n")
	s.put(1, minute(0), "1.00")
	s.put(2, minute(100), "2.00")
	d.landed("orders")
	s.put(3, minute(70), "3.00")
	d.landed("orders")
	d.has(current, s.truth()...)
	delete(s.orders, 1)
	s.put(4, minute(200), "4.00")
	d.landed("orders")
	if got := d.rows(current); len(got) != 4 {
		t.Errorf("%v: deleted without a reread?", got)
	}
	d.clock.now = d.clock.now.Add(48 * time.Hour)
	d.landed("orders")
	d.has(current, s.truth()...)
	before := len(d.loads("orders"))
	d.landed("orders")
	if got := d.loads("orders"); len(got) != before || !strings.HasPrefix(got[before-1], "everything on 2026-03-12") {
		t.Error(got)
	}
}

const byDay = `
tables:
  orders:
    path: /orders
    records: data
    total: total
    page: {kind: cursor, param: after, from: next}
    windows: {of: 1 day, from_param: from, to_param: to, start: 2026-03-08, lookback: 1 day}
    columns: {id: bigint, total: 'decimal(18,2)', updated_at: timestamptz}
`

func TestWindows(t *testing.T) {
	s := newShop()
	d := newDock(t, s, byDay) // the first run is on 2026-03-10 at 10:00
	at := func(dayOf, hour int) time.Time { return time.Date(2026, 3, dayOf, hour, 0, 0, 0, time.UTC) }
	s.put(1, at(8, 1), "1.00")
	s.put(2, at(9, 2), "2.00")
	s.put(3, at(10, 3), "3.00")
	d.landed("orders")
	d.sameLoads("orders", "2026-03-08: 1 count", "2026-03-09: 1 count", "2026-03-10: 1 count")
	s.put(4, at(9, 4), "4.00")   // restated
	s.put(5, at(8, 5), "5.00")   // later than the lookback: not seen
	s.put(3, at(10, 3), "33.00") // restated
	s.asked = nil
	d.landed("orders")
	d.has(current, "1 1.00", "2 2.00", "4 4.00", "3 33.00")
	if len(s.asked) != 2 || s.asked[0] != "/orders?from=2026-03-09&to=2026-03-10" {
		t.Error(s.asked)
	}
	d.clock.now = at(14, 1) // days later, the last of which was not over then
	s.put(6, at(10, 23), "6.00")
	s.put(7, at(13, 1), "7.00")
	d.landed("orders")
	d.has(current, "1 1.00", "2 2.00", "4 4.00", "3 33.00", "6 6.00", "7 7.00")
	if got := d.loads("orders"); !slices.Contains(got, "2026-03-12: 0 count") {
		t.Errorf("a day without a record has a load, too: %v", got)
	}
	s.spoil = func(*http.Request, []order) []order { return nil }
	d.fails("orders", fault.Held, "and 0 came")
	d.has(current, "1 1.00", "2 2.00", "4 4.00", "3 33.00", "6 6.00", "7 7.00")
}

func TestMisbehaviour(t *testing.T) {
	type spoiling = func(r *http.Request, page []order) []order
	once := func(spoil spoiling) spoiling {
		done := false
		return func(r *http.Request, page []order) []order {
			if done || r.URL.Query().Get("after") == "" {
				return page
			}
			done = true
			return spoil(r, page)
		}
	}
	always := func(spoil spoiling) spoiling {
		return func(r *http.Request, page []order) []order {
			if r.URL.Query().Get("after") == "" {
				return page
			}
			return spoil(r, page)
		}
	}
	var first []order
	half := func(_ *http.Request, page []order) []order { return page[:len(page)/2] }
	skip := func(*http.Request, []order) []order { return nil }
	again := func(*http.Request, []order) []order { return first }
	for name, c := range map[string]struct {
		spoil spoiling
		held  string
	}{
		"half a page once":    {once(half), ""},
		"half pages":          {always(half), "it says it has 7 records, and 4 came"},
		"a page left out":     {once(skip), ""},
		"pages left out":      {always(skip), "it says it has 7 records, and 3 came"},
		"the first one again": {once(again), ""},
		"always the first":    {always(again), "page 2 repeats page 1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop()
			for i := range 7 {
				s.put(i, minute(i), fmt.Sprintf("%d.00", i))
			}
			first = []order{s.orders[0], s.orders[1], s.orders[2]}
			s.spoil = c.spoil
			d := newDock(t, s, fmt.Sprintf(incremental, ""))
			if c.held == "" {
				d.landed("orders")
				d.has(current, s.truth()...)
				return
			}
			d.fails("orders", fault.Held, c.held, "asked 3 times")
			if got := d.loads("orders"); len(got) > 0 {
				t.Error(got)
			}
			s.spoil = nil
			d.landed("orders")
			d.has(current, s.truth()...)
		})
	}
}

// Whatever changes between runs and within them, however pages are cut and
// sorted, the lake ends as the vendor's truth.
func TestTheLakeEndsAsTheTruth(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := newShop()
		s.exclusive = rapid.Bool().Draw(r, "exclusive")
		sorted := rapid.IntRange(0, 2).Draw(r, "order")
		switch sorted {
		case 1:
			s.order = func(a, b order) int { return cmp.Compare(b.ID, a.ID) }
		case 2:
			s.order = func(a, b order) int { return cmp.Or(cmp.Compare(a.ID%3, b.ID%3), cmp.Compare(a.ID, b.ID)) }
		}
		size := rapid.IntRange(1, 5).Draw(r, "size")
		kind := rapid.SampledFrom([]string{
			"{kind: cursor, param: after, from: next, size_param: n, size: %d}", "{kind: offset, param: after, size_param: n, size: %d}",
		}).Draw(r, "kind")
		s.keyset = strings.HasPrefix(kind, "{kind: cursor")
		how := rapid.SampledFrom([]string{
			"", "    since: {param: since, column: updated_at}\n", "    since: {param: since, column: updated_at, lookback: 10 minutes}\n",
		}).Draw(r, "how")
		yaml := "tables:\n  orders:\n    path: /orders\n    records: data\n    total: total\n    key: id\n    page: " + fmt.Sprintf(kind, size) +
			"\n    columns: {id: bigint, total: 'decimal(18,2)', updated_at: timestamptz}\n" + how
		d := newDock(t, s, yaml)
		now := 0
		for range rapid.IntRange(1, 4).Draw(r, "runs") {
			for range rapid.IntRange(0, 6).Draw(r, "changes") {
				now++
				s.put(rapid.IntRange(1, 12).Draw(r, "id"), minute(now), fmt.Sprintf("%d.%02d", rapid.IntRange(0, 99).Draw(r, "total"), now%100))
			}
			left := rapid.IntRange(0, 2).Draw(r, "while it is read")
			if sorted != 0 && strings.HasSuffix(how, "updated_at}\n") {
				left = 0 // what changes while it is read needs a lookback, unless the newest come last
			}
			late := rapid.IntRange(1, 12).Draw(r, "late")
			s.between = func() { // a record that comes between two pages
				if left > 0 {
					left--
					now++
					s.put(late, minute(now), fmt.Sprintf("%d.01", now))
				}
			}
			if _, err := d.land("orders"); err != nil && fault.KindOf(err) != fault.Held {
				r.Fatalf("%v", err)
			}
		}
		s.between = nil
		d.landed("orders")
		if want := s.truth(); len(want) > 0 {
			got := d.rows(current)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				r.Fatalf("got %v, want %v; loads %v; asked %s", got, want, d.loads("orders"), s.asked)
			}
		}
	})
}
