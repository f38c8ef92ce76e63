package postgres

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/library"
)

// Open connects, and makes the schema larder with the markers and functions in
// it when they are missing. The error is Invalid for a URL that is none,
// Unreachable when no server answers, Denied when it does not let us in or do
// what a warehouse needs, NotFound when the database does not exist.
func Open(ctx context.Context, s Settings) (*Engine, error) {
	config, err := s.config()
	if err != nil {
		return nil, err
	}
	place := placeOf(config.ConnConfig)
	e := &Engine{settings: s, place: place, life: engine.NewLife(place), keeper: &keeper{config: config.ConnConfig}}
	e.pool, err = pgxpool.NewWithConfig(ctx, config)
	if err == nil {
		err = e.prepare(ctx)
	}
	if err != nil {
		err = fault.Wrap("warehouse "+e.place, e.explain(ctx, err))
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// config is the pool's: every session is set so that answers are read exactly
// and no statement outlives its caller.
func (s Settings) config() (*pgxpool.Config, error) {
	if torn(s.URL) {
		return nil, fault.New(fault.Invalid, "the target's url is not one of PostgreSQL's: its password has characters in it that end a host").
			WithHint("write / as %%2F, ? as %%3F and # as %%23, or put the password in the environment variable PGPASSWORD")
	}
	config, err := pgxpool.ParseConfig(s.URL)
	if err != nil {
		// The driver's message repeats the URL, which may hold a password.
		return nil, fault.New(fault.Invalid, "the target's url is not one of PostgreSQL's: %s", why(err)).
			WithHint("write it like postgres://user@host:5432/database, the password in the environment variable PGPASSWORD")
	}
	config.MaxConns = int32(s.pooled())
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		// A server on another system than Linux cannot look after its clients.
		_, _ = exec(ctx, conn.PgConn(), "SET client_connection_check_interval = '1s'")
		return ctx.Err()
	}
	c := config.ConnConfig
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: time.Second}
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 10 * time.Second
	}
	for name, value := range map[string]string{
		"application_name":                    "larder",
		"client_encoding":                     "UTF8",
		"standard_conforming_strings":         "on",
		"client_min_messages":                 "error",
		"lock_timeout":                        strconv.FormatInt(s.lockTimeout().Milliseconds(), 10),
		"idle_in_transaction_session_timeout": "10min",
	} {
		c.RuntimeParams[name] = value
	}
	if s.TimeZone != "" {
		c.RuntimeParams["timezone"] = s.TimeZone
	}
	if s.ReadOnly {
		c.RuntimeParams["default_transaction_read_only"] = "on"
	}
	return config, nil
}

// why is the part of a parse error that says what is wrong.
func why(err error) string {
	text := err.Error()
	if _, after, ok := strings.Cut(text, "`: "); ok {
		return after
	}
	return "it cannot be read"
}

// torn reports a URL that falls apart since its password is not escaped: parts
// of it would be taken for the port and the database, and told.
func torn(url string) bool {
	_, rest, _ := strings.Cut(url, "://")
	host := strings.IndexAny(rest, "/?#")
	if host < 0 {
		return false
	}
	behind, _, _ := strings.Cut(rest[host:], "=") // an option may have one
	return strings.Contains(behind, "@") && !strings.Contains(rest[:host], "@")
}

func placeOf(c *pgx.ConnConfig) string {
	host := c.Host
	if !strings.HasPrefix(host, "/") {
		host += ":" + strconv.Itoa(int(c.Port))
	}
	return c.Database + " at " + host
}

// ownTables are Larder's own.
const ownTables = `CREATE TABLE IF NOT EXISTS larder.published (dataset text PRIMARY KEY, version bigint NOT NULL,
	"from" timestamptz, "to" timestamptz, run text NOT NULL, fence bigint NOT NULL, "at" timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS larder.loads (dataset text NOT NULL, id text NOT NULL, sequence bigint NOT NULL,
	"rows" bigint NOT NULL, superseded_by text, supersedes text[] NOT NULL, PRIMARY KEY (dataset, id))`

// collation creates byCodepoint. A server whose system has no C.UTF-8 falls back
// on its plain C, which knows the letters of English only.
const collation = `DO $$ BEGIN
	IF to_regcollation('larder.codepoint') IS NULL THEN
		BEGIN
			CREATE COLLATION larder.codepoint (provider = libc, locale = 'C.UTF-8');
		EXCEPTION WHEN OTHERS THEN
			CREATE COLLATION larder.codepoint FROM "C";
		END;
	END IF;
END $$`

// settingUp is the advisory lock of whoever creates what all share.
const settingUp = 7235171948150983

// prepare makes what is missing of Larder's own. Several may want to at once;
// they wait for each other.
func (e *Engine) prepare(ctx context.Context) error {
	return e.with(ctx, func(ctx context.Context, on *pgconn.PgConn) error {
		there, err := texts(ctx, on, `SELECT to_regclass('larder.published') IS NOT NULL AND to_regclass('larder.loads') IS NOT NULL AND to_regcollation('larder.codepoint') IS NOT NULL,
			CASE WHEN to_regprocedure('larder.library_version()') IS NOT NULL THEN 'yes' END`)
		if err != nil {
			return err
		}
		tables, functions := there[0][0] == "t", false
		if there[0][1] == "yes" {
			version, err := texts(ctx, on, "SELECT larder.library_version()")
			if err != nil {
				return err
			}
			functions = version[0][0] == library.Version()
		}
		switch {
		case tables && functions:
			return nil
		case e.settings.ReadOnly && (tables || e.settings.Bare):
			return nil // whoever builds installs what is missing
		case e.settings.ReadOnly:
			return fault.New(fault.NotFound, "there is no warehouse in the database yet").WithHint("build it first: larder run")
		}
		return e.install(ctx, on)
	})
}

// install creates Larder's schema with all that stands in it.
func (e *Engine) install(ctx context.Context, on *pgconn.PgConn) error {
	functions, err := library.Statements(library.Postgres)
	if err != nil {
		return err
	}
	statements := []string{"BEGIN", "SET LOCAL lock_timeout = 0", "SELECT pg_advisory_xact_lock(" + strconv.Itoa(settingUp) + ")"}
	if err := script(ctx, on, strings.Join(statements, ";")); err != nil {
		return err
	}
	there, err := texts(ctx, on, schemaNamed(engine.OwnSchema))
	if err == nil && len(there) == 0 {
		_, err = exec(ctx, on, "CREATE SCHEMA "+engine.Quote(engine.OwnSchema))
	}
	if err == nil {
		err = script(ctx, on, ownTables)
	}
	if err == nil {
		_, err = exec(ctx, on, collation)
	}
	for _, f := range functions {
		if err == nil && !strings.HasPrefix(f, "create schema") {
			_, err = exec(ctx, on, f)
		}
	}
	return end(ctx, on, err)
}
