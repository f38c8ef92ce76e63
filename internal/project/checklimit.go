package project

import (
	"math"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/fault"
)

// rowKinds count failing rows among the rows judged, so that a share of them
// may be tolerated.
var rowKinds = []RuleKind{Required, Unique, Duplicates, Accepted, Range, Pattern, References, RowRule}

// rejectKinds tell of each row by itself whether it is at fault, so that it can
// be set apart.
var rejectKinds = []RuleKind{Required, Accepted, Range, Pattern, References, RowRule}

// limits decides when a check warns and when it blocks.
func (c *checkReader) limits(line ruleLine) (warn, block *Limit) {
	w := c.spec.mapping()
	kind := line.rule.Kind
	given := w.Warn.Given() || w.Block.Given()
	first := orGiven(w.Warn, w.Block)
	switch {
	case w.Severity.Value == reject:
		return nil, c.tooMany(kind)
	case given && w.Severity.Given():
		c.fail(w.Severity, "severity has no meaning beside warn and block").WithHint("they say what a failure does")
	case given && line.stated:
		c.fail(first, "the rule has its limit in it").WithHint("say severity: warn or severity: block, or write that: with warn: and block:")
	case given && (kind == Reconcile || kind == Deviation || kind == SchemaRule):
		c.fail(first, "a check of the kind %s has no other limit", kind).WithHint("say severity: warn or severity: block")
	case !given && !line.stated && (kind == Metric || kind == RowCount):
		c.fail(w.That, "nothing says when this fails").WithHint("add warn: \"> 1000\", block:, equals: or deviates:")
	case !given:
		limit := line.limit
		blocks := DefaultBlocks(kind)
		if w.Severity.Given() {
			blocks = w.Severity.Value == "block"
		}
		if blocks {
			return nil, &limit
		}
		return &limit, nil
	}
	return c.limit(w.Warn, kind, "warn"), c.limit(w.Block, kind, "block")
}

// reject is the severity of rules that set rows apart.
const reject = "reject"

// tooMany is when so many rows are rejected that the dataset is held.
func (c *checkReader) tooMany(kind RuleKind) *Limit {
	w := c.spec.mapping()
	switch {
	case !slices.Contains(rejectKinds, kind):
		c.fail(w.Severity, "a check of the kind %s finds no single row at fault, so it has none to reject", kind).
			WithHint("rules about one row can reject: required, accepted, range, pattern, references, rows")
	case w.Warn.Given():
		c.fail(w.Warn, "warn means nothing to a rule that rejects: it always tells how many rows it set apart").
			WithHint("say block: \"> 0.1 %%\" to hold the dataset when they are too many")
	}
	return c.limit(w.Block, kind, "block")
}

func (c *checkReader) limit(setting Placed[string], kind RuleKind, key string) *Limit {
	if !setting.Given() {
		return nil
	}
	limit, problem := parseLimit(setting.Value)
	switch {
	case problem != nil:
		c.faults = append(c.faults, problem.at(setting, key))
	case limit.Share && !slices.Contains(rowKinds, kind):
		c.fail(setting, "%% is a share of the rows judged, which a check of the kind %s does not count", kind).WithHint("give a number")
	}
	return &limit
}

// that reads an aggregate and what it is held against.
func (c *checkReader) that(setting Placed[string]) ruleLine {
	w := c.spec.mapping()
	rule, problem := parseSubject(setting.Value)
	if problem != nil {
		c.faults = append(c.faults, problem.at(setting, "that"))
		return ruleLine{}
	}
	switch {
	case w.Equals != nil && w.Deviates != nil:
		c.fail(setting, "a check has equals or deviates, not both").WithHint("make it two checks")
	case rule.Over != "":
		c.fail(setting, "over goes below deviates:").WithHint("write deviates: {more_than: 2.5, of_last: 28 days, over: %s}", rule.Over)
	case w.Equals != nil:
		c.equals(&rule, w.Equals)
	case w.Deviates != nil:
		c.deviates(&rule, w.Deviates)
	}
	return ruleLine{rule: rule, limit: broken}
}

// parseSubject reads an aggregate with its segments and refuses a limit.
func parseSubject(text string) (Rule, *ruleFault) {
	r, problem := cutRule(text)
	if problem != nil {
		return Rule{}, problem
	}
	if len(r.pieces) == 0 {
		return Rule{}, r.failAt(0, "an empty expression")
	}
	limit := r.lastTop(func(i int) bool {
		return r.is(i, "within") && !r.is(i+1, "group") || r.is(i, "between") || r.kind(i) == lexSymbol && comparison(r.word(i)) != ""
	})
	if limit >= 0 {
		return Rule{}, r.fail(limit, "a value has no limit here").hint("write rule: for a line with its limit, or put the limit into warn: and block:")
	}
	return r.subject(len(r.pieces))
}

func (c *checkReader) deviates(rule *Rule, spec *deviatesSpec) {
	days, ok := parseDays(spec.OfLast.Value)
	if spec.OfLast.Given() && !ok {
		c.fail(spec.OfLast, "of_last wants a number of days from 2 to %d, not %q", maxDays, spec.OfLast.Value).WithHint("write 28 days")
	}
	if k := spec.MoreThan.Value; spec.MoreThan.Given() && (!(k > 0) || math.IsInf(k, 0)) {
		c.faults = append(c.faults, spec.MoreThan.Fault("more_than wants a number of standard deviations above 0").WithHint("write 2.5"))
	}
	countRows(rule)
	rule.Kind, rule.K, rule.Days, rule.Over = Deviation, spec.MoreThan.Value, days, spec.Over.Value
}

// countRows writes row_count as the aggregate it is.
func countRows(rule *Rule) {
	if rule.Kind == RowCount {
		rule.Expr = "count(*)"
	}
}

func (c *checkReader) equals(rule *Rule, spec *equalsSpec) {
	countRows(rule)
	rule.Kind, rule.Other, rule.OtherExpr, rule.OtherWhere = Reconcile, spec.From.Value, rule.Expr, spec.Where.Value
	c.refers = append(c.refers, mention{spec.From.Value, spec.From.Where})
	if spec.That.Given() {
		other, problem := parseSubject(spec.That.Value)
		if problem != nil {
			c.faults = append(c.faults, problem.at(spec.That, "equals.that"))
			return
		}
		countRows(&other)
		rule.OtherExpr, rule.OtherBy = other.Expr, other.By
	}
	if spec.Where.Given() {
		c.expression(spec.Where, "equals.where")
	}
	for _, by := range spec.By.Value {
		r, problem := cutRule(by.Value)
		if problem != nil {
			c.faults = append(c.faults, problem.at(by, "equals.by"))
			continue
		}
		for _, part := range r.split(0, len(r.pieces), 0) {
			rule.OtherBy = append(rule.OtherBy, r.between(part[0], part[1]))
		}
	}
	if n := len(rule.OtherBy); n > 0 && n != len(rule.By) || slices.Contains(rule.OtherBy, "") {
		c.faults = append(c.faults, fault.At(orPlace(spec.By.Where, spec.That.Where), fault.Invalid, "%d segments are compared with %d", len(rule.By), n).
			WithHint("both sides have the same segments, in the same order"))
	}
	c.tolerance(rule, spec.Within)
}

func (c *checkReader) tolerance(rule *Rule, within Placed[string]) {
	if !within.Given() {
		return
	}
	text, percent := strings.CutSuffix(strings.TrimSpace(within.Value), "%")
	r, problem := cutRule(text)
	if problem == nil {
		number, next, ok := r.number(0)
		if ok && next == len(r.pieces) && !strings.HasPrefix(number, "-") {
			rule.Tolerance, rule.Percent = number, percent
			return
		}
	}
	c.fail(within, "within wants the most the two may differ, not %q", within.Value).WithHint("write 0.01, or 0.1 %%")
}

func orPlace(a, b fault.Place) fault.Place {
	if a.IsZero() {
		return b
	}
	return a
}
