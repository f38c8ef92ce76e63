package vendors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/examples/shop"
	"github.com/larder-data/larder/internal/fault"
)

// hand is a clock moved by hand.
type hand struct {
	mu sync.Mutex
	at time.Time
}

func (h *hand) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hand) forward(by time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(by)
}

// Two requests in any second, by the clock that was given.
func TestRateLimit(t *testing.T) {
	clock := &hand{at: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	c := world(t, Options{Now: clock.now, Limits: true})
	var got []int
	ask := func() reply {
		r := c.get("/shop/v1/products?limit=1")
		got = append(got, r.status)
		return r
	}
	ask()
	clock.forward(600 * time.Millisecond)
	ask()
	refused := ask()
	if refused.header.Get("Retry-After") != "1" || refused.header.Get("Date") != "Mon, 04 May 2026 12:00:00 GMT" {
		t.Errorf("refused with %v", refused.header)
	}
	clock.forward(400 * time.Millisecond) // a second after the first
	ask()
	ask()
	clock.forward(time.Second)
	ask()
	ask()
	ask()
	if diff := cmp.Diff([]int{200, 200, 429, 200, 429, 200, 200, 429}, got); diff != "" {
		t.Error(diff)
	}
	if c.w.Requests(Shop) != 8 {
		t.Errorf("%d requests", c.w.Requests(Shop))
	}
	for range 5 {
		c.good("/ads/v1/spend?from=2025-01-01&to=2025-01-02")
	}
	if r := c.get("/ads/v1/spend?from=2025-01-01&to=2025-01-02"); r.status != 429 {
		t.Errorf("the sixth in a second: %d", r.status)
	}
	c.good("/" + BucketName)
}

// Without limits nothing waits, however fast one asks.
func TestVirtualTime(t *testing.T) {
	c := world(t, Options{})
	for range 50 {
		c.good("/shop/v1/products?limit=1")
	}
	if at := c.w.Now(); !at.Equal(time.Date(2025, 1, 13, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("it is %v", at)
	}
}

func TestTokensExpire(t *testing.T) {
	c := world(t, Options{})
	c.good("/payments/v1/payouts")
	c.w.Advance(tokenLasts - time.Second)
	c.good("/payments/v1/payouts")
	c.w.Advance(time.Second)
	if r := c.get("/payments/v1/payouts"); r.status != http.StatusUnauthorized {
		t.Errorf("an old token: %d", r.status)
	}
	for name, form := range map[string]url.Values{
		"wrong secret":    {"grant_type": {"client_credentials"}, "client_id": {PaymentsClient}, "client_secret": {"guess"}},
		"no grant":        {"client_id": {PaymentsClient}, "client_secret": {PaymentsSecret}},
		"foreign refresh": {"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_id": {PaymentsClient}, "client_secret": {PaymentsSecret}},
	} {
		r, err := c.http.PostForm(c.w.URL()+tokenPath, form)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode < 400 {
			t.Errorf("%s: %d", name, r.StatusCode)
		}
	}
	request, err := http.NewRequest(http.MethodPost, c.w.URL()+tokenPath, strings.NewReader(url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {PaymentsRefresh},
	}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(PaymentsClient, PaymentsSecret)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r, err := c.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Errorf("a refresh token: %d", r.StatusCode)
	}
}

func TestStrangersAndBadQuestions(t *testing.T) {
	c := world(t, Options{})
	for path, want := range map[string]int{
		"/shop/v1/orders?updated_sinse=2025-01-01":                               400,
		"/shop/v1/orders?updated_since=soon":                                     400,
		"/shop/v1/orders?limit=1000":                                             400,
		"/shop/v1/orders?cursor=nonsense":                                        400,
		"/shop/v1/cakes":                                                         404,
		"/shop/v2/orders":                                                        404,
		"/shop/v1/orders/O1":                                                     404,
		"/shop/v1/orders/O1/refunds":                                             404,
		"/ads/v1/spend":                                                          400,
		"/ads/v1/spend?from=2025-01-01&to=2025-01-02&network=radio":              400,
		"/ads/v1/spend?from=2025-01-01&to=2025-01-02&page=1&offset=0":            400,
		"/ads/v1/reports/R9999":                                                  404,
		"/payments/v1/transactions?after=x":                                      400,
		"/carrier/v1/events":                                                     400,
		"/carrier/v1/events?received_from=2025-01-01&received_to=2025-02-01":     400,
		"/carrier/v1/events.xml?received_from=2025-01-09&received_to=2025-01-01": 400,
		"/" + BucketName + "/settlements/2031-01-01.csv":                         404,
	} {
		if r := c.get(path); r.status != want || len(r.body) == 0 {
			t.Errorf("%s: %d %s, want %d", path, r.status, r.body, want)
		}
	}
	if r := c.send(http.MethodPut, "/"+BucketName+"/mine", bytes.NewReader([]byte("x"))); r.status != http.StatusForbidden {
		t.Errorf("the bucket can be written: %d", r.status)
	}
	if r := c.send(http.MethodPost, "/ads/v1/reports", strings.NewReader(`{"from":"2025-01-01","until":"2025-01-02"}`)); r.status != 400 {
		t.Errorf("a report with an unknown field: %d", r.status)
	}
	for s := range c.key {
		c.key[s] = func(r *http.Request) { r.Header.Set("Authorization", "Bearer guess") }
	}
	for path, want := range map[string]int{
		"/shop/v1/orders": 401, "/ads/v1/spend?from=2025-01-01&to=2025-01-02": 401, "/payments/v1/payouts": 401,
		"/carrier/v1/events?received_from=2025-01-01&received_to=2025-01-02": 401, "/" + BucketName: 403,
	} {
		if r := c.get(path); r.status != want {
			t.Errorf("a stranger at %s: %d, want %d", path, r.status, want)
		}
	}
	c.good("/ads/v1/spend?from=2025-01-01&to=2025-01-02&api_key=" + AdsKey)
}

// Day by day, what is asked for since the last time makes the same as
// everything at once; a day back, the vendors know less again.
func TestDaysPass(t *testing.T) {
	c := world(t, Options{Shop: shop.Options{Days: 20, Scale: 0.3}, Today: "2025-01-01"})
	newest, since := map[string]Row{}, "2024-01-01"
	sizes := map[string]int{}
	for day := range 24 {
		today := time.Date(2025, 1, 1+day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		if err := c.w.SetToday(today); err != nil {
			t.Fatal(err)
		}
		rows, _ := c.shopAll("/shop/v1/orders?updated_since=" + since)
		for _, row := range rows {
			newest[row["order_id"]] = row
			since = max(since, row["updated_at"])
		}
		var all []Row
		for _, row := range newest {
			all = append(all, row)
		}
		c.equal("shop/orders", all)
		sizes[today] = len(all)
	}
	if !(sizes["2025-01-02"] < sizes["2025-01-19"]) || sizes["2025-01-20"] != sizes["2025-01-24"] {
		t.Errorf("orders by day: %v", sizes)
	}
	changed := map[string]int{}
	for _, row := range newest {
		changed[row["status"]]++
	}
	if changed["packed"] == 0 || changed["refunded"] == 0 {
		t.Errorf("orders by status: %v", changed)
	}
	if err := c.w.SetToday("2025-01-02"); err != nil {
		t.Fatal(err)
	}
	if rows, _ := c.shopAll("/shop/v1/orders"); len(rows) != sizes["2025-01-02"] {
		t.Errorf("back on the second day: %d orders, want %d", len(rows), sizes["2025-01-02"])
	}
	if keys := c.objects("settlements/"); len(keys) != 2 || keys[1] != "settlements/2025-01-02.csv" {
		t.Errorf("back on the second day there are %v", keys)
	}
}

// An order by itself, and what was given back for it, are those of the lists.
func TestOrderByItself(t *testing.T) {
	c := world(t, Options{Shop: shop.Options{Days: 20, Scale: 0.3}})
	refunds, _ := c.shopAll("/shop/v1/refunds")
	if len(refunds) == 0 {
		t.Fatal("nothing was given back")
	}
	id := refunds[0]["order_id"]
	own, _ := c.shopAll("/shop/v1/orders/" + id + "/refunds")
	var want []Row
	for _, refund := range refunds {
		if refund["order_id"] == id {
			want = append(want, refund)
		}
	}
	if diff := cmp.Diff(want, own); diff != "" {
		t.Error(diff)
	}
	order := rowFrom(t, decode(t, c.good("/shop/v1/orders/"+id).body).(map[string]any))
	if order["order_id"] != id || order["status"] == "open" {
		t.Errorf("the order is %v", order)
	}
	for _, refund := range want {
		if order["updated_at"] < refund["created_at"] {
			t.Errorf("%s changed before %s", order["updated_at"], refund["created_at"])
		}
	}
}

// Scans come out of order, and some of them days late.
func TestScansAreLate(t *testing.T) {
	c := world(t, Options{Shop: shop.Options{Days: 20, Scale: 0.3}, Today: "2025-01-25"})
	rows := c.scansAll(c.scanLines)
	disorder, late := 0, 0
	for i, row := range rows {
		if i > 0 && row["received_at"] < rows[i-1]["received_at"] {
			disorder++
		}
		if row["received_at"] > after(row["at"], 86400) {
			late++
		}
		if row["received_at"] <= row["at"] || row["received_at"] > after(row["at"], 5*86400) {
			t.Errorf("scanned %s, received %s", row["at"], row["received_at"])
		}
	}
	if disorder < len(rows)/4 || late < len(rows)/40 || late > len(rows)/10 {
		t.Errorf("of %d scans %d out of order, %d days late", len(rows), disorder, late)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	for name, options := range map[string]Options{
		"before the shop opened": {Today: "2024-12-31"}, "no day": {Today: "tomorrow"},
		"half a second": {RetryAfter: time.Second / 2}, "no shop": {Shop: shop.Options{Days: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			if options.Shop.Days == 0 {
				options.Shop = small()
			}
			if _, err := Start("127.0.0.1:0", options); fault.KindOf(err) != fault.Invalid {
				t.Errorf("got %v, want an Invalid error", err)
			}
		})
	}
	for _, addr := range []string{"0.0.0.0:0", "192.0.2.1:80", "8025", ":8025", "example.com:80"} {
		if _, err := Start(addr, Options{Shop: small()}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: got %v, want an Invalid error", addr, err)
		}
	}
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	if _, err := Start(taken.Listener.Addr().String(), Options{Shop: small()}); fault.KindOf(err) != fault.Conflict {
		t.Errorf("an address in use: got %v, want a Conflict", err)
	}
	c := world(t, Options{})
	if _, err := c.w.Truth("shop/cakes"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a list that is not there: %v", err)
	}
	for _, list := range c.w.Lists() {
		if _, err := c.w.Truth(list); err != nil {
			t.Errorf("%s: %v", list, err)
		}
	}
}

// Counts are numbers, the shop's amounts texts, the networks' amounts numbers
// with all their digits, and what has no value is null.
func TestValuesAreWrittenAsDocumented(t *testing.T) {
	c := world(t, Options{})
	first := func(path, list string) map[string]any {
		return decode(t, c.good(path).body).(map[string]any)[list].([]any)[0].(map[string]any)
	}
	order := first("/shop/v1/orders?limit=1", "data")
	line := order["lines"].([]any)[0].(map[string]any)
	spend := first("/ads/v1/spend?from=2025-01-05&to=2025-01-05&network=social", "rows")
	search := first("/ads/v1/spend?from=2025-01-05&to=2025-01-05&network=search", "rows")
	payment := decode(t, c.good("/payments/v1/transactions?limit=1").body).([]any)[0].(map[string]any)
	for name, like := range map[string][2]any{
		"total": {order["total"], ""}, "line_no": {line["line_no"], json.Number("")}, "quantity": {line["quantity"], json.Number("")},
		"unit_price": {line["unit_price"], ""}, "promotion_id": {line["promotion_id"], nil}, "cost": {spend["cost"], json.Number("")},
		"exported_at": {spend["exported_at"], nil}, "amount": {payment["amount"], json.Number("")}, "payout_id": {payment["payout_id"], nil},
	} {
		if fmt.Sprintf("%T", like[0]) != fmt.Sprintf("%T", like[1]) {
			t.Errorf("%s is %v, a %T", name, like[0], like[0])
		}
	}
	if _, there := payment["payout_id"]; there {
		t.Error("transactions leave out what has no value")
	}
	if cost := spend["cost"].(json.Number).String(); len(cost)-strings.IndexByte(cost, '.') != 3 {
		t.Errorf("a cost of %s", cost)
	}
	if spend["campaign"] != "Family dinners" || search["exported_at"] != "2025-01-05T23:10:00" {
		t.Errorf("%v, %v", spend, search)
	}
	titles := map[any]bool{}
	for _, row := range c.adsAll(false) {
		titles[row["campaign"]] = true
	}
	if !titles["Frühling im Körbchen"] {
		t.Errorf("titles are %v", titles)
	}
}
