package lake

import (
	"errors"
	"os"
	"syscall"

	"github.com/larder-data/larder/internal/fault"
)

// DiskFault names the kind of what the file system said while op was done. A
// fault stays what it is.
func DiskFault(op string, err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return fault.Wrap(op, err)
	}
	e := &fault.Error{Op: op, Kind: fault.Unreachable, Err: err}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		e.Kind, e.Hint = fault.OutOfRoom, "free some disk space, or give lake: in larder.yml another place"
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS):
		e.Kind, e.Hint = fault.Denied, "the lake's folder has to be writable"
	case errors.Is(err, os.ErrExist), errors.Is(err, syscall.ENOTEMPTY):
		e.Kind, e.Hint = fault.Conflict, "another run has written this load; run again"
	}
	return e
}
