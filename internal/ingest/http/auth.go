package http

import (
	"context"
	"encoding/json"
	"io"
	nethttp "net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/larder-data/larder/internal/fault"
)

// identify tells the service who asks.
func (c *client) identify(ctx context.Context, r *nethttp.Request) error {
	for _, header := range c.Headers.Entries {
		r.Header.Set(header.Key, header.Value.value)
	}
	a := c.Auth
	switch {
	case a == nil:
	case a.Bearer != nil:
		r.Header.Set("Authorization", "Bearer "+strings.TrimPrefix(a.Bearer.value, "Bearer "))
	case a.Basic != nil:
		r.SetBasicAuth(a.Basic.User.value, a.Basic.Password.value)
	case a.Key != nil && a.Key.Header != "":
		r.Header.Set(a.Key.Header, a.Key.Value.value)
	case a.Key != nil:
		query := r.URL.Query()
		query.Set(a.Key.Query, a.Key.Value.value)
		r.URL.RawQuery = query.Encode()
	default:
		access, err := c.access(ctx)
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+access)
	}
	return nil
}

// token is a source's OAuth 2 token, shared by its tables.
type token struct {
	asking  sync.Mutex // held while one is asked for: a refresh token may serve once
	mu      sync.Mutex
	access  string
	refresh string // that the service gave instead of the configured one
	until   time.Time
	all     []string // every one there was, to keep them out of messages
}

func (t *token) known() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all
}

// forget drops the token, and reports whether there was one to renew.
func (c *client) forget() bool {
	if c.Auth == nil || c.Auth.OAuth2 == nil {
		return false
	}
	c.token.mu.Lock()
	defer c.token.mu.Unlock()
	c.token.access = ""
	return true
}

// leeway is how long before its end a token is renewed.
const leeway = 30 * time.Second

// access returns a token that is valid, asking for one when needed.
func (c *client) access(ctx context.Context) (string, error) {
	c.token.asking.Lock()
	defer c.token.asking.Unlock()
	c.token.mu.Lock()
	access, until, refresh := c.token.access, c.token.until, c.token.refresh
	c.token.mu.Unlock()
	if access != "" && (until.IsZero() || c.clock.Now().Before(until)) {
		return access, nil
	}
	o := c.Auth.OAuth2
	form := url.Values{"grant_type": {"client_credentials"}}
	if refresh == "" {
		refresh = o.RefreshToken.value
	}
	if refresh != "" {
		form = url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
	}
	if len(o.Scopes) > 0 {
		form.Set("scope", strings.Join(o.Scopes, " "))
	}
	given, err := c.grant(ctx, form)
	if err != nil {
		return "", err
	}
	c.token.mu.Lock()
	defer c.token.mu.Unlock()
	c.token.access, c.token.until = given.Access, time.Time{}
	c.token.all = append(c.token.all, given.Access)
	if given.Refresh != "" {
		c.token.refresh = given.Refresh
		c.token.all = append(c.token.all, given.Refresh)
	}
	if seconds, err := given.Expires.Float64(); err == nil && seconds > 0 {
		c.token.until = c.clock.Now().Add(max(time.Duration(min(seconds, 1e9)*float64(time.Second))-leeway, time.Second))
	}
	return given.Access, nil
}

// granted is the answer to a request for a token (RFC 6749, 5.1).
type granted struct {
	Access  string      `json:"access_token"`
	Refresh string      `json:"refresh_token"`
	Expires json.Number `json:"expires_in"`
}

// grant asks for a token. The client is named in the body; a service that
// wants it in the header (RFC 6749, 2.3.1) is asked again.
func (c *client) grant(ctx context.Context, form url.Values) (granted, error) {
	o := c.Auth.OAuth2
	at, err := url.Parse(o.TokenURL.Value)
	if err != nil {
		return granted{}, fault.New(fault.Invalid, "%w", err)
	}
	inBody := url.Values{"client_id": {o.ClientID.value}}
	if o.ClientSecret.value != "" {
		inBody.Set("client_secret", o.ClientSecret.value)
	}
	for name, values := range form {
		inBody[name] = values
	}
	header := nethttp.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}
	a := ask{method: nethttp.MethodPost, url: at, header: header, body: []byte(inBody.Encode()), bare: true}
	got, err := c.do(ctx, a)
	if kind := fault.KindOf(err); err != nil && (kind == fault.Denied || kind == fault.Invalid) && o.ClientSecret.value != "" {
		a.header, a.body = header.Clone(), []byte(form.Encode())
		named := &nethttp.Request{Header: a.header}
		named.SetBasicAuth(url.QueryEscape(o.ClientID.value), url.QueryEscape(o.ClientSecret.value))
		if second, again := c.do(ctx, a); again == nil {
			got, err = second, nil
		}
	}
	if err != nil {
		if kind := fault.KindOf(err); kind == fault.Invalid || kind == fault.Denied {
			err = &fault.Error{Op: "the token", Kind: fault.Denied, Hint: "check client_id, client_secret and refresh_token of oauth2", Err: err}
		}
		return granted{}, err
	}
	defer got.remove()
	if _, err := got.file.Seek(0, 0); err != nil {
		return granted{}, fault.New(fault.Internal, "%w", err)
	}
	var given granted
	err = json.NewDecoder(io.LimitReader(got.file, 1<<20)).Decode(&given)
	if err != nil || given.Access == "" {
		return granted{}, c.tell(a, fault.New(fault.Denied, "the answer holds no access_token").WithHint("check token_url"))
	}
	return given, nil
}
