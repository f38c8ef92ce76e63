package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/cockroachdb/apd/v3"

	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// difference is one segment in which two datasets disagree.
type difference struct {
	segment     string
	left, right string       // as text; "missing" for a missing segment
	by          *apd.Decimal // absolute; 1 when the values are no numbers
}

// reconciled judges the segments that differ between two datasets. A segment
// missing on one side differs, by its whole value and even if that is 0: rows
// are missing. A value of NULL counts as 0 against a number.
func (s scope) reconciled(ctx context.Context, p *probe, r *state.Result) error {
	keys := len(p.by)
	var found []difference
	for _, g := range p.got.groups {
		d := difference{segment: s.label(p, g.keys, 0)}
		d.left = sideText(g.values, 0, p.got.columns[keys:])
		d.right = sideText(g.values, 1, p.got.columns[keys:])
		by, tolerated, err := apartBy(p.check.Rule, g.values)
		if err != nil {
			return err
		}
		missing := whole(g.values[2]) == 0 || whole(g.values[3]) == 0
		if d.by = by; missing || !tolerated {
			found = append(found, d)
		}
	}
	s.hideSides(ctx, p, found)
	slices.SortFunc(found, func(a, b difference) int {
		return cmp.Or(b.by.Cmp(a.by), cmp.Compare(a.segment, b.segment))
	})
	r.Expected = "equal to " + p.check.Rule.Other + tolerance(p.check.Rule)
	broken(p, r, int64(len(found)))
	r.Value, r.Message = "0", metricName(p.check)+" agrees with "+p.check.Rule.Other
	if len(found) == 0 {
		return nil
	}
	worst := found[0]
	r.Value = worst.left
	r.Message = fmt.Sprintf("%s is %s, %s says %s", metricName(p.check)+forSegment(worst.segment),
		grouped(worst.left), p.check.Rule.Other, grouped(worst.right))
	if len(found) > 1 {
		r.Message += fmt.Sprintf(" (%s segments differ)", peopleInt(r.Failing))
	}
	text := table.Type{Kind: table.Varchar}
	r.Samples = &table.Batch{Columns: []table.Column{{Name: "segment", Type: text}, {Name: s.Dataset, Type: text}, {Name: p.check.Rule.Other, Type: text}}}
	for i, d := range found[:min(len(found), mostSegments)] {
		if i < mostSamples {
			r.Samples.Rows = append(r.Samples.Rows, []any{d.segment, d.left, d.right})
		}
		if keys > 0 {
			r.Segments = append(r.Segments, state.SegmentResult{
				Segment: d.segment, Number: float(d.by), Value: d.left, Expected: d.right, Status: r.Status,
			})
		}
	}
	return nil
}

// hideSides redacts values that are personal ones: the newest e-mail of two
// datasets may be compared, and not shown.
func (s scope) hideSides(ctx context.Context, p *probe, found []difference) {
	if len(found) == 0 {
		return
	}
	left, right := s.reveals(p.check.Rule.Expr), s.otherReveals(ctx, p.check.Rule)
	for i := range found {
		if left && found[i].left != "missing" {
			found[i].left = redacted
		}
		if (left || right) && found[i].right != "missing" {
			found[i].right = redacted
		}
	}
}

func tolerance(rule project.Rule) string {
	switch {
	case rule.Tolerance == "":
		return ""
	case rule.Percent:
		return " within " + rule.Tolerance + " %"
	default:
		return " within " + grouped(rule.Tolerance)
	}
}

// sideText shows the value of a side; values are l, r, and 1 or 0 for whether
// each side has the segment.
func sideText(values []any, side int, columns []table.Column) string {
	switch {
	case whole(values[2+side]) == 0:
		return "missing"
	case values[side] == nil:
		return "empty"
	default:
		return table.Format(values[side], columns[side].Type)
	}
}

// apartBy returns by how much two sides differ and whether that is tolerated.
// A percentage is of the other side's value.
func apartBy(rule project.Rule, values []any) (*apd.Decimal, bool, error) {
	sides := [2]*apd.Decimal{apd.New(0, 0), apd.New(0, 0)}
	for i := range sides {
		if values[i] == nil {
			continue
		}
		d, err := number(values[i])
		if _, isFloat := values[i].(float64); err != nil && isFloat {
			return nil, false, err
		}
		if err != nil {
			return apd.New(1, 0), false, nil //nolint:nilerr // what is no number, such as a text, cannot agree
		}
		sides[i] = d
	}
	by := new(apd.Decimal)
	_, _ = exact.Sub(by, sides[0], sides[1])
	by.Abs(by)
	allowed := apd.New(0, 0)
	if rule.Tolerance != "" {
		var err error
		if allowed, err = parseNumber(rule.Tolerance); err != nil {
			return nil, false, err
		}
	}
	left := by
	if rule.Percent {
		left, sides[1] = new(apd.Decimal), new(apd.Decimal).Abs(sides[1])
		_, _ = exact.Mul(left, by, apd.New(100, 0))
		product := new(apd.Decimal)
		_, _ = exact.Mul(product, allowed, sides[1])
		allowed = product
	}
	return by, left.Cmp(allowed) <= 0, nil
}
