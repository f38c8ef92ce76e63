package http

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/larder-data/larder/internal/fault"
)

// service is what is shared by all tables of a source: its pace, its token, its
// connections.
type service struct {
	client *nethttp.Client
	pacer  pacer
	token  token
	trust  string // the ca_file the client was made with

	mu       sync.Mutex
	breakers map[string]*breaker
}

func newService(caFile string) (*service, error) {
	transport := &nethttp.Transport{
		Proxy: nethttp.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second,
		DialContext: (&net.Dialer{Timeout: 30 * time.Second}).DialContext, TLSHandshakeTimeout: 30 * time.Second,
		MaxResponseHeaderBytes: 1 << 20,
	}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fault.New(fault.NotFound, "ca_file cannot be read: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fault.New(fault.Invalid, "ca_file holds no certificate").WithHint("it is a PEM file with -----BEGIN CERTIFICATE-----")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	// Redirects are followed by hand, to know which host is asked.
	client := &nethttp.Client{Transport: transport, CheckRedirect: func(*nethttp.Request, []*nethttp.Request) error { return nethttp.ErrUseLastResponse }}
	return &service{client: client, trust: caFile, breakers: map[string]*breaker{}}, nil
}

func (s *service) breaker(host string) *breaker {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.breakers[host] == nil {
		s.breakers[host] = &breaker{}
	}
	return s.breakers[host]
}

// ask is one request, without who asks.
type ask struct {
	method string
	url    *url.URL
	header nethttp.Header
	body   []byte
	bare   bool // nobody's credentials go with it: a token is asked for
}

// answer is what came back, its body unpacked on local disk.
type answer struct {
	status int
	header nethttp.Header
	url    *url.URL // that answered, after redirects
	file   *os.File
	size   int64
}

func (a *answer) remove() {
	_ = a.file.Close() // it was read, or is of no use
	_ = os.Remove(a.file.Name())
}

// start are the first bytes of the body.
func (a *answer) start() string {
	buffer := make([]byte, 2048)
	n, _ := a.file.ReadAt(buffer, 0)
	return string(buffer[:n])
}

// unknown is the refusal of who asks, which a new token may mend.
type unknown struct{ error }

// client makes a table's requests.
type client struct {
	*settings
	*service
	clock Clock
}

// passing is a problem that may be gone at the next attempt.
type passing struct {
	error
	after time.Duration // as the service asked; 0 when it did not
}

// do makes a request until it is answered, as often as attempts allow. The
// caller removes the answer. The answer has a status below 300.
func (c *client) do(ctx context.Context, a ask) (*answer, error) {
	renewed := false
	var last error
	for attempt := 1; attempt <= c.Attempts.Value; attempt++ {
		if err := c.pacer.turn(ctx, c.clock, c.pause); err != nil {
			return nil, err
		}
		got, err := c.follow(ctx, a)
		var again passing
		var who unknown
		switch {
		case err == nil:
			return got, nil
		case ctx.Err() != nil:
			return nil, stopped(ctx)
		case errors.As(err, &who):
			if renewed || a.bare || !c.forget() {
				return nil, c.tell(a, who.error)
			}
			renewed = true
			attempt-- // the token was not good; the request is yet to be made
			continue
		case errors.As(err, &again):
			last = again.error
			if again.after > longestAsked {
				return nil, c.tell(a, fault.New(fault.Busy, "it asks to come back in %s: %w", again.after.Round(time.Second), again.error).
					WithHint("run again then; is rate: higher than the service allows?"))
			}
		default:
			return nil, c.tell(a, err)
		}
		if attempt == c.Attempts.Value {
			break
		}
		pause := max(c.clock.backoff(attempt), again.after)
		if again.after > 0 {
			c.pacer.hold(c.clock.Now().Add(again.after))
			pause = again.after
		}
		if err := c.clock.Wait(ctx, pause); err != nil {
			return nil, err
		}
	}
	if n := c.Attempts.Value; n > 1 {
		return nil, c.tell(a, fault.Wrap(fmt.Sprintf("after %d attempts", n), last))
	}
	return nil, c.tell(a, last)
}

// tell names the request of an error, with nothing secret in it.
func (c *client) tell(a ask, err error) error {
	var e *fault.Error
	kind, hint := fault.KindOf(err), fault.HintOf(err)
	if !errors.As(err, &e) {
		kind = fault.Unreachable
	}
	return &fault.Error{Op: c.shown(a), Kind: kind, Hint: c.hide(hint), Err: errors.New(c.hide(err.Error()))}
}

// shown is a request as it may be shown.
func (c *client) shown(a ask) string {
	at := *a.url
	at.User = nil
	query, _ := url.ParseQuery(at.RawQuery)
	var shown []string
	for name, values := range query {
		for _, value := range values {
			if telltale(name) || strings.Contains(strings.ToLower(name), "sig") || at.Host != c.base.Host || c.hide(value) != value {
				value = "***"
			}
			shown = append(shown, name+"="+value)
		}
	}
	slices.Sort(shown)
	at.RawQuery, at.Fragment = "", ""
	text := at.String()
	if len(shown) > 0 {
		text += "?" + strings.Join(shown, "&")
	}
	return c.hide(a.method + " " + first(text))
}

// shortestSecret is the length from which a value is looked for in messages.
const shortestSecret = 4

// hide takes secrets out of a message, as they are and as they are sent.
func (c *client) hide(message string) string {
	secrets := append(slices.Clone(c.secrets), c.token.known()...)
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range secrets {
		if len(secret) < shortestSecret {
			continue
		}
		for _, spelled := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret))} {
			message = strings.ReplaceAll(message, spelled, "***")
		}
	}
	return message
}

// mostRedirects is how many redirects in a row are followed.
const mostRedirects = 10

// follow makes a request and those it is redirected to. To another host, or
// from https to http, no credentials go.
func (c *client) follow(ctx context.Context, a ask) (*answer, error) {
	for range mostRedirects {
		got, to, err := c.once(ctx, a)
		if err != nil || to == nil {
			return got, err
		}
		status := got.status
		got.remove()
		if !sameOrigin(a.url, to) {
			a.header = a.header.Clone()
			for name := range a.header {
				if name != "Accept" && name != "Content-Type" && name != "User-Agent" {
					a.header.Del(name)
				}
			}
			if a.body != nil && (status == nethttp.StatusTemporaryRedirect || status == nethttp.StatusPermanentRedirect) {
				return nil, fault.New(fault.Denied, "it redirects to another host (%s), where what is sent does not follow", to.Host).
					WithHint("if that is right, write the other address into url:")
			}
		}
		if status != nethttp.StatusTemporaryRedirect && status != nethttp.StatusPermanentRedirect && a.method != nethttp.MethodGet {
			a.method, a.body = nethttp.MethodGet, nil
		}
		a.url = to
	}
	return nil, fault.New(fault.Broken, "it redirects more than %d times", mostRedirects).WithHint("check url: and path:")
}

func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host) }

// once makes one request. A redirect is returned with where it leads to.
func (c *client) once(ctx context.Context, a ask) (*answer, *url.URL, error) {
	broke := c.breaker(a.url.Host)
	if err := broke.open(c.clock.Now(), a.url.Host); err != nil {
		return nil, nil, err
	}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	patience := time.AfterFunc(c.Timeout.Value, func() { cancel(errPatience) })
	defer patience.Stop()
	request, err := nethttp.NewRequestWithContext(inner, a.method, a.url.String(), bytes.NewReader(a.body))
	if err != nil {
		return nil, nil, fault.New(fault.Invalid, "%w", err)
	}
	request.Header = a.header.Clone()
	request.Header.Set("User-Agent", "larder")
	if !a.bare && sameOrigin(a.url, c.base) {
		if err := c.identify(ctx, request); err != nil {
			return nil, nil, err
		}
	}
	response, err := c.service.client.Do(request)
	if err != nil {
		err = unreachable(ctx, inner, err)
		broke.note(c.clock.Now(), c.hide(err.Error()))
		return nil, nil, err
	}
	defer response.Body.Close()
	got := &answer{status: response.StatusCode, header: response.Header, url: a.url}
	if got.file, err = os.CreateTemp("", "larder-answer-*"); err != nil {
		return nil, nil, fault.New(fault.OutOfRoom, "a temporary file: %w", err)
	}
	most := c.most
	if got.status >= nethttp.StatusMultipleChoices {
		most = 1 << 16 // its first words are enough
	}
	got.size, err = unpack(got.file, patient{response.Body, patience, c.Timeout.Value}, most)
	if err != nil && got.status < nethttp.StatusMultipleChoices {
		got.remove()
		if !errors.Is(err, errTooLarge) {
			err = unreachable(ctx, inner, err)
			broke.note(c.clock.Now(), c.hide(err.Error()))
			return nil, nil, err
		}
		return nil, nil, fault.New(fault.Broken, "the answer is larger than %s", showSize(c.most)).
			WithHint("ask for less: smaller pages, windows: or since:; or raise max_size:")
	}
	return c.judged(got, broke)
}

// judged decides what a status means.
func (c *client) judged(got *answer, broke *breaker) (*answer, *url.URL, error) {
	if got.status < nethttp.StatusMultipleChoices {
		broke.note(c.clock.Now(), "")
		return got, nil, nil
	}
	if location := got.header.Get("Location"); location != "" && got.status < 400 {
		to, err := got.url.Parse(location)
		if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
			got.remove()
			return nil, nil, fault.New(fault.Broken, "it redirects to what is no address").WithHint("check url: and path:")
		}
		to.User = nil
		return got, to, nil
	}
	defer got.remove()
	said := fmt.Sprintf("it says %d %s", got.status, nethttp.StatusText(got.status))
	if text := first(got.start()); text != "" {
		said += ": " + text
	}
	passes := got.status == 408 || got.status == 425 || got.status == 429 || got.status >= 500 && got.status != 501
	broke.note(c.clock.Now(), map[bool]string{true: c.hide(said)}[passes && got.status != 429])
	switch {
	case passes:
		kind := fault.Unreachable
		if got.status == 429 {
			kind = fault.Busy
		}
		after, _ := retryAfter(got.header.Get("Retry-After"), c.clock.Now())
		return nil, nil, passing{fault.New(kind, "%s", said).WithHint("the next run asks again; rate: keeps to what the service allows"), after}
	case got.status == 401:
		return nil, nil, unknown{fault.New(fault.Denied, "%s", said).WithHint("check auth: and that the token or password is valid")}
	case got.status == 403:
		return nil, nil, fault.New(fault.Denied, "%s", said).WithHint("check what the token or user is allowed to see")
	case got.status == 404, got.status == 410:
		return nil, nil, fault.New(fault.NotFound, "%s", said).WithHint("check url: and path:")
	case got.status < 400:
		return nil, nil, fault.New(fault.Broken, "%s", said).WithHint("check url: and path:")
	}
	return nil, nil, fault.New(fault.Invalid, "%s", said).WithHint("check path:, params: and body: against the service's documentation")
}

var errPatience = errors.New("no byte came for too long")

// patient lets each byte that comes renew the patience.
type patient struct {
	io.Reader
	timer *time.Timer
	most  time.Duration
}

// Read reads, and waits anew.
func (p patient) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	p.timer.Reset(p.most)
	return n, err
}

// unreachable tells why a service did not answer, and what to try.
func unreachable(outer, inner context.Context, err error) error {
	var dns *net.DNSError
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var wrapped *url.Error
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	switch {
	case outer.Err() != nil:
		return stopped(outer)
	case errors.Is(context.Cause(inner), errPatience):
		return passing{fault.New(fault.Late, "it did not answer in time").WithHint("raise timeout:, or ask for less at once"), 0}
	case errors.As(err, &dns) && dns.IsNotFound:
		return fault.New(fault.Unreachable, "there is no host %s", dns.Name).WithHint("check url:, and that names are resolved here (DNS)")
	case errors.As(err, &dns):
		return passing{fault.New(fault.Unreachable, "the host %s cannot be looked up: %s", dns.Name, dns.Err).WithHint("check the network and DNS"), 0}
	case errors.As(err, &verify):
		return fault.New(fault.Unreachable, "its certificate is not trusted: %w", verify.Err).
			WithHint("check the host in url:; a company's own certificates are named with ca_file:")
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return fault.New(fault.Unreachable, "it does not speak TLS").WithHint("check https:// and the port in url:")
	case errors.Is(err, syscall.ECONNREFUSED):
		return passing{fault.New(fault.Unreachable, "the connection is refused").WithHint("check host and port in url:, and that the service runs"), 0}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return passing{fault.New(fault.Unreachable, "the answer was cut off").WithHint("the next run asks again; smaller pages may help"), 0}
	}
	return passing{fault.New(fault.Unreachable, "%w", err).WithHint("check url: and the network"), 0}
}
