// Package fault describes what went wrong: what was being done, of what kind
// the problem is, where in the user's files it stands and how to mend it.
//
// It leaves to others what to do about it: the command line turns a Kind into
// an exit code, the build decides by it whether a retry can help.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what sort of problem an error is, coarse enough to act on.
type Kind uint8

// The kinds. Each decides exit code, retry and repair.
const (
	Internal    Kind = iota // a defect in Larder itself
	Invalid                 // the project, a setting or an argument is wrong
	NotFound                // a named thing does not exist
	Conflict                // somebody else changed it first, or a fence refused us
	Denied                  // privileges are missing
	Late                    // a deadline passed
	Busy                    // a lock is held by someone else; trying again may help
	Unreachable             // a host, file system or service does not answer
	OutOfRoom               // disk, memory or quota is exhausted
	Broken                  // data cannot be read: corrupt, or not what it claims to be
	Held                    // a blocking check failed: nothing was published
	Interrupted             // the user or the system asked to stop
)

var kindNames = [...]string{
	"internal", "invalid", "not found", "conflict", "denied", "late", "busy",
	"unreachable", "out of room", "broken", "held", "interrupted",
}

// String returns the kind in words, as it is shown to people and in JSON.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", k)
}

// Place is a position in one of the user's files. Line and Column count from
// 1; zero means unknown. Text is the line itself, for showing.
type Place struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Text   string `json:"-"`
}

// IsZero reports whether nothing is known of the place.
func (p Place) IsZero() bool { return p.File == "" && p.Line == 0 }

// String returns file:line:column as far as it is known.
func (p Place) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	}
}

// Error is a problem told to a person: what was being done (Op), its Kind,
// where it stands, how to mend it (Hint), and the cause.
type Error struct {
	Op    string // what was being done or to what, e.g. "model finance.net_sales"
	Kind  Kind
	Where Place
	Hint  string // one sentence a user can act on; may be empty
	Err   error  // the cause; its text is the message
}

// Error returns "place: op: cause" on one line, without the hint. The place is
// the error's own, or that of the nearest cause that has one.
func (e *Error) Error() string {
	where := e.place()
	if where.IsZero() {
		return e.message()
	}
	return where.String() + ": " + e.message()
}

// place is the place of the error or of the nearest cause that has one.
func (e *Error) place() Place {
	for e.Where.IsZero() {
		cause, ok := e.Err.(*Error) //nolint:errorlint // only a direct cause's place would be told twice
		if !ok {
			return Place{}
		}
		e = cause
	}
	return e.Where
}

// message is the error without its place.
func (e *Error) message() string {
	text := e.Kind.String()
	if cause, ok := e.Err.(*Error); ok { //nolint:errorlint // as in place
		if text = cause.message(); !e.Where.IsZero() && !cause.Where.IsZero() && e.Where != cause.Where {
			text = cause.Error()
		}
	} else if e.Err != nil {
		text = e.Err.Error()
	}
	if e.Op == "" {
		return text
	}
	return e.Op + ": " + text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of the kind with a formatted message; %w wraps.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Err: fmt.Errorf(format, args...)}
}

// At returns an error of the kind at a place in a user's file.
func At(where Place, kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Where: where, Err: fmt.Errorf(format, args...)}
}

// WithHint returns e with a sentence that tells how to mend it.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// Wrap names what was being done and keeps the kind of err. It returns nil
// for a nil error.
func Wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Kind: KindOf(err), Err: err}
}

// KindOf returns the kind of the outermost Error in err's chain, Internal when
// there is none.
func KindOf(err error) Kind {
	var list List
	if errors.As(err, &list) && len(list) > 0 {
		return list[0].Kind
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// HintOf returns the hint of the outermost Error in err's chain that has one.
func HintOf(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}
