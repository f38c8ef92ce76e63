package mysql

import (
	"context"
	"sync"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/ingest"
)

// together is the one transaction in which all tables of a source are read, for
// as long as a run lasts: a server exports no snapshot to other sessions, so the
// tables take turns.
type together struct {
	mu   sync.Mutex
	run  <-chan struct{} // closed when the run ends: what tells runs apart
	conn *connection
	read []string // tables that were read in it
	lost bool     // the connection broke after some were
}

// turn is a table's turn in the transaction of its source. The caller ends it,
// saying whether the table was read.
func (r *Reader) turn(ctx context.Context, t ingest.Table, s settings) (x *session, end func(done bool), err error) {
	if ctx.Done() == nil {
		return nil, nil, fault.New(fault.Internal, "a run that never ends has no snapshot of its own")
	}
	r.mu.Lock()
	shared := r.sources[t.Source.Name]
	if shared == nil {
		shared = &together{}
		r.sources[t.Source.Name] = shared
	}
	r.mu.Unlock()
	shared.mu.Lock()
	if x, err = shared.session(ctx, s); err != nil {
		shared.leave(nil)
		return nil, nil, err
	}
	return x, func(done bool) {
		if done {
			shared.read = append(shared.read, t.Name)
		}
		shared.leave(x)
	}, nil
}

// session joins the run's transaction, or begins it.
func (g *together) session(ctx context.Context, s settings) (*session, error) {
	if g.run != ctx.Done() {
		g.close()
		g.run, g.read, g.lost = ctx.Done(), nil, false
	}
	if g.lost {
		return nil, fault.New(fault.Unreachable, "the connection broke after %s had been read, and a new one would see another state", g.read[0]).
			WithHint("nothing of this table was loaded; the next run reads all tables of the source again, in one snapshot")
	}
	if g.conn == nil {
		x, err := s.open(ctx)
		if err != nil {
			return nil, err
		}
		g.conn = x.connection
		context.AfterFunc(ctx, func() { g.over(ctx.Done()) })
		return x, x.describe(ctx)
	}
	x := &session{connection: g.conn, settings: s}
	return x, x.describe(ctx)
}

// leave ends a turn; a connection that broke meanwhile is not used again.
func (g *together) leave(x *session) {
	if x != nil && x.closed || g.conn != nil && g.conn.closed {
		g.conn = nil
		g.lost = len(g.read) > 0
	}
	g.mu.Unlock()
}

// over ends the transaction of a run that has ended.
func (g *together) over(run <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.run == run {
		g.close()
	}
}

func (g *together) close() {
	if g.conn != nil {
		g.conn.close()
		g.conn = nil
	}
}
