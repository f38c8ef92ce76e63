package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/larder-data/larder/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// schemaTable is where goose notes the migrations that ran.
const schemaTable = "schema_version"

// applicationID marks a file as Larder's; the first migration writes it.
const applicationID = 0x4c415244

// migrate brings the file's schema up to date. A file that is up to date is
// only read.
func migrate(ctx context.Context, path string, wait time.Duration) error {
	newest, err := newestSchema()
	if err != nil {
		return err
	}
	// Locks are kept from the first one on: of two processes that start at once,
	// the second waits and then finds the work done.
	db, err := connect(path, wait, "synchronous(FULL)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	err = upgrade(ctx, db, newest)
	return errors.Join(err, db.Close())
}

func upgrade(ctx context.Context, db *sql.DB, newest int64) error {
	if done, err := upToDate(ctx, db, newest); done || err != nil {
		return err
	}
	for _, statement := range []string{"PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE", "ROLLBACK"} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if done, err := upToDate(ctx, db, newest); done || err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithTableName(schemaTable))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// upToDate reports whether the file has the newest schema this program knows.
// A newer one, or another program's file, is Invalid.
func upToDate(ctx context.Context, db *sql.DB, newest int64) (bool, error) {
	var application, tables, schema int64
	err := db.QueryRowContext(ctx, `
		SELECT (SELECT application_id FROM pragma_application_id),
		       count(*),
		       count(*) FILTER (WHERE name = '`+schemaTable+`')
		FROM sqlite_master WHERE type = 'table'`).Scan(&application, &tables, &schema)
	if err != nil {
		return false, err
	}
	if tables == 0 {
		return false, nil
	}
	if schema == 0 || application != applicationID && application != 0 {
		return false, fault.New(fault.Invalid, "it is a database of another program").
			WithHint("choose another place with state: in larder.yml")
	}
	var version int64
	err = db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM "+schemaTable+" WHERE is_applied").Scan(&version)
	if err != nil {
		return false, err
	}
	if version > newest {
		return false, fault.New(fault.Invalid, "its schema is version %d, this larder knows up to version %d", version, newest).
			WithHint("a newer larder wrote it: use that one, or another place with state: in larder.yml")
	}
	return version == newest, nil
}

// newestSchema returns the number of the last migration in this program.
func newestSchema() (int64, error) {
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		return 0, err
	}
	number, _, _ := strings.Cut(files[len(files)-1].Name(), "_")
	return strconv.ParseInt(number, 10, 64)
}
