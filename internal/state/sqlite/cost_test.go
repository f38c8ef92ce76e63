package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/state/sqlite"
	"github.com/larder-data/larder/internal/table"
)

// The benchmarks report, beside the wall time, the CPU time of the process per
// operation: a run of many small models may spend little beside their SQL.

// BenchmarkCalls does what one tiny model costs, call by call, as a run with
// two workers does.
func BenchmarkCalls(b *testing.B) {
	for _, c := range []struct {
		name string
		call func(s *sqlite.Store, e *state.Entry, n int) error
	}{
		{"intend", func(s *sqlite.Store, e *state.Entry, n int) (err error) {
			*e, err = s.Intend(b.Context(), tinyEntry(n))
			return err
		}},
		{"settle", func(s *sqlite.Store, e *state.Entry, _ int) error {
			return s.Settle(b.Context(), *e, state.Published, "")
		}},
		{"step", func(s *sqlite.Store, e *state.Entry, _ int) error {
			return s.SaveStep(b.Context(), stepOf(*e))
		}},
		{"record", func(s *sqlite.Store, e *state.Entry, _ int) error {
			return s.Record(b.Context(), resultsOf(*e))
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := benchStore(b)
			entries := make([]state.Entry, b.N)
			for i := range entries {
				entries[i] = tinyEntry(i)
				if c.name == "settle" {
					entries[i], _ = s.Intend(b.Context(), entries[i])
				}
			}
			measure(b, func(n int) error { return c.call(s, &entries[n], n) })
		})
	}
}

// BenchmarkModel writes all of a model with four checks down in two calls.
func BenchmarkModel(b *testing.B) {
	s := benchStore(b)
	measure(b, func(n int) error {
		e, err := s.Intend(b.Context(), tinyEntry(n))
		if err != nil {
			return err
		}
		return s.Commit(b.Context(), &state.Batch{
			Settlements: []state.Settlement{{Entry: e, State: state.Published}},
			Results:     resultsOf(e),
			Steps:       []state.Step{stepOf(e)},
		})
	})
}

func BenchmarkCurrent(b *testing.B) {
	for _, datasets := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(datasets), func(b *testing.B) {
			s := benchStore(b)
			for n := range datasets {
				batch := state.Batch{Intend: []state.Entry{wideEntry(n)}}
				if err := s.Commit(b.Context(), &batch); err != nil {
					b.Fatal(err)
				}
				if err := s.Settle(b.Context(), batch.Intend[0], state.Published, ""); err != nil {
					b.Fatal(err)
				}
			}
			before := cpu(b)
			for b.Loop() {
				entries, err := s.Current(b.Context(), "prod")
				if err != nil || len(entries) != datasets {
					b.Fatal(len(entries), err)
				}
			}
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-us/op")
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "state.db")
	if err := open(b, path).Close(); err != nil {
		b.Fatal(err)
	}
	before := cpu(b)
	for b.Loop() {
		if err := open(b, path).Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-us/op")
}

func benchStore(b *testing.B) *sqlite.Store {
	s := open(b, filepath.Join(b.TempDir(), "state.db"))
	b.Cleanup(func() { s.Close() })
	if err := s.StartRun(b.Context(), state.Run{ID: "r1", Env: "prod"}); err != nil {
		b.Fatal(err)
	}
	return s
}

// measure spreads b.N calls over two workers.
func measure(b *testing.B, call func(n int) error) {
	b.Helper()
	before := cpu(b)
	b.ResetTimer()
	var g errgroup.Group
	for worker := range 2 {
		g.Go(func() error {
			for n := worker; n < b.N; n += 2 {
				if err := call(n); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-us/op")
}

func tinyEntry(n int) state.Entry {
	columns := []table.Column{
		{Name: "id", Type: table.Type{Kind: table.BigInt}},
		{Name: "amount", Type: table.Type{Kind: table.Decimal, Precision: 18, Scale: 2}},
	}
	upstream := fmt.Sprintf("shop.model_%04d", n-1)
	return state.Entry{
		Env: "prod", Dataset: fmt.Sprintf("shop.model_%04d", n), Run: "r1", Engine: "duckdb 1.5.6",
		DataVersion: fmt.Sprintf("d%032x", n), CheckVersion: fmt.Sprintf("c%032x", n),
		SQL:      fmt.Sprintf("select id, amount + %d as amount from %s", n, upstream),
		Upstream: map[string][]table.Column{upstream: columns},
		Inputs:   []state.Input{{Dataset: upstream, Version: 1}}, Columns: columns, Rows: 100,
	}
}

// wideEntry is a model of 20 columns, unlike any other's.
func wideEntry(n int) state.Entry {
	e := tinyEntry(n)
	for i := range 18 {
		e.Columns = append(e.Columns, table.Column{Name: fmt.Sprintf("column_%d_%d", n, i), Type: table.Type{Kind: table.Varchar}})
	}
	return e
}

func stepOf(e state.Entry) state.Step {
	return state.Step{
		Run: "r1", Dataset: e.Dataset, Action: "build", Reason: "new", Outcome: state.Done,
		Started: someday, Finished: someday.Add(time.Second), Attempts: 1, Rows: 100, Version: e.Version,
	}
}

// resultsOf are four passing checks of the dataset.
func resultsOf(e state.Entry) []state.Result {
	results := make([]state.Result, 4)
	for i := range results {
		results[i] = state.Result{
			Env: "prod", Run: "r1", Dataset: e.Dataset, Check: fmt.Sprintf("required_%d", i), Rule: "required(id)",
			At: someday, Status: state.Pass, Value: "0", Expected: "0 rows", Message: "0 rows are NULL", Published: true,
			SQL: "select count(*) filter (where id is null) from " + e.Dataset,
		}
	}
	return results
}

var someday = time.Date(2024, time.July, 1, 12, 0, 0, 0, time.UTC)
