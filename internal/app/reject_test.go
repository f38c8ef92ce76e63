package app

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/pgtest"
)

const rejectingProject = `
-- larder.yml --
name: shop
time_zone: Europe/London
target: t
targets: {t: %s}
-- sources/erp.yml --
kind: files
path: data
tables:
  orders:
    files: orders.csv
    columns: {order_id: integer, customer_id: integer, sold_at: timestamptz, amount: "decimal(18,2)", code: varchar}
  customers:
    files: customers.csv
    columns: {customer_id: integer}
-- data/orders.csv --
order_id,customer_id,sold_at,amount,code
1,10,2026-03-29 12:00:00+00,20.00,A1
2,11,2026-03-29 23:30:00+00,35.50,A2
3,99,2026-03-30 12:00:00+00,12.00,A3
4,,2026-03-30 12:00:00+00,-5.00,b4
4,10,2026-03-30 22:30:00+00,1.00,A4
-- data/customers.csv --
customer_id
10
11
-- models/net/orders.sql --
/* larder
checks:
  - has_customer: {rule: required(customer_id), severity: reject, block: "> 40 %%"}
  - knows_customer: {rule: "references(customer_id, lake.erp_customers.customer_id)", severity: reject}
  - pays: {rows: amount > 0, severity: reject, where: customer_id is null}
  - sound_code: {rule: "pattern(code, '^[A-Z]')", severity: reject}
  - ties: {that: sum(amount), equals: {from: lake.erp_orders}}
  - one_each: {rule: unique(order_id), severity: warn}
  - enough: row_count > 1
  - small: {rule: "range(amount, , 30)", severity: warn}
*/
select order_id, customer_id, sold_at, amount, code from lake.erp_orders
-- models/net/mend.sql --
select order_id, _rule from net.orders__rejects where _rule <> ''
`

// answered are the rows of a query on the engine that is open, a line each.
func answered(t *testing.T, a *App, sql string) []string {
	t.Helper()
	sql, err := a.relocated(t.Context(), sql, "")
	if err != nil {
		t.Fatal(err)
	}
	batch, err := engine.ReadAll(t.Context(), a.engine, sql, 0)
	if err != nil {
		t.Fatal(err)
	}
	return lines(batch)
}

// Each engine publishes and rejects the same rows, in an environment, promoted
// and rebuilt, and says the same of the past.
func TestRejectsOnEachEngine(t *testing.T) {
	for name, target := range map[string]func(t *testing.T) string{
		"duckdb": func(*testing.T) string { return "{engine: duckdb}" },
		"postgres": func(t *testing.T) string {
			pg := pgtest.Start(t)
			return fmt.Sprintf("{engine: postgres, url: %q}", pg.URL(pg.Database(t)))
		},
	} {
		t.Run(name, func(t *testing.T) { rejectsEverywhere(t, unpack(t, fmt.Sprintf(rejectingProject, target(t)))) })
	}
}

func rejectsEverywhere(t *testing.T, dir string) {
	var a *App
	enter := func(env string) {
		t.Helper()
		if a != nil {
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
		}
		a = in(t, dir, env)
	}
	enter("")
	report := executed(t, a)
	done(t, report, "lake.erp_customers", "lake.erp_orders", "net.mend", "net.orders")
	said := map[string]string{}
	for _, r := range report.Results {
		said[r.Check] = string(r.Status) + " " + r.Message
	}
	for check, want := range map[string]string{
		"has_customer":   "rejected customer_id is empty in 1 of 5 rows, set apart in net.orders__rejects",
		"knows_customer": "rejected customer_id is not found in lake.erp_customers in 1 of 5 rows, set apart in net.orders__rejects",
		"pays":           "rejected 1 of 1 rows break amount > 0, set apart in net.orders__rejects",
		"ties":           "pass sum(amount) agrees with lake.erp_orders",
		"enough":         "pass row_count is 3",
	} {
		if said[check] != want {
			t.Errorf("%s: %s, want %s", check, said[check], want)
		}
	}
	same(t, answered(t, a, "select order_id from net.orders"), "1", "2", "4")
	same(t, answered(t, a, "select order_id, _rule from net.orders__rejects"), "3 knows_customer", "4 has_customer, pays, sound_code")
	same(t, answered(t, a, "select * from net.mend"), "3 knows_customer", "4 has_customer, pays, sound_code")
	same(t, answered(t, a, "select distinct _rejected_at from net.orders__rejects"), "2026-03-31T18:00:00Z")

	rewrite(t, dir, "models/net/orders.sql", "amount > 0, severity", "amount > -9, severity")
	enter("ada")
	done(t, executed(t, a), "net.mend", "net.orders")
	same(t, answered(t, a, "select * from net.mend"), "3 knows_customer", "4 has_customer, sound_code")
	if _, err := a.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	enter("")
	done(t, executed(t, a))
	same(t, answered(t, a, "select order_id, _rule from net.orders__rejects"), "3 knows_customer", "4 has_customer, sound_code")
	same(t, answered(t, a, "select * from net.mend"), "3 knows_customer", "4 has_customer, sound_code")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	same(t, replayedDays(t, dir),
		"enough 29 block 1", "has_customer 30 rejected 1 of 4", "knows_customer 30 rejected 1 of 4",
		"small 30 warn 1 of 2", "sound_code 30 rejected 1 of 4", "ties: it compares no days with each other")

	rewrite(t, dir, "data/customers.csv", "11", "11\n99") // what a rule compares with changed
	enter("")
	done(t, executed(t, a), "lake.erp_customers", "net.mend", "net.orders")
	same(t, answered(t, a, "select order_id, _rule from net.orders__rejects"), "4 has_customer, sound_code")
	d, err := a.Describe(t.Context(), "net.orders")
	if err != nil || d.Published.Rows != 4 || d.Published.Rejected == nil || *d.Published.Rejected != 1 {
		t.Errorf("%+v %v", d.Published, err)
	}
}

// replayedDays are the days of the last three on which the rules of net.orders
// would have said something, a line each.
func replayedDays(t *testing.T, dir string) (days []string) {
	t.Helper()
	clock := time.Date(2026, 3, 31, 18, 0, 0, 0, time.UTC)
	a, err := Load(t.Context(), Options{Dir: dir, Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	past, err := a.Replay(t.Context(), ReplayRequest{Dataset: "orders", Days: 3, Over: "sold_at"})
	if err = errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	for _, r := range past.Rules {
		if r.NotReplayed != "" {
			days = append(days, r.Check+": "+r.NotReplayed)
		}
		for _, d := range r.Days {
			line := fmt.Sprintf("%s %s %s %s", r.Check, d.Day[8:], d.Status, d.Value)
			if d.Of >= 0 {
				line += fmt.Sprintf(" of %d", d.Of)
			}
			days = append(days, line)
		}
	}
	slices.Sort(days)
	return days
}
