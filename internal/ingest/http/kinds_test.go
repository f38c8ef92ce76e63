package http_test

import (
	"compress/gzip"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/ingest"
)

func TestCSV(t *testing.T) {
	pages := map[string]string{
		"1": "report of today\nid;amount;name\n1;12,10;\"a;b\"\n2;7;x\n", "2": "report of today\nid;amount;name\n3;0,05;Käse\n", "3": "report of today\nid;amount;name\n",
	}
	v := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, pages[r.URL.Query().Get("p")]) })
	d := newDock(t, v, `
tables:
  lines:
    path: lines.csv
    format: csv
    delimiter: ";"
    decimal: ","
    skip: 1
    page: {kind: page, param: p}
    columns: {id: bigint, amount: 'decimal(18,2)', name: varchar}
`)
	d.landed("lines")
	d.has("SELECT id, amount, name FROM lake.api_lines", "1 12.10 a;b", "2 7.00 x", "3 0.05 Käse")
	pages["2"] = "report of today\nid;name;amount\n3;Käse;0,05\n"
	d.fails("lines", fault.Held, "a page has the columns")
	pages["2"] = "report of today\nid;amount;name\n3;0,05\n"
	d.fails("lines", fault.Broken, "line 2 of the answer has 2 fields, the header has 3")
}

func TestXML(t *testing.T) {
	v := &scripted{answers: []http.HandlerFunc{
		says(200, `<?xml version="1.0" encoding="ISO-8859-1"?>
<feed xmlns="urn:x" total="2"><next>b</next><items><item id="1"><name>K`+"\xe4"+`se</name><price cur="EUR">12.10</price><tag>a</tag><tag>b</tag></item></items></feed>`),
		says(200, `<feed total="2"><items><item id="2"><name/><price cur="EUR">7</price><tag>c</tag><tag>d</tag></item></items></feed>`),
	}}
	d := newDock(t, v, `
tables:
  items:
    path: items.xml
    format: xml
    records: feed.items.item
    total: feed.total
    page: {kind: cursor, param: c, from: feed.next}
    columns: {id: bigint, name: varchar, price: json, tag: json}
`)
	d.landed("items")
	d.has("SELECT id, coalesce(name, '-'), price->>'text', tag->>0 FROM lake.api_items", "1 Käse 12.10 a", "2 - 7 c")
	d.sameLoads("items", "snapshot: 2 count")
	d = newDock(t, &scripted{answers: []http.HandlerFunc{says(200, `<feed><item>`)}}, "tables: {items: {path: x, format: xml, records: feed.item}}")
	d.fails("items", fault.Held, "cut off")
}

func TestJSONLines(t *testing.T) {
	v := &scripted{answers: []http.HandlerFunc{says(200, "\ufeff{\"id\":1}\n{\"id\":2}\n", "X-Count", "2"), says(200, "{\"id\":1}\n", "X-Count", "2")}}
	d := newDock(t, v, "tables: {lines: {path: l, format: jsonl, total: 'header:X-Count'}}")
	d.landed("lines")
	d.has("SELECT id FROM lake.api_lines", "1", "2")
	d.fails("lines", fault.Held, "it says it has 2 records, and 1 came")
}

func TestReports(t *testing.T) {
	var polled atomic.Int32
	var requested string
	mux := http.NewServeMux()
	mux.HandleFunc("POST /reports", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requested = string(body)
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, `{"data":{"id":"r 7"}}`)
	})
	state, words := "RUNNING", "DONE"
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		zipped := gzip.NewWriter(w)
		io.WriteString(zipped, "day,cost\n2026-03-09,12.10\n2026-03-09,1\n")
		zipped.Close()
	}))
	t.Cleanup(files.Close)
	mux.HandleFunc("GET /reports/{id}", func(w http.ResponseWriter, r *http.Request) {
		now := state
		if polled.Add(1)%3 == 0 {
			now = words
		}
		fmt.Fprintf(w, `{"status":%q,"url":"%s/%s.csv.gz?sig=abc"}`, now, files.URL, strings.ReplaceAll(r.PathValue("id"), " ", "-"))
	})
	yaml := `
auth: {bearer: '${TOKEN}'}
tables:
  spend:
    format: csv
    windows: {of: 1 day, from_param: 'body:from', to_param: 'body:to', to: inclusive, start: 2026-03-10}
    report:
      request: {path: reports, body: {type: spend, ids: [1, 2]}}
      id: data.id
      poll: {path: 'reports/{report}', status: status, done: [done], failed: [failed], every: 10 seconds, at_most: 1 minute}
      download: {from: url}
`
	d := newDock(t, mux, yaml)
	d.landed("spend")
	d.has("SELECT cost FROM lake.api_spend", "12.10", "1.00")
	if requested != `{"from":"2026-03-10","ids":[1,2],"to":"2026-03-10","type":"spend"}` || fmt.Sprint(d.clock.waited) != "[10s 10s]" {
		t.Error(requested, d.clock.waited)
	}
	words = "FAILED"
	d.fails("spend", fault.Held, "the report failed: status is FAILED")
	words = "RUNNING"
	d.fails("spend", fault.Late, "the report is not ready in time")
	d.has("SELECT cost FROM lake.api_spend", "12.10", "1.00")
}

func TestForEach(t *testing.T) {
	s := newShop()
	refunds := map[string]string{"1": `[{"refund_id":"a","amount":1.50}]`, "2": `[]`, "3": `[{"refund_id":"b","amount":2},{"refund_id":"c","amount":3}]`}
	mux := http.NewServeMux()
	var asked []string
	mux.Handle("/orders", s)
	mux.HandleFunc("/orders/{id}/refunds", func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.PathValue("id"))
		io.WriteString(w, refunds[r.PathValue("id")])
	})
	d := newDock(t, mux, fmt.Sprintf(incremental, "")+`
  refunds:
    path: /orders/{id}/refunds
    key: refund_id
    for_each: {table: orders, column: id}
`)
	for i := 1; i <= 3; i++ {
		s.put(i, minute(i), "1.00")
	}
	d.landed("refunds")
	d.has("SELECT orders_id, refund_id, amount FROM lake.api_refunds", "1 a 1.50", "3 b 2.00", "3 c 3.00")
	if got := strings.Join(asked, " "); got != "1 2 3" {
		t.Error(got)
	}
	asked = nil
	s.put(2, minute(9), "1.00") // an order that changed
	refunds["2"] = `[{"refund_id":"d","amount":4}]`
	d.landed("refunds")
	d.has("SELECT orders_id, refund_id, amount FROM lake.api_refunds", "1 a 1.50", "3 b 2.00", "3 c 3.00", "2 d 4.00")
	if got := strings.Join(asked, " "); got != "3 2" { // the last one known, and what came after
		t.Error(got)
	}
}

func TestGraphQLTellsErrorsWithStatus200(t *testing.T) {
	v := &scripted{answers: []http.HandlerFunc{says(200, `{"data":{"orders":null},"errors":[{"message":"no field x"}]}`)}}
	d := newDock(t, v, "tables: {orders: {path: graphql, records: data.orders, body: {query: '{orders{x}}'}}}")
	d.fails("orders", fault.Held, "no field x")
}

// The answer of a service that tells nothing of completeness does not empty a
// table.
func TestNoRecordsAtAll(t *testing.T) {
	v := &scripted{answers: []http.HandlerFunc{says(200, two), says(200, `[]`), says(200, `[]`, "X-Total", "0")}}
	d := newDock(t, v, plainTable)
	d.landed("orders")
	d.fails("orders", fault.Held, "no record at all; the load before had 2")
	d.has("SELECT id FROM lake.api_orders", "1", "2")
	d.describe(plainTable + "    total: header:X-Total\n")
	d.landed("orders")
	d.has("SELECT id FROM lake.api_orders")
}

// zeros are bytes without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestLargeAnswers(t *testing.T) {
	var sent atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		record := []byte(`{"id":1,"text":"` + strings.Repeat("x", 1000) + `"},`)
		_, _ = w.Write([]byte("["))
		for {
			n, err := w.Write(record)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		zipped := gzip.NewWriter(w)
		_, _ = io.Copy(zipped, io.LimitReader(zeros{}, 1<<30))
	})
	mux.HandleFunc("/many", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "[")
		for i := range 200_000 {
			fmt.Fprintf(w, `{"id":%d,"text":"%s"},`, i, strings.Repeat("x", 200))
		}
		io.WriteString(w, `{"id":-1}]`)
	})
	mux.HandleFunc("/record", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `[{"id":1,"text":"`+strings.Repeat("x", 17<<20)+`"}]`)
	})
	d := newDock(t, mux, "max_size: 100 MB\ntables:\n  endless: {path: endless}\n  bomb: {path: bomb}\n  many: {path: many}\n  record: {path: record}\n")
	d.fails("endless", fault.Broken, "larger than 100 MB")
	if sent.Load() > 200<<20 {
		t.Errorf("%d bytes were sent before it was refused", sent.Load())
	}
	d.fails("bomb", fault.Broken, "larger than 100 MB")
	d.fails("record", fault.Broken, "a record has more than 16 MB")
	var before, most runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b, err := d.reader.Sample(t.Context(), d.tableOf("many"), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(b.Path)
	runtime.ReadMemStats(&most)
	if b.Size < 40<<20 || most.HeapSys > before.HeapSys+64<<20 {
		t.Errorf("%d bytes brought, the heap grew by %d MB", b.Size, (most.HeapSys-before.HeapSys)>>20)
	}
}

func TestWhoDoesNotAnswer(t *testing.T) {
	tls := httptest.NewTLSServer(says(200, two))
	t.Cleanup(tls.Close)
	gone := httptest.NewServer(says(200, two))
	gone.Close()
	quiet := make(chan struct{})
	stall := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-quiet:
		}
	}))
	t.Cleanup(stall.Close)
	t.Cleanup(func() { close(quiet) })
	plain := httptest.NewServer(says(200, two))
	t.Cleanup(plain.Close)
	for name, c := range map[string]struct {
		url  string
		kind fault.Kind
		says string
	}{
		"an unknown certificate": {tls.URL, fault.Unreachable, "certificate is not trusted"},
		"no TLS":                 {"https://" + strings.TrimPrefix(plain.URL, "http://"), fault.Unreachable, "does not speak TLS"},
		"refused":                {gone.URL, fault.Unreachable, "connection is refused"},
		"no such host":           {"http://no-such-host.invalid", fault.Unreachable, "no-such-host.invalid"},
		"never":                  {stall.URL, fault.Late, "did not answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDock(t, http.NotFoundHandler(), plainTable)
			d.url = c.url
			patience := "30 seconds"
			if c.kind == fault.Late {
				patience = "0.1 seconds"
			}
			d.describe("timeout: " + patience + "\nattempts: 2" + plainTable)
			d.fails("orders", c.kind, c.says)
		})
	}
	d := newDock(t, http.NotFoundHandler(), plainTable)
	d.url = tls.URL
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tls.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(d.dir, "ca.pem"), cert, 0o600); err != nil {
		t.Fatal(err)
	}
	d.describe("ca_file: ca.pem" + plainTable)
	d.landed("orders")
}

func TestAHostThatFailsIsLeftAlone(t *testing.T) {
	v := &scripted{answers: []http.HandlerFunc{says(503, "down")}}
	d := newDock(t, v, "attempts: 50"+plainTable)
	d.fails("orders", fault.Unreachable, "is left alone until")
	if len(v.asked) != 20 {
		t.Errorf("asked %d times", len(v.asked))
	}
	v.answers = []http.HandlerFunc{says(200, two)}
	d.landed("orders") // an hour later
}

func TestTheRateIsKept(t *testing.T) {
	v := &scripted{answers: []http.HandlerFunc{says(200, `{"d":[{"id":1}],"n":"a"}`), says(200, `{"d":[{"id":2}],"n":"b"}`), says(200, `{"d":[{"id":3}]}`)}}
	d := newDock(t, v, "rate: 2 per second\ntables: {orders: {path: o, records: d, page: {kind: cursor, param: c, from: n}}}")
	d.landed("orders")
	if got := fmt.Sprint(d.clock.waited); got != "[500ms 500ms]" {
		t.Error(got)
	}
}

func (d *dock) tableOf(name string) ingest.Table {
	for _, t := range d.source.Tables {
		if t.Name == name {
			return ingest.Table{SourceTable: t, Source: d.source}
		}
	}
	d.Fatal(name)
	return ingest.Table{}
}

func TestSampleAndNews(t *testing.T) {
	s := newShop()
	for i := range 9 {
		s.put(i, time.Date(2026, 3, 8, i, 0, 0, 0, time.UTC), "1.00")
	}
	d := newDock(t, s, byDay)
	b, err := d.reader.Sample(t.Context(), d.tableOf("orders"), 4)
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(b.Path)
	text, err := os.ReadFile(b.Path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n != 4 || len(s.asked) != 4 {
		t.Errorf("%d records; asked %s", n, s.asked)
	}
	var first map[string]any
	if err := json.Unmarshal([]byte(strings.SplitN(string(text), "\n", 2)[0]), &first); err != nil || first["id"] == nil {
		t.Error(err, first)
	}
	if got := d.reader.News(d.tableOf("orders"), ingest.Past{}); got != "ask for /orders, by 2026-03-08 and after" {
		t.Error(got)
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	for yaml, says := range map[string]string{
		"auth: {bearer: s3cr3t}\ntables: {a: {path: x}}":                                                                       "holds a secret",
		"auth: {bearer: '${TOKEN:-s3cr3t}'}\ntables: {a: {path: x}}":                                                           "holds a secret",
		"headers: {X-Api-Key: s3cr3t}\ntables: {a: {path: x}}":                                                                 "holds a secret",
		"auth: {bearer: '${TOKEN}', key: {header: a, value: '${TOKEN}'}}\ntables: {a: {path: x}}":                              "2 ways",
		"auth: {key: {value: '${TOKEN}'}}\ntables: {a: {path: x}}":                                                             "one of header and query",
		"tables: {a: {records: x}}":                                                                                            "path is missing",
		"rate: often\ntables: {a: {path: x}}":                                                                                  "2 per second",
		"max_size: big\ntables: {a: {path: x}}":                                                                                "max_size is a size",
		"tables: {a: {path: x, records: 'a..b'}}":                                                                              "without a name",
		"tables: {a: {path: x, page: {kind: cursor, param: c}}}":                                                               "takes from",
		"tables: {a: {path: x, page: {kind: page}}}":                                                                           "takes param",
		"tables: {a: {path: x, page: {kind: link, param: c}}}":                                                                 "takes no param",
		"tables: {a: {path: x, page: {kind: page, param: p, ends: short}}}":                                                    "needs size",
		"tables: {a: {path: x, since: {param: s, column: c}}}":                                                                 "needs key",
		"tables: {a: {path: x, key: i, since: {param: s, column: c, lookback: long}}}":                                         "lookback is",
		"tables: {a: {path: x, since: {param: s, column: c}, key: i, windows: {of: 1 day, from_param: f, start: 2025-01-01}}}": "exclude",
		"tables: {a: {path: x, windows: {of: 1 day, from_param: f, start: soon}}}":                                             "start is",
		"tables: {a: {path: x, windows: {of: 1 hour, from_param: f, start: 2025-01-01, as: date}}}":                            "whole days",
		"tables: {a: {path: x, reread: 1 day}}":                                                                                "reread means nothing",
		"tables: {a: {path: x, delimiter: ';'}}":                                                                               "only with format: csv",
		"tables: {a: {path: x, format: csv, records: y}}":                                                                      "means nothing with format: csv",
		"tables: {a: {path: x, format: csv, total: n}}":                                                                        "only a header",
		"tables: {a: {path: x, page: {kind: cursor, param: 'body:c', from: n}}}":                                               "there is no body",
		"tables: {a: {path: 'x/{id}', for_each: {table: b, column: id}}}":                                                      "no other table b",
		"tables: {a: {path: x, colour: red}}":                                                                                  "colour",
	} {
		d := newDock(t, http.NotFoundHandler(), plainTable)
		d.url = "https://api.example.com"
		source, err := d.load(yaml)
		if err == nil {
			_, err = d.reader.Layout(ingest.Table{SourceTable: source.Tables[0], Source: source})
		}
		if err == nil || !strings.Contains(err.Error()+fault.HintOf(err), says) || strings.Contains(fmt.Sprintf("%v %+v", err, err), "s3cr3t") {
			t.Errorf("%s: got %v, want %q", yaml, err, says)
		}
	}
}
