// Package vendors is the shop's vendors as services on this machine: the
// shop's own API, the ad networks', the payment provider's, the carrier's, a
// bucket that speaks S3, and the suppliers' database. They tell what package
// shop simulates, nothing else, so that rows landed from them equal rows landed
// from the simulator's files.
//
// They can be told to misbehave, by name, in the same way each time. Time is
// virtual unless a clock is given: nothing waits. Landing what they tell is left
// to larder. VENDORS.md in the example project documents the APIs as vendors do.
package vendors

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/larder-data/larder/examples/shop"
	"github.com/larder-data/larder/internal/fault"
)

// What the vendors know their customer by. None of it protects anything.
const (
	ShopKey         = "demo-shop-key"        // Authorization: Bearer
	AdsKey          = "demo-ads-key"         // X-Api-Key, or api_key in the query
	PaymentsClient  = "demo-payments-client" // OAuth2 client credentials
	PaymentsSecret  = "demo-payments-word"
	PaymentsRefresh = "demo-payments-refresh"
	CarrierUser     = "demo-carrier" // basic auth
	CarrierPassword = "demo-carrier-word"
	BucketKey       = "demo-bucket"      // S3 access key; signatures are not verified,
	BucketSecret    = "demo-bucket-word" // so that any secret will do
)

// Options say what the vendors tell, and how. The zero value is the demo's
// shop of 120 days, all of them in the past, virtual time and no trouble.
type Options struct {
	Shop    shop.Options
	Today   string           // the last day they can tell of, as in SetToday; "" is the last simulated
	Now     func() time.Time // nil is virtual time: six in the morning after Today, moved by Advance
	Limits  bool             // requests beyond a service's rate are refused with 429
	Trouble []Trouble

	// OnTrouble is told of each happening before the client notices, so that a
	// test need not guess when a request is stalled. nil tells nobody.
	OnTrouble func(Happening)

	RetryAfter time.Duration // what 429 and 503 of a trouble ask for, whole seconds; 0 is a second
	GiantBytes int64         // what a giant body comes to; 0 is ten thousand million
}

// World is the vendors, running.
type World struct {
	options   Options
	stock     *stock
	bucket    *bucket
	server    *http.Server
	elsewhere *http.Server
	url, away string
	stopping  chan struct{}
	stop      sync.Once
	stopped   error

	days     sync.Mutex // one SetToday at a time
	mu       sync.Mutex
	view     *view
	ahead    time.Duration // of the clock
	tokens   map[string]time.Time
	issued   int
	reports  map[string]*report
	recent   map[Service][]time.Time
	spells   []*spell
	happened []Happening
	requests map[Service]int
	leaks    int
}

// Start simulates the shop and opens its vendors on addr, which has to be of
// this machine only ("127.0.0.1:0" for any free port). They run until Stop. It
// fails with Invalid for options that cannot be, and with Conflict when the
// address is in use.
func Start(addr string, options Options) (*World, error) {
	if options.RetryAfter == 0 {
		options.RetryAfter = time.Second
	}
	if options.GiantBytes == 0 {
		options.GiantBytes = 10_000_000_000
	}
	if options.RetryAfter < time.Second || options.GiantBytes < 0 {
		return nil, fault.New(fault.Invalid, "RetryAfter %v and GiantBytes %d cannot be", options.RetryAfter, options.GiantBytes).
			WithHint("at least a second, and not less than nothing")
	}
	ready, err := spells(options.Trouble)
	if err != nil {
		return nil, err
	}
	near, err := listen(addr)
	if err != nil {
		return nil, err
	}
	far, err := listen("127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, near.Close())
	}
	w := &World{
		options: options, spells: ready, stopping: make(chan struct{}), tokens: map[string]time.Time{},
		reports: map[string]*report{}, recent: map[Service][]time.Time{}, requests: map[Service]int{},
		url: "http://" + near.Addr().String(),
	}
	if _, port, err := net.SplitHostPort(far.Addr().String()); err == nil {
		w.away = "http://" + net.JoinHostPort("localhost", port)
	}
	if err := w.prepare(); err != nil {
		return nil, errors.Join(err, near.Close(), far.Close())
	}
	w.server, w.elsewhere = serve(near, w.handler(false)), serve(far, w.handler(true))
	return w, nil
}

// prepare makes what there is to tell.
func (w *World) prepare() (err error) {
	if w.stock, err = fill(w.options.Shop); err != nil {
		return err
	}
	if w.bucket, err = newBucket(); err != nil {
		return err
	}
	if w.options.Today == "" {
		w.options.Today = w.stock.summary.Last
	}
	return w.SetToday(w.options.Today)
}

func listen(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the address %q: %w", addr, err).WithHint("write host and port, as in 127.0.0.1:8025")
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fault.New(fault.Invalid, "the address %q is not of this machine only", addr).
			WithHint("the vendors protect nothing: use 127.0.0.1 and a port")
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fault.New(fault.Conflict, "the vendors cannot listen: %w", err).WithHint("choose another port; 127.0.0.1:0 takes a free one")
	}
	return listener, nil
}

func serve(listener net.Listener, handler http.Handler) *http.Server {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() { _ = server.Serve(listener) }() // it always ends with an error, that of Stop
	return server
}

// Stop ends all answers, those that stall too, and closes the addresses. It is
// safe to call twice.
func (w *World) Stop() error {
	w.stop.Do(func() {
		close(w.stopping)
		patience, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		for _, server := range []*http.Server{w.server, w.elsewhere} {
			if err := server.Shutdown(patience); err != nil { // a client that reads nothing is cut off
				w.stopped = errors.Join(w.stopped, server.Close())
			}
		}
	})
	return w.stopped
}

// URL returns what all addresses of the APIs start with, "http://127.0.0.1:8025".
// It is the bucket's endpoint too.
func (w *World) URL() string { return w.url }

// Elsewhere returns the address of the other host that redirects lead to.
func (w *World) Elsewhere() string { return w.away }

// Summary returns what the simulation came to, all of its days.
func (w *World) Summary() shop.Summary { return w.stock.summary }

// Today returns the last day the vendors can tell of.
func (w *World) Today() string { return w.viewNow().today }

// SetToday makes what there is up to a business day, "2025-01-31", visible, and
// what came later unknown. The ad networks count clicks for three days, and the
// carrier is up to four days late: five days after the last simulated one
// everything is told and final. It fails with Invalid for what is no day, or one
// before the first.
func (w *World) SetToday(day string) error {
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return fault.New(fault.Invalid, "%q is no day", day).WithHint("write it as 2025-01-31")
	}
	if day < w.stock.summary.First {
		return fault.New(fault.Invalid, "the shop opens on %s, after %s", w.stock.summary.First, day).WithHint("choose a later day")
	}
	w.days.Lock()
	defer w.days.Unlock()
	v := w.stock.view(day)
	if err := w.bucket.fill(w.stock, v); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.view = v
	return nil
}

func (w *World) viewNow() *view {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.view
}

// Now returns the vendors' time.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nowLocked()
}

func (w *World) nowLocked() time.Time {
	if w.options.Now != nil {
		return w.options.Now().Add(w.ahead)
	}
	return morning(w.view.today).Add(w.ahead)
}

// Advance puts the vendors' clock forward: tokens expire, and limits are
// forgotten. The data stays that of Today.
func (w *World) Advance(by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += by
}

// Requests returns how many requests a vendor got, the refused ones too.
func (w *World) Requests(s Service) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests[s]
}

// Leaks returns how many requests brought credentials to the other host.
func (w *World) Leaks() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.leaks
}
