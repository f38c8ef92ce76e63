// Package postgres builds into the schemas of a PostgreSQL database.
//
// Several Larders may build into one database at once, and people read it
// meanwhile. Staging is a committed table beside its target, so that checks can
// run on it side by side; a publish is one transaction with its marker, whose
// row is locked first, so that publishes of one dataset never overlap. A table
// whose columns stay as they are is emptied and filled: readers, views, grants
// and indexes stay. The contract is engine's; the rules behind each choice stand
// in docs/design/team.md.
package postgres

import (
	"time"

	"github.com/larder-data/larder/internal/engine"
)

// Settings are a target's own settings in larder.yml. The fields without a
// yaml name are set by the program.
type Settings struct {
	URL         string        `yaml:"url" jsonschema:"required" doc:"where the database is, such as postgres://larder@db.example.com/warehouse; the password comes from the environment: ${WAREHOUSE_URL}"`
	LockTimeout time.Duration `yaml:"lock_timeout" doc:"how long a statement waits for what others hold, default 30 seconds"`
	Connections int           `yaml:"connections" doc:"the most connections to keep open at once, 3 or more; default 8"`

	TimeZone string         `yaml:"-"` // IANA name; every session runs in it
	ReadOnly bool           `yaml:"-"` // open for questions only: every statement in a read-only transaction
	Bare     bool           `yaml:"-"` // with ReadOnly: also where Larder has built nothing yet
	Archive  engine.Queryer `yaml:"-"` // reads the lake's Parquet files in DuckDB's SQL; Land needs it

	// Interfere is called with the name of every statement of a transaction
	// after it ran ("begin", "drop", "rename", "marker" ...), and with "commit"
	// before it is sent; an error makes the transaction fail there. It is for
	// tests of what a crash leaves.
	Interfere func(step string) error `yaml:"-"`
}

// The settings' defaults.
const (
	defaultLockTimeout = 30 * time.Second
	defaultConnections = 8
	fewestConnections  = 3 // one may be reading while another writes, and one keeps the runs' locks
)

func (s Settings) lockTimeout() time.Duration {
	if s.LockTimeout > 0 {
		return s.LockTimeout
	}
	return defaultLockTimeout
}

// pooled is how many connections statements share; the keeper has one of its own.
func (s Settings) pooled() int {
	most := defaultConnections
	if s.Connections > 0 {
		most = max(s.Connections, fewestConnections)
	}
	return most - 1
}
