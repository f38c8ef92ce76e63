package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/fault"
)

// Who was handed the lead must take it, or everybody waits forever.
func TestWithdraw(t *testing.T) {
	first, second, stranger := &job{}, &job{}, &job{}
	w := &writer{queue: []*job{first, second}, next: first}
	if w.withdraw(first) {
		t.Error("the next leader withdrew")
	}
	if w.withdraw(stranger) {
		t.Error("a job that is being written was withdrawn")
	}
	if !w.withdraw(second) || len(w.queue) != 1 {
		t.Errorf("a waiting job was not withdrawn: %d wait", len(w.queue))
	}
}

// Callers who come while a transaction is written share the next one.
func TestWaitingCallersShareATransaction(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "state.db"), Options{})
	entered, release := make(chan struct{}), make(chan struct{})
	var g errgroup.Group
	g.Go(func() error {
		return s.writer.write(t.Context(), func(*writer) error {
			close(entered)
			<-release
			return nil
		})
	})
	<-entered
	const callers = 10
	var seen []int // how much of the others' writes nobody else can read yet
	for range callers {
		g.Go(func() error {
			return s.writer.write(t.Context(), func(w *writer) error {
				_, err := w.dataset("prod", strconv.Itoa(len(seen)))
				current, readErr := s.reader.count(t.Context())
				seen = append(seen, len(seen)+1-current)
				return errors.Join(err, readErr)
			})
		})
	}
	for waiting := 0; waiting < callers; runtime.Gosched() {
		s.writer.mu.Lock()
		waiting = len(s.writer.queue)
		s.writer.mu.Unlock()
	}
	close(release)
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if want := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}; !slices.Equal(seen, want) {
		t.Errorf("unseen by others at each write: %v, want %v", seen, want)
	}
}

// count returns how many datasets a reader sees.
func (r *reader) count(ctx context.Context) (n int, err error) {
	err = r.one(ctx, "SELECT count(*) FROM dataset", nil, func(row scanner) error { return row.Scan(&n) })
	return n, err
}

// A job that fails half-way leaves nothing, and its neighbours in the
// transaction are written all the same.
func TestAFailureIsItsOwn(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "state.db"), Options{})
	broken := errors.New("broken")
	enter := func(env string, err error) *job {
		return &job{wake: make(chan struct{}, 1), do: func(w *writer) error {
			if _, failed := w.dataset(env, "a.a"); failed != nil {
				return failed
			}
			return err
		}}
	}
	group := []*job{enter("one", nil), enter("two", broken), enter("three", nil)}
	if err := s.writer.begin(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.writer.commit(group)
	if group[0].err != nil || !errors.Is(group[1].err, broken) || group[2].err != nil {
		t.Errorf("the outcomes are %v, %v, %v", group[0].err, group[1].err, group[2].err)
	}
	var entered int64
	if _, err := s.writer.row("SELECT count(*) FROM dataset WHERE env <> 'two'", nil, &entered); err != nil || entered != 2 {
		t.Errorf("%d entered, %v", entered, err)
	}
	if _, err := s.writer.row("SELECT count(*) FROM dataset", nil, &entered); err != nil || entered != 2 {
		t.Errorf("the failed job left something: %d datasets, %v", entered, err)
	}
}

// A store that is being closed lets nobody begin.
func TestClosedStoreSaysSo(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "state.db"), Options{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := s.Intend(t.Context(), entryOf("a.a"))
	refused(t, err, fault.Internal, "it is closed")
}
