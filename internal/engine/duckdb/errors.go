package duckdb

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/fault"
)

// explain gives a driver error its kind and a hint. Nil stays nil, faults keep
// what they say.
func explain(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *fault.Error
	if errors.As(err, &known) {
		wrapped := &fault.Error{Op: op, Kind: known.Kind, Hint: known.Hint, Err: err}
		if op == "" {
			return err
		}
		return wrapped
	}
	e := &fault.Error{Op: op, Kind: kindOf(err), Err: err}
	switch e.Kind {
	case fault.Busy:
		e.Hint = "another process has the warehouse open"
		if m := holder.FindStringSubmatch(err.Error()); m != nil {
			e.Err = errors.New("the file is in use by process " + m[2] + " (" + m[1] + ")")
			e.Hint = "process " + m[2] + " has the warehouse open"
		}
		e.Hint += ": wait for it, or stop it"
	case fault.OutOfRoom:
		e.Hint = "free some disk space or memory and run again: nothing was published half"
	case fault.Broken:
		e.Hint = "the file is not a DuckDB database, or damaged: move it away and run again to rebuild it from the lake"
	case fault.Denied:
		e.Hint = "check who owns the folder and its permissions"
	}
	return e
}

// holder finds who holds the lock in DuckDB's message.
var holder = regexp.MustCompile(`held in (.+?) \(PID (\d+)\)`)

// byText are the kinds of errors DuckDB's types do not tell apart: most
// trouble with files is one "IO Error".
var byText = []struct {
	text string
	kind fault.Kind
}{
	{"No space left on device", fault.OutOfRoom},
	{"Disk quota exceeded", fault.OutOfRoom},
	{"File too large", fault.OutOfRoom},
	{"failed to offload data block", fault.OutOfRoom},
	{"Could not set lock on file", fault.Busy},
	{"Permission denied", fault.Denied},
	{"Read-only file system", fault.Denied},
	{"file system operations are disabled", fault.Denied},
	{"not a valid DuckDB database file", fault.Broken},
	{"Corrupt database", fault.Broken},
	{"Corrupt WAL", fault.Broken},
	{"checksum", fault.Broken},
	{"replaying WAL", fault.Broken},
	{"No magic bytes found", fault.Broken},
	{"No such file or directory", fault.NotFound},
	{"No files found that match", fault.NotFound},
}

// byType are the kinds of DuckDB's own error types; every other type is
// Invalid: the SQL, or the data it meets, is not what DuckDB can work with.
var byType = map[duck.ErrorType]fault.Kind{
	duck.ErrorTypeInterrupt:     fault.Interrupted,
	duck.ErrorTypeTransaction:   fault.Conflict,
	duck.ErrorTypeOutOfMemory:   fault.OutOfRoom,
	duck.ErrorTypePermission:    fault.Denied,
	duck.ErrorTypeIO:            fault.Unreachable,
	duck.ErrorTypeConnection:    fault.Unreachable,
	duck.ErrorTypeNetwork:       fault.Unreachable,
	duck.ErrorTypeHTTP:          fault.Unreachable,
	duck.ErrorTypeFatal:         fault.Broken,
	duck.ErrorTypeSerialization: fault.Broken,
	duck.ErrorTypeInternal:      fault.Internal,
	duck.ErrorTypeNullPointer:   fault.Internal,
}

// kindOf sorts an error of the driver or of the system.
func kindOf(err error) fault.Kind {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.Interrupted
	case errors.Is(err, syscall.ENOSPC):
		return fault.OutOfRoom
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fault.Denied
	}
	kind := fault.Unreachable
	var e *duck.Error
	if errors.As(err, &e) {
		var own bool
		if kind, own = byType[e.Type]; !own && e.Type != duck.ErrorTypeInvalid {
			// About the SQL: its text may hold any word of the user's.
			if strings.Contains(err.Error(), "attached in read-only mode") {
				return fault.Denied
			}
			return fault.Invalid
		}
	}
	for _, known := range byText {
		if strings.Contains(err.Error(), known.text) {
			return known.kind
		}
	}
	return kind
}

// atLine finds the line of the text it was sent that DuckDB names in a message.
var atLine = regexp.MustCompile(`\bLINE (\d+):`)

// inLinesOf returns an error of DuckDB's with the line it names counted in the
// user's SQL, which is only a part of the text sent.
func inLinesOf(sql, sent string, err error) error {
	var e *duck.Error
	before := strings.Index(sent, sql)
	if before < 0 || !errors.As(err, &e) {
		return err
	}
	lines := strings.Count(sent[:before], "\n")
	at := atLine.FindStringSubmatchIndex(e.Msg)
	if at == nil {
		return err
	}
	line, notNumber := strconv.Atoi(e.Msg[at[2]:at[3]])
	if notNumber != nil || line <= lines {
		return err
	}
	return &relined{text: e.Msg[:at[2]] + strconv.Itoa(line-lines) + e.Msg[at[3]:], err: err}
}

// relined is an error with its line counted anew.
type relined struct {
	text string
	err  error
}

func (r *relined) Error() string { return r.text }
func (r *relined) Unwrap() error { return r.err }

// isDamagedLog reports whether opening failed on the write-ahead log.
func isDamagedLog(err error) bool {
	return strings.Contains(err.Error(), "replaying WAL") || strings.Contains(err.Error(), "Corrupt WAL")
}

// isCatalog reports that a relation is not what it was known to be.
func isCatalog(err error) bool {
	var e *duck.Error
	return errors.As(err, &e) && (e.Type == duck.ErrorTypeCatalog || e.Type == duck.ErrorTypeBinder)
}

// isMissing reports that a relation does not exist.
func isMissing(err error) bool {
	return isCatalog(err) && strings.Contains(err.Error(), "does not exist")
}
