package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// memory is the path of a warehouse that lives and dies with its Engine.
const memory = ":memory:"

// OpenMemory opens an empty warehouse that lives in memory only.
func OpenMemory(ctx context.Context, timeZone string) (*Engine, error) {
	return Open(ctx, Settings{Path: memory, TimeZone: timeZone, Threads: 1})
}

// OpenPlain opens an empty DuckDB in memory, without Larder's own tables and
// functions: something that reads files.
func OpenPlain(ctx context.Context) (*Engine, error) {
	return Open(ctx, Settings{Path: memory, TimeZone: "UTC", plain: true})
}

// Open opens or creates the file. The error is Busy when it is open already, in
// another process or in this one; Denied when it cannot be read or written;
// Broken when it is no DuckDB file; OutOfRoom when the disk is full; NotFound
// when it is to be read only and does not exist.
func Open(ctx context.Context, s Settings) (*Engine, error) {
	if !s.ReadOnly {
		if err := os.MkdirAll(filepath.Dir(s.Path), 0o755); err != nil {
			return nil, explain("warehouse "+s.Path, err)
		}
	} else if _, err := os.Stat(s.Path); err != nil {
		return nil, fault.New(fault.NotFound, "there is no warehouse at %s yet", s.Path).WithHint("build it first: larder run")
	}
	e := &Engine{settings: s, known: newCatalog(), life: engine.NewLife(s.Path)}
	err := e.reserve()
	if err == nil {
		err = e.open(ctx)
	}
	if err != nil && !s.ReadOnly {
		err = e.openOtherwise(ctx, err)
	}
	if err != nil {
		return nil, errors.Join(explain("warehouse "+s.Path, err), e.Close())
	}
	return e, nil
}

// openOtherwise opens what could not be opened as it was, where nothing is lost
// by it: without a write-ahead log that is damaged, and anew where whoever
// created the file never came to write into it.
func (e *Engine) openOtherwise(ctx context.Context, because error) error {
	if isDamagedLog(because) {
		if err := e.setLogAside(); err != nil {
			return err
		}
		return e.open(ctx)
	}
	if info, err := os.Stat(e.settings.Path); err == nil && info.Mode().IsRegular() && info.Size() == 0 && kindOf(because) == fault.Broken {
		if err := os.Remove(e.settings.Path); err != nil {
			return err
		}
		return e.open(ctx)
	}
	return because
}

func (e *Engine) open(ctx context.Context) error {
	connector, err := duck.NewConnector(e.settings.dsn(), e.settings.session)
	if err != nil {
		return err
	}
	most := mostConnections
	if e.settings.ReadOnly {
		most = readerConnections
	}
	e.pool = newPool(connector, most)
	e.helpers = newHelpers(e.settings.threads(), e.settings.ReadOnly, e.setThreads)
	prepare := e.prepare
	if e.settings.ReadOnly {
		prepare = e.contain
	}
	if err := prepare(ctx); err != nil {
		err = errors.Join(err, e.pool.close())
		e.pool = nil
		return err
	}
	return nil
}

// dsn holds the settings of the whole database. All threads are declared
// external: DuckDB then starts none of its own, and helpers adds them when a
// statement turns out to be long.
func (s Settings) dsn() string {
	temp := s.TempDirectory
	if temp == "" && s.Path != memory {
		temp = s.Path + ".tmp"
	}
	threads := strconv.Itoa(s.threads())
	options := url.Values{
		"autoinstall_known_extensions": {"false"},
		"autoload_known_extensions":    {"false"},
		"allow_community_extensions":   {"false"},
		"temp_directory":               {temp},
		"threads":                      {threads},
	}
	if !s.ReadOnly {
		options.Set("external_threads", threads)
	}
	if s.MemoryLimit != "" {
		options.Set("memory_limit", s.MemoryLimit)
	}
	return "?" + options.Encode()
}

// catalogName is the name the file is attached under. DuckDB would name it
// after the file, and then warehouse.orders in warehouse.duckdb is ambiguous.
const catalogName = "larder file"

// session makes every new connection ready.
func (s Settings) session(conn driver.ExecerContext) error {
	setup := "ATTACH IF NOT EXISTS " + engine.Literal(s.Path) + " AS " + engine.Quote(catalogName)
	if s.ReadOnly {
		setup += " (TYPE duckdb, READ_ONLY)" // the type is not guessed from what the file holds
	} else {
		setup += " (TYPE duckdb, STORAGE_VERSION 'v1.4.0')" // the first that keeps macros with typed arguments
	}
	setup += ";USE " + engine.Quote(catalogName) + ".main"
	if s.TimeZone != "" {
		setup += ";SET TimeZone = " + engine.Literal(s.TimeZone)
	}
	_, err := conn.ExecContext(context.Background(), setup, nil)
	return err
}

// ownTables are Larder's own.
const ownTables = `CREATE SCHEMA IF NOT EXISTS larder;
CREATE TABLE IF NOT EXISTS larder.published (dataset VARCHAR NOT NULL, version BIGINT NOT NULL,
	"from" TIMESTAMPTZ, "to" TIMESTAMPTZ, run VARCHAR NOT NULL, fence BIGINT NOT NULL, "at" TIMESTAMPTZ NOT NULL);
CREATE TABLE IF NOT EXISTS larder.loads (dataset VARCHAR NOT NULL, id VARCHAR NOT NULL, sequence BIGINT NOT NULL,
	"rows" BIGINT NOT NULL, superseded_by VARCHAR, supersedes VARCHAR[] NOT NULL, paths VARCHAR[] NOT NULL)`

// prepare creates what is missing of Larder's own tables and learns what exists.
func (e *Engine) prepare(ctx context.Context) error {
	if e.settings.plain {
		return nil
	}
	if err := e.exec(ctx, ownTables); err != nil {
		return err
	}
	if err := e.installLibrary(ctx); err != nil {
		return err
	}
	return e.learn(ctx)
}

// setLogAside keeps a damaged write-ahead log for inspection, so that the last
// checkpoint can be opened. What was only in the log is published again by the
// next run: the ledger finds it missing.
func (e *Engine) setLogAside() error {
	log := e.settings.Path + ".wal"
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.damaged-%d", log, n)
		if _, err := os.Lstat(aside); err == nil {
			continue
		}
		if err := os.Rename(log, aside); err != nil {
			return err
		}
		e.notices = append(e.notices, "the warehouse's write-ahead log was damaged: it is kept as "+aside+
			", the warehouse is as of its last checkpoint, and what is missing is built again")
		return nil
	}
}
