package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

func TestLockedByAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := opened(t, path, Options{Wait: 30 * time.Millisecond})
	release := lock(t, path)
	_, err := s.Intend(t.Context(), entryOf("a.a"))
	refused(t, err, fault.Busy, "another process is writing to it")
	_, err = Open(t.Context(), path, Options{Wait: 30 * time.Millisecond})
	refused(t, err, fault.Busy, "another process is writing to it")
	if _, err := s.Current(t.Context(), "prod"); err != nil {
		t.Errorf("reading under a writer's lock: %v", err)
	}
	release()
	if e, err := s.Intend(t.Context(), entryOf("a.a")); err != nil || e.Version != 1 {
		t.Errorf("after the lock was released: version %d, %v", e.Version, err)
	}
}

// A caller who gives up need not wait for the lock to be released.
func TestGivingUpOnALock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := opened(t, path, Options{Wait: time.Hour})
	release := lock(t, path)
	var g errgroup.Group
	for range 3 {
		g.Go(func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			_, err := s.Intend(ctx, entryOf("a.a"))
			if fault.KindOf(err) != fault.Late {
				return fmt.Errorf("kind %s: %w", fault.KindOf(err), err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	release()
	if e, err := s.Intend(t.Context(), entryOf("a.a")); err != nil || e.Version != 1 {
		t.Errorf("a caller who gave up left something: version %d, %v", e.Version, err)
	}
}

func TestPlacesThatCannotBeAStore(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	write(t, text, strings.Repeat("This is no database. ", 500))
	foreign := filepath.Join(dir, "foreign.db")
	execute(t, foreign, "CREATE TABLE shopping (item TEXT)")
	newer := filepath.Join(dir, "newer.db")
	closed(t, newer)
	execute(t, newer, "INSERT INTO schema_version (version_id, is_applied) VALUES (99, 1)")
	for _, c := range []struct {
		name, path string
		kind       fault.Kind
		says       string
	}{
		{"a folder", dir, fault.Invalid, "it is a folder, not a file"},
		{"below a file", filepath.Join(text, "state.db"), fault.Invalid, "not a directory"},
		{"a text file", text, fault.Broken, "file is not a database"},
		{"another program's", foreign, fault.Invalid, "it is a database of another program"},
		{"of a newer larder", newer, fault.Invalid, "its schema is version 99, this larder knows up to version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(t.Context(), c.path, Options{})
			refused(t, err, c.kind, c.says)
			if !strings.Contains(err.Error(), c.path) {
				t.Errorf("the file is not named: %v", err)
			}
		})
	}
}

func TestDamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := opened(t, path, Options{})
	for n := range 50 {
		if _, err := s.Intend(t.Context(), entryOf(fmt.Sprintf("a.d%d", n))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	bytes, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(bytes); i++ {
		bytes[i] = 0xa5
	}
	write(t, path, string(bytes))
	_, err = Open(t.Context(), path, Options{})
	refused(t, err, fault.Broken, "malformed")
}

// SQLite says the same when the disk is full as when the file may not grow.
func TestNoRoom(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "state.db"), Options{})
	if err := s.writer.exec("PRAGMA max_page_count = 40"); err != nil {
		t.Fatal(err)
	}
	big := entryOf("a.big")
	big.SQL = strings.Repeat("x", 1<<20)
	_, err := s.Intend(t.Context(), big)
	refused(t, err, fault.OutOfRoom, "free some disk space")
	small, err := s.Intend(t.Context(), entryOf("a.small"))
	if err != nil {
		t.Fatalf("after a refused write: %v", err)
	}
	if err := s.writer.exec("PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	big, err = s.Intend(t.Context(), big)
	if err != nil || big.Version != 1 {
		t.Errorf("with room again: version %d, %v", big.Version, err)
	}
	open, err := s.Intended(t.Context(), "prod")
	if err != nil || len(open) != 2 || open[1].Version != small.Version {
		t.Errorf("the ledger holds %v, %v", open, err)
	}
}

func TestManyOpenANewFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "state.db")
	var versions atomic.Int64
	var g errgroup.Group
	for range 8 {
		g.Go(func() error {
			s, err := Open(t.Context(), path, Options{})
			if err != nil {
				return err
			}
			e, err := s.Intend(t.Context(), entryOf("a.a"))
			versions.Add(e.Version)
			if err != nil {
				return err
			}
			return s.Close()
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if versions.Load() != 1+2+3+4+5+6+7+8 {
		t.Errorf("the versions sum up to %d", versions.Load())
	}
}

func TestAnyFileName(t *testing.T) {
	for _, name := range []string{"a b.db", "what?mode=memory", "100%25.db", "#1;x&y=z.db", "ünï.db"} {
		path := filepath.Join(t.TempDir(), name)
		closed(t, path)
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An older file is brought up to date and keeps what it holds.
func TestOlderSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	db, err := connect(path, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithTableName(schemaTable))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, path, "INSERT INTO dataset (env, name, version, fence) VALUES ('prod', 'a.a', 6, 6)")
	execute(t, path, "INSERT INTO entry VALUES (1, 6, 6, 0, 0, 'r0', 'published', 0, 'd', 'c', 'e', 0, 0, 0, '', 5, 0, 'n')")
	s := opened(t, path, Options{})
	if e, err := s.Entry(t.Context(), "prod", "a.a", 6); err != nil || e.Rows != 5 || e.Restores != 0 || e.Note != "n" {
		t.Errorf("%+v, %v", e, err)
	}
	if e, err := s.Intend(t.Context(), entryOf("a.a")); err != nil || e.Version != 7 {
		t.Errorf("version %d, %v", e.Version, err)
	}
	if err := s.StartRun(t.Context(), state.Run{ID: "r1", Env: "prod"}); err != nil {
		t.Error(err)
	}
}

func TestClockGoesBackwards(t *testing.T) {
	now := time.Date(2024, time.July, 1, 12, 0, 0, 0, time.UTC)
	s := opened(t, filepath.Join(t.TempDir(), "state.db"), Options{Now: func() time.Time {
		now = now.Add(-time.Hour)
		return now
	}})
	for want := int64(1); want <= 5; want++ {
		e, err := s.Intend(t.Context(), entryOf("a.a"))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Settle(t.Context(), e, state.Published, ""); err != nil {
			t.Fatal(err)
		}
		current, err := s.Current(t.Context(), "prod")
		if err != nil || len(current) != 1 || current[0].Version != want || current[0].Fence != want {
			t.Fatalf("after version %d the ledger holds %v, %v", want, current, err)
		}
	}
}

func entryOf(dataset string) state.Entry { return state.Entry{Env: "prod", Dataset: dataset} }

func opened(t *testing.T, path string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// closed makes a new store and closes it.
func closed(t *testing.T, path string) {
	t.Helper()
	if err := opened(t, path, Options{}).Close(); err != nil {
		t.Fatal(err)
	}
}

// lock takes the writer's lock as another process would.
func lock(t *testing.T, path string) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	if _, err := db.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() { db.Close() }
}

func execute(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// refused fails the test unless err is of the kind and says so, in the message
// or the hint.
func refused(t *testing.T, err error, kind fault.Kind, says string) {
	t.Helper()
	var e *fault.Error
	if err == nil || !errors.As(err, &e) {
		t.Fatalf("no fault but %v", err)
	}
	if fault.KindOf(err) != kind || !strings.Contains(err.Error()+"\n"+e.Hint, says) {
		t.Errorf("kind %s: %v (%s); want kind %s saying %q", fault.KindOf(err), err, e.Hint, kind, says)
	}
}
