package check

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
)

var passes = map[string]string{
	">": "at most ", ">=": "less than ", "<": "at least ", "<=": "more than ", "=": "not ", "!=": "exactly ",
}

// limitsValid refuses limits that could not be compared with anything.
func limitsValid(c project.Check) error {
	for _, l := range []*project.Limit{c.Warn, c.Block} {
		if l == nil {
			continue
		}
		if _, ok := passes[l.Op]; !ok {
			return fault.New(fault.Invalid, "%q does not compare", l.Op).WithHint("use > >= < <= = or !=")
		}
		if _, err := parseNumber(l.Value); err != nil {
			return err
		}
	}
	return nil
}

// share reports whether a limit is a share of the rows judged.
func share(c project.Check) bool {
	return c.Warn != nil && c.Warn.Share || c.Block != nil && c.Block.Share
}

// excess is how far a value is on the failing side of a limit; its sign tells
// on which side it is, and it orders segments from worst to best. A share is
// compared without a division, failing x 100 against limit x rows; of no rows
// every share is 0.
func excess(l *project.Limit, value *apd.Decimal, judged int64) (*apd.Decimal, bool) {
	limit, err := parseNumber(l.Value)
	if err != nil {
		return apd.New(0, 0), false
	}
	left, right := value, limit
	if l.Share {
		left, right = new(apd.Decimal), new(apd.Decimal)
		_, _ = exact.Mul(left, value, apd.New(100, 0))
		_, _ = exact.Mul(right, limit, apd.New(max(judged, 0), 0))
		if judged == 0 {
			left, right = apd.New(0, 0), limit
		}
	}
	difference := new(apd.Decimal)
	_, _ = exact.Sub(difference, left, right)
	switch compared := left.Cmp(right); l.Op {
	case ">":
		return difference, compared > 0
	case ">=":
		return difference, compared >= 0
	case "<":
		return difference.Neg(difference), compared < 0
	case "<=":
		return difference.Neg(difference), compared <= 0
	case "=":
		return difference.Neg(difference.Abs(difference)), compared == 0
	default:
		return difference.Abs(difference), compared != 0
	}
}

// verdict holds a value against the check's limits; block overrules warn. The
// limit returned is the one broken, or the one that would be first.
func verdict(c project.Check, value *apd.Decimal, judged int64) (state.Status, *project.Limit, *apd.Decimal) {
	for _, l := range []struct {
		limit  *project.Limit
		status state.Status
	}{{c.Block, state.Block}, {c.Warn, state.Warn}} {
		if l.limit == nil {
			continue
		}
		if by, broken := excess(l.limit, value, judged); broken {
			return l.status, l.limit, by
		}
	}
	if c.Reject && value.Sign() > 0 {
		return state.Rejected, c.Block, apd.New(0, 0)
	}
	first := c.Warn
	if first == nil {
		first = c.Block
	}
	if first == nil {
		return state.Pass, nil, apd.New(0, 0)
	}
	by, _ := excess(first, value, judged)
	return state.Pass, first, by
}

// expected says in words what a limit asks for.
func expected(l *project.Limit) string {
	if l == nil {
		return ""
	}
	value := grouped(l.Value)
	if d, err := parseNumber(l.Value); err == nil {
		value = people(d)
	}
	if l.Share {
		value += " % of rows"
	}
	return passes[l.Op] + value
}
