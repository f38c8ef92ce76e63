package check

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
)

// cpu is what the process has used so far, both cores together.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// measured runs a case and reports its CPU milliseconds.
func measured(b *testing.B, name string, run func()) {
	b.Run(name, func(b *testing.B) {
		run()
		start := cpu(b)
		for b.Loop() {
			run()
		}
		b.ReportMetric(float64((cpu(b)-start).Microseconds())/1000/float64(b.N), "cpu-ms/op")
	})
}

func bare(b *testing.B, d *duck, statements ...string) func() {
	return func() {
		for _, sql := range statements {
			if _, err := engine.ReadAll(b.Context(), d, sql, 0); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func passing(b *testing.B, d *duck, subjects ...Subject) func() {
	c := Checker{Engine: d, Capabilities: duckCapabilities, Parallel: 1}
	return func() {
		for _, s := range subjects {
			results, err := c.Check(b.Context(), s)
			if err != nil || Overall(results) != state.Pass {
				b.Fatal(results, err)
			}
		}
	}
}

// BenchmarkManySmallDatasets is 200 datasets of 1,000 rows with 4 checks each,
// against the same questions in one hand-written statement each.
func BenchmarkManySmallDatasets(b *testing.B) {
	d := openDuck(b)
	var subjects []Subject
	var fusedByHand, oneByOne []string
	for i := range 200 {
		name := fmt.Sprintf("t%d", i)
		d.exec(b, "create table "+name+" as select i::integer as id, case when i % 7 = 0 then 'open' else 'closed' end as status, (i % 1000)::decimal(18,2) as price, 'n' || i as name from range(1000) r(i)")
		s := d.subject(b, "shop."+name, engine.Relation{Schema: "main", Name: name})
		s.Rows = 1000
		s.Checks = []project.Check{line(b, "required(id)"), line(b, "unique(id)"), line(b, "accepted(status, 'open', 'closed')"), line(b, "range(price, 0, 1000)")}
		subjects = append(subjects, s)
		separate := []string{
			"select count(*) from " + name + " where id is null",
			"select coalesce(sum(n - 1), 0) from (select count(*) n from " + name + " where id is not null group by id having count(*) > 1)",
			"select count(*) from " + name + " where status not in ('open', 'closed')",
			"select count(*) from " + name + " where price < 0 or price > 1000",
		}
		oneByOne = append(oneByOne, separate...)
		fusedByHand = append(fusedByHand, fmt.Sprintf(`select * from (select count(*), count(*) - count(id), count(case when status not in ('open', 'closed') then 1 end),
			count(case when price < 0 or price > 1000 then 1 end) from %s) a, (%s) b`, name, separate[1]))
	}
	measured(b, "bare, fused", bare(b, d, fusedByHand...))
	measured(b, "bare, a statement per check", bare(b, d, oneByOne...))
	measured(b, "checker", passing(b, d, subjects...))
}

// BenchmarkOneLargeDataset is 1M rows x 8 columns with 20 checks.
func BenchmarkOneLargeDataset(b *testing.B) {
	d := openDuck(b)
	d.exec(b, `create table big as select i::bigint as id, case when i % 7 = 0 then 'open' else 'closed' end as status, (i % 1000)::decimal(18,2) as price,
		(i * 7 % 1000)::decimal(18,2) as amount, 'SKU' || (i % 5000) as sku, date '2020-01-01' + (i // 3000)::integer as sold_on, (i % 37)::integer as shop, 'name' || i as name from range(1000000) r(i)`)
	s := d.subject(b, "shop.big", engine.Relation{Schema: "main", Name: "big"})
	s.Rows = 1_000_000
	var cells []string
	for _, c := range s.Columns {
		s.Checks = append(s.Checks, line(b, "required("+c.Name+")"))
		cells = append(cells, "count(case when "+c.Name+" is null then 1 end)")
	}
	for rule, sql := range map[string]string{
		"range(price, 0, 1000)":              "count(case when price < 0 or price > 1000 then 1 end)",
		"range(amount, 0, )":                 "count(case when amount < 0 then 1 end)",
		"range(shop, 0, 36)":                 "count(case when shop < 0 or shop > 36 then 1 end)",
		"accepted(status, 'open', 'closed')": "count(case when status not in ('open', 'closed') then 1 end)",
		"rows amount + price >= 0":           "count(case when not (amount + price >= 0) then 1 end)",
		"sum(amount) > 0":                    "sum(amount)", "avg(price) > 0": "avg(price)", "max(shop) < 100": "max(shop)", "min(id) >= 0": "min(id)", "count(distinct shop) = 37": "count(distinct shop)",
		"row_count > 0": "count(*)",
	} {
		s.Checks = append(s.Checks, line(b, rule))
		cells = append(cells, sql)
	}
	unique := "select coalesce(sum(n - 1), 0) from (select count(*) n from big where id is not null group by id having count(*) > 1)"
	measured(b, "bare, fused", bare(b, d, "select "+strings.Join(cells, ", ")+" from big"))
	var separate []string
	for _, c := range cells {
		separate = append(separate, "select "+c+" from big")
	}
	measured(b, "bare, a statement per check", bare(b, d, separate...))
	measured(b, "checker", passing(b, d, s))
	measured(b, "bare, fused, with a unique key", bare(b, d, "select "+strings.Join(cells, ", ")+" from big", unique))
	s.Checks = append(s.Checks, line(b, "unique(id)"))
	measured(b, "checker, with a unique key", passing(b, d, s))
}
