package compile

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/library"
	"github.com/larder-data/larder/internal/table"
)

// catalogName is what the shadow catalog is called. A model never says it: one
// that writes another database's name is refused because there is none.
const catalogName = "larder_shadow"

// dsn opens an in-memory DuckDB that computes on the calling thread, and can
// neither load extensions nor reach files.
const dsn = "?threads=1&autoinstall_known_extensions=false&autoload_known_extensions=false"

// shadow is an in-memory DuckDB with an empty table for every dataset that a
// bound query reads. Tables are created when they are first needed.
type shadow struct {
	zone string
	db   *sql.DB

	mu      sync.Mutex
	library bool // the functions of the schema larder are there
	schemas map[string]bool
	tables  map[string]string // by lower-case dataset: the columns it was created with
}

func openShadow(ctx context.Context, zone string) (*shadow, error) {
	connector, err := duckdb.NewConnector(dsn, nil)
	if err != nil {
		return nil, fault.Wrap("open the shadow catalog", err)
	}
	s := &shadow{zone: zone, db: sql.OpenDB(connector), schemas: map[string]bool{"main": true}, tables: map[string]string{}}
	for _, statement := range []string{
		"attach ':memory:' as " + catalogName,
		"set enable_external_access = false",
	} {
		if _, err := s.db.ExecContext(ctx, statement); err != nil {
			return nil, errors.Join(fault.Wrap("open the shadow catalog", err), s.db.Close())
		}
	}
	return s, nil
}

func (s *shadow) close() error { return s.db.Close() }

// session is one connection to the shadow with what is worth keeping there.
type session struct {
	shadow *shadow
	conn   *sql.Conn
	plan   *sql.Stmt
	syntax *sql.Stmt
	doc    document
	types  map[string]table.Type
}

func (s *shadow) session(ctx context.Context) (*session, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, fault.Wrap("connect to the shadow catalog", err)
	}
	out := &session{shadow: s, conn: conn, types: map[string]table.Type{}}
	if err := out.prepare(ctx); err != nil {
		return nil, errors.Join(err, out.close())
	}
	return out, nil
}

func (s *session) prepare(ctx context.Context) (err error) {
	if _, err = s.conn.ExecContext(ctx, "use "+catalogName); err != nil {
		return fault.Wrap("connect to the shadow catalog", err)
	}
	if _, err = s.conn.ExecContext(ctx, "set timezone = "+table.Literal(s.shadow.zone)); err != nil {
		return fault.New(fault.Invalid, "time zone %q is not known", s.shadow.zone).
			WithHint("use an IANA name such as Europe/London")
	}
	// Not skip_default and its kin: they drop list items that are all defaults.
	s.plan, err = s.conn.PrepareContext(ctx, "select json_serialize_plan($1::varchar, optimize := false)::varchar")
	if err != nil {
		return fault.Wrap("connect to the shadow catalog", err)
	}
	s.syntax, err = s.conn.PrepareContext(ctx, "select json_serialize_sql($1::varchar)::varchar")
	return fault.Wrap("connect to the shadow catalog", err)
}

func (s *session) close() error {
	var errs []error
	for _, statement := range []*sql.Stmt{s.plan, s.syntax} {
		if statement != nil {
			errs = append(errs, statement.Close())
		}
	}
	return errors.Join(append(errs, s.conn.Close())...)
}

// serialize runs one of the prepared statements and parses its answer. The
// value is good until the next call. A refusal of the engine is in the answer,
// not in err.
func (s *session) serialize(ctx context.Context, statement *sql.Stmt, text string) (value, error) {
	var answer string
	if err := statement.QueryRowContext(ctx, text).Scan(&answer); err != nil {
		if ctx.Err() != nil {
			return value{}, fault.New(fault.Interrupted, "%w", ctx.Err())
		}
		return value{}, fault.Wrap("bind", err)
	}
	return s.doc.parse(answer)
}

// names asks DuckDB for the raw output names of a query, which a plan lacks.
func (s *session) names(ctx context.Context, text string) (names []string, err error) {
	err = s.conn.Raw(func(connection any) error {
		prepared, err := connection.(driver.ConnPrepareContext).PrepareContext(ctx, text)
		if err != nil {
			return err
		}
		defer prepared.Close() //nolint:errcheck // it only described a query
		statement := prepared.(*duckdb.Stmt)
		count, err := statement.ColumnCount()
		for i := 0; err == nil && i < count; i++ {
			var name string
			name, err = statement.ColumnName(i)
			names = append(names, name)
		}
		return err
	})
	return names, fault.Wrap("bind", err)
}

// ensure creates the empty table of a dataset, anew when its columns changed.
func (s *session) ensure(ctx context.Context, dataset string, columns []table.Column) error {
	definition := tableDefinition(columns)
	key := strings.ToLower(dataset)
	s.shadow.mu.Lock()
	defer s.shadow.mu.Unlock()
	if s.shadow.tables[key] == definition {
		return nil
	}
	schema, name, _ := strings.Cut(dataset, ".")
	if lower := strings.ToLower(schema); !s.shadow.schemas[lower] {
		if _, err := s.conn.ExecContext(ctx, "create schema if not exists "+table.Quote(schema)); err != nil {
			return fault.New(fault.Invalid, "%s cannot be a schema: %w", schema, err)
		}
		s.shadow.schemas[lower] = true
	}
	if _, err := s.conn.ExecContext(ctx, "create or replace table "+table.Quote(schema)+"."+table.Quote(name)+definition); err != nil {
		return fault.New(fault.Invalid, "%s cannot be a table: %w", dataset, err)
	}
	s.shadow.tables[key] = definition
	return nil
}

// functions installs the library when a text mentions it and it is not there yet.
func (s *session) functions(ctx context.Context, sql string) error {
	if !library.Mentioned(sql) {
		return nil
	}
	s.shadow.mu.Lock()
	defer s.shadow.mu.Unlock()
	if s.shadow.library {
		return nil
	}
	statements, err := library.Statements(library.DuckDB)
	if err != nil {
		return err
	}
	if _, err := s.conn.ExecContext(ctx, strings.Join(statements, ";\n")); err != nil {
		return fault.Wrap("install the functions of the schema "+library.Schema, err)
	}
	s.shadow.library, s.shadow.schemas[library.Schema] = true, true
	return nil
}

// tableDefinition is the columns as CREATE TABLE wants them. A table of which
// nothing is known but its rows has a column nobody can mean.
func tableDefinition(columns []table.Column) string {
	if len(columns) == 0 {
		return ` (" " boolean)`
	}
	var b strings.Builder
	for i, c := range columns {
		b.WriteString([]string{" (", ", "}[min(i, 1)])
		b.WriteString(table.Quote(c.Name))
		b.WriteByte(' ')
		b.WriteString(spelling(c.Type))
	}
	b.WriteByte(')')
	return b.String()
}

// spelling is a column type as DDL wants it.
func spelling(t table.Type) string {
	if t.Kind == table.Unknown {
		return "INTEGER" // what DuckDB makes of a bare NULL
	}
	return t.String()
}

// Dialect names what binds the SQL and how the meaning is fingerprinted:
// fingerprints are comparable only under the same dialect.
func Dialect() string { return "duckdb " + mapping.LibraryVersion() + ", fingerprint 1" }
