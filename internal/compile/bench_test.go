package compile

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cpu is the processor time this process has used.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// peak is the most memory this process has held, in megabytes.
func peak(t testing.TB) float64 {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return float64(usage.Maxrss) / 1024
}

// tinySQL reads one dataset, mostly the model before.
func tinySQL(i int) string {
	if i%10 == 0 {
		return "select order_id, customer_id, net from shop.orders"
	}
	return fmt.Sprintf("select order_id, customer_id, net * 2 as net from mart.m%05d where net > %d", i-1, i)
}

// realisticSQL has four common table expressions, windows and ten columns.
func realisticSQL(i int) string {
	return fmt.Sprintf(`
-- model %[1]d: what customers bought, and how that compares
with orders as (
    select order_id, customer_id, store_id, ordered_on, currency, net, tax
    from shop.orders
    where status <> 'cancelled' and ordered_at >= $start
),
lines as (
    select order_id, sum(quantity) as pieces, sum(quantity * unit_price) as gross, max(discount) as discount
    from shop.lines
    group by order_id
),
returned as (
    select order_id, sum(refund) as refund from shop.returns where returned_on > date '2020-01-%02[2]d' group by order_id
),
joined as (
    select o.*, l.pieces, l.gross, coalesce(r.refund, 0) as refund, s.city
    from orders o
    join lines l using (order_id)
    left join returned r using (order_id)
    left join shop.stores s on s.store_id = o.store_id
)
select
    order_id,
    customer_id,
    city,
    ordered_on,
    net,
    gross,
    net - refund as kept,
    row_number() over (partition by customer_id order by ordered_on, order_id) as nth_order,
    sum(net) over (partition by customer_id order by ordered_on, order_id rows unbounded preceding) as so_far,
    case when pieces > %[1]d then 'large' when net > $big_order then 'dear' else 'usual' end as kind
from joined
qualify nth_order < 1000`, i, 1+i%28)
}

// manyModels makes a project of n models by text.
func manyModels(t testing.TB, n int, sql func(int) string) Input {
	in := input(t)
	for i := range n {
		in.Models = append(in.Models, model(fmt.Sprintf("mart.m%05d", i), sql(i)))
	}
	return in
}

// measured compiles, and reports processor time and memory.
func measured(b *testing.B, in Input, opts Options) {
	b.Helper()
	before := cpu(b)
	r, err := Compile(context.Background(), in, opts)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric((cpu(b) - before).Seconds(), "cpu-s")
	b.ReportMetric(peak(b), "MB")
	if err := r.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, size := range []int{1000, 10000} {
		for name, sql := range map[string]func(int) string{"tiny": tinySQL, "realistic": realisticSQL} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				in := manyModels(b, size, sql)
				for b.Loop() {
					measured(b, in, Options{})
				}
			})
		}
	}
}

func BenchmarkCached(b *testing.B) {
	for _, name := range []string{"nothing changed", "one edit"} {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "compiled")
			in := manyModels(b, 1000, realisticSQL)
			fill(b, path, in)
			for i := 0; b.Loop(); i++ {
				if name == "one edit" {
					in.Models[500].SQL = strings.Replace(realisticSQL(500), "'large'", fmt.Sprintf("'large %d'", i), 1)
				}
				cache, err := OpenCache(path)
				if err != nil {
					b.Fatal(err)
				}
				measured(b, in, Options{Cache: cache})
			}
		})
	}
}

// fill compiles a project into an empty cache.
func fill(t testing.TB, path string, in Input) {
	t.Helper()
	cache, err := OpenCache(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := compileAll(t, in, Options{Cache: cache}); err != nil {
		t.Fatal(err)
	}
}
