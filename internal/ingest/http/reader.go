package http

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
)

// Reader asks services. It may be used by several goroutines at once; the
// tables of one source share its pace and its token.
type Reader struct {
	root     string
	today    func() time.Time
	clock    Clock
	mu       sync.Mutex
	services map[string]*service
}

var _ ingest.Asker = (*Reader)(nil)

// NewReader returns a Reader for the sources of a project in the folder root.
// Today tells which windows there are to show; the clock paces requests, and
// what is nil of it is the real one.
func NewReader(root string, today func() time.Time, clock Clock) *Reader {
	if clock.Now == nil {
		clock.Now = time.Now
	}
	if clock.Wait == nil {
		clock.Wait = wait
	}
	if clock.Jitter == nil {
		clock.Jitter = rand.Float64
	}
	return &Reader{root: root, today: today, clock: clock, services: map[string]*service{}}
}

// Layout returns how what is brought is to be read.
func (r *Reader) Layout(t ingest.Table) (format.Layout, error) {
	s, err := decode(t)
	if err != nil {
		return format.Layout{}, err
	}
	return s.layout(t)
}

// open prepares a table's requests.
func (r *Reader) open(t ingest.Table) (*client, format.Layout, error) {
	s, err := decode(t)
	if err != nil {
		return nil, format.Layout{}, err
	}
	layout, err := s.layout(t)
	if err != nil {
		return nil, layout, err
	}
	trust := s.CAFile
	if trust != "" && !filepath.IsAbs(trust) {
		trust = filepath.Join(r.root, trust)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.services[s.name]
	if known == nil || known.trust != trust {
		if known, err = newService(trust); err != nil {
			return nil, layout, err
		}
		r.services[s.name] = known
	}
	return &client{settings: s, service: known, clock: r.clock}, layout, nil
}

// Close ends the connections that are kept; it may be called twice.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.services {
		s.client.CloseIdleConnections()
	}
	return nil
}

// span is the table whose since and windows count: for_each takes those of the
// other table.
func (s *settings) span() *settings {
	if s.parent != nil {
		return s.parent
	}
	return s
}

// Ask brings what is new: a snapshot, what changed since the position, or the
// windows that are due.
func (r *Reader) Ask(ctx context.Context, t ingest.Table, past ingest.Past, to *ingest.Intake) error {
	c, layout, err := r.open(t)
	if err != nil {
		return err
	}
	into, err := newSpool(c.Format.Value == "csv")
	if err != nil {
		return err
	}
	defer into.remove()
	a := &asking{client: c, layout: layout, past: past, to: to, into: into}
	switch {
	case c.span().Since != nil:
		return a.since(ctx)
	case c.span().Windows != nil:
		return a.windows(ctx)
	}
	return a.snapshot(ctx)
}

// asking is one table being asked.
type asking struct {
	*client
	layout format.Layout
	past   ingest.Past
	to     *ingest.Intake
	into   *spool
}

// batch is what was fetched, as a load.
func (a *asking) batch(name string, f fetched) ingest.Batch {
	return ingest.Batch{
		Name: name, Path: f.file.Name(), Size: f.size, Hash: f.sum.String(), Layout: a.layout, Completeness: f.completeness,
	}
}

// snapshot asks for everything; a load replaces the one before.
func (a *asking) snapshot(ctx context.Context) error {
	f, err := a.fetch(ctx, point{}, a.into, 0)
	if err != nil {
		return err
	}
	before, there := a.past.Load("snapshot")
	if f.sum.count == 0 {
		switch {
		case !there:
			a.to.Note("there are no records yet")
			return nil
		case before.Rows > 0 && f.completeness.By == "unproven":
			w := walk{client: a.client}
			return a.tell(w.subject(), fault.New(fault.Held, "it answers with no record at all; the load before had %d", before.Rows).
				WithHint("the last good data stays; if there is really nothing left, total: lets the service say so"))
		}
	}
	return a.to.Take(ctx, a.batch("snapshot", f))
}

// Sample returns the first records, at most about as many as the limit.
func (r *Reader) Sample(ctx context.Context, t ingest.Table, limit int) (ingest.Batch, error) {
	c, layout, err := r.open(t)
	if err != nil {
		return ingest.Batch{}, err
	}
	into, err := newSpool(c.Format.Value == "csv")
	if err != nil {
		return ingest.Batch{}, err
	}
	a := &asking{client: c, layout: layout, past: ingest.Past{Now: r.today()}, into: into}
	b, err := a.sample(ctx, max(limit, 1))
	_ = into.file.Close() // it was written and flushed
	if err != nil {
		into.remove()
	}
	return b, err
}

// sample shows records of the newest point that has any.
func (a *asking) sample(ctx context.Context, limit int) (ingest.Batch, error) {
	points := []point{{}}
	switch s := a.span(); {
	case s.Since != nil:
		p, _, err := s.sincePoint(moment{}, false)
		if err != nil {
			return ingest.Batch{}, err
		}
		points = []point{p}
	case s.Windows != nil:
		points = nil
		all := s.all(a.past.Now)
		for i := len(all) - 1; i >= 0 && len(points) < sampled; i-- {
			points = append(points, s.windowPoint(all[i]))
		}
	}
	var b ingest.Batch
	for _, p := range points {
		f, err := a.fetch(ctx, p, a.into, limit)
		if err != nil {
			return b, err
		}
		if b = a.batch("sample", f); f.sum.count > 0 {
			break
		}
	}
	return b, nil
}

// sampled is how many windows are asked for a record to show.
const sampled = 5
