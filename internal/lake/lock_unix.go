//go:build unix

package lake

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the file's lock, which the system frees when the process ends,
// and reports whether it was free.
func tryLock(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
