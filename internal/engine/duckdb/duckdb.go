// Package duckdb builds into an embedded DuckDB file.
//
// One process owns the file and in it one Engine; its goroutines share a small
// pool of connections. Every publish is one transaction with its marker;
// staging is committed beforehand, so that checks can run on it side by side.
// The contract is engine's, the rules behind each choice stand in
// docs/design/foundation.md.
package duckdb

import (
	"runtime"
	"sync"

	"github.com/larder-data/larder/internal/engine"
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
	plain     bool     // see OpenPlain

	// Interfere is called with the name of every statement of a transaction
	// after it ran ("begin", "drop", "rename", "marker", "commit" ...); an error
	// makes the transaction fail there. It is for tests of what a crash leaves.
	Interfere func(step string) error `yaml:"-"`
}

// Engine is an open DuckDB file.
type Engine struct {
	settings Settings
	pool     *pool
	helpers  *helpers
	notices  []string
	reserved string // the path entered as in use
	scratch  string // of a reader: a folder of its own that exports pass through

	life   *engine.Life
	close  sync.Once
	closed error

	known      catalog
	publishing engine.Locks // by dataset: fence check and publish belong together
	landing    engine.Locks // by lake table
	schemaOnce engine.Locks // by schema
	written    backlog
	previews   sync.Map // by lake table's key: preview
	views      sync.Map // by the key of a view of all loads: its query
	spellings  sync.Map // of nested types: as the driver lets us write them -> table.Type
}

// Capabilities says what DuckDB can do.
func (e *Engine) Capabilities() engine.Capabilities {
	return engine.Capabilities{
		Name: "duckdb", TransactionalDDL: true, Views: true, LoadsParquet: true, PrunesByStats: true, FoldsCase: true,
		Parallel: max(2, e.settings.threads()), MaxIdentifier: longestIdentifier, MaxDecimal: 38,
	}
}

// longestIdentifier is our own limit; DuckDB has none.
const longestIdentifier = 255

// threads is how many processor threads queries may use.
func (s Settings) threads() int {
	if s.Threads > 0 {
		return s.Threads
	}
	return runtime.GOMAXPROCS(0)
}

// Notices are things worth telling that happened while opening.
func (e *Engine) Notices() []string { return e.notices }

// Close stops what still runs, waits for it, and closes the file at a clean
// checkpoint. Calling it again does nothing. Answers still being read stay
// readable until they are closed, and keep the file open until then.
func (e *Engine) Close() error {
	e.close.Do(func() {
		e.life.End()
		if e.pool != nil {
			e.closed = explain("warehouse "+e.settings.Path, e.pool.close())
		}
		if e.scratch != "" {
			if err := removeAll(e.scratch); e.closed == nil {
				e.closed = err
			}
		}
		e.release()
	})
	return e.closed
}
