package check

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

var (
	fenced = regexp.MustCompile("(?s)```(\\w+)\n(.*?)```")
	said   = regexp.MustCompile(`(?m)^    # ((?:pass|warn|block|learning|error): .*)$`)
)

// TestTheManualIsTrue runs the examples of docs/checks.md as the files of a
// project, and holds what comes of them against what the manual says.
func TestTheManualIsTrue(t *testing.T) {
	manual, err := os.ReadFile(filepath.Join("..", "..", "docs", "checks.md"))
	if err != nil {
		t.Fatal(err)
	}
	d := openDuck(t)
	root := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("larder.yml", "name: manual\ntime_zone: Europe/London\ntarget: local\ntargets:\n  local:\n    engine: duckdb\n    path: x.duckdb\n")
	for _, dataset := range []string{"warehouse/orders", "warehouse/customers", "warehouse/visits", "warehouse/payments"} {
		write("models/"+dataset+".sql", "/* larder\ndescription: of the manual\n*/\nselect 1 as one\n")
	}
	var want []string
	for _, block := range fenced.FindAllStringSubmatch(string(manual), -1) {
		switch {
		case block[1] == "csv":
			write("orders.csv", block[2])
		case said.MatchString(block[2]):
			write("checks/c"+string(rune('a'+len(want)))+".yml", block[2])
			for _, line := range said.FindAllStringSubmatch(block[2], -1) {
				want = append(want, line[1])
			}
		}
	}
	if len(want) < 20 {
		t.Fatalf("only %d examples are found", len(want))
	}
	p, err := project.Load(root, project.Options{Engines: map[string]any{"duckdb": &struct{}{}}, Kinds: map[string]project.Kind{}})
	if err != nil {
		t.Fatal(err)
	}
	d.exec(t, "create schema warehouse")
	d.exec(t, "create table warehouse.orders as from read_csv('"+filepath.Join(root, "orders.csv")+"', header = true, columns = {order_id: 'integer', customer_id: 'integer', ordered_on: 'date', status: 'varchar', sku: 'varchar', amount: 'decimal(18,2)', email: 'varchar'})")
	d.exec(t, "create table warehouse.customers as select unnest([10, 11, 12]) as customer_id")
	d.exec(t, "create table warehouse.payments as select unnest([date '2026-03-02', date '2026-03-03']) as paid_on, unnest([91.00, 907.00]) as paid")
	d.exec(t, `create table warehouse.visits as select date '2026-02-01' + i::integer as visited_on, unnest(['Leeds', 'Hull', 'York']) as shop,
		unnest([case when i = 31 then 12 else 485 + i % 30 end, 490 + i * 7 % 21, case when i < 29 then null else 3 end]) as visits from range(32) r(i)`)
	d.exec(t, "delete from warehouse.visits where visits is null")
	orders := d.subject(t, "warehouse.orders", engine.ParseRelation("warehouse.orders"))
	orders.Rows = 6
	shown := strings.Join(strings.Fields(string(manual)), " ")
	scans := planned(t, orders, duckCapabilities, "required(order_id)", "range(amount, 0, )", "unique(order_id)")
	for _, part := range []string{strings.Join(scans[0].Checks, ", "), "-- " + scans[0].Why, scans[0].SQL + ";"} {
		if !strings.Contains(shown, part) {
			t.Errorf("--explain says, and the manual does not:\n%s", part)
		}
	}
	var got []string
	for _, dataset := range []string{"warehouse.orders", "warehouse.visits"} {
		s := d.subject(t, dataset, engine.ParseRelation(dataset))
		s.AsOf = time.Date(2026, 3, 5, 9, 0, 0, 0, time.UTC)
		s.Declared = []project.Column{{Name: "currency"}, {Name: "amount", Type: table.Type{Kind: table.Decimal, Precision: 18, Scale: 3}}}
		s.Relations = func(dataset string) (engine.Relation, []table.Column, bool) {
			columns, err := d.columnsOf(t.Context(), "select * from "+dataset+" limit 0")
			return engine.ParseRelation(dataset), columns, err == nil
		}
		var checks []project.Check
		for _, c := range p.Checks {
			if c.Dataset == dataset {
				checks = append(checks, c)
			}
		}
		for _, r := range check(t, d, s, checks...) {
			got = append(got, string(r.Status)+": "+r.Message)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the manual (-), what it comes to (+):\n%s", strings.ReplaceAll(diff, "\t", " "))
	}
}
