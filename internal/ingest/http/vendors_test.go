package http_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	retail "github.com/larder-data/larder/examples/shop"
	"github.com/larder-data/larder/examples/shop/vendors"
	"github.com/larder-data/larder/internal/fault"
)

// The vendors of the example shop, each as a data engineer would describe it.
var described = map[vendors.Service]struct{ yaml, table, list, columns string }{
	vendors.Shop: {`
auth: {bearer: demo-shop-key}
timeout: 1 second
max_size: 20 MB
tables:
  orders:
    path: /shop/v1/orders
    params: {limit: 40}
    records: data
    total: total
    key: order_id
    page: {kind: cursor, param: cursor, from: next_cursor}
    since: {param: updated_since, column: updated_at, lookback: 1 day}
    columns: {total: 'decimal(18,2)', order_id: varchar, status: varchar}
`, "orders", "shop/orders", "order_id,total,status"},
	vendors.Ads: {`
auth: {key: {header: X-Api-Key, value: demo-ads-key}}
timeout: 1 second
max_size: 20 MB
tables:
  spend:
    path: /ads/v1/spend
    records: rows
    total: total
    key: [day, campaign_id]
    page: {kind: page, param: page, size_param: per_page, size: 7}
    windows: {of: 1 day, from_param: from, to_param: to, to: inclusive, start: %s, lookback: 10 days}
    columns: {day: date, campaign_id: varchar, clicks: bigint, cost: 'decimal(18,2)'}
`, "spend", "ads/spend", "day,campaign_id,clicks,cost"},
	vendors.Payments: {`
auth: {oauth2: {token_url: 'URL/payments/oauth/token', client_id: demo-payments-client, client_secret: demo-payments-word}}
timeout: 1 second
max_size: 20 MB
tables:
  transactions:
    path: /payments/v1/transactions
    params: {limit: 50}
    total: header:X-Total-Count
    key: id
    page: {kind: link}
    columns: {id: varchar, order_id: varchar}
`, "transactions", "payments/transactions", "id,order_id"},
	vendors.Carrier: {`
auth: {basic: {user: demo-carrier, password: demo-carrier-word}}
timeout: 1 second
max_size: 20 MB
tables:
  events:
    path: /carrier/v1/events
    format: jsonl
    total: header:X-Record-Count
    windows: {of: 1 day, from_param: received_from, to_param: received_to, start: %s, lookback: 10 days}
    columns: {event_id: varchar, parcel_id: varchar}
`, "events", "carrier/events", "event_id,parcel_id"},
}

// dayAfter is a day so many days after another.
func dayAfter(day string, days int) string {
	at, _ := time.Parse(time.DateOnly, day)
	return at.AddDate(0, 0, days).Format(time.DateOnly)
}

// Each misbehaviour of each vendor: the lake ends equal to the vendor's truth,
// or the table holds and says why. No partial load is ever visible.
func TestVendorsThatMisbehave(t *testing.T) {
	if testing.Short() {
		t.Skip("it lands a hundred times")
	}
	world, err := vendors.Start("127.0.0.1:0", vendors.Options{Shop: retail.Options{Days: 12}, GiantBytes: 60 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.Stop(); err != nil {
			t.Error(err)
		}
	})
	// FAULT_SEEDS=5 tries each with five seeds; each vendor has its turn in CI.
	seeds, err := strconv.ParseUint(cmp.Or(os.Getenv("FAULT_SEEDS"), "1"), 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	all := os.Getenv("CI") != "" || os.Getenv("FAULT_SEEDS") != ""
	first := world.Summary().First
	report := map[string][]string{}
	for i, kind := range vendors.Kinds() {
		for n, service := range slices.Sorted(maps.Keys(described)) {
			how := described[service]
			if !all && n != i%len(described) {
				continue
			}
			for seed := range seeds {
				if !kind.HappensTo(service) {
					continue
				}
				t.Run(fmt.Sprintf("%s, %s, seed %d", service, kind, seed), func(t *testing.T) {
					v := &vendor{TB: t, world: world, table: how.table, list: how.list, columns: how.columns}
					v.dock = newDock(t, http.NotFoundHandler(), plainTable)
					v.url = world.URL()
					yaml := strings.ReplaceAll(how.yaml, "URL", v.url)
					if strings.Contains(yaml, "%s") {
						yaml = fmt.Sprintf(yaml, first)
					}
					v.describe(yaml)
					v.tell(dayAfter(first, 3))
					v.calm()
					v.tell(dayAfter(first, 5))
					outcome := v.trouble(vendors.Trouble{Kind: kind, Service: service, After: vendors.BySeed, Times: 1, Seed: seed})
					v.tell(dayAfter(first, 6))
					outcome += ", then " + v.calm()
					report[string(kind)] = append(report[string(kind)], string(service)+": "+outcome)
				})
			}
		}
	}
	for kind, outcomes := range report {
		slices.Sort(outcomes)
		t.Logf("%s\n  %s", kind, strings.Join(slices.Compact(outcomes), "\n  "))
	}
	if world.Leaks() > 0 {
		t.Errorf("%d credentials followed a redirect", world.Leaks())
	}
}

// vendor is a table of one vendor.
type vendor struct {
	testing.TB
	*dock
	world                *vendors.World
	table, list, columns string
}

func (v *vendor) Helper()                   { v.TB.Helper() }
func (v *vendor) Errorf(f string, a ...any) { v.TB.Errorf(f, a...) }
func (v *vendor) Fatalf(f string, a ...any) { v.TB.Fatalf(f, a...) }
func (v *vendor) Fatal(a ...any)            { v.TB.Fatal(a...) }

// tell lets the vendors tell of a day, and has it be the morning after.
func (v *vendor) tell(day string) {
	if err := v.world.SetToday(day); err != nil {
		v.Fatal(err)
	}
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		v.Fatal(err)
	}
	v.clock.now = at.Add(30 * time.Hour)
}

func (v *vendor) lake() []string {
	got := v.rows("SELECT concat_ws(' ', " + v.columns + ") FROM lake.api_" + v.table)
	slices.Sort(got)
	return got
}

func (v *vendor) truth() []string {
	rows, err := v.world.Truth(v.list)
	if err != nil {
		v.Fatal(err)
	}
	var out []string
	for _, row := range rows {
		var cells []string
		for column := range strings.SplitSeq(v.columns, ",") {
			if value, ok := row[column]; ok {
				cells = append(cells, value)
			}
		}
		out = append(out, strings.Join(cells, " "))
	}
	slices.Sort(out)
	return out
}

// trouble lands while the vendor misbehaves: the truth, or a clear fault and
// what was there before.
func (v *vendor) trouble(what vendors.Trouble) string {
	before := v.loads(v.table)
	if err := v.world.SetTrouble(what); err != nil {
		v.Fatal(err)
	}
	defer func() {
		if err := v.world.SetTrouble(); err != nil {
			v.Fatal(err)
		}
	}()
	_, err := v.land(v.table)
	if err == nil && what.Kind == vendors.LateRecords {
		return "less, as it said"
	}
	if err == nil {
		return v.same("as the truth")
	}
	if fault.HintOf(err) == "" {
		v.Errorf("%v has no hint", err)
	}
	if v.list != "ads/spend" && v.list != "carrier/events" { // windows before the spoiled one stay
		if after := v.loads(v.table); !slices.Equal(before, after) {
			v.Errorf("loads were %v and are %v after %v", before, after, err)
		}
	}
	_, said, _ := strings.Cut(err.Error(), v.table+": ")
	return fault.KindOf(err).String() + ": " + strings.ReplaceAll(said, v.url, "")
}

func (v *vendor) calm() string {
	_, err := v.land(v.table)
	if err == nil {
		return v.same("as the truth")
	}
	if fault.KindOf(err) != fault.Held || !strings.Contains(err.Error(), "column") {
		v.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
	return "held: " + err.Error()
}

func (v *vendor) same(said string) string {
	got, want := v.lake(), v.truth()
	if !slices.Equal(got, want) {
		missing, extra := 0, 0
		for _, row := range want {
			if !slices.Contains(got, row) {
				missing++
			}
		}
		for _, row := range got {
			if !slices.Contains(want, row) {
				extra++
			}
		}
		v.Errorf("%d rows, want %d: %d missing, %d too many; e.g. %v, %v", len(got), len(want), missing, extra, first3(got), first3(want))
	}
	return said
}

func first3(rows []string) []string { return rows[:min(3, len(rows))] }
