package check

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
)

// deviates judges a deviation from the past: by segment, each against its own
// days. Days without rows are no zeros in a baseline. A segment that rarely has
// rows is learning; one that had rows on every open day and has none now is
// tested as 0.
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
	case !one.regular || u.learning:
		return j, false
	default: // as if it were 0, unless the whole dataset has nothing
		j.beyond, j.outlying = u.test(0)
		j.Value = "missing"
		if one.segment == "" {
			j.beyond, j.outlying = math.Inf(-1), true
		}
		if !j.outlying {
			return j, false
		}
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
