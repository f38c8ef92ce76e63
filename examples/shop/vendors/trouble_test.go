package vendors

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/fault"
)

// middle is a path of each service to a page with others before and after it.
func (c *client) middle(s Service) string {
	c.t.Helper()
	switch s {
	case Shop:
		body := decode(c.t, c.good("/shop/v1/orders?limit=6").body).(map[string]any)
		return "/shop/v1/orders?limit=6&cursor=" + body["next_cursor"].(string)
	case Ads:
		return "/ads/v1/spend?from=2025-01-01&to=2025-01-12&per_page=10&page=2"
	case Payments:
		return nextLink.FindStringSubmatch(c.good("/payments/v1/transactions?limit=9").header.Get("Link"))[1]
	case Carrier:
		return "/carrier/v1/events?received_from=2025-01-02&received_to=2025-01-09"
	}
	return "/" + BucketName + "/settlements/2025-01-03.csv"
}

// look is a page as a plain client understands it.
type look struct {
	rows  []map[string]any
	total int
	next  string
}

func (c *client) look(s Service, r reply) (l look, err error) {
	list := func(body []byte, into any) error {
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		return decoder.Decode(into)
	}
	switch s {
	case Shop, Ads:
		var page struct {
			Data, Rows []map[string]any
			Total      int
			Next       string `json:"next_cursor"`
		}
		err = list(r.body, &page)
		l = look{append(page.Data, page.Rows...), page.Total, page.Next}
	case Payments:
		err = list(r.body, &l.rows)
		l.total, _ = strconv.Atoi(r.header.Get("X-Total-Count"))
		if next := nextLink.FindStringSubmatch(r.header.Get("Link")); next != nil {
			l.next = next[1]
		}
	case Carrier:
		l.total, _ = strconv.Atoi(r.header.Get("X-Record-Count"))
		for scan := bufio.NewScanner(bytes.NewReader(r.body)); scan.Scan(); {
			var row map[string]any
			if err = list(scan.Bytes(), &row); err != nil {
				return l, err
			}
			l.rows = append(l.rows, row)
		}
	}
	return l, err
}

func texts(rows []map[string]any) []string {
	var all []string
	for _, row := range rows {
		all = append(all, fmt.Sprint(row))
	}
	return all
}

func distinct(all []string) []string {
	all = slices.Clone(all)
	slices.Sort(all)
	return slices.Compact(all)
}

// retryAfter reads the header both ways, against the vendor's own clock.
func retryAfter(r reply) (wait time.Duration, isDate bool) {
	said := r.header.Get("Retry-After")
	if n, err := strconv.Atoi(said); err == nil {
		return time.Duration(n) * time.Second, false
	}
	until, err := http.ParseTime(said)
	now, err2 := http.ParseTime(r.header.Get("Date"))
	if err != nil || err2 != nil {
		return 0, false
	}
	return until.Sub(now), true
}

// seen says, for each kind, whether a plain client sees it: what a calm vendor
// says and what this one does.
var seen = map[Kind]func(calm, got reply, was, is look) bool{
	TooMany: func(_, got reply, _, _ look) bool {
		wait, date := retryAfter(got)
		return got.status == 429 && wait == 2*time.Second && !date
	},
	TooManyDate: func(_, got reply, _, _ look) bool {
		wait, date := retryAfter(got)
		return got.status == 429 && wait == 2*time.Second && date
	},
	Unavailable: func(_, got reply, _, _ look) bool {
		wait, date := retryAfter(got)
		return got.status == 503 && wait == 2*time.Second && !date
	},
	UnavailableDate: func(_, got reply, _, _ look) bool {
		wait, date := retryAfter(got)
		return got.status == 503 && wait == 2*time.Second && date
	},
	Stall: func(_, got reply, _, _ look) bool { return errors.Is(got.err, context.Canceled) },
	CutBody: func(calm, got reply, _, _ look) bool {
		return errors.Is(got.err, io.ErrUnexpectedEOF) && got.status == 200 && len(got.body) > 0 && len(got.body) < len(calm.body)
	},
	HTMLPage: func(_, got reply, _, _ look) bool {
		return got.status == 200 && strings.HasPrefix(got.header.Get("Content-Type"), "text/html") && got.body[0] == '<'
	},
	Redirect: func(_, got reply, _, _ look) bool {
		return got.status == 307 && strings.HasPrefix(got.header.Get("Location"), "http://localhost:")
	},
	GiantBody: func(calm, got reply, _, _ look) bool { return got.err == nil && len(got.body) > len(calm.body)+1<<20 },
	ExpiredToken: func(_, got reply, _, _ look) bool {
		return got.status == 401 && strings.Contains(got.header.Get("WWW-Authenticate"), "invalid_token")
	},
	HalfPage: func(_, _ reply, was, is look) bool {
		return len(is.rows) == len(was.rows)/2 && is.total == was.total && is.next == was.next
	},
	RepeatedPage: func(_, got reply, was, is look) bool {
		return len(is.rows) > 0 && len(distinct(append(texts(was.rows), texts(is.rows)...))) == len(was.rows)+len(is.rows) &&
			is.total == was.total && (is.next == "" || is.next != was.next)
	},
	SkippedPage: func(_, _ reply, was, is look) bool {
		return len(is.rows) > 0 && len(distinct(append(texts(was.rows), texts(is.rows)...))) == len(was.rows)+len(is.rows) &&
			is.total == was.total && (is.next == "" || is.next != was.next)
	},
	Duplicates: func(_, _ reply, was, is look) bool {
		return len(is.rows) > len(was.rows) && is.total == was.total &&
			cmp.Equal(distinct(texts(is.rows)), distinct(texts(was.rows)))
	},
	Reordered: func(_, _ reply, was, is look) bool {
		return !cmp.Equal(is.rows, was.rows) && cmp.Equal(distinct(texts(is.rows)), distinct(texts(was.rows)))
	},
	LateRecords: func(_, _ reply, was, is look) bool { return is.total < was.total },
	WrongCount: func(_, _ reply, was, is look) bool {
		return is.total > was.total && cmp.Equal(is.rows, was.rows)
	},
	RetypedField: func(_, _ reply, was, is look) bool {
		retyped := 0
		for name := range was.rows[0] {
			for i := range was.rows {
				a, b := was.rows[i][name], is.rows[i][name]
				_, number := b.(json.Number)
				text, _ := b.(string)
				_, wasText := a.(string)
				if number && wasText || strings.HasPrefix(text, "about ") {
					retyped++
					break
				}
			}
		}
		return retyped == 1
	},
	NewField: func(_, _ reply, was, is look) bool {
		_, before := was.rows[0]["loyalty_points"]
		_, now := is.rows[0]["loyalty_points"]
		return !before && now
	},
	RemovedField: func(_, _ reply, was, is look) bool {
		fields := func(rows []map[string]any) (names []string) {
			for _, row := range rows {
				for name := range row {
					names = append(names, name)
				}
			}
			return distinct(names)
		}
		return len(fields(is.rows)) == len(fields(was.rows))-1
	},
	InvalidUTF8: func(calm, got reply, _, _ look) bool { return utf8.Valid(calm.body) && !utf8.Valid(got.body) },
	HugeNumber: func(calm, got reply, _, _ look) bool {
		return slices.ContainsFunc(strings.FieldsFunc(string(got.body), func(r rune) bool { return r < '0' || r > '9' }),
			func(digits string) bool { return len(digits) == 40 }) && len(got.body) < len(calm.body)+45
	},
}

// once asks for one page; an impatient client gives up as soon as there is
// trouble.
func (c *client) once(s Service, path string, impatient bool) (reply, look) {
	c.t.Helper()
	c.ctx = c.t.Context()
	if impatient {
		var giveUp context.CancelFunc
		c.ctx, giveUp = context.WithCancel(c.t.Context())
		c.onTrouble.Store(&giveUp)
	}
	r := c.get(path)
	c.onTrouble.Store(nil)
	var l look
	if r.err == nil && r.status == http.StatusOK {
		l, _ = c.look(s, r) // what cannot be read is for the kind's own test to judge
	}
	return r, l
}

// Each misbehaviour happens to each vendor it can, a plain client sees it, it
// is over after its times, it is noted, and it is the same the next time.
func TestEachTroubleHappens(t *testing.T) {
	c := world(t, Options{RetryAfter: 2 * time.Second, GiantBytes: 1 << 21})
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if len(seen) != len(Kinds()) {
		t.Fatalf("%d kinds, %d are looked for", len(Kinds()), len(seen))
	}
	var table strings.Builder
	for _, kind := range Kinds() {
		fmt.Fprintf(&table, "\n%-28s", kind)
		for _, s := range Services() {
			if !kind.HappensTo(s) {
				fmt.Fprintf(&table, "%10s", "-")
				continue
			}
			for seed := range uint64(5) {
				c.trouble(kind, s, seed)
			}
			fmt.Fprintf(&table, "%10s", "5 seeds")
		}
	}
	t.Log(table.String())
}

func (c *client) trouble(kind Kind, s Service, seed uint64) {
	c.t.Helper()
	path := c.middle(s)
	calm, was := c.once(s, path, false)
	if calm.status != http.StatusOK {
		c.t.Fatalf("%s: %d %s", path, calm.status, calm.body)
	}
	var before [2][]byte
	for round := range 2 {
		known := len(c.w.Happened())
		if err := c.w.SetTrouble(Trouble{Kind: kind, Service: s, Times: 2, After: 1, Seed: seed}); err != nil {
			c.t.Fatal(err)
		}
		for n, troubled := range []bool{false, true, true, false} {
			got, is := c.once(s, path, kind == Stall && troubled)
			if s := seen[kind](calm, got, was, is); s != troubled {
				c.t.Errorf("%s at %s, seed %d, request %d: seen %v\ncalm %d %.300s\ngot %d %v %.300s", kind, path, seed, n, s,
					calm.status, calm.body, got.status, got.err, got.body)
			}
			if kind == ExpiredToken && troubled { // the token is gone; a client asks for another
				fresh := c.token()
				c.key[Payments] = func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+fresh) }
			}
			if n == 1 {
				before[round] = got.body
			}
			if n == 3 && !bytes.Equal(got.body, calm.body) {
				c.t.Errorf("%s at %s: not over after its times", kind, path)
			}
		}
		if h := c.w.Happened()[known:]; len(h) != 2 || h[0].Kind != kind || h[1].Service != s || h[0].Seed != seed {
			c.t.Errorf("%s at %s: noted %+v", kind, path, h)
		}
	}
	if !bytes.Equal(before[0], before[1]) {
		c.t.Errorf("%s at %s, seed %d: another time it was different", kind, path, seed)
	}
	if err := c.w.SetTrouble(); err != nil {
		c.t.Fatal(err)
	}
}

// The seed decides where it hurts.
func TestSeedsDiffer(t *testing.T) {
	c := world(t, Options{})
	path := c.middle(Shop)
	for _, kind := range []Kind{HalfPage, RemovedField, RetypedField, LateRecords, InvalidUTF8, HugeNumber, WrongCount, Duplicates} {
		bodies := map[string]bool{}
		for seed := range uint64(8) {
			if err := c.w.SetTrouble(Trouble{Kind: kind, Service: Shop, Seed: seed}); err != nil {
				t.Fatal(err)
			}
			bodies[string(c.good(path).body)] = true
		}
		if len(bodies) < 2 {
			t.Errorf("%s: eight seeds, one answer", kind)
		}
	}
}

// A page that repeats for ever makes a plain client run in circles; pages at
// the ends of a list cannot be repeated or skipped, and do not count.
func TestForever(t *testing.T) {
	c := world(t, Options{Trouble: []Trouble{{Kind: RepeatedPage, Service: Shop, Forever: true}}})
	next := ""
	for range 6 {
		body := decode(t, c.good("/shop/v1/customers?limit=10"+next).body).(map[string]any)
		if was := next; next != "" && was != "&cursor="+body["next_cursor"].(string) {
			t.Fatalf("%s leads on", was)
		}
		next = "&cursor=" + body["next_cursor"].(string)
	}
	if h := c.w.Happened(); len(h) != 5 {
		t.Errorf("happened %d times", len(h))
	}
	if err := c.w.SetTrouble(Trouble{Kind: SkippedPage, Service: Ads}); err != nil {
		t.Fatal(err)
	}
	c.good("/ads/v1/spend?from=2025-01-01&to=2025-01-12&per_page=500")
	if h := c.w.Happened(); len(h) != 5 {
		t.Error("a single page was skipped")
	}
}

// The other host answers without credentials, and knows who brings them all
// the same: Go's client strips what it knows, a key in a header of its own it does not.
func TestRedirects(t *testing.T) {
	c := world(t, Options{})
	leaks := map[Service]int{Ads: 1}
	for _, s := range Services() {
		path := c.middle(s)
		calm := c.good(path)
		if err := c.w.SetTrouble(Trouble{Kind: Redirect, Service: s}); err != nil {
			t.Fatal(err)
		}
		before := c.w.Leaks()
		if got := c.good(path); !bytes.Equal(got.body, calm.body) {
			t.Errorf("%s: the other host says something else: %.300s", s, got.body)
		}
		if got := c.w.Leaks() - before; got != leaks[s] {
			t.Errorf("%s: %d leaks", s, got)
		}
	}
}

// A service without a name is every one it can happen to, each on its own.
func TestTroubleEverywhere(t *testing.T) {
	c := world(t, Options{Trouble: []Trouble{{Kind: Unavailable}, {Kind: HTMLPage, Path: "/shop/v1/orders", Service: Shop}}})
	for _, path := range []string{
		"/shop/v1/customers", "/ads/v1/spend?from=2025-01-01&to=2025-01-02", "/payments/v1/payouts",
		"/carrier/v1/events?received_from=2025-01-02&received_to=2025-01-03", "/" + BucketName,
	} {
		if first, second := c.get(path), c.get(path); first.status != 503 || second.status != 200 {
			t.Errorf("%s: %d, %d", path, first.status, second.status)
		}
	}
	if r := c.get("/shop/v1/orders"); !bytes.HasPrefix(r.body, []byte("<!doctype")) {
		t.Errorf("a trouble of one path passed it by: %s", r.body)
	}
}

func TestTroublesThatCannotBe(t *testing.T) {
	for name, trouble := range map[string]Trouble{
		"unknown":            {Kind: "bad mood"},
		"a bucket has pages": {Kind: HalfPage, Service: Bucket},
		"no such vendor":     {Kind: Stall, Service: "bakery"},
		"negative":           {Kind: Stall, Times: -1},
		"forever twice":      {Kind: Stall, Times: 2, Forever: true},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Start("127.0.0.1:0", Options{Shop: small(), Trouble: []Trouble{trouble}}); fault.KindOf(err) != fault.Invalid {
				t.Errorf("got %v, want an Invalid error", err)
			}
		})
	}
}

// Stalled and giant answers end when the vendors stop.
func TestStopEndsEverything(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	w, err := Start("127.0.0.1:0", Options{
		Shop: small(), OnTrouble: func(Happening) { both.Done() },
		Trouble: []Trouble{{Kind: Stall, Service: Shop}, {Kind: GiantBody, Service: Ads}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	read := make(chan struct{})
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	plain := &http.Client{Transport: transport}
	go func() {
		r, err := http.NewRequest(http.MethodGet, w.URL()+"/shop/v1/orders", nil)
		if err == nil {
			r.Header.Set("Authorization", "Bearer "+ShopKey)
			var answer *http.Response
			if answer, err = plain.Do(r); err == nil {
				answer.Body.Close()
			}
		}
		ended <- err
	}()
	go func() {
		defer close(read)
		giant, err := plain.Get(w.URL() + "/ads/v1/spend?from=2025-01-01&to=2025-01-12&api_key=" + AdsKey)
		if err != nil {
			return
		}
		defer giant.Body.Close()
		if _, err := io.Copy(io.Discard, giant.Body); err == nil {
			t.Error("a giant body came to its end")
		}
	}()
	both.Wait()
	for range 2 {
		if err := w.Stop(); err != nil {
			t.Error(err)
		}
	}
	if err := <-ended; err == nil {
		t.Error("a stalled request was answered")
	}
	<-read
	if late, err := plain.Get(w.URL()); err == nil {
		late.Body.Close()
		t.Error("still answers")
	}
}
