package postgres

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/larder-data/larder/internal/engine"
)

// Engine is an open PostgreSQL database.
type Engine struct {
	settings Settings
	place    string // the database as people know it, without user and password
	pool     *pgxpool.Pool
	keeper   *keeper

	life    *engine.Life
	close   sync.Once
	reading atomic.Int64 // answers not closed yet

	landing  engine.Locks // by lake table
	previews sync.Map     // by lake table: preview
	schemas  sync.Map     // those known to exist
	written  stale
}

// Capabilities says what PostgreSQL can do.
func (e *Engine) Capabilities() engine.Capabilities {
	return engine.Capabilities{
		Name: "postgres", TransactionalDDL: true, Views: true, LoadsParquet: e.settings.Archive != nil,
		Parallel: max(1, e.settings.pooled()/2), MaxIdentifier: longestIdentifier, MaxDecimal: 38,
	}
}

// longestIdentifier is what PostgreSQL keeps of a name.
const longestIdentifier = 63

// Close stops what still runs, waits for it, and closes all connections.
// Calling it again does nothing. An answer still being read ends with an error.
func (e *Engine) Close() error {
	e.close.Do(func() {
		e.life.End()
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

// with runs work on a connection of its own. Why it failed is told as a fault;
// when ctx ended meanwhile that is why.
func (e *Engine) with(ctx context.Context, work func(context.Context, *pgconn.PgConn) error) error {
	ctx, done, err := e.life.Begin(ctx)
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
