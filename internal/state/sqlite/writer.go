package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"time"
)

// writer is the one connection of this process that writes. Of the callers who
// write at the same time one leads: it takes the writes of all who wait into
// one transaction, so that they share one wait for the disk, and then hands the
// lead to somebody who came meanwhile. Every call returns only when what it
// wrote is durable.
type writer struct {
	db       *sql.DB
	conn     *sql.Conn
	wait     time.Duration
	prepared map[string]*sql.Stmt
	known    names

	mu     sync.Mutex
	idle   sync.Cond // on mu: busy became false
	queue  []*job
	next   *job // the job whose caller was just handed the lead
	busy   bool // somebody leads
	closed bool
}

// job is one call's writes. do may run a second time after a roll-back, so it
// changes nothing of its caller's before it succeeds.
type job struct {
	do   func(*writer) error
	done bool
	err  error
	wake chan struct{} // it is done, or its caller is to lead
}

// lockPatience is how long SQLite waits for another process before we look
// whether the caller still wants to.
const lockPatience = 200 * time.Millisecond

func newWriter(ctx context.Context, path string, wait time.Duration) (*writer, error) {
	db, err := connect(path, min(wait, lockPatience), "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-16000)")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	w := &writer{db: db, conn: conn, wait: wait, prepared: map[string]*sql.Stmt{}, known: newNames()}
	w.idle.L = &w.mu
	// Told now that the file cannot be written, a run has not begun yet.
	if err = w.begin(ctx); err == nil {
		err = w.exec("ROLLBACK")
	}
	if err != nil {
		return nil, errors.Join(err, w.shut())
	}
	return w, nil
}

// write runs do in a transaction, perhaps together with others, and returns
// when it is durable or has left nothing behind.
func (w *writer) write(ctx context.Context, do func(*writer) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	j := &job{do: do, wake: make(chan struct{}, 1)}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return errClosed
	}
	w.queue = append(w.queue, j)
	leads := !w.busy
	w.busy = true
	w.mu.Unlock()
	if !leads {
		select {
		case <-j.wake:
		case <-ctx.Done():
			if w.withdraw(j) {
				return context.Cause(ctx)
			}
			// It is being written: only the outcome can tell whether it happened.
			<-j.wake
		}
	}
	if !j.done {
		w.lead(ctx, j)
	}
	return j.err
}

// withdraw takes a waiting job back; false when it is too late for that.
func (w *writer) withdraw(j *job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.queue, j)
	if i < 0 || w.next == j {
		return false
	}
	w.queue = slices.Delete(w.queue, i, i+1)
	return true
}

// lead writes what waits, the leader's own job among it, and hands the lead on.
func (w *writer) lead(ctx context.Context, own *job) {
	err := w.begin(ctx)
	w.mu.Lock()
	w.next = nil
	group := w.queue
	w.queue = nil
	if err != nil && ctx.Err() != nil {
		// Only the leader gave up; the others go on waiting for the lock.
		w.queue = slices.DeleteFunc(group, func(j *job) bool { return j == own })
		group = []*job{own}
	}
	w.mu.Unlock()
	if err != nil {
		finish(group, err)
	} else {
		w.commit(group)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) > 0 {
		w.next = w.queue[0]
		w.next.wake <- struct{}{}
		return
	}
	w.busy = false
	w.idle.Broadcast()
}

// begin starts a transaction, waiting for other processes as long as allowed
// and the caller has not given up.
func (w *writer) begin(ctx context.Context) error {
	deadline := time.Now().Add(w.wait)
	for {
		err := w.exec("BEGIN IMMEDIATE")
		if err == nil || !isBusy(err) || !time.Now().Before(deadline) {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// commit writes a group in the transaction that has begun. When one of them
// fails, all are rolled back and written one by one, so that nobody pays for
// another's error.
func (w *writer) commit(group []*job) {
	err := w.perform(group)
	if err == nil || len(group) == 1 {
		finish(group, err)
		return
	}
	for i, j := range group {
		err := w.begin(context.Background())
		if err != nil {
			finish(group[i:], err)
			return
		}
		finish([]*job{j}, w.perform([]*job{j}))
	}
}

// perform does the jobs and ends the transaction.
func (w *writer) perform(jobs []*job) error {
	var err error
	for _, j := range jobs {
		if err = j.do(w); err != nil {
			break
		}
	}
	if err == nil {
		err = w.exec("COMMIT")
	}
	if err != nil {
		// The roll-back itself fails when SQLite has rolled back already.
		_ = w.exec("ROLLBACK")
		w.known = newNames()
	}
	return err
}

func finish(jobs []*job, err error) {
	for _, j := range jobs {
		j.err, j.done = err, true
		j.wake <- struct{}{}
	}
}

// stop waits for writes under way and closes the connection.
func (w *writer) stop() error {
	w.mu.Lock()
	for w.closed = true; w.busy; {
		w.idle.Wait()
	}
	w.mu.Unlock()
	return w.shut()
}

// shut closes the connection; the last one of all processes folds the log
// into the file.
func (w *writer) shut() error {
	var errs []error
	for _, s := range w.prepared {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}

// statement returns the statement prepared for the connection's life.
func (w *writer) statement(text string) (*sql.Stmt, error) {
	if s, ok := w.prepared[text]; ok {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), text)
	if err == nil {
		w.prepared[text] = s
	}
	return s, err
}

// exec runs a statement and is used only by the writer's own goroutine. It
// hears of no caller's context: a transaction is finished or rolled back, and
// watching a context costs more than most statements.
func (w *writer) exec(text string, args ...any) error {
	_, err := w.result(text, args)
	return err
}

// change runs a statement and returns how many rows it changed.
func (w *writer) change(text string, args ...any) (int64, error) {
	result, err := w.result(text, args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// insert runs a statement that enters one row and returns the row's number.
// RETURNING would cost more than the insert: SQLite builds a table for it.
func (w *writer) insert(text string, args ...any) (int64, error) {
	result, err := w.result(text, args)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

func (w *writer) result(text string, args []any) (sql.Result, error) {
	s, err := w.statement(text)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(context.Background(), args...)
}

// row reads one row into the destinations; false when there is none.
func (w *writer) row(text string, args []any, into ...any) (bool, error) {
	s, err := w.statement(text)
	if err != nil {
		return false, err
	}
	err = s.QueryRowContext(context.Background(), args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
