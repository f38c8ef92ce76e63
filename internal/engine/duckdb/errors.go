package duckdb

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"syscall"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/fault"
)

// fenceMessage is raised inside a publish whose fence is too low.
const fenceMessage = "larder: a newer publish holds this dataset"

// explain gives a driver error its kind. Nil stays nil, faults stay as they are.
func explain(op string, err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return fault.Wrap(op, err)
	}
	e := &fault.Error{Op: op, Kind: kindOf(err), Err: err}
	switch e.Kind {
	case fault.Busy:
		e.Hint = "another process has the warehouse open"
		if pid := holder.FindStringSubmatch(err.Error()); pid != nil {
			e.Hint += ", process " + pid[1]
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

var holder = regexp.MustCompile(`PID (\d+)`)

// kindOf sorts a driver error. DuckDB reports most trouble with files as one
// IO error, told apart only by its text.
func kindOf(err error) fault.Kind {
	text := err.Error()
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.Interrupted
	case strings.Contains(text, fenceMessage):
		return fault.Conflict
	case errors.Is(err, syscall.ENOSPC), strings.Contains(text, "No space left on device"), strings.Contains(text, "Disk quota exceeded"):
		return fault.OutOfRoom
	case strings.Contains(text, "Could not set lock on file"), strings.Contains(text, "Conflicting lock"):
		return fault.Busy
	case errors.Is(err, fs.ErrPermission), strings.Contains(text, "Permission denied"), strings.Contains(text, "Read-only file system"):
		return fault.Denied
	case strings.Contains(text, "not a valid DuckDB database file"), strings.Contains(text, "Corrupt database"),
		strings.Contains(text, "checksum"), strings.Contains(text, "Failure while replaying WAL"):
		return fault.Broken
	}
	var e *duck.Error
	if !errors.As(err, &e) {
		return fault.Unreachable
	}
	return kindOfType(e.Type)
}

func kindOfType(t duck.ErrorType) fault.Kind {
	switch t {
	case duck.ErrorTypeInterrupt:
		return fault.Interrupted
	case duck.ErrorTypeTransaction:
		return fault.Conflict
	case duck.ErrorTypeOutOfMemory:
		return fault.OutOfRoom
	case duck.ErrorTypePermission:
		return fault.Denied
	case duck.ErrorTypeIO, duck.ErrorTypeConnection:
		return fault.Unreachable
	case duck.ErrorTypeFatal, duck.ErrorTypeSerialization:
		return fault.Broken
	case duck.ErrorTypeInternal, duck.ErrorTypeNullPointer:
		return fault.Internal
	default:
		return fault.Invalid
	}
}

// isDamagedLog reports whether opening failed on the write-ahead log.
func isDamagedLog(err error) bool { return strings.Contains(err.Error(), "replaying WAL") }
