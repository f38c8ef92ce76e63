package dataco_test

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/larder-data/larder/examples/publictest"
)

var publicFiles = []string{
	"dataco/orders.csv.gz", "dataco/shipping.csv.gz", "dataco/customers.csv.gz", "dataco/products.xlsx", "dataco/category.xlsx",
}

// order is an order and its shipment as the files have them.
type order struct {
	id                       int64
	customer, status, region string
	mode, delivery           string
	ordered, shipped         time.Time
}

func orders(t *testing.T, data string) []order {
	t.Helper()
	shipments := map[string]publictest.Row{}
	for _, row := range publictest.Rows(t, filepath.Join(data, "dataco/shipping.csv.gz")) {
		shipments[row["Order Id"]] = row
	}
	var all []order
	for _, row := range publictest.Rows(t, filepath.Join(data, "dataco/orders.csv.gz")) {
		s := shipments[row["Order Id"]]
		all = append(all, order{
			id: publictest.Digits(t, row["Order Id"], 0), customer: row["Customer Id"], status: row["Order Status"],
			region: strings.Join(strings.Fields(row["Order Region"]), " "), mode: s["Shipping Mode"], delivery: s["Delivery Status"],
			ordered: american(t, row["order date (DateOrders)"]), shipped: american(t, s["shipping date (DateOrders)"]),
		})
	}
	slices.SortFunc(all, func(a, b order) int { return cmp.Or(a.ordered.Compare(b.ordered), cmp.Compare(a.id, b.id)) })
	return all
}

func american(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("1/2/2006 15:04", text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// promised are the days each way of shipping may take.
var promised = map[string]int{"Same Day": 0, "First Class": 1, "Second Class": 2, "Standard Class": 4}

// lateDeliveries is the mart worked out from the order system's own statuses,
// where the project works it out from the dates.
func lateDeliveries(all []order) string {
	type counts struct{ orders, canceled, early, onTime, late, daysLate int }
	groups := map[string]*counts{}
	for _, o := range all {
		key := strings.Join([]string{o.ordered.Format("2006-01") + "-01", o.mode, o.region}, " | ")
		c := groups[key]
		if c == nil {
			c = &counts{}
			groups[key] = c
		}
		c.orders++
		switch o.delivery {
		case "Shipping canceled":
			c.canceled++
		case "Advance shipping":
			c.early++
		case "Shipping on time":
			c.onTime++
		case "Late delivery":
			c.late++
			took := o.shipped.Truncate(24 * time.Hour).Sub(o.ordered.Truncate(24 * time.Hour))
			c.daysLate += int(took/(24*time.Hour)) - promised[o.mode]
		}
	}
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		c := groups[key]
		lines = append(lines, fmt.Sprintf("%s | %d | %d | %d | %d | %d | %d", key, c.orders, c.canceled, c.early, c.onTime, c.late, c.daysLate))
	}
	return strings.Join(lines, "\n")
}

// newCustomers is the mart of that name: orders are taken in the order of time.
func newCustomers(all []order) string {
	seen, of := map[string]bool{}, map[string]int{}
	for _, o := range all {
		of[o.customer]++
	}
	type counts struct{ orders, first, never int }
	months := map[string]counts{}
	for _, o := range all {
		month := o.ordered.Format("2006-01") + "-01"
		c := months[month]
		c.orders++
		if !seen[o.customer] {
			c.first++
			if of[o.customer] == 1 {
				c.never++
			}
		}
		seen[o.customer], months[month] = true, c
	}
	var lines []string
	for _, month := range slices.Sorted(maps.Keys(months)) {
		c := months[month]
		lines = append(lines, fmt.Sprintf("%s | %d | %d | %d", month, c.orders, c.first, c.never))
	}
	return strings.Join(lines, "\n")
}

// addresses are all customers' addresses, put right by hand.
func addresses(t *testing.T, data string) string {
	t.Helper()
	countries := map[string]string{"EE. UU.": "US", "Puerto Rico": "PR"}
	var lines []string
	for _, row := range publictest.Rows(t, filepath.Join(data, "dataco/customers.csv.gz")) {
		street := strings.Join(strings.Fields(row["Customer Street"]), " ")
		city, state := row["Customer City"], row["Customer State"]
		zip := strings.TrimSuffix(row["Customer Zipcode"], ".0")
		if len(state) > 2 { // three addresses are one column to the left
			street, city, state, zip = "-", row["Customer Street"], row["Customer City"], row["Customer State"]
		}
		lines = append(lines, fmt.Sprintf("%s | %s | %s | %s | %s | %s", row["Customer Id"], street, city, state,
			strings.Repeat("0", 5-len(zip))+zip, countries[row["Customer Country"]]))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
