// Package sqlite keeps Larder's memory in one SQLite file, for everything that
// runs on one machine.
//
// Writers of one process share a single connection and, when several write at
// once, a single wait for the disk; readers never wait for them. What the
// memory means is the state package's contract.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	// The driver registers itself as "sqlite".
	_ "modernc.org/sqlite"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// Options are what opening a store may vary. The zero value is ready for use.
type Options struct {
	Wait time.Duration    // how long to wait for another process's lock; 0: 10 s
	Now  func() time.Time // stamps ledger entries; nil: the system's clock
}

// Store is the memory of one file. All methods may be called by several
// goroutines at once, and several processes may have the file open.
type Store struct {
	path   string
	now    func() time.Time
	writer *writer
	reader *reader
	close  sync.Once
	closed error
}

var (
	_ state.Store     = (*Store)(nil)
	_ state.Committer = (*Store)(nil)
	_ state.Abandoner = (*Store)(nil)
)

// Open opens the store in the file, creating it and its folder when there is
// none, and brings an older schema up to date. The error is Invalid when the
// file is a folder, another program's database, or of a newer Larder; Broken
// when it is no database; Denied when it cannot be written; Busy when another
// process keeps it locked; OutOfRoom when the disk is full.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Wait == 0 {
		o.Wait = 10 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	path, err := filepath.Abs(path)
	if err == nil {
		err = prepare(path)
	}
	if err != nil {
		return nil, explain(path, err)
	}
	if err := migrate(ctx, path, o.Wait); err != nil {
		return nil, explain(path, err)
	}
	s := &Store{path: path, now: o.Now}
	if s.writer, err = newWriter(ctx, path, o.Wait); err != nil {
		return nil, explain(path, err)
	}
	if s.reader, err = newReader(path, o.Wait); err != nil {
		return nil, explain(path, errors.Join(err, s.writer.stop()))
	}
	return s, nil
}

// prepare makes the folder and refuses what can never become a database.
func prepare(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fault.New(fault.Invalid, "it is a folder, not a file")
	}
	return os.MkdirAll(filepath.Dir(path), 0o755)
}

// Close waits for writes under way and closes the file. Calls after it fail;
// calling it again does nothing.
func (s *Store) Close() error {
	s.close.Do(func() {
		s.closed = explain(s.path, errors.Join(s.reader.stop(), s.writer.stop()))
	})
	return s.closed
}

// connect returns a pool of connections to the file, none opened yet.
func connect(path string, wait time.Duration, pragmas ...string) (*sql.DB, error) {
	settings := url.Values{}
	settings.Set("_busy_timeout", strconv.FormatInt(wait.Milliseconds(), 10))
	settings.Set("_dqs", "0")
	for _, p := range pragmas {
		settings.Add("_pragma", p)
	}
	name := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: settings.Encode()}
	return sql.Open("sqlite", name.String())
}
