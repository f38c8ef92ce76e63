package http_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/fault"
)

// scripted answers each request with the next of its answers, and the last one
// for ever. It notes what it was asked.
type scripted struct {
	mu      sync.Mutex
	answers []http.HandlerFunc
	asked   []string
	headers []http.Header
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	answer := s.answers[min(len(s.asked), len(s.answers)-1)]
	s.asked, s.headers = append(s.asked, r.Method+" "+r.URL.String()), append(s.headers, r.Header.Clone())
	s.mu.Unlock()
	answer(w, r)
}

func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// cut breaks the connection in mid-body.
func cut(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)+100))
		fmt.Fprint(w, body)
	}
}

const two = `[{"id":1,"amount":12.10},{"id":2,"amount":7}]`

const plainTable = `
tables:
  orders:
    path: /orders
`

func TestAnAnswerIsASnapshot(t *testing.T) {
	v := &scripted{answers: []http.HandlerFunc{says(200, two), says(200, `[{"amount":7,"id":2},{"id":1,"amount":12.10}]`), says(200, `[{"id":2,"amount":8}]`)}}
	d := newDock(t, v, plainTable)
	d.landed("orders")
	d.has("SELECT id, amount, typeof(amount) FROM lake.api_orders", "1 12.10 DECIMAL(18,2)", "2 7.00 DECIMAL(18,2)")
	d.landed("orders") // the same in another order and spelling
	d.sameLoads("orders", "snapshot: 2 unproven")
	d.landed("orders")
	d.has("SELECT id, amount FROM lake.api_orders", "2 8.00")
	if v.asked[0] != "GET /orders" {
		t.Error(v.asked)
	}
}

func TestWhatPassesIsAskedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		first  http.HandlerFunc
		waited string
	}{
		"503":                      {says(503, "overloaded"), "500ms"},
		"429, seconds":             {says(429, "slow", "Retry-After", "7"), "7s"},
		"429, a date":              {says(429, "slow", "Retry-After", "Tue, 10 Mar 2026 10:00:09 GMT"), "9s"},
		"cut off":                  {cut(`[{"id":1`), "500ms"},
		"JSON that ends too early": {says(200, `[{"id":1,"amount":12.10},{"id"`), "500ms"},
		"nothing at all":           {says(200, ``), "500ms"},
		"a page for people":        {says(200, `<html><body>Maintenance</body></html>`), "500ms"},
	} {
		t.Run(name, func(t *testing.T) {
			v := &scripted{answers: []http.HandlerFunc{c.first, says(200, two)}}
			d := newDock(t, v, plainTable)
			d.landed("orders")
			d.has("SELECT id FROM lake.api_orders", "1", "2")
			if got := fmt.Sprint(d.clock.waited); got != "["+c.waited+"]" {
				t.Errorf("waited %s, want %s", got, c.waited)
			}
		})
	}
}

func TestWhatStaysIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kind   fault.Kind
		says   string
	}{
		"404":                {says(404, `{"error":"no such endpoint"}`), fault.NotFound, `it says 404 Not Found: {"error":"no such endpoint"}`},
		"400":                {says(400, "bad\n\n  date "), fault.Invalid, "bad date"},
		"401":                {says(401, "who? s3cr3t-token"), fault.Denied, "who? ***"},
		"403":                {says(403, "not yours"), fault.Denied, "not yours"},
		"500":                {says(500, "oops"), fault.Unreachable, "after 5 attempts"},
		"429 for a day":      {says(429, "later", "Retry-After", "86400"), fault.Busy, "come back in 24h"},
		"HTML":               {says(200, "<!doctype html><title>Sign in</title><script>x</script>"), fault.Broken, "Sign in"},
		"no JSON":            {says(200, "id,amount\n1,2"), fault.Broken, "no JSON"},
		"cut for ever":       {cut(`[{"id":1}`), fault.Unreachable, "cut off"},
		"invalid UTF-8":      {says(200, "[{\"id\":\"\xff\"}]"), fault.Broken, "UTF-8"},
		"no objects":         {says(200, `[1,2]`), fault.Broken, "no object"},
		"a word":             {says(200, `"nothing"`), fault.Broken, "nothing"},
		"more after the end": {says(200, "{\"id\":1}\n{\"id\":2}"), fault.Broken, "more follows"},
		"redirects for ever": {says(302, "", "Location", "/orders"), fault.Broken, "redirects"},
		"a redirect to ftp":  {says(302, "", "Location", "ftp://x/"), fault.Broken, "no address"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDock(t, &scripted{answers: []http.HandlerFunc{c.answer}}, "auth: {bearer: '${TOKEN}'}"+plainTable)
			err := d.fails("orders", c.kind, c.says, "GET "+d.url+"/orders")
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is more than a line", err)
			}
			if got := d.loads("orders"); len(got) > 0 {
				t.Error(got)
			}
		})
	}
}

func TestPages(t *testing.T) {
	all := []map[string]any{}
	for i := range 7 {
		all = append(all, map[string]any{"id": i + 1})
	}
	slice := func(from, size int) []map[string]any {
		return all[min(from, len(all)):min(from+size, len(all))]
	}
	write := func(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }
	number := func(r *http.Request, name string) int {
		var n int
		fmt.Sscan(r.URL.Query().Get(name), &n)
		return n
	}
	for name, c := range map[string]struct {
		settings string
		answer   http.HandlerFunc
		asked    int
	}{
		"page": {"records: items\n    page: {kind: page, param: page, size_param: n, size: 3}", func(w http.ResponseWriter, r *http.Request) {
			write(w, map[string]any{"items": slice(3*(number(r, "page")-1), number(r, "n"))})
		}, 4},
		"page, short": {"records: items\n    page: {kind: page, param: page, size_param: n, size: 3, ends: short}", func(w http.ResponseWriter, r *http.Request) {
			write(w, map[string]any{"items": slice(3*(number(r, "page")-1), number(r, "n"))})
		}, 3},
		"page, total": {"records: items\n    total: n\n    page: {kind: page, param: p, first: 0}", func(w http.ResponseWriter, r *http.Request) {
			write(w, map[string]any{"items": slice(3*number(r, "p"), 3), "n": 7})
		}, 3},
		"offset, half pages": {"records: items\n    page: {kind: offset, param: skip, size_param: take, size: 5}", func(w http.ResponseWriter, r *http.Request) {
			write(w, map[string]any{"items": slice(number(r, "skip"), number(r, "take")/2)})
		}, 5},
		"cursor": {"records: data.items\n    page: {kind: cursor, param: after, from: meta.next}", func(w http.ResponseWriter, r *http.Request) {
			at := number(r, "after")
			next := any(fmt.Sprint(at + 3))
			if at+3 >= len(all) {
				next = nil
			}
			write(w, map[string]any{"data": map[string]any{"items": slice(at, 3)}, "meta": map[string]any{"next": next}})
		}, 3},
		"cursor in a header, counted there": {"total: header:X-Total\n    page: {kind: cursor, param: after, from: header:X-Next}", func(w http.ResponseWriter, r *http.Request) {
			at := number(r, "after")
			if w.Header().Set("X-Total", "7"); at+4 < len(all) {
				w.Header().Set("X-Next", fmt.Sprint(at+4))
			}
			write(w, slice(at, 4))
		}, 2},
		"the last record": {"records: data\n    page: {kind: cursor, param: starting_after, from: last:id, more: has_more}", func(w http.ResponseWriter, r *http.Request) {
			at := number(r, "starting_after")
			write(w, map[string]any{"data": slice(at, 3), "has_more": at+3 < len(all)})
		}, 3},
		"link": {"page: {kind: link}", func(w http.ResponseWriter, r *http.Request) {
			at := number(r, "at")
			w.Header().Add("Link", `</orders?at=0>; rel="first"`)
			if at+3 < len(all) {
				w.Header().Add("Link", fmt.Sprintf(`</x>; rel=prev, </orders?at=%d>; title="a, b"; rel="next last"`, at+3))
			}
			write(w, slice(at, 3))
		}, 3},
		"next": {"records: results\n    total: count\n    page: {kind: next, from: next}", func(w http.ResponseWriter, r *http.Request) {
			at := number(r, "at")
			next := any("http://" + r.Host + "/orders?at=" + fmt.Sprint(at+2))
			if at+2 >= len(all) {
				next = nil
			}
			write(w, map[string]any{"count": 7, "next": next, "results": slice(at, 2)})
		}, 4},
		"GraphQL": {"records: data.orders.edges.node\n    body: {query: 'query($after: String) {...}', variables: {n: 3}}\n    page: {kind: cursor, param: 'body:variables.after', from: data.orders.pageInfo.endCursor, more: data.orders.pageInfo.hasNextPage}", func(w http.ResponseWriter, r *http.Request) {
			var asked struct {
				Query     string
				Variables struct {
					N     int
					After string
				}
			}
			if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || r.Method != http.MethodPost || asked.Variables.N != 3 || asked.Query == "" {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			at := 0
			fmt.Sscan(asked.Variables.After, &at)
			var edges []any
			for _, x := range slice(at, 3) {
				edges = append(edges, map[string]any{"node": x})
			}
			write(w, map[string]any{"data": map[string]any{"orders": map[string]any{
				"edges": edges, "pageInfo": map[string]any{"endCursor": fmt.Sprint(at + 3), "hasNextPage": at+3 < len(all)},
			}}})
		}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			v := &scripted{answers: []http.HandlerFunc{c.answer}}
			d := newDock(t, v, "tables:\n  orders:\n    path: orders\n    key: id\n    "+c.settings+"\n")
			d.landed("orders")
			d.has("SELECT id FROM lake.api_orders", "1", "2", "3", "4", "5", "6", "7")
			if len(v.asked) != c.asked {
				t.Errorf("asked %d times, want %d: %s", len(v.asked), c.asked, v.asked)
			}
			if strings.Contains(c.settings, "total") {
				d.sameLoads("orders", "snapshot: 7 count")
			}
		})
	}
}

func TestAuth(t *testing.T) {
	for name, c := range map[string]struct{ auth, header, want, query string }{
		"bearer":          {"{bearer: '${TOKEN}'}", "Authorization", "Bearer s3cr3t-token", ""},
		"basic":           {"{basic: {user: me, password: '${TOKEN}'}}", "Authorization", "Basic bWU6czNjcjN0LXRva2Vu", ""},
		"key in a header": {"{key: {header: X-Api-Key, value: '${TOKEN}'}}", "X-Api-Key", "s3cr3t-token", ""},
		"key in a query":  {"{key: {query: api_key, value: '${TOKEN}'}}", "", "", "?api_key=s3cr3t-token"},
	} {
		t.Run(name, func(t *testing.T) {
			v := &scripted{answers: []http.HandlerFunc{says(200, two), says(404, "not s3cr3t-token bWU6czNjcjN0LXRva2Vu")}}
			d := newDock(t, v, "auth: "+c.auth+plainTable)
			d.landed("orders")
			if got := v.headers[0].Get(c.header); c.header != "" && got != c.want || v.asked[0] != "GET /orders"+c.query {
				t.Errorf("got %q, %s", got, v.asked[0])
			}
			d.fails("orders", fault.NotFound, "***")
		})
	}
}

func TestATokenIsRenewedOnce(t *testing.T) {
	var mu sync.Mutex
	granted, valid := 0, ""
	forms := []string{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_ = r.ParseForm()
		if user, password, ok := r.BasicAuth(); !ok || user != "client-7" || password != "cl13nt-s3cr3t" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		granted++
		forms = append(forms, r.Form.Encode())
		valid = fmt.Sprintf("t0ken-%d", granted)
		fmt.Fprintf(w, `{"access_token":%q,"expires_in":36000,"refresh_token":"r3fr3sh-%d"}`, valid, granted+1)
	})
	refuse := false
	mux.HandleFunc("GET /orders", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if refuse || r.Header.Get("Authorization") != "Bearer "+valid {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, "expired "+r.Header.Get("Authorization"))
			return
		}
		fmt.Fprint(w, two)
	})
	d := newDock(t, mux, plainTable)
	d.describe("auth: {oauth2: {token_url: '" + d.url + "/token', client_id: '${ID}', client_secret: '${SECRET}', refresh_token: '${REFRESH}', scopes: [a, b]}}" + plainTable)
	d.landed("orders")
	valid = "another" // revoked
	d.landed("orders")
	if granted != 2 || forms[0] != "grant_type=refresh_token&refresh_token=r3fr3sh-1&scope=a+b" || !strings.Contains(forms[1], "r3fr3sh-2") {
		t.Error(granted, forms)
	}
	d.env["3"], d.env["4"] = "t0ken-3", "t0ken-2"
	refuse = true
	d.fails("orders", fault.Denied, "expired Bearer ***")
	if granted != 3 {
		t.Errorf("%d tokens", granted)
	}
	d.clock.now = d.clock.now.Add(20 * time.Hour)
	refuse = false
	d.landed("orders")
	if granted != 4 {
		t.Errorf("a token that has ended is not renewed: %d", granted)
	}
}

func TestCredentialsDoNotFollowARedirect(t *testing.T) {
	other := &scripted{answers: []http.HandlerFunc{says(200, two)}}
	elsewhere := httptest.NewServer(other)
	t.Cleanup(elsewhere.Close)
	v := &scripted{answers: []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/o", http.StatusTemporaryRedirect)
	}}}
	d := newDock(t, v, "auth: {key: {header: X-Key, value: '${TOKEN}'}}\nheaders: {X-Tenant: '${ID}'}"+plainTable)
	d.landed("orders")
	if text := fmt.Sprint(other.headers, other.asked); strings.Contains(text, "s3cr3t") || strings.Contains(text, "client-7") {
		t.Error(text)
	}
}
