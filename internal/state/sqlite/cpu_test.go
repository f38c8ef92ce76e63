//go:build unix

package sqlite_test

import (
	"syscall"
	"testing"
	"time"
)

// cpu returns the CPU time the process has used, in user code and in the system.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
