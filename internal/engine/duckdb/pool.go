package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"sync"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/fault"
)

// pool hands out connections. It is used instead of database/sql's because the
// driver's own connections run several statements in one call, tell a
// statement's type before it runs, and start no goroutine per answer.
type pool struct {
	connector *duck.Connector
	slots     chan struct{}

	mu     sync.Mutex
	free   []*duck.Conn
	closed bool
}

// mostConnections bounds answers read at once; each connection costs little.
// A reader has fewer: they are all made before its configuration is locked,
// since none could be made ready afterwards.
const (
	mostConnections   = 64
	readerConnections = 8
)

func newPool(connector *duck.Connector, most int) *pool {
	return &pool{connector: connector, slots: make(chan struct{}, most)}
}

// fill makes all the connections there may be.
func (p *pool) fill(ctx context.Context) (err error) {
	made := make([]*duck.Conn, 0, cap(p.slots))
	for range cap(p.slots) {
		conn, connectErr := p.take(ctx)
		if connectErr != nil {
			err = connectErr
			break
		}
		made = append(made, conn)
	}
	for _, conn := range made {
		err = errors.Join(err, p.give(conn, false))
	}
	return err
}

// take returns a connection, a used one rather than a new one.
func (p *pool) take(ctx context.Context) (*duck.Conn, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if conn := p.used(); conn != nil {
		return conn, nil
	}
	made, err := p.connector.Connect(context.WithoutCancel(ctx))
	if err == nil {
		if conn, ok := made.(*duck.Conn); ok {
			return conn, nil
		}
		err = fault.New(fault.Internal, "an unknown driver connection %T", made)
	}
	<-p.slots
	return nil, err
}

// used returns a connection that is free, nil when there is none.
func (p *pool) used() *duck.Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.free)
	if n == 0 {
		return nil
	}
	conn := p.free[n-1]
	p.free = p.free[:n-1]
	return conn
}

// give takes a connection back; one that is broken is closed.
func (p *pool) give(conn *duck.Conn, broken bool) error {
	defer func() { <-p.slots }()
	p.mu.Lock()
	defer p.mu.Unlock()
	if broken || p.closed {
		return conn.Close()
	}
	p.free = append(p.free, conn)
	return nil
}

// close closes the free connections; those in use are closed when given back,
// the last of them closes the file.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	var errs []error
	for _, conn := range p.free {
		errs = append(errs, conn.Close())
	}
	p.free = nil
	return errors.Join(append(errs, p.connector.Close())...)
}

// session is one connection in use by one goroutine, with the context its
// statements are bounded by.
type session struct {
	e      *Engine
	conn   *duck.Conn
	broken bool
}

// with runs work on a connection of its own.
func (e *Engine) with(ctx context.Context, work func(context.Context, *session) error) (err error) {
	ctx, done, err := e.life.Begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	conn, err := e.pool.take(ctx)
	if err != nil {
		return err
	}
	s := &session{e: e, conn: conn}
	defer func() { err = errors.Join(err, e.pool.give(conn, s.broken)) }()
	return work(ctx, s)
}

// exec runs statements outside of a transaction of ours.
func (e *Engine) exec(ctx context.Context, statements string) error {
	return e.with(ctx, func(ctx context.Context, s *session) error {
		_, err := s.run(ctx, statements)
		return err
	})
}

// run runs one or more statements, stopping at the first error, and returns
// how many rows the last one changed. One call of the driver serves them all:
// each would otherwise cost a goroutine and a wake-up.
func (s *session) run(ctx context.Context, statements string) (int64, error) {
	defer s.e.helpers.watch()()
	rows, err := s.conn.QueryContext(ctx, statements, nil)
	if err != nil {
		return 0, err
	}
	changed, err := changedRows(rows)
	return changed, errors.Join(err, rows.Close())
}

// changedRows reads the count DuckDB answers to CREATE TABLE AS, INSERT, UPDATE
// and DELETE.
func changedRows(rows driver.Rows) (int64, error) {
	columns := rows.Columns()
	if len(columns) != 1 || columns[0] != "Count" {
		return 0, nil
	}
	values := make([]driver.Value, 1)
	switch err := rows.Next(values); {
	case errors.Is(err, io.EOF):
		return 0, nil
	case err != nil:
		return 0, err
	}
	count, _ := values[0].(int64)
	return count, nil
}
