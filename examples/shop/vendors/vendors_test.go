package vendors

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/larder-data/larder/examples/shop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// truth is what a list has to give, as a set of rows.
func (c *client) truth(list string) []string {
	c.t.Helper()
	rows, err := c.w.Truth(list)
	if err != nil {
		c.t.Fatal(err)
	}
	if len(rows) == 0 {
		c.t.Fatalf("the truth of %s is empty", list)
	}
	return lined(rows)
}

// lined writes rows as sorted texts, to be compared as a whole.
func lined(rows []Row) []string {
	var all []string
	for _, row := range rows {
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(row)) {
			fmt.Fprintf(&b, "%s=%s ", name, row[name])
		}
		all = append(all, b.String())
	}
	slices.Sort(all)
	return all
}

func (c *client) equal(list string, got []Row) {
	c.t.Helper()
	want, have := c.truth(list), lined(got)
	if len(want) != len(have) {
		c.t.Errorf("%s: %d rows, want %d", list, len(have), len(want))
	}
	if diff := cmp.Diff(want, have); diff != "" {
		c.t.Errorf("%s: %.2000s", list, diff)
	}
}

// Each list paged to its end is the truth, row by row.
func TestListsAreTheTruth(t *testing.T) {
	c := world(t, Options{Shop: shop.Options{Days: 40, Scale: 0.2}})
	if err := c.w.SetToday("2025-02-14"); err != nil {
		t.Fatal(err)
	}
	for path, list := range shopLists {
		rows, lines := c.shopAll("/shop/v1/" + path)
		c.equal(list, rows)
		if path == "orders" {
			c.equal("shop/order_lines", lines)
		}
	}
	c.equal("ads/spend", c.adsAll(false))
	c.equal("ads/spend", c.adsAll(true))
	c.equal("ads/spend", c.report("from", "2025-01-01", "to", "2025-03-01"))
	c.equal("payments/transactions", c.linkedAll("/payments/v1/transactions?limit=37"))
	c.equal("payments/payouts", c.linkedAll("/payments/v1/payouts?limit=5"))
	c.equal("carrier/events", c.scansAll(c.scanLines))
	c.equal("carrier/events", c.scansAll(c.scanXML))
	c.equal("payments/settlements", c.settlements())
	c.equal("web/events", c.clicks())
}

func (c *client) settlements() []Row {
	c.t.Helper()
	var rows []Row
	for _, key := range c.objects("settlements/") {
		r := c.good("/" + BucketName + "/" + key)
		if day, err := http.ParseTime(r.header.Get("Last-Modified")); err != nil || !strings.Contains(key, day.AddDate(0, 0, -1).Format("2006-01-02")) {
			c.t.Errorf("%s was modified %q", key, r.header.Get("Last-Modified")) // S3 clients refuse an object without
		}
		rows = append(rows, csvRows(c.t, r.body)...)
	}
	return rows
}

func (c *client) clicks() []Row {
	c.t.Helper()
	var rows []Row
	for _, key := range c.objects("events/") {
		plain := unzip(c.t, c.good("/"+BucketName+"/"+key).body)
		for scan := bufio.NewScanner(bytes.NewReader(plain)); scan.Scan(); {
			row, err := object(scan.Text())
			if err != nil {
				c.t.Fatal(err)
			}
			hour := strings.NewReplacer("events/", "", ".jsonl.gz", "").Replace(key)
			if at := strings.NewReplacer("-", "/", "T", "/").Replace(row["at"]); !strings.HasPrefix(at, hour) {
				c.t.Fatalf("%s in %s", row["at"], key)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// report asks for a report, waits for it and fetches it.
func (c *client) report(pairs ...string) []Row {
	c.t.Helper()
	wanted := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		wanted[pairs[i]] = pairs[i+1]
	}
	body, err := json.Marshal(wanted)
	if err != nil {
		c.t.Fatal(err)
	}
	r := c.send(http.MethodPost, "/ads/v1/reports", bytes.NewReader(body))
	if r.status != http.StatusAccepted {
		c.t.Fatalf("%d %s", r.status, r.body)
	}
	address := decode(c.t, r.body).(map[string]any)["status_url"].(string)
	var states []string
	for {
		status := decode(c.t, c.good(address).body).(map[string]any)
		states = append(states, status["status"].(string))
		if status["status"] != "done" {
			if early := c.get(address + "/download"); early.status != http.StatusConflict {
				c.t.Errorf("before it is done: %d", early.status)
			}
			continue
		}
		if diff := cmp.Diff([]string{"queued", "running", "done"}, states); diff != "" {
			c.t.Error(diff)
		}
		return csvRows(c.t, unzip(c.t, c.good(status["download_url"].(string)).body))
	}
}
