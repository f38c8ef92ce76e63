package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// age judges freshness. A day counts as new until it is over; a timestamp
// without a zone is read in the project's.
func (s scope) age(p *probe, r *state.Result) error {
	what, newest := "the last publication", s.LastPublished
	if len(p.check.Rule.Columns) > 0 {
		what = "the newest " + p.check.Rule.Columns[0]
		at, ok := p.got.value.(time.Time)
		if !ok && p.got.value != nil {
			return fault.New(fault.Invalid, "%s is no date or timestamp", p.check.Rule.Columns[0])
		}
		if !ok {
			return fault.New(fault.Invalid, "no row has a %s", p.check.Rule.Columns[0])
		}
		c, _ := table.Find(s.Columns, p.check.Rule.Columns[0])
		newest = s.instant(at, c.Type.Kind)
	} else if newest.IsZero() {
		r.Status, r.Message = state.Learning, "it was never published before"
		return nil
	}
	age := max(0, s.AsOf.Sub(newest))
	late := int64(0)
	if age > p.check.Rule.Within {
		late = 1
	}
	r.Value, r.Expected = age.Truncate(time.Second).String(), "at most "+lasting(p.check.Rule.Within)
	r.Message = fmt.Sprintf("%s is %s old", what, lasting(age))
	if late > 0 {
		r.Message += ", expected " + r.Expected
	}
	broken(p, r, late)
	return nil
}

func (s scope) instant(at time.Time, kind table.Kind) time.Time {
	switch kind {
	case table.Date:
		return time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, s.zone)
	case table.Timestamp:
		return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), s.zone)
	default:
		return at
	}
}

// lasting says a duration in its two largest units.
func lasting(d time.Duration) string {
	units := []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}}
	var parts []string
	for _, u := range units {
		if n := d / u.size; n > 0 && len(parts) < 2 {
			word := fmt.Sprintf("%d %s", n, u.name)
			if n > 1 {
				word += "s"
			}
			parts = append(parts, word)
			d -= n * u.size
		}
	}
	if len(parts) == 0 {
		return "0 seconds"
	}
	return strings.Join(parts, " ")
}
