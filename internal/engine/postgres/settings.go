// Package postgres is the warehouse in a PostgreSQL database.
package postgres

import "time"

// Settings are a target's own settings in larder.yml. The fields without a
// yaml name are set by the program.
type Settings struct {
	URL         string        `yaml:"url" jsonschema:"required" doc:"where the database is, such as postgres://larder@db.example.com/warehouse; the password comes from the environment: ${WAREHOUSE_URL}"`
	LockTimeout time.Duration `yaml:"lock_timeout" doc:"how long a statement waits for what others hold, e.g. 30 seconds"`
	Connections int           `yaml:"connections" doc:"the most connections to keep open at once"`

	TimeZone string `yaml:"-"` // IANA name; every session runs in it
}
