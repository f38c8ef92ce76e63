package shop

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/fault"
)

func simulate(t testing.TB, dir string, options Options) Summary {
	t.Helper()
	summary, err := Simulate(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	return summary
}

func TestSameSeedSameBytes(t *testing.T) {
	options := Options{Days: 35, Seed: 7, Scale: 0.1}
	one, two, other := t.TempDir(), t.TempDir(), t.TempDir()
	first := simulate(t, one, options)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	second := simulate(t, two, options)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
	files := tree(t, one)
	if diff := cmp.Diff(files, tree(t, two)); diff != "" {
		t.Error("the same seed gave other bytes")
	}
	if len(files) != first.Files {
		t.Errorf("%d files, the summary says %d", len(files), first.Files)
	}
	options.Seed++
	simulate(t, other, options)
	if cmp.Equal(files, tree(t, other)) {
		t.Error("another seed gave the same bytes")
	}
}

// One more day must look like the next morning's delivery: files of past days
// and months stay as they are, untouched; open months only get longer.
func TestAnotherDayOnlyAdds(t *testing.T) {
	dir := t.TempDir()
	simulate(t, dir, Options{Days: 59, Scale: 0.1})
	before := tree(t, dir)
	past := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for name := range before {
		if err := os.Chtimes(filepath.Join(dir, name), past, past); err != nil {
			t.Fatal(err)
		}
	}
	summary := simulate(t, dir, Options{Days: 60, Scale: 0.1})
	if summary.Last != "2025-03-01" {
		t.Fatalf("the last day is %s", summary.Last)
	}
	after := tree(t, dir)
	for name, text := range before {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if after[name] != text || !info.ModTime().Equal(past) {
			t.Errorf("%s changed", name)
		}
	}
	for name := range after {
		if _, old := before[name]; !old && !strings.Contains(name, "2025-03") {
			t.Errorf("%s is new", name)
		}
	}
	if want := len(before) + 16; len(after) != want { // a file of each table
		t.Errorf("%d files, want %d", len(after), want)
	}

	simulate(t, dir, Options{Days: 61, Scale: 0.1})
	longer := tree(t, dir)
	for name, text := range after {
		if !strings.HasSuffix(name, ".gz") && !strings.HasPrefix(longer[name], text) {
			t.Errorf("%s lost something", name)
		}
	}
}

// plausible holds the default shop against what the demo needs of it.
func plausible(t *testing.T, s Summary) {
	if s.First != "2025-01-01" || s.Last != "2025-04-30" || s.Days != 120 {
		t.Errorf("simulated %s to %s", s.First, s.Last)
	}
	if s.Files > 600 || s.Rows < 150_000 || s.Rows > 250_000 {
		t.Errorf("%d files with %d rows", s.Files, s.Rows)
	}
	if s.Orders < 6000 || s.NewMembers < 1000 || s.Members < 2000 || s.NetSales < 200_000_00 {
		t.Errorf("hardly a shop: %d orders, %d members, %s", s.Orders, s.Members, Money(s.NetSales))
	}
	month := func(prefix string) (orders int) {
		for key, sales := range s.Truth.NetSales {
			if strings.HasPrefix(key.Day, prefix) {
				orders += sales.Orders
			}
		}
		return orders
	}
	if january, april := month("2025-01"), month("2025-04"); april*100 < january*115 {
		t.Errorf("no growth: %d orders in January, %d in April", january, april)
	}
}

func TestScale(t *testing.T) {
	small := simulate(t, t.TempDir(), Options{Days: 10, Scale: 0.5})
	large := simulate(t, t.TempDir(), Options{Days: 10, Scale: 2})
	if ratio := float64(large.Orders) / float64(small.Orders); ratio < 3.4 || ratio > 4.6 {
		t.Errorf("four times the scale gave %.2f times the orders", ratio)
	}
	if small.Files != large.Files {
		t.Errorf("%d files at a small scale, %d at a large one", small.Files, large.Files)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	for name, options := range map[string]Options{
		"negative days": {Days: -1}, "a century": {Days: 36500}, "no scale": {Scale: -1}, "too large": {Scale: 5000},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := Simulate(dir, options); fault.KindOf(err) != fault.Invalid {
				t.Errorf("got %v, want an Invalid error", err)
			}
			if len(tree(t, dir)) > 0 {
				t.Error("something was written")
			}
		})
	}
}

func TestSimulateWhereItCannot(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "data"), []byte("a file"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Simulate(dir, Options{Days: 1}); err == nil {
		t.Error("no error although nothing could be written")
	}
}

// What the seasons do to the shop, on dates anybody can look up.
func TestCalendar(t *testing.T) {
	day := func(text string) time.Time {
		date, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return date
	}
	for _, text := range []string{
		"2025-01-01", "2025-04-18", "2025-04-21", "2025-05-05", "2025-05-26", "2025-08-25", "2025-12-25", "2025-12-26",
		"2024-03-29", "2024-04-01", "2026-04-03", "2026-04-06",
	} {
		if !holiday(day(text)) || working(day(text)) {
			t.Errorf("%s is a holiday", text)
		}
	}
	for _, text := range []string{"2025-04-20", "2025-05-12", "2025-05-19", "2025-12-24", "2025-08-18"} {
		if holiday(day(text)) {
			t.Errorf("%s is no holiday", text)
		}
	}
	if banking(day("2025-05-10")) || !working(day("2025-05-10")) {
		t.Error("parcels leave on Saturdays, and banks rest")
	}
	if rhythm(day("2025-12-19")) <= rhythm(day("2025-11-21")) || rhythm(day("2025-12-25")) >= rhythm(day("2025-12-11")) {
		t.Error("Christmas passes unnoticed")
	}
}

// On the night the clocks change, a day's instants must stay within the day.
func TestClockKeepsTheDay(t *testing.T) {
	for day, want := range map[string][2]string{
		"2025-03-30": {"2025-03-30T00:00:00Z", "2025-03-30T22:59:59Z"},
		"2025-10-26": {"2025-10-25T23:00:00Z", "2025-10-26T23:59:59Z"},
		"2025-07-01": {"2025-06-30T23:00:00Z", "2025-07-01T22:59:59Z"},
	} {
		date, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		s := &simulation{zone: london(), date: date}
		if got := [2]string{s.clock(0), s.clock(86399)}; got != want {
			t.Errorf("%s runs from %v, want %v", day, got, want)
		}
	}
}
