package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// series is one segment's days, and the value of the tested one.
type series struct {
	segment string
	past    []daily
	tested  *apd.Decimal // nil: the segment has no row on the tested day
	regular bool         // it had rows on every day of the baseline that had any
}

// markRegular finds the segments that had rows on every day of the baseline on
// which any segment had.
func markRegular(all []*series, day time.Time, days int) {
	first := day.AddDate(0, 0, -days)
	open := map[time.Time]bool{}
	for _, one := range all {
		for _, d := range one.past {
			if d.day.Before(day) && !d.day.Before(first) {
				open[d.day] = true
			}
		}
	}
	for _, one := range all {
		n := 0
		for _, d := range one.past {
			if open[d.day] {
				n++
			}
		}
		one.regular = n > 0 && n == len(open)
	}
}

// seriesOver reads the days of a column. The tested day is the newest complete
// day that has rows; with a calendar it is the newest complete day that is open
// and whose weekday usually has rows, so that a day without any fails.
func (s scope) seriesOver(p *probe) (time.Time, []*series, error) {
	var newest time.Time
	had := map[time.Time]bool{}
	for _, g := range p.got.groups {
		day, ok := g.keys[0].(time.Time)
		if !ok {
			return time.Time{}, nil, fault.New(fault.Invalid, "%s holds no days", p.check.Rule.Over)
		}
		had[day] = true
		if day.After(newest) {
			newest = day
		}
	}
	if newest.IsZero() {
		return newest, nil, nil
	}
	tested := s.openDay(newest, had)
	bySegment := map[string]*series{}
	if len(p.by) == 0 {
		bySegment[""] = &series{}
	}
	for _, g := range p.got.groups {
		label := s.label(p, g.keys, 1)
		one := bySegment[label]
		if one == nil {
			one = &series{segment: label}
			bySegment[label] = one
		}
		if g.values[0] == nil {
			continue
		}
		value, err := number(g.values[0])
		if err != nil {
			return tested, nil, fmt.Errorf("%s: %w", metricName(p.check), err)
		}
		if day := g.keys[0].(time.Time); day.Equal(tested) {
			one.tested = value
		} else {
			one.past = append(one.past, daily{day, float(value)})
		}
	}
	return tested, sorted(bySegment), nil
}

// openDay is the day to test: newest, the last that has rows, or a later one
// that the calendar says was open and whose weekday had rows most of the time.
func (s scope) openDay(newest time.Time, had map[time.Time]bool) time.Time {
	if s.Closed == nil {
		return newest
	}
	for day := s.today().AddDate(0, 0, -1); day.After(newest); day = day.AddDate(0, 0, -1) {
		if !s.Closed(day) && s.usuallyOpen(day, had) {
			return day
		}
	}
	return newest
}

// usuallyOpen reports whether most days of the same weekday had rows, since
// the first day known and closed days aside.
func (s scope) usuallyOpen(day time.Time, had map[time.Time]bool) bool {
	first := day
	for d := range had {
		if d.Before(first) {
			first = d
		}
	}
	open, with := 0, 0
	for back := day.AddDate(0, 0, -7); !back.Before(first); back = back.AddDate(0, 0, -7) {
		switch {
		case had[back]:
			open, with = open+1, with+1
		case !s.Closed(back):
			open++
		}
	}
	return 2*with > open
}

// seriesFromHistory takes the past from earlier evaluations of the check, of
// each day the last one whose rows were published, and the tested value from
// this one.
func (c *Checker) seriesFromHistory(ctx context.Context, s scope, p *probe) ([]*series, error) {
	if c.History == nil {
		return nil, fault.New(fault.Invalid, "there is no history of evaluations to compare with").
			WithHint("take the days from a column: ... over a_date_column within ...")
	}
	bySegment := map[string]*series{}
	if len(p.by) == 0 {
		p.got.groups = []group{{values: []any{p.got.value}}}
		bySegment[""] = &series{}
	}
	for _, g := range p.got.groups {
		label := s.label(p, g.keys, 0)
		if g.values[0] == nil {
			if len(p.by) == 0 {
				return nil, noValue(metricName(p.check))
			}
			continue
		}
		value, err := number(g.values[0])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", metricName(p.check), err)
		}
		bySegment[label] = &series{segment: label, tested: value}
	}
	year, month, day := s.AsOf.In(s.zone).Date()
	values, err := c.History.Values(ctx, state.ValuesQuery{
		Env: s.Env, Dataset: s.Dataset, Check: p.check.Name, PublishedOnly: true,
		Since:  time.Date(year, month, day-p.check.Rule.Days, 0, 0, 0, 0, s.zone),
		Before: time.Date(year, month, day, 0, 0, 0, 0, s.zone),
	})
	if err != nil {
		return nil, err
	}
	s.remember(bySegment, values)
	return sorted(bySegment), nil
}

// remember adds past values to the series, of each day before today the last.
func (s scope) remember(bySegment map[string]*series, values []state.Value) {
	for _, v := range values {
		one := bySegment[v.Segment]
		if one == nil {
			one = &series{segment: v.Segment}
			bySegment[v.Segment] = one
		}
		at := daily{dayOf(v.At, s.zone), v.Number}
		switch last := len(one.past) - 1; {
		case !at.day.Before(s.today()):
		case last >= 0 && one.past[last].day.Equal(at.day):
			one.past[last] = at
		default:
			one.past = append(one.past, at)
		}
	}
}

func sorted(bySegment map[string]*series) []*series {
	var out []*series
	for _, one := range bySegment {
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b *series) int { return strings.Compare(a.segment, b.segment) })
	return out
}
