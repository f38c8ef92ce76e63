package vendors

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/examples/shop"
)

// fileRows reads a table of the simulator's files the way its source says:
// with the names of the header, or with those given. Of rows with the same key
// the last counts.
func fileRows(t *testing.T, dir, table, comma string, key []string, names ...string) []Row {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "data", filepath.FromSlash(table), "*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files of %s: %v", table, err)
	}
	newest := map[string]Row{}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, ".gz") {
			body = unzip(t, body)
		}
		switch {
		case strings.Contains(path, ".jsonl"):
			body = bytes.ReplaceAll(bytes.TrimSpace(body), []byte("\n"), []byte(","))
			for i, row := range rowsOf(t, decode(t, append(append([]byte("["), body...), ']'))) {
				newest[row[key[0]]+path+strconv.Itoa(i)] = row
			}
			continue
		case comma == "\t":
			body = bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("\t"), []byte(",")), []byte(`\N`), nil)
			body = append([]byte(strings.Join(names, ",")+"\n"), body...)
		}
		for _, row := range csvRows(t, body) {
			id := ""
			for _, k := range key {
				id += row[k] + "|"
			}
			newest[id] = row
		}
	}
	var rows []Row
	for _, row := range newest {
		rows = append(rows, row)
	}
	return rows
}

func without(rows []Row, names ...string) []Row {
	for _, row := range rows {
		for _, name := range names {
			delete(row, name)
		}
	}
	return rows
}

// What the vendors tell once everything is final is what the files hold, by
// the names of their headers.
func TestTruthIsTheFiles(t *testing.T) {
	options := shop.Options{Days: 45, Scale: 0.2, Seed: 3}
	dir := t.TempDir()
	summary, err := shop.Simulate(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	c := world(t, Options{Shop: options, Today: "2025-02-19"})
	if diff := cmp.Diff(summary, c.w.Summary()); diff != "" {
		t.Fatal("another shop")
	}
	receipts := strings.Fields("purchase_order line_no vendor_id product_id ordered_on expected_on received_on " +
		"ordered_units received_units rejected_units reject_reason unit_cost")
	for list, files := range map[string][]Row{
		"shop/customers":        fileRows(t, dir, "shop/members", ",", []string{"member_id"}),
		"shop/fees":             fileRows(t, dir, "shop/membership_fees", ",", []string{"fee_id"}),
		"shop/products":         fileRows(t, dir, "shop/products", ",", []string{"product_id"}),
		"shop/promotions":       fileRows(t, dir, "shop/promotions", ",", []string{"promotion_id"}),
		"shop/orders":           fileRows(t, dir, "shop/orders", ",", []string{"order_id"}),
		"shop/order_lines":      fileRows(t, dir, "shop/order_lines", ",", []string{"order_id", "line_no"}),
		"shop/picks":            fileRows(t, dir, "fulfilment/picks", ",", []string{"order_id", "line_no"}),
		"shop/contacts":         fileRows(t, dir, "service/contacts", ",", []string{"contact_id"}),
		"payments/transactions": fileRows(t, dir, "payments/transactions", "", []string{"id"}),
		"payments/payouts":      fileRows(t, dir, "payments/payouts", ",", []string{"payout_id"}),
		"carrier/events":        fileRows(t, dir, "fulfilment/carrier_events", ",", []string{"parcel_id", "event", "at"}),
		"web/events":            fileRows(t, dir, "web/events", "", []string{"session_id"}),
		"catalogue/receipts":    fileRows(t, dir, "vendors/receipts", "\t", []string{"purchase_order", "line_no"}, receipts...),
	} {
		told, err := c.w.Truth(list)
		if err != nil {
			t.Fatal(err)
		}
		switch list {
		case "shop/orders":
			told = without(told, "status", "updated_at")
		case "carrier/events":
			told = without(told, "event_id", "received_at")
		}
		if diff := cmp.Diff(lined(files), lined(told)); diff != "" || len(files) == 0 {
			t.Errorf("%s, %d rows: %.1500s", list, len(files), diff)
		}
	}
}

// Money adds up to what the simulator itself kept apart.
func TestMoneyIsTheTruths(t *testing.T) {
	c := world(t, Options{Shop: shop.Options{Days: 30, Scale: 0.3, Seed: 5}, Today: "2025-02-10"})
	truth := c.w.Summary().Truth
	sum := func(list, amount string, sign func(Row) int64, key func(Row) string) map[string]int64 {
		rows, err := c.w.Truth(list)
		if err != nil {
			t.Fatal(err)
		}
		sums := map[string]int64{}
		for _, row := range rows {
			sums[key(row)] += sign(row) * minor(row[amount])
		}
		return sums
	}
	one := func(Row) int64 { return 1 }
	net, ordered, captured, paid := map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]int64{}
	var refunded, gaveBack int64
	for key, sales := range truth.NetSales {
		net[key.Currency] += sales.Gross
	}
	for key, cash := range truth.Cash {
		ordered[key.Currency] += cash.Ordered
		captured[key.Currency] += cash.Captured
		refunded += cash.Refunded
	}
	for id, amount := range truth.Payouts {
		paid[id] = amount
	}
	currency := func(r Row) string { return r["currency"] }
	if diff := cmp.Diff(net, sum("shop/orders", "goods", one, currency)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(ordered, sum("shop/orders", "total", one, currency)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(paid, sum("payments/payouts", "amount", one, func(r Row) string { return r["payout_id"] })); diff != "" {
		t.Error(diff)
	}
	settled := sum("payments/settlements", "net", one, func(r Row) string { return r["payout_id"] })
	for id, amount := range paid {
		if settled[id] != amount {
			t.Errorf("%s: settled %d, paid %d", id, settled[id], amount)
		}
	}
	captures := func(r Row) int64 {
		if r["type"] == "capture" {
			return 1
		}
		return 0
	}
	if diff := cmp.Diff(captured, sum("payments/transactions", "amount", captures, currency)); diff != "" {
		t.Error(diff)
	}
	for _, amount := range sum("shop/refunds", "amount", one, currency) {
		gaveBack += amount
	}
	if gaveBack != refunded || refunded == 0 {
		t.Errorf("gave back %d, the truth is %d", gaveBack, refunded)
	}
}

// Spend is final three days later, and then what the networks' files say.
func TestSpendIsRestated(t *testing.T) {
	options := shop.Options{Days: 10, Scale: 0.5}
	dir := t.TempDir()
	if _, err := shop.Simulate(dir, options); err != nil {
		t.Fatal(err)
	}
	c := world(t, Options{Shop: options, Today: "2025-01-04"})
	costs := func(day string) map[string]string {
		body := decode(t, c.good("/ads/v1/spend?from="+day+"&to="+day).body).(map[string]any)
		all := map[string]string{}
		for _, row := range rowsOf(t, body["rows"]) {
			all[row["campaign_id"]] = row["cost"]
		}
		if len(all) != 6 {
			t.Fatalf("%s: %v", day, all)
		}
		return all
	}
	var told []map[string]string
	for _, today := range []string{"2025-01-04", "2025-01-05", "2025-01-06", "2025-01-07", "2025-01-08"} {
		if err := c.w.SetToday(today); err != nil {
			t.Fatal(err)
		}
		told = append(told, costs("2025-01-04"))
	}
	for campaign := range told[0] {
		for n := range 3 {
			if minor(told[n][campaign]) >= minor(told[n+1][campaign]) {
				t.Errorf("%s: %s, a day later %s", campaign, told[n][campaign], told[n+1][campaign])
			}
		}
	}
	if diff := cmp.Diff(told[3], told[4]); diff != "" {
		t.Errorf("not final after three days: %s", diff)
	}
	for _, row := range fileRows(t, dir, "ads/search", ",", []string{"Day", "Campaign ID"}) {
		if row["Day"] == "01/04/2025" && told[4][row["Campaign ID"]] != row["Cost"] {
			t.Errorf("%s: %s, the file says %s", row["Campaign ID"], told[4][row["Campaign ID"]], row["Cost"])
		}
	}
}
