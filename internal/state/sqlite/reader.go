package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

// readersAtOnce is how many questions are answered side by side.
const readersAtOnce = 4

// reader answers questions on its own connections, which see what is committed
// and never wait for the writer. Every question asked once stays prepared.
type reader struct {
	db       *sql.DB
	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

func newReader(path string, wait time.Duration) (*reader, error) {
	db, err := connect(path, wait, "query_only(1)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(readersAtOnce)
	db.SetMaxIdleConns(readersAtOnce)
	return &reader{db: db, prepared: map[string]*sql.Stmt{}}, nil
}

func (r *reader) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.prepared[query]; ok {
		return s, nil
	}
	s, err := r.db.PrepareContext(ctx, query)
	if err == nil {
		r.prepared[query] = s
	}
	return s, err
}

// each calls read for every row of the answer.
func (r *reader) each(ctx context.Context, query string, args []any, read func(*sql.Rows) error) error {
	s, err := r.statement(ctx, query)
	if err != nil {
		return err
	}
	return each(ctx, s, args, read)
}

// one reads the first row of the answer; sql.ErrNoRows when there is none.
func (r *reader) one(ctx context.Context, query string, args []any, read func(scanner) error) error {
	s, err := r.statement(ctx, query)
	if err != nil {
		return err
	}
	return read(s.QueryRowContext(ctx, args...))
}

// moment asks several questions of one and the same moment: ask gets them
// prepared, in their order.
func (r *reader) moment(ctx context.Context, ask func(prepared []*sql.Stmt) error, queries ...string) error {
	// All are prepared before a connection is taken: waiting for a second one
	// while holding the first would stop everybody once all are taken.
	prepared := make([]*sql.Stmt, len(queries))
	for i, query := range queries {
		var err error
		if prepared[i], err = r.statement(ctx, query); err != nil {
			return err
		}
	}
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for i, s := range prepared {
		prepared[i] = tx.StmtContext(ctx, s)
	}
	err = ask(prepared)
	// Nothing was written that a roll-back could lose; a context that ends just
	// now has rolled back already.
	if ended := tx.Rollback(); err == nil && !errors.Is(ended, sql.ErrTxDone) {
		err = ended
	}
	return err
}

// scanner is a row, first of one or one of many.
type scanner interface{ Scan(into ...any) error }

func each(ctx context.Context, s *sql.Stmt, args []any, read func(*sql.Rows) error) error {
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

func (r *reader) stop() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, s := range r.prepared {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, r.db.Close())...)
}
