package vendors

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/larder-data/larder/examples/shop"
)

// client is a plain client: it believes what it is told, and gives up at once.
type client struct {
	t    testing.TB
	w    *World
	http *http.Client
	key  map[Service]func(*http.Request)

	ctx       context.Context // of the next request
	onTrouble atomic.Pointer[context.CancelFunc]
}

func small() shop.Options { return shop.Options{Days: 12, Scale: 0.1} }

// open starts vendors that stop with the test.
func world(t testing.TB, options Options) *client {
	t.Helper()
	if options.Shop == (shop.Options{}) {
		options.Shop = small()
	}
	transport := &http.Transport{}
	c := &client{t: t, http: &http.Client{Transport: transport, Timeout: time.Minute}, ctx: t.Context()}
	options.OnTrouble = func(Happening) {
		if giveUp := c.onTrouble.Load(); giveUp != nil {
			(*giveUp)()
		}
	}
	w, err := Start("127.0.0.1:0", options)
	if err != nil {
		t.Fatal(err)
	}
	c.w = w
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := w.Stop(); err != nil {
			t.Error(err)
		}
	})
	var token string
	c.key = map[Service]func(*http.Request){
		Shop: func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+ShopKey) },
		Ads:  func(r *http.Request) { r.Header.Set("X-Api-Key", AdsKey) },
		Payments: func(r *http.Request) {
			if token == "" {
				token = c.token()
			}
			r.Header.Set("Authorization", "Bearer "+token)
		},
		Carrier: func(r *http.Request) { r.SetBasicAuth(CarrierUser, CarrierPassword) },
		Bucket:  func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+BucketKey+"/x") },
	}
	return c
}

func (c *client) token() string {
	c.t.Helper()
	r, err := c.http.PostForm(c.w.URL()+tokenPath, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {PaymentsClient}, "client_secret": {PaymentsSecret},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	var said struct {
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"`
	}
	if err := json.NewDecoder(r.Body).Decode(&said); err != nil || said.Token == "" || said.Expires != 300 {
		c.t.Fatalf("token: %v, %+v", err, said)
	}
	return said.Token
}

// reply is what came back, as far as it came.
type reply struct {
	status int
	header http.Header
	body   []byte
	err    error
}

// get asks for a path, or a whole address, with the service's credentials.
func (c *client) get(path string) reply { return c.send(http.MethodGet, path, nil) }

func (c *client) send(method, path string, body io.Reader) reply {
	c.t.Helper()
	address := path
	if strings.HasPrefix(path, "/") {
		address = c.w.URL() + path
	}
	r, err := http.NewRequestWithContext(c.ctx, method, address, body)
	if err != nil {
		c.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	c.key[serviceOf(r.URL.Path)](r)
	answer, err := c.http.Do(r)
	if err != nil {
		return reply{err: err}
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	return reply{answer.StatusCode, answer.Header, got, err}
}

func serviceOf(path string) Service {
	for _, s := range lists {
		if strings.HasPrefix(path, "/"+string(s)+"/") {
			return s
		}
	}
	return Bucket
}

// good is get for an answer that has to be one.
func (c *client) good(path string) reply {
	c.t.Helper()
	r := c.get(path)
	if r.err != nil || r.status != http.StatusOK {
		c.t.Fatalf("%s: %d %v %s", path, r.status, r.err, r.body)
	}
	return r
}

// rowsOf reads JSON records, numbers as they are written.
func rowsOf(t testing.TB, list any) []Row {
	t.Helper()
	var rows []Row
	for _, one := range list.([]any) {
		rows = append(rows, rowFrom(t, one.(map[string]any)))
	}
	return rows
}

func rowFrom(t testing.TB, fields map[string]any) Row {
	t.Helper()
	row := Row{}
	for name, v := range fields {
		switch v := v.(type) {
		case nil:
		case string:
			row[name] = v
		case json.Number:
			row[name] = v.String()
		case []any: // lines
		default:
			t.Fatalf("%s is a %T", name, v)
		}
	}
	return row
}

func decode(t testing.TB, body []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%v in %.200s", err, body)
	}
	return v
}

func number(t testing.TB, v any) int {
	t.Helper()
	n, err := v.(json.Number).Int64()
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

// shopAll pages a shop list to its end, and an order's lines with it.
func (c *client) shopAll(path string) (rows, lines []Row) {
	c.t.Helper()
	next := ""
	for total := -1; ; {
		address := path
		if next != "" {
			address += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "cursor=" + next
		}
		body := decode(c.t, c.good(address).body).(map[string]any)
		rows = append(rows, rowsOf(c.t, body["data"])...)
		for _, one := range body["data"].([]any) {
			order := one.(map[string]any)
			nested, _ := order["lines"].([]any)
			for _, line := range rowsOf(c.t, nested) {
				line["order_id"] = order["order_id"].(string)
				lines = append(lines, line)
			}
		}
		if said := number(c.t, body["total"]); total >= 0 && said != total {
			c.t.Fatalf("%s: total %d, then %d", path, total, said)
		} else {
			total = said
		}
		if body["next_cursor"] == nil {
			if len(rows) != total {
				c.t.Errorf("%s: %d records, said %d", path, len(rows), total)
			}
			return rows, lines
		}
		next = body["next_cursor"].(string)
	}
}

// adsAll reads all spend by page number, or by offset.
func (c *client) adsAll(byOffset bool) []Row {
	c.t.Helper()
	var rows []Row
	for n := 1; ; n++ {
		path := fmt.Sprintf("/ads/v1/spend?from=2025-01-01&to=2026-01-01&per_page=20&page=%d", n)
		if byOffset {
			path = fmt.Sprintf("/ads/v1/spend?from=2025-01-01&to=2026-01-01&limit=7&offset=%d", len(rows))
		}
		body := decode(c.t, c.good(path).body).(map[string]any)
		rows = append(rows, rowsOf(c.t, body["rows"])...)
		if byOffset && body["next_offset"] == nil || !byOffset && n >= number(c.t, body["pages"]) {
			if len(rows) != number(c.t, body["total"]) {
				c.t.Errorf("%d records, said %s", len(rows), body["total"])
			}
			return rows
		}
	}
}

var nextLink = regexp.MustCompile(`<([^>]*)>; rel="next"`)

var nextCursor = regexp.MustCompile(`"next_cursor":"([^"]*)"`)

// linkedAll follows the Link header.
func (c *client) linkedAll(path string) []Row {
	c.t.Helper()
	var rows []Row
	for {
		r := c.good(path)
		rows = append(rows, rowsOf(c.t, decode(c.t, r.body))...)
		next := nextLink.FindStringSubmatch(r.header.Get("Link"))
		if next == nil {
			if r.header.Get("X-Total-Count") != itoa(len(rows)) {
				c.t.Errorf("%d records, said %s", len(rows), r.header.Get("X-Total-Count"))
			}
			return rows
		}
		path = next[1]
	}
}

// scansAll reads the carrier's windows, a week each.
func (c *client) scansAll(read func(window string) []Row) []Row {
	c.t.Helper()
	var rows []Row
	for from := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC); from.Year() == 2025 && from.YearDay() < 250; from = from.AddDate(0, 0, 7) {
		rows = append(rows, read("?received_from="+from.Format(time.DateOnly)+"&received_to="+from.AddDate(0, 0, 7).Format(time.DateOnly))...)
	}
	return rows
}

func (c *client) scanLines(window string) []Row {
	c.t.Helper()
	r := c.good("/carrier/v1/events" + window)
	var rows []Row
	for scan := bufio.NewScanner(bytes.NewReader(r.body)); scan.Scan(); {
		rows = append(rows, rowFrom(c.t, decode(c.t, scan.Bytes()).(map[string]any)))
	}
	if r.header.Get("X-Record-Count") != itoa(len(rows)) {
		c.t.Errorf("%d records, said %s", len(rows), r.header.Get("X-Record-Count"))
	}
	return rows
}

func (c *client) scanXML(window string) []Row {
	c.t.Helper()
	var list struct {
		Count int `xml:"count,attr"`
		Scans []struct {
			Fields []struct {
				XMLName xml.Name
				Text    string `xml:",chardata"`
			} `xml:",any"`
		} `xml:"scan"`
	}
	if err := xml.Unmarshal(c.good("/carrier/v1/events.xml"+window).body, &list); err != nil {
		c.t.Fatal(err)
	}
	var rows []Row
	for _, event := range list.Scans {
		row := Row{}
		for _, f := range event.Fields {
			row[f.XMLName.Local] = f.Text
		}
		rows = append(rows, row)
	}
	if list.Count != len(rows) {
		c.t.Errorf("%d records, said %d", len(rows), list.Count)
	}
	return rows
}

// csvRows reads a file with a header.
func csvRows(t testing.TB, body []byte) []Row {
	t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	for _, line := range lines[1:] {
		row := Row{}
		for i, name := range lines[0] {
			if line[i] != "" {
				row[name] = line[i]
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func unzip(t testing.TB, body []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// objects lists the bucket, three keys a page.
func (c *client) objects(prefix string) []string {
	c.t.Helper()
	var keys []string
	token := ""
	for {
		var list struct {
			Contents []struct{ Key string }
			Next     string `xml:"NextContinuationToken"`
		}
		path := "/" + BucketName + "?list-type=2&max-keys=7&prefix=" + prefix
		if token != "" {
			path += "&continuation-token=" + url.QueryEscape(token)
		}
		if err := xml.Unmarshal(c.good(path).body, &list); err != nil {
			c.t.Fatal(err)
		}
		for _, object := range list.Contents {
			keys = append(keys, object.Key)
		}
		if token = list.Next; token == "" {
			return keys
		}
	}
}
