package check

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
)

// series is one segment's days, and the value of the tested one.
type series struct {
	segment string
	past    []daily
	tested  *apd.Decimal // nil: the segment has no row on the tested day
	regular bool         // it had rows on every day of the baseline that had any
}

// deviates judges a deviation from the past: by segment, each against its own
// days. Days without rows are no zeros in a baseline. A segment that rarely has
// rows is learning; one that had rows on every open day and has none now
// fails.
func (c *Checker) deviates(ctx context.Context, s scope, p *probe, r *state.Result) error {
	day, all, err := s.today(), []*series(nil), error(nil)
	if p.check.Rule.Over != "" {
		day, all, err = s.seriesOver(p)
	} else {
		all, err = c.seriesFromHistory(ctx, s, p)
	}
	if err != nil {
		return err
	}
	if day.IsZero() {
		r.Status, r.Message = state.Learning, "there is no complete day to test yet"
		return nil
	}
	markRegular(all, day, p.check.Rule.Days)
	s.judgeSeries(p, r, day, all)
	return nil
}

// judgedSeries is a segment's result and how far it is beyond its limits.
type judgedSeries struct {
	state.SegmentResult
	beyond   float64
	outlying bool
}

// judge tests a segment; family is how many are tested together. False means
// that there is nothing to test.
func (one *series) judge(rule project.Rule, day time.Time, family int) (judgedSeries, bool) {
	u := expectation(one.past, day, rule.K, rule.Days, family)
	j := judgedSeries{SegmentResult: state.SegmentResult{Segment: one.segment, Status: state.Pass}}
	switch {
	case one.tested != nil:
		j.Number, j.Value = float(one.tested), one.tested.Text('f')
		j.beyond, j.outlying = u.test(j.Number)
	case one.regular && !u.learning:
		j.beyond, j.outlying, j.Value = math.Inf(-1), true, "missing"
	default:
		return j, false
	}
	if u.learning {
		j.Status = state.Learning
	} else {
		j.Expected = u.words(rule.K)
	}
	return j, true
}

// judgeSeries tests every segment and fills the result: failing segments worst
// first, then, when the history is made of results, all others that have a
// value.
func (s scope) judgeSeries(p *probe, r *state.Result, day time.Time, all []*series) {
	rule := p.check.Rule
	family := 0
	for _, one := range all {
		if !expectation(one.past, day, rule.K, rule.Days, 1).learning {
			family++
		}
	}
	var failing, rest []judgedSeries
	for _, one := range all {
		switch j, ok := one.judge(rule, day, family); {
		case ok && j.outlying:
			failing = append(failing, j)
		case ok:
			rest = append(rest, j)
		}
	}
	slices.SortFunc(failing, func(a, b judgedSeries) int {
		return cmp.Or(cmp.Compare(math.Abs(b.beyond), math.Abs(a.beyond)), cmp.Compare(a.Segment, b.Segment))
	})
	broken(p, r, int64(len(failing)))
	for i := range failing {
		failing[i].Status = r.Status
	}
	deviationMessage(p, r, day, failing, rest)
	keeps := rule.Over == "" // the results are the history
	for i, j := range failing {
		if i < mostSegments || keeps {
			r.Segments = append(r.Segments, j.SegmentResult)
		}
	}
	for _, j := range rest {
		if keeps {
			r.Segments = append(r.Segments, j.SegmentResult)
		}
	}
}

func deviationMessage(p *probe, r *state.Result, day time.Time, failing, rest []judgedSeries) {
	about := metricName(p.check)
	if p.check.Rule.Over != "" {
		about += " on " + day.Format(time.DateOnly)
	}
	r.Expected = ""
	if len(failing)+len(rest) == 1 && len(p.by) == 0 {
		only := append(slices.Clone(failing), rest...)[0]
		r.Value, r.Expected = only.Value, only.Expected
	}
	learning := 0
	for _, j := range rest {
		learning += gravity(j.Status)
	}
	switch {
	case len(failing) > 0:
		worst := failing[0]
		r.Value, r.Expected = worst.Value, worst.Expected
		r.Message = fmt.Sprintf("%s is %s, usual is %s%s", about+forSegment(worst.Segment), grouped(worst.Value),
			worst.Expected, others(r.Failing, len(failing)+len(rest)))
	case learning == len(rest):
		r.Status = state.Learning
		r.Message = fmt.Sprintf("%s is learning: fewer than %d of the %d days before have a value",
			about, enough(p.check.Rule.Days), p.check.Rule.Days)
	default:
		r.Message = about + " is usual"
	}
}

func forSegment(segment string) string {
	if segment == "" {
		return ""
	}
	return " for " + segment
}

// words says what is usual.
func (u usual) words(k float64) string {
	return fmt.Sprintf("%s to %s (mean %s, %g stddev, %d days)",
		peopleFloat(u.low), peopleFloat(u.high), peopleFloat(u.mean), k, u.days)
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
		open, with := 0, 0
		for back := day.AddDate(0, 0, -7); len(had) > 0 && back.After(newest.AddDate(0, 0, -60)); back = back.AddDate(0, 0, -7) {
			switch {
			case had[back]:
				open, with = open+1, with+1
			case !s.Closed(back):
				open++
			}
		}
		if !s.Closed(day) && with > 0 && 2*with > open {
			return day
		}
	}
	return newest
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
	return sorted(bySegment), nil
}

func sorted(bySegment map[string]*series) []*series {
	var out []*series
	for _, one := range bySegment {
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b *series) int { return strings.Compare(a.segment, b.segment) })
	return out
}
