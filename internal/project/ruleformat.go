package project

import (
	"slices"
	"strconv"
	"strings"
)

// FormatRule writes a rule on one line, with the limit at which it fails, so
// that ParseRule reads the same back. Rules that have no line of their own (a
// query, a reconciliation, anything with a where) are written for people.
func FormatRule(rule Rule, fails Limit) string {
	var line string
	switch rule.Kind {
	case Required, Unique:
		line = call(rule, names(rule.Columns)...)
	case Duplicates:
		line = call(rule, names(rule.Columns)...) + " " + fails.opposite().String()
	case Accepted:
		line = call(rule, append(names(rule.Columns), texts(rule.Values)...)...)
	case Range:
		line = call(rule, name(rule.Columns[0]), bound(rule.Min), bound(rule.Max))
	case Pattern:
		line = call(rule, name(rule.Columns[0]), text(rule.Regex))
	case References:
		schema, table, _ := strings.Cut(rule.Other, ".")
		args := names(rule.Columns)
		for _, column := range rule.OtherColumns {
			args = append(args, name(schema)+"."+name(table)+"."+name(column))
		}
		line = call(rule, args...)
	case Freshness:
		line = "freshness < " + FormatDuration(rule.Within)
		if len(rule.Columns) > 0 {
			line = call(rule, names(rule.Columns)...) + " < " + FormatDuration(rule.Within)
		}
	case SchemaRule:
		line = "schema"
	case RowRule:
		line = "rows " + rule.Expr
	case Query:
		line = "query: " + strings.Join(strings.Fields(rule.SQL), " ")
	case Deviation:
		line = subject(rule) + " within " + strconv.FormatFloat(rule.K, 'f', -1, 64) + " stddev of last " + strconv.Itoa(rule.Days) + " days"
	case Reconcile:
		line = reconciliation(rule)
	case RowCount, Metric:
		line = subject(rule) + " " + bounds(rule, fails)
	}
	if rule.Where != "" {
		line += " where " + rule.Where
	}
	return line
}

// String writes the limit as a file does: "> 1000" or "> 0.1 %".
func (l Limit) String() string {
	if l.Share {
		return l.Op + " " + l.Value + " %"
	}
	return l.Op + " " + l.Value
}

func call(rule Rule, args ...string) string {
	return string(rule.Kind) + "(" + strings.Join(args, ", ") + ")"
}

func bounds(rule Rule, fails Limit) string {
	if rule.Min != "" || rule.Max != "" {
		return "between " + rule.Min + " and " + rule.Max
	}
	return fails.opposite().String()
}

func subject(rule Rule) string {
	line := rule.Expr
	if rule.Kind == RowCount {
		line = "row_count"
	}
	if len(rule.By) > 0 {
		line += " by " + strings.Join(rule.By, ", ")
	}
	if rule.Over != "" {
		line += " over " + name(rule.Over)
	}
	return line
}

func reconciliation(rule Rule) string {
	line := subject(rule) + " equals " + rule.OtherExpr
	if len(rule.OtherBy) > 0 {
		line += " by " + strings.Join(rule.OtherBy, ", ")
	}
	line += " of " + rule.Other
	if rule.OtherWhere != "" {
		line += " where " + rule.OtherWhere
	}
	if rule.Tolerance != "" {
		line += " within " + rule.Tolerance
	}
	if rule.Percent {
		line += " %"
	}
	return line
}

func names(columns []string) []string {
	out := make([]string, len(columns))
	for i, column := range columns {
		out[i] = name(column)
	}
	return out
}

// name writes a column's name, in quotes when it needs them.
func name(column string) string {
	own := slices.Contains([]string{"case", "end", "by", "over", "within", "between"}, strings.ToLower(column))
	if piece := lex(column, 0); piece.kind == lexWord && piece.end == len(column) && column[0] != '$' && !own {
		return column
	}
	return `"` + strings.ReplaceAll(column, `"`, `""`) + `"`
}

func texts(values []string) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = text(value)
	}
	return out
}

func text(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }

// bound writes the end of a range: nothing, a number as it is, a text in quotes.
func bound(value string) string {
	if value == "" {
		return ""
	}
	digits := strings.TrimPrefix(value, "-")
	if piece := lex(digits, 0); piece.kind == lexNumber && piece.end == len(digits) {
		return value
	}
	return text(value)
}
