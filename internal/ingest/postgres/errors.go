package postgres

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larder-data/larder/internal/fault"
)

// explain turns what the driver or the server says into a fault. What they say
// has no password in it; the address may.
func explain(err error) error {
	var known *fault.Error
	var server *pgconn.PgError
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
	case strings.Contains(err.Error(), "tls"), strings.Contains(err.Error(), "TLS"):
		return fault.New(fault.Unreachable, "no secure connection: %w", innermost(err)).WithHint("check sslmode= and sslrootcert= in url:")
	}
	return fault.New(fault.Unreachable, "the database does not answer: %w", innermost(err)).
		WithHint("check url:, that the server runs, and that it may be reached from here; nothing was lost, the next run reads again")
}

// innermost is the last cause, which names no address with a password.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// serverFault tells what the server says.
func serverFault(e *pgconn.PgError) error {
	says := func(kind fault.Kind, hint string) error {
		problem := fault.New(kind, "PostgreSQL says: %s", e.Message)
		if hint == "" {
			hint = e.Hint
		}
		if hint == "" {
			return problem
		}
		return problem.WithHint("%s", hint)
	}
	switch {
	case strings.HasPrefix(e.Code, "28"):
		return says(fault.Denied, "check the user and the password in url:, and pg_hba.conf on the server")
	case e.Code == "42501":
		return says(fault.Denied, "the user needs SELECT on it: GRANT SELECT ON ... TO ...")
	case e.Code == "3D000":
		return says(fault.NotFound, "check the database's name at the end of url:")
	case e.Code == "42P01", e.Code == "3F000":
		return says(fault.NotFound, "check table:, with its schema: public.orders")
	case strings.HasPrefix(e.Code, "42"):
		return says(fault.Invalid, "")
	case e.Code == "53300", strings.HasPrefix(e.Code, "57P"), strings.HasPrefix(e.Code, "08"):
		return says(fault.Unreachable, "nothing was lost, the next run reads again")
	case e.Code == "40001", e.Code == "55P03":
		return says(fault.Busy, "the next run reads again")
	default:
		return says(fault.Broken, "")
	}
}
