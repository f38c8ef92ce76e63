// Package duckdb builds into an embedded DuckDB file.
//
// One process owns the file; its goroutines share a small pool of connections.
// Every publish is one transaction with its marker; staging is committed
// beforehand, so that checks can run on it side by side. The contract is
// engine's, the rules behind each choice stand in docs/design/foundation.md.
package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// Settings are a target's own settings in larder.yml. The fields without a
// yaml name are set by the program.
type Settings struct {
	MemoryLimit   string `yaml:"memory_limit" doc:"the most memory queries may use, e.g. 4GB; default 80 % of the machine's"`
	Threads       int    `yaml:"threads" doc:"processor threads to use; default all"`
	TempDirectory string `yaml:"temp_directory" doc:"where large queries spill to disk; default beside the database"`

	Path      string   `yaml:"-"` // of the database file
	TimeZone  string   `yaml:"-"` // IANA name; every session runs in it
	ReadOnly  bool     `yaml:"-"` // open for questions only, contained: no files but AllowDirs, no network
	AllowDirs []string `yaml:"-"` // folders SQL may read when ReadOnly, e.g. the lake's
}

// checkpointBytes is how much may be published before a checkpoint is asked
// for: bulk writes bypass the write-ahead log, so DuckDB's own trigger, the
// size of that log, never sees them and the file would only grow.
const checkpointBytes = 256 << 20

// catalog is the name under which the file is attached. DuckDB would name it
// after the file, and then warehouse.orders in warehouse.duckdb is ambiguous.
const catalog = "larder file"

// Engine is an open DuckDB file.
type Engine struct {
	settings Settings
	db       *sql.DB
	close    sync.Once
	closed   error
	notices  []string

	mu        sync.Mutex
	forms     map[engine.Relation]engine.Form // what exists, by lower-case name
	schemas   map[string]bool
	published int64 // bytes published since the last checkpoint, estimated
}

// Open opens or creates the file. The error is Busy when another process has
// it open, Denied when it cannot be read or written, Broken when it is no
// DuckDB file, OutOfRoom when the disk is full.
func Open(ctx context.Context, s Settings) (*Engine, error) {
	if !s.ReadOnly {
		if err := os.MkdirAll(filepath.Dir(s.Path), 0o755); err != nil {
			return nil, explain("warehouse "+s.Path, err)
		}
	} else if _, err := os.Stat(s.Path); err != nil {
		return nil, fault.New(fault.NotFound, "there is no warehouse at %s yet", s.Path).WithHint("build it first: larder run")
	}
	e := &Engine{settings: s, forms: map[engine.Relation]engine.Form{}, schemas: map[string]bool{}}
	err := e.open(ctx)
	if err != nil && isDamagedLog(err) && !s.ReadOnly {
		if err = e.setLogAside(); err == nil {
			err = e.open(ctx)
		}
	}
	if err != nil {
		return nil, errors.Join(explain("warehouse "+s.Path, err), e.Close())
	}
	return e, nil
}

func (e *Engine) open(ctx context.Context) error {
	setup := e.session()
	connector, err := duck.NewConnector(e.dsn(), func(execer driver.ExecerContext) error {
		_, err := execer.ExecContext(context.Background(), setup, nil)
		return err
	})
	if err != nil {
		return err
	}
	e.db = sql.OpenDB(connector)
	e.db.SetMaxIdleConns(16)
	if e.settings.ReadOnly {
		// Once the configuration is locked no further session could be set up.
		e.db.SetMaxOpenConns(1)
	}
	if err := e.prepare(ctx); err != nil {
		return errors.Join(err, e.db.Close())
	}
	return nil
}

func (e *Engine) dsn() string {
	options := url.Values{
		"temp_directory":               {e.settings.Path + ".tmp"},
		"autoinstall_known_extensions": {"false"},
		"autoload_known_extensions":    {"false"},
	}
	if e.settings.Threads > 0 {
		options.Set("threads", strconv.Itoa(e.settings.Threads))
	}
	if e.settings.MemoryLimit != "" {
		options.Set("memory_limit", e.settings.MemoryLimit)
	}
	if e.settings.TempDirectory != "" {
		options.Set("temp_directory", e.settings.TempDirectory)
	}
	return "?" + options.Encode()
}

// session is what every connection begins with.
func (e *Engine) session() string {
	attach := "ATTACH IF NOT EXISTS " + engine.Literal(e.settings.Path) + " AS " + engine.Quote(catalog)
	if e.settings.ReadOnly {
		attach += " (READ_ONLY)"
	}
	attach += ";USE " + engine.Quote(catalog) + ".main"
	if e.settings.TimeZone != "" {
		attach += ";SET TimeZone = " + engine.Literal(e.settings.TimeZone)
	}
	return attach
}

// prepare makes the first connection ready: Larder's own tables, or for a
// reader the walls around it.
func (e *Engine) prepare(ctx context.Context) error {
	if e.settings.ReadOnly {
		return e.contain(ctx)
	}
	for _, statement := range []string{
		"SET GLOBAL wal_autocheckpoint_entries = 5000",
		"CREATE SCHEMA IF NOT EXISTS larder",
		`CREATE TABLE IF NOT EXISTS larder.published (dataset VARCHAR NOT NULL, version BIGINT NOT NULL,
			"from" TIMESTAMPTZ, "to" TIMESTAMPTZ, run VARCHAR NOT NULL, fence BIGINT NOT NULL, "at" TIMESTAMPTZ NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS larder.loads (dataset VARCHAR NOT NULL, id VARCHAR NOT NULL, sequence BIGINT NOT NULL,
			"rows" BIGINT NOT NULL, superseded_by VARCHAR, paths VARCHAR[] NOT NULL)`,
	} {
		if _, err := e.db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return e.learn(ctx)
}

// contain leaves a reader nothing but SELECT: files only below AllowDirs, no
// network, no extension, and no way to change that.
func (e *Engine) contain(ctx context.Context) error {
	dirs := make([]string, len(e.settings.AllowDirs))
	for i, dir := range e.settings.AllowDirs {
		dirs[i] = engine.Literal(strings.TrimSuffix(dir, "/") + "/")
	}
	for _, statement := range []string{
		"SET GLOBAL allowed_directories = [" + strings.Join(dirs, ", ") + "]",
		"SET GLOBAL enable_external_access = false",
		"SET GLOBAL lock_configuration = true",
	} {
		if _, err := e.db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// learn reads which tables and views exist.
func (e *Engine) learn(ctx context.Context) error {
	batch, err := engine.ReadAll(ctx, e, `SELECT schema_name, table_name, 'table' FROM duckdb_tables() WHERE database_name = current_database()
		UNION ALL SELECT schema_name, view_name, 'view' FROM duckdb_views() WHERE database_name = current_database() AND NOT internal`, 0)
	if err != nil {
		return err
	}
	for _, row := range batch.Rows {
		e.forms[key(engine.Relation{Schema: row[0].(string), Name: row[1].(string)})] = engine.Form(row[2].(string))
	}
	return nil
}

// key is a relation as DuckDB compares names: without regard to case.
func key(r engine.Relation) engine.Relation {
	return engine.Relation{Schema: strings.ToLower(r.Schema), Name: strings.ToLower(r.Name)}
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

// Notices are things worth telling that happened while opening.
func (e *Engine) Notices() []string { return e.notices }

// Close closes the file; calling it again does nothing.
func (e *Engine) Close() error {
	e.close.Do(func() {
		if e.db != nil {
			e.closed = explain("warehouse "+e.settings.Path, e.db.Close())
		}
	})
	return e.closed
}

// Capabilities says what DuckDB can do.
func (e *Engine) Capabilities() engine.Capabilities {
	return engine.Capabilities{
		Name: "duckdb", TransactionalDDL: true, Views: true, LoadsParquet: true, PrunesByStats: true,
		Parallel: 4, MaxDecimal: 38,
	}
}

// timestamp writes an instant as a literal, NULL when it is zero.
func timestamp(at time.Time) string {
	if at.IsZero() {
		return "NULL"
	}
	return "TIMESTAMPTZ '" + at.UTC().Format("2006-01-02 15:04:05.999999+00") + "'"
}
