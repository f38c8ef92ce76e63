package postgres

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// Engine is an open PostgreSQL database.
type Engine struct {
	settings Settings
	place    string // the database as people know it, without user and password
	pool     *pgxpool.Pool
	keeper   *keeper

	life       context.Context // ends when the engine is closed
	end        context.CancelFunc
	gate       sync.Mutex // a statement begins, or the end does
	close      sync.Once
	statements sync.WaitGroup
	reading    atomic.Int64 // answers not closed yet

	landing  locks    // by lake table
	previews sync.Map // by lake table: preview
	schemas  sync.Map // those known to exist
	written  stale
}

// Capabilities says what PostgreSQL can do.
func (e *Engine) Capabilities() engine.Capabilities {
	return engine.Capabilities{
		Name: "postgres", TransactionalDDL: true, Views: true, LoadsParquet: e.settings.Archive != nil,
		Parallel: e.settings.connections() / 2, MaxIdentifier: longestIdentifier, MaxDecimal: 38,
	}
}

// longestIdentifier is what PostgreSQL keeps of a name.
const longestIdentifier = 63

// Close stops what still runs, waits for it, and closes all connections.
// Calling it again does nothing. An answer still being read ends with an error.
func (e *Engine) Close() error {
	e.close.Do(func() {
		e.gate.Lock()
		e.end()
		e.gate.Unlock()
		e.statements.Wait()
		e.keeper.close()
		switch {
		case e.pool == nil:
		case e.reading.Load() > 0:
			go e.pool.Close() // waits for whoever still holds an answer
		default:
			e.pool.Close()
		}
	})
	return nil
}

// bounded returns a context that also ends when the engine is closed, and must
// be released. Statements on a closed engine are refused, and Close waits for
// those under way.
func (e *Engine) bounded(ctx context.Context) (context.Context, func(), error) {
	e.gate.Lock()
	defer e.gate.Unlock()
	if e.life.Err() != nil {
		return nil, nil, fault.New(fault.Unreachable, "the warehouse %s is closed", e.place)
	}
	e.statements.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(e.life, cancel)
	return ctx, func() {
		unhook()
		cancel()
		e.statements.Done()
	}, nil
}

// with runs work on a connection of its own. Why it failed is told as a fault;
// when ctx ended meanwhile that is why.
func (e *Engine) with(ctx context.Context, work func(context.Context, *pgconn.PgConn) error) error {
	ctx, done, err := e.bounded(ctx)
	if err != nil {
		return err
	}
	defer done()
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return e.explain(ctx, err)
	}
	defer conn.Release()
	return e.explain(ctx, work(ctx, conn.Conn().PgConn()))
}

// exec runs one statement that answers nothing, and returns how many rows it
// changed.
func exec(ctx context.Context, on *pgconn.PgConn, sql string) (int64, error) {
	tag, err := on.ExecParams(ctx, sql, nil, nil, nil, nil).Close()
	return tag.RowsAffected(), err
}

// script runs several statements, of Larder's own making, in one round trip.
func script(ctx context.Context, on *pgconn.PgConn, sql string) error {
	return on.Exec(ctx, sql).Close()
}

// texts runs a query whose answer is small and returns its rows as text, NULL
// as the empty text.
func texts(ctx context.Context, on *pgconn.PgConn, sql string) ([][]string, error) {
	return all(on.ExecParams(ctx, sql, nil, nil, nil, nil))
}

// ask runs such a query on a connection of its own.
func (e *Engine) ask(ctx context.Context, sql string) (rows [][]string, err error) {
	err = e.with(ctx, func(ctx context.Context, on *pgconn.PgConn) error {
		rows, err = texts(ctx, on, sql)
		return err
	})
	return rows, err
}

// locks are mutexes by name.
type locks struct{ byName sync.Map }

// lock locks a name and returns what unlocks it.
func (l *locks) lock(name string) func() {
	found, _ := l.byName.LoadOrStore(name, &sync.Mutex{})
	mu, ok := found.(*sync.Mutex)
	if !ok {
		return func() {}
	}
	mu.Lock()
	return mu.Unlock
}
