// Command larder lands raw data in a lake, builds warehouse and marts from
// SQL, checks every layer before anyone sees a number, and says what happened
// and why.
//
// This package turns flags into calls of internal/app and answers into text or
// JSON, one file per command; it decides nothing else.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/larder-data/larder/internal/fault"
)

func main() {
	os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// The exit codes, as documented in larder --help.
const (
	exitDone        = 0
	exitHeld        = 1
	exitInvalid     = 2
	exitOutside     = 3
	exitInterrupted = 130
)

// Main runs the program with the arguments and returns its exit code. The
// first interrupt asks everything to stop cleanly, a second one ends the
// process at once.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	t := newTerminal(stdin, stdout, stderr)
	err := command(t).run(ctx, args)
	if err == nil {
		return exitDone
	}
	t.fault(err)
	return exitCode(err)
}

// exitCode returns what the shell is told about an error: its kind decides.
func exitCode(err error) int {
	var told *toldError
	if errors.As(err, &told) {
		return told.code
	}
	switch fault.KindOf(err) {
	case fault.Held:
		return exitHeld
	case fault.Invalid, fault.NotFound:
		return exitInvalid
	case fault.Interrupted:
		return exitInterrupted
	default:
		return exitOutside
	}
}

// toldError ends a command whose problem has been shown already.
type toldError struct{ code int }

func (e *toldError) Error() string { return "told" }
