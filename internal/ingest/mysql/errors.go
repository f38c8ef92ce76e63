package mysql

import (
	"context"
	"errors"
	"net"
	"strings"

	mysql "github.com/go-sql-driver/mysql"

	"github.com/larder-data/larder/internal/fault"
)

// explain turns what the driver or the server says into a fault. What they say
// has no password in it; the address may.
func explain(err error) error {
	var known *fault.Error
	var server *mysql.MySQLError
	var dns *net.DNSError
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.As(err, &server):
		return serverFault(server)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Interrupted, "stopped while reading")
	case errors.As(err, &dns):
		return fault.New(fault.Unreachable, "there is no host %s", dns.Name).WithHint("check url:, and that the name is known where Larder runs")
	case errors.Is(err, mysql.ErrNoTLS), strings.Contains(err.Error(), "tls"), strings.Contains(err.Error(), "x509"):
		return fault.New(fault.Unreachable, "no secure connection: %w", err).
			WithHint("check tls= and ca= in url:; tls=required encrypts without proving that it is the right server")
	}
	return fault.New(fault.Unreachable, "the database does not answer: %w", err).
		WithHint("check url:, that the server runs, and that it may be reached from here; nothing was lost, the next run reads again")
}

// What the server's numbers mean; the others are what it says.
// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
var meanings = map[uint16]struct {
	kind fault.Kind
	hint string
}{
	1045: {fault.Denied, "check the user and the password in url:, and from where the user may connect"},
	1698: {fault.Denied, "check the user and the password in url:; this one may only log in on the server itself"},
	1130: {fault.Denied, "the server lets nobody in from here: CREATE USER 'reader'@'%' ..."},
	1044: {fault.Denied, "the user needs SELECT on the database: GRANT SELECT ON ... TO ..."},
	1142: {fault.Denied, "the user needs SELECT on it: GRANT SELECT ON ... TO ..."},
	1143: {fault.Denied, "the user needs SELECT on the column: GRANT SELECT ON ... TO ..., or declare columns: without it"},
	1370: {fault.Denied, "the user needs EXECUTE on it"},
	1049: {fault.NotFound, "check the database's name at the end of url:"},
	1146: {fault.NotFound, "check table:, with its database when that is another: shop.orders"},
	1054: {fault.Invalid, ""},
	1060: {fault.Invalid, "give the columns of the query different names with AS"},
	1064: {fault.Invalid, ""},
	1040: {fault.Unreachable, "the server has no connection to spare; the next run reads again"},
	1203: {fault.Unreachable, "the user has too many connections; the next run reads again"},
	1053: {fault.Unreachable, "nothing was lost, the next run reads again"},
	1317: {fault.Unreachable, "somebody ended the query at the server; nothing was lost, the next run reads again"},
	1927: {fault.Unreachable, "somebody ended the connection at the server; nothing was lost, the next run reads again"},
	1205: {fault.Busy, "the next run reads again"},
	1213: {fault.Busy, "the next run reads again"},
	1412: {fault.Busy, "the table was altered while it was read; the next run reads again"},
	1969: {fault.Late, "the server ends queries that take this long: raise max_statement_time for the user"},
	3024: {fault.Late, "the server ends queries that take this long: raise max_execution_time for the user"},
}

// serverFault tells what the server says.
func serverFault(e *mysql.MySQLError) error {
	meaning, ok := meanings[e.Number]
	if !ok {
		meaning.kind = fault.Broken
	}
	problem := fault.New(meaning.kind, "%w", said{e})
	if meaning.hint != "" {
		problem.Hint = meaning.hint
	}
	return problem
}

// said is what the server says, without its numbers.
type said struct{ *mysql.MySQLError }

func (s said) Error() string { return "the server says: " + s.Message }
func (s said) Unwrap() error { return s.MySQLError }

// number is the server's number for what went wrong, 0 when it said nothing.
func number(err error) uint16 {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return e.Number
	}
	return 0
}
