package app

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const watchedProject = `
-- larder.yml --
name: shop
-- sources/erp.yml --
kind: files
path: data
tables:
  lines:
    files: "*.csv"
    columns: {sold_on: date, amount: integer}
    fresh_within: 30 hours
    checks:
      - fresh: freshness(sold_on) < 1 day
      - usual: sum(amount) within 2.5 stddev of last 7 days
-- data/2026-03-01.csv --
sold_on,amount
2026-03-01,100
`

// A replay knows what had arrived by the end of a day, when a dataset was
// published, and what its checks measured then; it changes none of it.
func TestReplayKnowsWhatWasRecorded(t *testing.T) {
	clock := time.Date(2026, 3, 1, 18, 0, 0, 0, time.UTC)
	dir := unpack(t, watchedProject)
	for day := 1; day <= 14; day++ {
		clock = time.Date(2026, 3, day, 18, 0, 0, 0, time.UTC)
		name := clock.Format(time.DateOnly)
		amount := 100 + day%3
		switch day {
		case 9, 10: // nothing arrives
			continue
		case 13:
			amount = 9000
		}
		text := fmt.Sprintf("sold_on,amount\n%s,%d\n", name, amount)
		if err := os.WriteFile(filepath.Join(dir, "data", name+".csv"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		a := connected(t, dir, &clock)
		ran(t, a)
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	clock = clock.Add(12 * time.Hour)
	a, err := Load(t.Context(), Options{Dir: dir, Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	found, err := a.Replay(t.Context(), ReplayRequest{Dataset: "erp_lines", Days: 7})
	if err != nil {
		t.Fatal(err)
	}
	days := map[string][]string{}
	for _, r := range found.Rules {
		days[r.Check] = []string{fmt.Sprint(r.Evaluated, r.Learning, r.Empty, " ", r.NotReplayed)}
		for _, d := range r.Days {
			days[r.Check] = append(days[r.Check], d.Day[5:]+" "+string(d.Status)+" "+d.Value)
		}
	}
	want := map[string][]string{
		"fresh":     {"7 0 0 ", "03-10 warn 48h0m0s"},
		"freshness": {"7 0 0 ", "03-10 warn 54h0m0s"},
		"usual":     {"5 0 2 ", "03-13 warn 10011"},
	}
	if diff := cmp.Diff(want, days); diff != "" {
		t.Error(diff)
	}
	if found.First != "2026-03-08" || found.Last != "2026-03-14" {
		t.Errorf("%s to %s", found.First, found.Last)
	}
	runs, err := a.Runs(t.Context(), 0)
	if err != nil || len(runs) != 12 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	if _, err := a.Replay(t.Context(), ReplayRequest{Dataset: "erp_lines", Days: 7, Until: clock}); err == nil {
		t.Error("a day that is not over was replayed")
	}
}
