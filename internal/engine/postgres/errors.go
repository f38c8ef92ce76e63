package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larder-data/larder/internal/fault"
)

// byState are the kinds of errors by SQLSTATE, the whole of it or its class
// (the first two characters). See "PostgreSQL Error Codes" in its manual.
var byState = map[string]fault.Kind{
	"08": fault.Unreachable, "57P01": fault.Unreachable, "57P02": fault.Unreachable, "57P03": fault.Unreachable,
	"55P03": fault.Busy, "40": fault.Busy, "55006": fault.Busy, "53300": fault.Busy,
	"53": fault.OutOfRoom,
	"28": fault.Denied, "42501": fault.Denied, "25006": fault.Denied, "25001": fault.Denied, // to write, or to begin to
	"3D000": fault.NotFound,
	"2BP01": fault.Conflict,
	"57014": fault.Interrupted, "57P05": fault.Unreachable,
	"25P03": fault.Late, "25P04": fault.Late, // sessions that were idle, or at work, for too long
	"58": fault.Unreachable, "XX001": fault.Broken, "XX002": fault.Broken, "XX": fault.Internal, "F0": fault.Internal,
}

// kindOfState sorts an error of the server; whatever is about the SQL, or about
// the data it meets, is Invalid.
func kindOfState(e *pgconn.PgError) fault.Kind {
	if strings.Contains(e.Message, "No space left on device") {
		return fault.OutOfRoom
	}
	if e.Code == "57014" && strings.Contains(e.Message, "timeout") {
		return fault.Late
	}
	if kind, ok := byState[e.Code]; ok {
		return kind
	}
	if len(e.Code) == 5 {
		if kind, ok := byState[e.Code[:2]]; ok {
			return kind
		}
	}
	return fault.Invalid
}

// explain gives an error of the driver or the server its kind and a hint. Nil
// stays nil, faults keep what they say, and when ctx ended that is why.
func (e *Engine) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	if ctx.Err() != nil {
		if e.life.Context().Err() != nil {
			return fault.New(fault.Unreachable, "the warehouse %s was closed meanwhile", e.place)
		}
		return fault.New(fault.Interrupted, "%w", ctx.Err())
	}
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return fault.New(fault.Unreachable, "%s does not answer: %w", e.place, plainly(err)).
			WithHint("check that the server runs and that this machine may reach it; what was not published yet is built by the next run")
	}
	f := fault.New(kindOfState(server), "%s", said(server))
	switch f.Kind {
	case fault.Denied:
		return f.WithHint("%s", missing(server))
	case fault.OutOfRoom:
		return f.WithHint("free some room on the server and run again: nothing was published half")
	case fault.Interrupted:
		return f.WithHint("somebody cancelled it on the server: ask its administrators why, and run again")
	case fault.Late:
		return f.WithHint("raise the server's timeout for the target's user, or make the SQL quicker")
	case fault.Busy:
		return f.WithHint("somebody else holds it: try again when they are done")
	case fault.NotFound:
		return f.WithHint("create the database first, or mend the target's url in larder.yml")
	case fault.Unreachable:
		return f.WithHint("the server is stopping or starting: run again when it is up")
	}
	if f.Kind == fault.Invalid && server.Hint != "" {
		return f.WithHint("%s", server.Hint)
	}
	return f
}

// said is what the server says, with the detail that makes it clear.
func said(e *pgconn.PgError) string {
	text := e.Message
	if e.Detail != "" {
		text += " (" + strings.TrimSuffix(strings.ReplaceAll(e.Detail, "\n", "; "), ".") + ")"
	}
	return text
}

// missing says which privilege would help.
func missing(e *pgconn.PgError) string {
	switch {
	case strings.HasPrefix(e.Code, "28"):
		return "check the user and the password in the target's url"
	case strings.Contains(e.Message, "for schema"):
		return "have the schema's owner GRANT USAGE, CREATE ON SCHEMA to the target's user"
	case strings.Contains(e.Message, "for database"):
		return "have the database's owner GRANT CREATE ON DATABASE to the target's user"
	case strings.Contains(e.Message, "must be owner"):
		return "the target's user has to own what it replaces: have the owner hand it over (ALTER ... OWNER TO)"
	}
	return "the target's user lacks a privilege: have the owner GRANT it"
}

// plainly is a connection's error without the settings the driver repeats.
func plainly(err error) error {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		if inner := connect.Unwrap(); inner != nil {
			return errors.New(oneLine(inner.Error()))
		}
	}
	return err
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// located is an error about a user's SQL with the line and column counted in
// it: lead is how much of the text sent stands before it.
func located(err error, sent string, lead int) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Position < 1 {
		return err
	}
	at := byteAt(sent, int(e.Position)-1)
	if at < lead || lead > len(sent) {
		return err
	}
	before := sent[lead:at]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	with := *e
	with.Message = fmt.Sprintf("%s, at LINE %d, column %d", e.Message, line, column)
	return &with
}

// byteAt is the index of a character.
func byteAt(text string, characters int) int {
	for i := range text {
		if characters == 0 {
			return i
		}
		characters--
	}
	return len(text)
}
