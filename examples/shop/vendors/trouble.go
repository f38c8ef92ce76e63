package vendors

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/fault"
)

// Kind is a way for a vendor to misbehave.
type Kind string

// The ways. Each can be seen by a plain client.
const (
	TooMany         Kind = "too many requests"       // 429, Retry-After in seconds
	TooManyDate     Kind = "too many requests until" // 429, Retry-After a date
	Unavailable     Kind = "unavailable"             // 503, Retry-After in seconds
	UnavailableDate Kind = "unavailable until"       // 503, Retry-After a date
	Stall           Kind = "stall"                   // no answer until the client gives up
	CutBody         Kind = "cut body"                // the connection ends in mid-body
	HTMLPage        Kind = "html page"               // 200 and a page for people
	Redirect        Kind = "redirect"                // to another host, which answers without credentials
	GiantBody       Kind = "giant body"              // does not end for Options.GiantBytes
	ExpiredToken    Kind = "expired token"           // 401 although the token's time is not up
	HalfPage        Kind = "half page"               // half of the records, the count of all
	RepeatedPage    Kind = "repeated page"           // the page before, again
	SkippedPage     Kind = "skipped page"            // the page after, this one never
	Duplicates      Kind = "duplicate records"       // some records twice on a page
	Reordered       Kind = "reordered records"       // last first
	LateRecords     Kind = "late records"            // some records neither listed nor counted yet
	WrongCount      Kind = "wrong count"             // more than there are
	RetypedField    Kind = "retyped field"           // a number is a text, or a text a number
	NewField        Kind = "new field"               // loyalty_points on each record
	RemovedField    Kind = "removed field"           // one is on none of the page's records
	InvalidUTF8     Kind = "invalid utf-8"           // in one text
	HugeNumber      Kind = "huge number"             // of 40 digits, in one record
)

// vendorsOf says which vendors can misbehave in a way.
var vendorsOf = map[Kind][]Service{
	TooMany: Services(), TooManyDate: Services(), Unavailable: Services(), UnavailableDate: Services(), Stall: Services(),
	CutBody: Services(), HTMLPage: Services(), Redirect: Services(), GiantBody: lists, ExpiredToken: {Payments},
	HalfPage: lists, RepeatedPage: {Shop, Ads, Payments}, SkippedPage: {Shop, Ads, Payments}, Duplicates: lists,
	Reordered: lists, LateRecords: lists, WrongCount: lists, RetypedField: lists, NewField: lists, RemovedField: lists,
	InvalidUTF8: lists, HugeNumber: {Shop, Ads, Payments},
}

var lists = []Service{Shop, Ads, Payments, Carrier}

// Kinds returns all ways to misbehave, sorted.
func Kinds() []Kind {
	var all []Kind
	for k := range vendorsOf {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// HappensTo reports whether a vendor can misbehave in this way: only payments
// have tokens, and objects in a bucket have no pages.
func (k Kind) HappensTo(s Service) bool { return slices.Contains(vendorsOf[k], s) }

// BySeed as Trouble.After lets the seed choose: none, one or two.
const BySeed = -1

// Trouble is one way in which a vendor misbehaves for a while. Only requests
// that it can spoil count: a page that is the last one cannot be skipped.
// Requests for tokens are never in trouble.
type Trouble struct {
	Kind    Kind
	Service Service // "" is each one it can happen to, on its own
	Path    string  // what a request's path starts with; "" is any
	After   int     // so many requests are answered well first, or BySeed
	Times   int     // so many are spoiled, then it is over; 0 is 1
	Forever bool    // it is never over; Times is left 0
	Seed    uint64  // which record, which field, which half: same seed, same trouble
}

// Happening is one thing a vendor did wrong.
type Happening struct {
	Kind    Kind
	Service Service
	Seed    uint64
	Request int // number of the request to the vendor, from 1
	Path    string
}

// spell is a trouble on its way.
type spell struct {
	Trouble
	wait, left, struck int
}

// spells makes troubles ready, refusing those that cannot be.
func spells(troubles []Trouble) ([]*spell, error) {
	var all []*spell
	for _, t := range troubles {
		switch services, known := vendorsOf[t.Kind]; {
		case !known:
			return nil, fault.New(fault.Invalid, "vendors do not know the trouble %q", t.Kind).WithHint("known are %q", Kinds())
		case t.Service != "" && !t.Kind.HappensTo(t.Service):
			return nil, fault.New(fault.Invalid, "%q cannot happen to %q", t.Kind, t.Service).WithHint("it can to %q", services)
		case t.After < BySeed || t.Times < 0 || t.Forever && t.Times > 0:
			return nil, fault.New(fault.Invalid, "%q: After %d, Times %d, Forever %v cannot be", t.Kind, t.After, t.Times, t.Forever).
				WithHint("numbers are not negative, and what is forever has no times")
		}
		for _, service := range vendorsOf[t.Kind] {
			if t.Service != "" && t.Service != service {
				continue
			}
			one := &spell{Trouble: t, wait: t.After, left: max(1, t.Times)}
			one.Service = service
			if t.After == BySeed {
				one.wait = int(chance(t.Seed, "after", string(t.Kind), string(service)) % 3)
			}
			all = append(all, one)
		}
	}
	return all, nil
}

// call is one request being answered.
type call struct {
	*http.Request
	service Service
	number  int
	spells  []*spell // that may strike it
}

func (w *World) matching(s Service, path string) []*spell {
	var all []*spell
	for _, one := range w.spells {
		if one.Service == s && strings.HasPrefix(path, one.Path) {
			all = append(all, one)
		}
	}
	return all
}

// luck is what a spell draws for its next strike. Records that are late are the
// same ones each time.
func (w *World) luck(s *spell) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.Kind == LateRecords {
		return chance(s.Seed, string(s.Kind), string(s.Service))
	}
	return chance(s.Seed, string(s.Kind), string(s.Service), strconv.Itoa(s.struck))
}

// strike reports whether a spell strikes a request that it can spoil, and if
// so notes and tells it.
func (w *World) strike(s *spell, c call) bool {
	h := Happening{s.Kind, s.Service, s.Seed, c.number, c.URL.Path}
	if !w.note(s, h) {
		return false
	}
	if w.options.OnTrouble != nil {
		w.options.OnTrouble(h)
	}
	return true
}

func (w *World) note(s *spell, h Happening) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case s.wait > 0:
		s.wait--
		return false
	case s.left == 0:
		return false
	case !s.Forever:
		s.left--
	}
	s.struck++
	w.happened = append(w.happened, h)
	return true
}

// first returns the first spell of some kinds that strikes.
func (w *World) first(c call, kinds ...Kind) (*spell, bool) {
	for _, s := range c.spells {
		if slices.Contains(kinds, s.Kind) && w.strike(s, c) {
			return s, true
		}
	}
	return nil, false
}

// SetTrouble replaces all troubles; none is peace. Nothing changes on an error.
func (w *World) SetTrouble(troubles ...Trouble) error {
	ready, err := spells(troubles)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spells = ready
	return nil
}

// Happened returns all that the vendors did wrong so far, in order.
func (w *World) Happened() []Happening {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.happened)
}
