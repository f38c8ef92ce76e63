package vendors

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
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
