package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"strings"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/larder-data/larder/internal/fault"
)

var errClosed = fault.New(fault.Internal, "it is closed")

// explain turns an error of the driver or the file system into a fault that
// names the file and tells what helps. Faults keep their kind.
func explain(path string, err error) error {
	if err == nil {
		return nil
	}
	op := "state store " + path
	var known *fault.Error
	if errors.As(err, &known) {
		return &fault.Error{Op: op, Kind: known.Kind, Hint: known.Hint, Err: err}
	}
	kind, hint := classify(err)
	return &fault.Error{Op: op, Kind: kind, Hint: hint, Err: err}
}

func classify(err error) (fault.Kind, string) {
	var refused *driver.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Late, ""
	case errors.Is(err, context.Canceled):
		return fault.Interrupted, ""
	case errors.Is(err, fs.ErrPermission), strings.Contains(err.Error(), "read-only file system"):
		return fault.Denied, hintDenied
	case errors.Is(err, fs.ErrExist), strings.Contains(err.Error(), "not a directory"):
		return fault.Invalid, "a file stands where a folder is needed; choose another place with state: in larder.yml"
	case errors.Is(err, sql.ErrConnDone), strings.Contains(err.Error(), "database is closed"):
		return fault.Internal, ""
	case errors.As(err, &refused):
		return classifyCode(refused.Code())
	}
	return fault.Internal, ""
}

// isBusy reports whether trying again may help.
func isBusy(err error) bool {
	kind, _ := classify(err)
	return kind == fault.Busy
}

const (
	hintDenied = "the user running larder needs to write the file and the folder it is in"
	hintBusy   = "another process is writing to it; wait until it is done, or stop it"
	hintRoom   = "free some disk space and run again; nothing was half written"
	hintBroken = "move the file aside and run again: the ledger is rebuilt from the warehouse, the history of runs and checks is lost"
)

// classifyCode sorts SQLite's result codes; the low byte is the family.
func classifyCode(code int) (fault.Kind, string) {
	switch code {
	case lib.SQLITE_IOERR_SHMSIZE, lib.SQLITE_IOERR_NOMEM:
		return fault.OutOfRoom, hintRoom
	case lib.SQLITE_IOERR_CORRUPTFS, lib.SQLITE_IOERR_DATA, lib.SQLITE_IOERR_SHORT_READ:
		return fault.Broken, hintBroken
	case lib.SQLITE_IOERR_ACCESS:
		return fault.Denied, hintDenied
	}
	switch code & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_PROTOCOL:
		return fault.Busy, hintBusy
	case lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_AUTH, lib.SQLITE_CANTOPEN:
		return fault.Denied, hintDenied
	case lib.SQLITE_FULL, lib.SQLITE_NOMEM:
		return fault.OutOfRoom, hintRoom
	case lib.SQLITE_NOTADB, lib.SQLITE_CORRUPT:
		return fault.Broken, hintBroken
	case lib.SQLITE_IOERR:
		return fault.Unreachable, "the file system under it does not answer as it should"
	case lib.SQLITE_INTERRUPT:
		return fault.Interrupted, ""
	}
	return fault.Internal, ""
}
