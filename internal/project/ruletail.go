package project

import (
	"math"
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/fault"
)

// aggregate reads "expression [by ...] [over column]" and the limit behind it.
func (r *ruleText) aggregate() (ruleLine, *ruleFault) {
	last := len(r.pieces) - 1
	if last > 0 && r.is(last, "usual") {
		return ruleLine{}, r.fail(last, "learned expectations are not available yet").
			hint("say how far it may deviate: within 2.5 stddev of last 28 days")
	}
	if at := r.lastTop(func(i int) bool { return r.is(i, "within") && !r.is(i+1, "group") }); at >= 0 {
		return r.within(at)
	}
	if at := r.lastTop(func(i int) bool { return r.is(i, "between") }); at >= 0 {
		return r.bounded(at)
	}
	at := r.lastTop(func(i int) bool { return r.kind(i) == lexSymbol && comparison(r.word(i)) != "" })
	if at < 0 {
		return ruleLine{}, r.noLimit()
	}
	limit, next, problem := r.limitAt(at)
	switch {
	case problem != nil:
		return ruleLine{}, problem.hint("the limit is a number; two aggregates are compared as a difference: sum(a) - sum(b) = 0")
	case next < len(r.pieces):
		return ruleLine{}, r.fail(next, "nothing follows the limit").hint("by and over stand before it: sum(amount) by country > 0")
	case limit.Share:
		return ruleLine{}, r.fail(next-1, "an aggregate is not a share of the rows").hint("divide in the expression itself")
	}
	rule, problem := r.unlike(at)
	return ruleLine{rule: rule, limit: limit.opposite(), stated: true}, problem
}

// unlike reads a subject that is not compared with its own past, so that the
// days of a column mean nothing to it.
func (r *ruleText) unlike(end int) (Rule, *ruleFault) {
	rule, problem := r.subject(end)
	if problem == nil && rule.Over != "" {
		at := r.lastTop(func(i int) bool { return r.is(i, "over") })
		problem = r.fail(at, "over is for rules that compare days").hint("write by %s, or add within 2.5 stddev of last 28 days", rule.Over)
	}
	return rule, problem
}

// lastTop returns the last piece outside all brackets for which found holds, or -1.
func (r *ruleText) lastTop(found func(i int) bool) int {
	for i := len(r.pieces) - 1; i >= 0; i-- {
		if r.pieces[i].depth == 0 && found(i) {
			return i
		}
	}
	return -1
}

func (r *ruleText) noLimit() *ruleFault {
	problem := r.fail(len(r.pieces), "the rule has no limit").hint("known rules: %s, or an aggregate with a limit: sum(amount) > 0", strings.Join(ruleWords, ", "))
	if name, ok := fault.Nearest(r.word(0), ruleWords); ok && (r.is(1, "(") || len(r.pieces) == 1) {
		problem = r.fail(0, "there is no rule %s", r.word(0)).hint("did you mean %s?", name)
		if strings.EqualFold(name, r.word(0)) {
			problem = r.fail(len(r.pieces), "the rule has no limit").hint("write %s > 0", name)
		}
	}
	return problem
}

// subject reads what is measured: the pieces before the limit.
func (r *ruleText) subject(end int) (Rule, *ruleFault) {
	rule := Rule{Kind: Metric}
	start, clause := 0, ""
	for i := 0; i <= end; i++ {
		next := ""
		switch {
		case i == end:
			next = "end"
		case r.pieces[i].depth > 0:
		case r.is(i, "by") && clause != "by":
			next = "by"
		case r.is(i, "over") && !r.is(i+1, "("):
			next = "over"
		}
		if next == "" {
			continue
		}
		if problem := r.clause(&rule, clause, start, i); problem != nil {
			return Rule{}, problem
		}
		clause, start = next, i+1
	}
	if strings.EqualFold(rule.Expr, "row_count") {
		rule.Kind, rule.Expr = RowCount, ""
	}
	return rule, nil
}

// clause reads the pieces [from, to) of the expression, of by or of over.
func (r *ruleText) clause(rule *Rule, clause string, from, to int) *ruleFault {
	switch clause {
	case "":
		if rule.Expr = r.between(from, to); rule.Expr == "" {
			return r.fail(from, "there is nothing to measure before this")
		}
	case "by":
		if rule.By != nil {
			return r.fail(from-1, "a second by").hint("list the segments: by country, day(ordered_at)")
		}
		parts := r.split(from, to, 0)
		if len(parts) == 0 {
			return r.fail(from, "by what?").hint("name a column or an expression: by country, day(ordered_at)")
		}
		for _, part := range parts {
			text := r.between(part[0], part[1])
			if text == "" {
				return r.fail(part[0], "an empty segment")
			}
			rule.By = append(rule.By, text)
		}
	case "over":
		name, ok := identifier(r.kind(from), r.word(from))
		if !ok || to-from != 1 || rule.Over != "" {
			return r.fail(from, "over wants one column, whose days are compared").hint("write over ordered_on")
		}
		rule.Over = name
	}
	return nil
}

// within reads "within K stddev of last N days" at the word within.
func (r *ruleText) within(at int) (ruleLine, *ruleFault) {
	const shape = "within 2.5 stddev of last 28 days"
	number, next, ok := r.number(at + 1)
	k, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || k <= 0 || math.IsInf(k, 0) {
		return ruleLine{}, r.fail(at+1, "within wants a number of standard deviations").hint("write %s", shape)
	}
	for _, word := range []string{"stddev", "of", "last"} {
		if !r.is(next, word) {
			return ruleLine{}, r.fail(next, "%s is missing here", word).hint("write %s", shape)
		}
		next++
	}
	days, problem := r.days(next)
	if problem != nil {
		return ruleLine{}, problem.hint("write %s", shape)
	}
	rule, problem := r.subject(at)
	if rule.Kind == RowCount {
		rule.Expr = "count(*)"
	}
	rule.Kind, rule.K, rule.Days = Deviation, k, days
	return ruleLine{rule: rule, limit: broken, stated: true}, problem
}

// days reads a number of days or weeks that ends the rule.
func (r *ruleText) days(at int) (int, *ruleFault) {
	days, ok := parseDays(r.between(at, len(r.pieces)))
	if !ok {
		return 0, r.fail(at, "a number of days is missing here, from 2 to %d", maxDays)
	}
	return days, nil
}

// maxDays is the longest baseline.
const maxDays = 3660

// parseDays reads "28 days" or "4 weeks".
func parseDays(text string) (int, bool) {
	length, err := ParseDuration(text)
	days := int(length / unitDay)
	return days, err == nil && length%unitDay == 0 && days >= 2 && days <= maxDays
}

// bounded reads "between A and B" at the word between.
func (r *ruleText) bounded(at int) (ruleLine, *ruleFault) {
	least, next, ok := r.number(at + 1)
	if !ok {
		return ruleLine{}, r.fail(at+1, "between wants two numbers: between 10 and 20")
	}
	if !r.is(next, "and") {
		return ruleLine{}, r.fail(next, "between wants two numbers: between %s and ...", least)
	}
	greatest, next, ok := r.number(next + 1)
	if !ok || next < len(r.pieces) {
		return ruleLine{}, r.fail(next, "between wants two numbers and nothing behind them")
	}
	if outOfOrder(least, greatest) {
		return ruleLine{}, r.fail(at+1, "the least value %s is above the greatest, %s", least, greatest)
	}
	rule, problem := r.unlike(at)
	rule.Min, rule.Max = least, greatest
	return ruleLine{rule: rule, limit: broken, stated: true}, problem
}

// number reads a number with an optional sign and returns the piece behind it.
func (r *ruleText) number(at int) (text string, next int, ok bool) {
	sign := ""
	if r.is(at, "-") || r.is(at, "+") {
		sign = strings.TrimPrefix(r.word(at), "+")
		at++
	}
	if r.kind(at) != lexNumber {
		return "", at, false
	}
	number := strings.TrimSuffix(strings.ReplaceAll(r.word(at), "_", ""), ".")
	if _, err := strconv.ParseFloat(number, 64); err != nil {
		return "", at, false
	}
	return sign + number, at + 1, true
}

// limitAt reads a comparison with a number and an optional % at a piece.
func (r *ruleText) limitAt(at int) (Limit, int, *ruleFault) {
	op := comparison(r.word(at))
	if op == "" || r.kind(at) != lexSymbol {
		return Limit{}, at, r.fail(at, "a comparison with a number is missing here").hint("write one of > >= < <= = != and a number")
	}
	value, next, ok := r.number(at + 1)
	if !ok {
		return Limit{}, at, r.fail(at+1, "%s wants a number here", r.word(at))
	}
	limit := Limit{Op: op, Value: value}
	if r.is(next, "%") {
		limit.Share = true
		next++
	}
	return limit, next, nil
}

// parseLimit reads when a check fails, as warn: and block: say it: "> 1000" or
// "> 0.1 %". Text.
func parseLimit(text string) (Limit, *ruleFault) {
	r, problem := cutRule(text)
	if problem != nil {
		return Limit{}, problem
	}
	limit, next, problem := r.limitAt(0)
	switch {
	case problem != nil:
		return Limit{}, problem.hint("say when it fails: \"> 1000\", or \"> 0.1 %%\" of the rows")
	case next < len(r.pieces):
		return Limit{}, r.fail(next, "nothing follows the limit")
	}
	return limit, nil
}

// comparison returns the operator in the spelling limits use, or "".
func comparison(symbol string) string {
	switch symbol {
	case ">", ">=", "<", "<=", "=", "!=":
		return symbol
	case "==":
		return "="
	case "<>":
		return "!="
	}
	return ""
}

var opposites = map[string]string{">": "<=", ">=": "<", "<": ">=", "<=": ">", "=": "!=", "!=": "="}

// opposite returns the limit that fails exactly when l does not.
func (l Limit) opposite() Limit {
	l.Op = opposites[l.Op]
	return l
}
