package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync/atomic"
	"time"
)

// writer is the one connection of this process that writes. A goroutine owns
// it and takes whoever is waiting into one transaction, so that callers who
// write at the same time share one wait for the disk. Every call returns only
// when what it wrote is durable.
type writer struct {
	db       *sql.DB
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
	known    names

	jobs     chan *job
	stopping chan struct{}
	stopped  chan error
	done     atomic.Bool
}

// job is one call's writes. do may run a second time after a roll-back, so it
// changes nothing of its caller's before it succeeds.
type job struct {
	do       func(*writer) error
	claimed  atomic.Bool // by the writer, or by a caller who gave up
	finished chan struct{}
	err      error
}

func newWriter(ctx context.Context, path string, wait time.Duration) (*writer, error) {
	db, err := connect(path, wait, "journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(4000)", "cache_size(-16000)")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	w := &writer{
		db: db, conn: conn, prepared: map[string]*sql.Stmt{}, known: newNames(),
		jobs: make(chan *job), stopping: make(chan struct{}), stopped: make(chan error, 1),
	}
	// Told now that the file cannot be written, a run has not begun yet.
	if err := w.probe(ctx); err != nil {
		return nil, errors.Join(err, conn.Close(), db.Close())
	}
	go w.work()
	return w, nil
}

func (w *writer) probe(ctx context.Context) error {
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	_, err := w.conn.ExecContext(ctx, "ROLLBACK")
	return err
}

// write runs do in a transaction, perhaps together with others, and returns
// when it is durable or has left nothing behind.
func (w *writer) write(ctx context.Context, do func(*writer) error) error {
	j := &job{do: do, finished: make(chan struct{})}
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-w.stopping:
		return errClosed
	}
	select {
	case <-j.finished:
	case <-ctx.Done():
		if j.claimed.CompareAndSwap(false, true) {
			return context.Cause(ctx)
		}
		// It is being written: only the outcome can tell whether it happened.
		<-j.finished
	}
	return j.err
}

// stop waits for writes under way and closes the connection.
func (w *writer) stop() error {
	if w.done.CompareAndSwap(false, true) {
		close(w.stopping)
	}
	err := <-w.stopped
	w.stopped <- err
	return err
}

func (w *writer) work() {
	for {
		select {
		case j := <-w.jobs:
			w.commit(w.gather(j))
		case <-w.stopping:
			w.stopped <- w.shut()
			return
		}
	}
}

// mostAtOnce bounds a transaction, and with it how long its callers wait.
const mostAtOnce = 256

// gather takes everybody who is waiting at this moment.
func (w *writer) gather(first *job) []*job {
	group := []*job{first}
	for len(group) < mostAtOnce {
		select {
		case j := <-w.jobs:
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

// commit writes a group in one transaction. When one of them fails, all are
// rolled back and written one by one, so that nobody pays for another's error.
func (w *writer) commit(group []*job) {
	// A caller may give up while we wait for another process's lock.
	err := w.exec("BEGIN IMMEDIATE")
	live := slices.DeleteFunc(group, func(j *job) bool { return !j.claimed.CompareAndSwap(false, true) })
	if err != nil {
		finish(live, err)
		return
	}
	err = w.perform(live)
	if err == nil || len(live) == 1 {
		finish(live, err)
		return
	}
	for _, j := range live {
		err := w.exec("BEGIN IMMEDIATE")
		if err == nil {
			err = w.perform([]*job{j})
		}
		finish([]*job{j}, err)
	}
}

// perform does the jobs in the transaction that has begun, and ends it.
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
		j.err = err
		close(j.finished)
	}
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
	s, err := w.statement(text)
	if err == nil {
		_, err = s.ExecContext(context.Background(), args...)
	}
	return err
}

// change runs a statement and returns how many rows it changed.
func (w *writer) change(text string, args ...any) (int64, error) {
	s, err := w.statement(text)
	if err != nil {
		return 0, err
	}
	result, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
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
