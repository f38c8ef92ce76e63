package project

import (
	"strings"
	"unicode/utf8"

	"github.com/larder-data/larder/internal/fault"
)

// ParseRule reads a rule as it stands on one line, such as "required(a, b)",
// "row_count between 10 and 20" or "sum(amount) by country within 2.5 stddev of
// last 14 days". The line says what holds; the Limit says when it fails, so
// that "row_count > 0" fails when the count is "<= 0". Rules that are simply
// kept or broken (required, a range, between, within ...) fail at "> 0".
//
// An error is a fault.Error whose Where.Column counts characters of the text
// from 1.
func ParseRule(text string) (Rule, Limit, error) {
	line, problem := parseLine(text)
	if problem != nil {
		problem.Where = fault.Place{Column: 1 + utf8.RuneCountInString(text[:problem.offset]), Text: text}
		return Rule{}, Limit{}, problem.Error
	}
	return line.rule, line.limit, nil
}

// DefaultBlocks reports whether a rule blocks when nothing says otherwise;
// the others warn.
func DefaultBlocks(kind RuleKind) bool { return kind != Deviation && kind != Freshness }

// ruleLine is a parsed line.
type ruleLine struct {
	rule   Rule
	limit  Limit // when the rule fails
	stated bool  // the line itself says the limit
}

// broken is the limit of rules that are kept or broken.
var broken = Limit{Op: ">", Value: "0"}

// callRules are the rules written like a call.
var callRules = map[string]func(*ruleCall) *ruleFault{
	"required":   (*ruleCall).columns,
	"unique":     (*ruleCall).columns,
	"duplicates": (*ruleCall).columns,
	"accepted":   (*ruleCall).accepted,
	"range":      (*ruleCall).bounds,
	"pattern":    (*ruleCall).pattern,
	"references": (*ruleCall).references,
	"freshness":  (*ruleCall).freshness,
}

var ruleWords = []string{
	"required", "unique", "duplicates", "accepted", "range", "pattern", "references", "freshness", "row_count", "schema", "rows",
}

func parseLine(text string) (ruleLine, *ruleFault) {
	r, problem := cutRule(text)
	if problem != nil {
		return ruleLine{}, problem
	}
	if len(r.pieces) == 0 {
		return ruleLine{}, r.failAt(0, "an empty rule").hint("known rules: %s, or an aggregate with a limit", strings.Join(ruleWords, ", "))
	}
	first := strings.ToLower(r.word(0))
	parse, isCall := callRules[first]
	switch {
	case isCall && r.is(1, "("):
		return r.call(first, parse)
	case isCall && len(r.pieces) == 1:
		return ruleLine{}, r.fail(0, "%s of what?", first).hint("name the columns in brackets: %s(column)", first)
	case first == "schema" && len(r.pieces) == 1:
		return ruleLine{rule: Rule{Kind: SchemaRule}, limit: broken}, nil
	case first == "rows" && len(r.pieces) > 1:
		return ruleLine{rule: Rule{Kind: RowRule, Expr: r.between(1, len(r.pieces))}, limit: broken}, nil
	default:
		return r.aggregate()
	}
}

// expression checks that a text is one SQL expression that can stand inside a
// statement, as far as that can be seen without binding it.
func expression(text string) *ruleFault {
	r, problem := cutRule(text)
	if problem == nil && len(r.pieces) == 0 {
		return r.failAt(0, "an empty expression")
	}
	return problem
}
