package vendors

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// endpoint makes the answer of one address.
type endpoint func(*view, *http.Request) answer

// handler is all services on one address. The other host asks for no
// credentials, knows no limits, and is never in trouble.
func (w *World) handler(elsewhere bool) http.Handler {
	mux := http.NewServeMux()
	at := func(s Service, pattern string, e endpoint) {
		mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) { w.serve(rw, r, s, e, elsewhere) })
	}
	at(Shop, "GET /shop/v1/{list}", w.shopList)
	at(Shop, "GET /shop/v1/orders/{order}", w.order)
	at(Shop, "GET /shop/v1/orders/{order}/refunds", w.orderRefunds)
	at(Ads, "GET /ads/v1/spend", w.spendList)
	at(Ads, "POST /ads/v1/reports", w.newReport)
	at(Ads, "GET /ads/v1/reports/{id}", w.reportStatus)
	at(Ads, "GET /ads/v1/reports/{id}/download", w.reportFile)
	at(Payments, "POST "+tokenPath, func(_ *view, r *http.Request) answer { return w.token(r) })
	at(Payments, "GET /payments/v1/transactions", w.transactions)
	at(Payments, "GET /payments/v1/payouts", w.payoutList)
	at(Carrier, "GET /carrier/v1/events", w.scanLines)
	at(Carrier, "GET /carrier/v1/events.xml", w.scanXML)
	for _, s := range lists {
		at(s, "/"+string(s)+"/", w.nothing)
	}
	at(Bucket, "/", func(_ *view, r *http.Request) answer { return w.bucket.object(r) })
	return mux
}

const tokenPath = "/payments/oauth/token"

// serve answers one request: who asks, how often, what is wrong today, and at
// last what was asked for.
func (w *World) serve(rw http.ResponseWriter, r *http.Request, s Service, e endpoint, elsewhere bool) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20)) // all read, or nobody notices when the client leaves
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	rw.Header().Set("Date", w.Now().UTC().Format(http.TimeFormat))
	if elsewhere {
		w.countLeak(r)
		w.send(rw, r, finish(e(w.viewNow(), r)))
		return
	}
	c := w.received(r, s)
	if refused, known := w.authorise(c); !known {
		w.send(rw, r, refused)
		return
	}
	if wait := w.limited(s); wait > 0 {
		seconds := strconv.Itoa(int((wait + time.Second - 1) / time.Second))
		w.send(rw, r, refuse(s, http.StatusTooManyRequests, "too_many_requests", "slow down").with("Retry-After", seconds))
		return
	}
	if w.before(rw, c) {
		return
	}
	a := e(w.viewNow(), r)
	if a.page != nil {
		w.spoil(a.page, c)
	}
	w.deliver(rw, c, finish(a))
}

// received notes a request.
func (w *World) received(r *http.Request, s Service) call {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests[s]++
	c := call{Request: r, service: s, number: w.requests[s]}
	if r.URL.Path != tokenPath {
		c.spells = w.matching(s, r.URL.Path)
	}
	return c
}

func (w *World) countLeak(r *http.Request) {
	q := r.URL.Query()
	if r.Header.Get("Authorization")+r.Header.Get("X-Api-Key")+r.Header.Get("Cookie")+q.Get("api_key")+q.Get("X-Amz-Signature") == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leaks++
}

// authorise reports whether the vendor knows who asks, or what it says to a
// stranger.
func (w *World) authorise(c call) (refused answer, known bool) {
	said := c.Header.Get("Authorization")
	bearer, _ := strings.CutPrefix(said, "Bearer ")
	if bearer == said { // no such prefix
		bearer = ""
	}
	switch c.service {
	case Shop:
		known = bearer == ShopKey
	case Ads:
		known = c.Header.Get("X-Api-Key") == AdsKey || c.URL.Query().Get("api_key") == AdsKey
	case Payments:
		if c.URL.Path == tokenPath || w.tokenGood(bearer) {
			return answer{}, true
		}
		return refuse(Payments, http.StatusUnauthorized, "invalid_token", "the access token is unknown or has expired").
			with("WWW-Authenticate", `Bearer error="invalid_token"`), false
	case Carrier:
		user, password, _ := c.BasicAuth()
		if known = user == CarrierUser && password == CarrierPassword; !known {
			return refuse(Carrier, http.StatusUnauthorized, "unauthorized", "user or password is wrong").
				with("WWW-Authenticate", `Basic realm="carrier"`), false
		}
	case Bucket:
		known = strings.Contains(said, "Credential="+BucketKey+"/") ||
			strings.HasPrefix(c.URL.Query().Get("X-Amz-Credential"), BucketKey+"/")
		return refuse(Bucket, http.StatusForbidden, "InvalidAccessKeyId", "the access key is not one of ours"), known
	}
	return refuse(c.service, http.StatusUnauthorized, "unauthorized", "the key is missing or wrong"), known
}

// before does what a vendor in trouble does instead of answering.
func (w *World) before(rw http.ResponseWriter, c call) bool {
	s, struck := w.first(c, TooMany, TooManyDate, Unavailable, UnavailableDate, Stall, HTMLPage, Redirect, ExpiredToken)
	if !struck {
		return false
	}
	switch s.Kind {
	case TooMany, TooManyDate:
		w.later(rw, c, http.StatusTooManyRequests, "too_many_requests", s.Kind == TooManyDate)
	case Unavailable, UnavailableDate:
		w.later(rw, c, http.StatusServiceUnavailable, "unavailable", s.Kind == UnavailableDate)
	case Stall:
		select {
		case <-c.Context().Done():
		case <-w.stopping:
		}
		abandon(rw)
	case HTMLPage:
		body := "<!doctype html>\n<html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>\n"
		w.send(rw, c.Request, answer{status: http.StatusOK, kind: "text/html; charset=utf-8", body: []byte(body)})
	case Redirect:
		query := c.URL.Query()
		query.Del("api_key")
		w.send(rw, c.Request, answer{status: http.StatusTemporaryRedirect, kind: "text/plain"}.
			with("Location", w.away+address(c.URL.EscapedPath(), query)))
	case ExpiredToken:
		w.revoke(strings.TrimPrefix(c.Header.Get("Authorization"), "Bearer "))
		refused, _ := w.authorise(c)
		w.send(rw, c.Request, refused)
	}
	return true
}

// later asks the client to come again.
func (w *World) later(rw http.ResponseWriter, c call, status int, code string, byDate bool) {
	wait := w.options.RetryAfter.Truncate(time.Second)
	when := strconv.Itoa(int(wait.Seconds()))
	if byDate {
		when = w.Now().Add(wait).UTC().Format(http.TimeFormat)
	}
	w.send(rw, c.Request, refuse(c.service, status, code, "ask again later").with("Retry-After", when))
}

// spoil lets troubles at a page.
func (w *World) spoil(p *page, c call) {
	for _, s := range c.spells {
		spoiler := spoilers[s.Kind]
		if spoiler == nil {
			continue
		}
		try := *p
		if spoiler(&try, w.luck(s)) && w.strike(s, c) {
			*p = try
		}
	}
}

// finish writes a page's body.
func finish(a answer) answer {
	if a.page != nil {
		return a.page.write(a.page)
	}
	return a
}

// deliver sends an answer, unless the connection is in trouble.
func (w *World) deliver(rw http.ResponseWriter, c call, a answer) {
	if a.status == http.StatusOK && len(a.body) > 1 {
		if _, struck := w.first(c, CutBody); struck {
			cut(rw, a)
			return
		}
		if front, back, can := around(a); can {
			if _, struck := w.first(c, GiantBody); struck {
				w.giant(rw, a, front, back)
				return
			}
		}
	}
	w.send(rw, c.Request, a)
}

func headers(rw http.ResponseWriter, a answer) {
	for name, v := range a.header {
		rw.Header().Set(name, v)
	}
	if a.kind != "" {
		rw.Header().Set("Content-Type", a.kind)
	}
}

func (w *World) send(rw http.ResponseWriter, r *http.Request, a answer) {
	headers(rw, a)
	if a.zipped && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		rw.Header().Set("Content-Encoding", "gzip")
		rw.WriteHeader(a.status)
		z, err := gzip.NewWriterLevel(rw, flate.BestSpeed)
		if err == nil {
			_, _ = z.Write(a.body) // a client that left needs no answer
			_ = z.Close()
		}
		return
	}
	if r.Method != http.MethodHead {
		rw.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	rw.WriteHeader(a.status)
	_, _ = rw.Write(a.body) // a client that left needs no answer
}

// cut sends half of a body and closes the connection.
func cut(rw http.ResponseWriter, a answer) {
	headers(rw, a)
	rw.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	rw.WriteHeader(a.status)
	_, _ = rw.Write(a.body[:len(a.body)/2])
	abort(rw)
}

// abandon ends a connection without an answer.
func abandon(rw http.ResponseWriter) {
	if connection, _, err := http.NewResponseController(rw).Hijack(); err == nil {
		_ = connection.Close()
	}
}

// abort ends a connection with the answer that was begun, so that nobody takes
// it for whole.
func abort(rw http.ResponseWriter) {
	_ = http.NewResponseController(rw).Flush() // a client that left needs nothing
	abandon(rw)
}

// around splits a body where a field or record of any size may stand.
func around(a answer) (front, back []byte, can bool) {
	switch {
	case a.kind == "application/json" && a.body[0] == '{':
		return []byte(`{"padding":"`), append([]byte(`",`), a.body[1:]...), true
	case a.kind == "application/json" && bytes.HasPrefix(a.body, []byte("[{")):
		return []byte(`[{"padding":"`), append([]byte(`"},`), a.body[1:]...), true
	case a.kind == "application/x-ndjson":
		return []byte(`{"padding":"`), append([]byte("\"}\n"), a.body...), true
	case a.kind == "application/xml":
		head, rest, found := bytes.Cut(a.body, []byte("?>\n"))
		return fmt.Appendf(nil, "%s?>\n<!--", head), append([]byte("-->\n"), rest...), found
	}
	return nil, nil, false
}

// giant sends a body of any size around the right one.
func (w *World) giant(rw http.ResponseWriter, a answer, front, back []byte) {
	headers(rw, a)
	rw.WriteHeader(a.status)
	if _, err := rw.Write(front); err != nil {
		return
	}
	chunk := bytes.Repeat([]byte("x"), 64<<10)
	for left := w.options.GiantBytes; left > 0; left -= int64(len(chunk)) {
		select {
		case <-w.stopping:
			abort(rw)
			return
		default:
		}
		if _, err := rw.Write(chunk[:min(int64(len(chunk)), left)]); err != nil {
			return
		}
	}
	_, _ = rw.Write(back) // a client that left needs no answer
}
