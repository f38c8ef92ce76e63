package vendors

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// tokenLasts is how long an access token of the payments API is good for.
const tokenLasts = 5 * time.Minute

// token answers POST /payments/oauth/token: client credentials, in the body
// or as basic auth, or the refresh token.
func (w *World) token(r *http.Request) answer {
	if err := r.ParseForm(); err != nil {
		return refuse(Payments, http.StatusBadRequest, "invalid_request", "the body is no form")
	}
	client, secret, basic := r.BasicAuth()
	if !basic {
		client, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	if client != PaymentsClient || secret != PaymentsSecret {
		return refuse(Payments, http.StatusUnauthorized, "invalid_client", "client_id and client_secret do not belong together")
	}
	switch grant := r.PostForm.Get("grant_type"); {
	case grant == "client_credentials":
	case grant == "refresh_token" && r.PostForm.Get("refresh_token") == PaymentsRefresh:
	case grant == "refresh_token":
		return refuse(Payments, http.StatusBadRequest, "invalid_grant", "the refresh token is not one of ours")
	default:
		return refuse(Payments, http.StatusBadRequest, "unsupported_grant_type", "grant_type is client_credentials or refresh_token")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.nowLocked()
	for old, until := range w.tokens {
		if !until.After(now) {
			delete(w.tokens, old)
		}
	}
	w.issued++
	var raw [16]byte
	for i := range raw {
		raw[i] = byte(chance(uint64(i), "token", strconv.Itoa(w.issued)))
	}
	fresh := hex.EncodeToString(raw[:])
	w.tokens[fresh] = now.Add(tokenLasts)
	return jsonAnswer(http.StatusOK, map[string]any{
		"access_token": fresh, "token_type": "Bearer", "expires_in": int(tokenLasts.Seconds()),
	}).with("Cache-Control", "no-store")
}

// tokenGood reports whether a token is known and has not expired.
func (w *World) tokenGood(token string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	until, there := w.tokens[token]
	return there && until.After(w.nowLocked())
}

// revoke ends a token at once.
func (w *World) revoke(token string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.tokens, token)
}

// transactions answers GET /payments/v1/transactions, a list at the top of the
// body; the next page's address is in the Link header.
func (w *World) transactions(v *view, r *http.Request) answer {
	q := ask(Payments, r, "created_from", "created_to", "limit", "after")
	from, to := q.instant("created_from"), q.instant("created_to")
	return w.linkedList(q, r, "payments/transactions", from, between(v.rows["payments/transactions"], from, to))
}

// payoutList answers GET /payments/v1/payouts.
func (w *World) payoutList(v *view, r *http.Request) answer {
	q := ask(Payments, r, "paid_from", "limit", "after")
	from := q.instant("paid_from")
	return w.linkedList(q, r, "payments/payouts", from, since(v.rows["payments/payouts"], from))
}

func (w *World) linkedList(q *question, r *http.Request, feed, from string, all []record) answer {
	limit := q.number("limit", 200, 1, 1000)
	var place func([]record) int
	if said := q.text("after"); said != "" {
		c, ok := parseCursor(said)
		if !ok || c.since != from {
			q.fail("after is not a place in this list")
		}
		place = c.behind
	}
	if refused, wrong := q.refused(); wrong {
		return refused
	}
	p := newPage(w.stock.feeds[feed], all, limit, place)
	p.write = func(p *page) answer {
		a := answer{status: http.StatusOK, kind: "application/json", body: append(p.array(nil), '\n')}
		a = a.with("X-Total-Count", itoa(p.total))
		next := p.next()
		if next < 0 {
			return a
		}
		last := p.all[next-1]
		query := r.URL.Query()
		query.Set("after", cursor{from, last.at, last.id}.String())
		first := r.URL.Query()
		first.Del("after")
		return a.with("Link", "<"+w.URL()+address(r.URL.Path, first)+`>; rel="first", <`+w.URL()+address(r.URL.Path, query)+`>; rel="next"`)
	}
	return answer{page: p}
}

func address(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// readJSON reads a small body strictly.
func readJSON(r *http.Request, into any) error {
	decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
