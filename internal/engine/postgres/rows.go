package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Query runs one statement that returns rows, which come as they are read. A
// connection that was lost while nobody used it is replaced.
func (e *Engine) Query(ctx context.Context, sql string) (engine.Rows, error) {
	_, done, err := e.life.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	// The rows are read when this is over: what they are read in ends with the
	// engine too, which does not wait for whoever holds them.
	reading, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(e.life.Context(), cancel)
	over := func() {
		unhook()
		cancel()
	}
	r, err := e.query(reading, sql)
	if err != nil && pgconn.SafeToRetry(err) && reading.Err() == nil {
		r, err = e.query(reading, sql)
	}
	if err != nil {
		err = e.explain(reading, err)
		over()
		return nil, err
	}
	e.reading.Add(1)
	r.done = func() {
		e.reading.Add(-1)
		over()
	}
	return r, nil
}

func (e *Engine) query(ctx context.Context, sql string) (*rows, error) {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	on := conn.Conn().PgConn()
	asked, err := e.begin(ctx, on, sql)
	if err != nil {
		if e.settings.ReadOnly && !on.IsClosed() {
			_ = on.Close(ctx) // rather than to see whether it can still be rolled back
		}
		conn.Release()
		return nil, located(err, sql, 0)
	}
	r := &rows{e: e, ctx: ctx, conn: conn, on: on, columns: columnsOf(asked.Fields)}
	formats := make([]int16, len(asked.Fields))
	for i, f := range asked.Fields {
		d := decoderOf(f.DataTypeOID)
		r.decoders = append(r.decoders, d)
		formats[i] = d.format
	}
	r.values = make([]any, len(formats))
	r.found = on.ExecPrepared(ctx, "", nil, nil, formats)
	return r, nil
}

// begin describes a question; a reader's begins a transaction that cannot be
// made to write.
func (e *Engine) begin(ctx context.Context, on *pgconn.PgConn, sql string) (*pgconn.StatementDescription, error) {
	if e.settings.ReadOnly {
		if err := script(ctx, on, "BEGIN READ ONLY"); err != nil {
			return nil, err
		}
	}
	return describe(ctx, on, sql)
}

// describe has the server understand a single statement, without running it.
func describe(ctx context.Context, on *pgconn.PgConn, sql string) (*pgconn.StatementDescription, error) {
	asked, err := on.Prepare(ctx, "", sql, nil)
	switch {
	case err != nil:
		return nil, err
	case len(asked.ParamOIDs) > 0:
		return nil, fault.New(fault.Invalid, "the SQL has the parameter $1: nobody gives it a value")
	case len(asked.Fields) == 0 && engine.WithoutEnd(sql) == "":
		return nil, fault.New(fault.Invalid, "there is no SQL here")
	case len(asked.Fields) == 0:
		return nil, fault.New(fault.Invalid, "only a SELECT is allowed here, not %s", engine.FirstWord(sql))
	}
	return asked, nil
}

// rows is an answer being read.
type rows struct {
	e        *Engine
	ctx      context.Context
	done     func()
	conn     *pgxpool.Conn
	on       *pgconn.PgConn
	found    *pgconn.ResultReader
	columns  []table.Column
	decoders []decoder
	values   []any
	ended    bool
	err      error
	closed   bool
}

// Columns returns the answer's columns.
func (r *rows) Columns() []table.Column { return r.columns }

// Next reads the next row.
func (r *rows) Next() bool {
	if r.err != nil || r.closed || r.ended {
		return false
	}
	if !r.found.NextRow() {
		_, err := r.found.Close()
		r.err = r.e.explain(r.ctx, err)
		r.ended = true
		return false
	}
	for i, raw := range r.found.Values() {
		if raw == nil {
			r.values[i] = nil
			continue
		}
		if r.values[i], r.err = r.decoders[i].decode(raw); r.err != nil {
			return false
		}
	}
	return true
}

// Scan returns the current row's values, valid until the next call of Next.
func (r *rows) Scan() []any { return r.values }

// Err returns what stopped Next, nil at the end of the rows.
func (r *rows) Err() error { return r.err }

// Close ends the answer; calling it again does nothing. Rows nobody read are
// not fetched: the server is told to stop, and the connection given up.
func (r *rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), time.Second)
	defer cancel()
	switch {
	case !r.ended:
		_ = r.on.CancelRequest(ctx) // closing the connection ends the statement too, if later
		_ = r.on.Close(ctx)
	case r.e.settings.ReadOnly && !r.on.IsClosed():
		if err := script(ctx, r.on, "ROLLBACK"); err != nil {
			_ = r.on.Close(ctx) // a session in an open transaction is of no use
		}
	}
	r.conn.Release()
	r.done()
	return nil
}
