package fault

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// List is several problems found together; reading a project reports all it
// can see at once. A nil or empty List is no error: return it with Err.
type List []*Error

// Error returns the first problem and how many more there are.
func (l List) Error() string {
	switch len(l) {
	case 0:
		return "no errors"
	case 1:
		return l[0].Error()
	default:
		return fmt.Sprintf("%s (and %d more)", l[0].Error(), len(l)-1)
	}
}

// Unwrap gives errors.Is and errors.As the problems one by one.
func (l List) Unwrap() []error {
	errs := make([]error, len(l))
	for i, e := range l {
		errs[i] = e
	}
	return errs
}

// Add appends err: a List's problems one by one, an Error as it is, anything
// else as an Internal one. A nil err adds nothing.
func (l *List) Add(err error) {
	if err == nil {
		return
	}
	var more List
	if errors.As(err, &more) {
		*l = append(*l, more...)
		return
	}
	var e *Error
	if errors.As(err, &e) {
		*l = append(*l, e)
		return
	}
	*l = append(*l, &Error{Kind: Internal, Err: err})
}

// Err returns the list in the order of file, line and column, each problem
// once, or nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	sorted := slices.Clone(l)
	slices.SortStableFunc(sorted, func(a, b *Error) int {
		return cmp.Or(
			cmp.Compare(a.Where.File, b.Where.File),
			cmp.Compare(a.Where.Line, b.Where.Line),
			cmp.Compare(a.Where.Column, b.Where.Column),
		)
	})
	return slices.CompactFunc(sorted, func(a, b *Error) bool {
		return a.Error() == b.Error() && a.Hint == b.Hint
	})
}
