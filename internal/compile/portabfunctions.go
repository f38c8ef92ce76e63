package compile

import (
	"regexp"
	"slices"
	"strings"
)

// use is one call to be judged.
type use struct {
	v, parent value
	call      called
	at        int
	bound     bool // call is known
}

func (u use) argument(i int) value {
	c := u.v.get("children").first()
	for ; i > 0; i-- {
		c = c.next()
	}
	return c
}

func (u use) count() int { return u.v.get("children").len() }

// kind is the type of an argument, "" when it is not known.
func (u use) kind(i int) string {
	if a := u.argument(i); a.get("class").text() == "CAST" { // a written cast stands where its argument does
		return strings.Clone(a.get("cast_type").get("id").text())
	}
	if i < len(u.call.arguments) {
		return u.call.arguments[i]
	}
	return ""
}

// literal is the text of a constant argument.
func (u use) literal(i int) (string, bool) {
	c := u.argument(i)
	if c.get("class").text() != "CONSTANT" {
		return "", false
	}
	if v := c.get("value").get("value"); v.kind() == numberNode {
		return v.raw(), true
	}
	return c.get("value").get("value").text(), true
}

type rule func(l *lint, u use)

// same is a call that means the same whatever it is given.
var same rule

// ofDoubles are calls that PostgreSQL computes in numeric for whole numbers and
// decimals, DuckDB in floats.
func ofDoubles(l *lint, u use) {
	for i := range u.call.arguments {
		if id := u.kind(i); id == "DECIMAL" || isWhole(id) && aggregateNames[u.call.name] {
			l.differs(floatDigits, u.at, u.call.name+" of "+id+" is a float in DuckDB and numeric in PostgreSQL: the last digits differ", u.call.name+"(x::double precision)")
			return
		}
	}
}

func divides(l *lint, u use) {
	left, right := u.kind(0), u.kind(1)
	divisor := u.argument(1)
	guarded := divisor.get("function_name").text() == "nullif"
	if n, ok := u.literal(1); ok && strings.Trim(n, "0.") != "" {
		guarded = true
	}
	if !guarded {
		l.differs(zeroDivision, u.at, "dividing by zero is NULL or infinite in DuckDB and an error in PostgreSQL", "x / nullif(y, 0)")
	}
	switch {
	case left == "INTERVAL" || isReal(left) || isReal(right):
	case isWhole(left) && isWhole(right):
		l.differs(wholeDivision, u.at, "whole numbers divide to a fraction in DuckDB and to a whole number in PostgreSQL: 7 / 2 is 3.5 or 3", "x::double precision / nullif(y, 0)")
	default:
		l.differs(floatDigits, u.at, "a quotient of decimals is a float in DuckDB and numeric in PostgreSQL: the digits differ", "larder.divide(x, y, scale), exact on both")
	}
}

func rest(l *lint, u use) {
	if isReal(u.kind(0)) || isReal(u.kind(1)) {
		l.breaks(u.at, "PostgreSQL has no rest of floats", "cast to decimal")
	}
	if n, ok := u.literal(1); (!ok || strings.Trim(n, "0.") == "") && u.argument(1).get("function_name").text() != "nullif" {
		l.differs(zeroDivision, u.at, "the rest of a division by zero is NULL in DuckDB and an error in PostgreSQL", "x % nullif(y, 0)")
	}
}

func minus(l *lint, u use) {
	whole(l, u)
	if moments[u.kind(0)] > 0 && u.kind(0) != u.kind(1) && moments[u.kind(1)] > 0 {
		l.differs(sessionZone, u.at, "a "+u.kind(0)+" minus a "+u.kind(1)+" goes by the session's zone", "cast both to one type")
	}
}

// whole looks at days plus a number: PostgreSQL knows integer only.
func whole(l *lint, u use) {
	for i := range 2 {
		other := u.kind(1 - i)
		if u.kind(i) == "DATE" && isWhole(other) && other != "INTEGER" && other != "SMALLINT" && !(1-i < len(u.call.constant) && u.call.constant[1-i]) {
			l.breaks(u.at, "PostgreSQL adds only an integer to a day, this is "+other, "d + n::integer")
		}
	}
	if u.kind(0) == "TIME" || u.kind(1) == "TIME" {
		l.differs(timeOfDay, u.at, "arithmetic of times of day differs", "use timestamps")
	}
}

func times(l *lint, u use) {
	if strings.HasPrefix(u.kind(0), "BOOL") {
		l.breaks(u.at, "PostgreSQL does not multiply booleans", "case when x then 1 else 0 end")
	}
}

func joined(l *lint, u use) {
	texts := 0
	for i := range 2 {
		switch id := u.kind(i); {
		case isReal(id):
			l.differs(floatText, u.at, "a float as a text is 1.0 in DuckDB and 1 in PostgreSQL", "cast it to decimal first")
		case isText(id), strings.HasSuffix(id, "[]"), id == "LIST", id == "":
			texts++
		}
	}
	if texts == 0 {
		l.breaks(u.at, "PostgreSQL joins with || only when one side is a text", "x::varchar || y::varchar")
	}
}

func rounds(l *lint, u use) {
	if !isReal(u.kind(0)) {
		return
	}
	if u.count() > 1 {
		l.breaks(u.at, "PostgreSQL rounds a float to no digits", "round(x::decimal(38,10), n)")
		return
	}
	l.differs(halfRounding, u.at, "round of a float that ends in .5 goes away from zero in DuckDB and to the even number in PostgreSQL", "round(x::decimal(38,10))")
}

func cuts(l *lint, u use) {
	if u.count() > 1 {
		if n, ok := u.literal(1); !ok || strings.HasPrefix(n, "-") || n == "0" {
			l.differs(belowOne, u.at, "a start below 1 counts from the end in DuckDB and before the beginning in PostgreSQL", "substr(x, greatest(n, 1)), right(x, n)")
		}
		if start := u.argument(1); start.get("class").text() != "CONSTANT" && start.get("function_name").text() == "greatest" {
			l.found = l.found[:len(l.found)-1]
		}
	}
	if u.count() > 2 {
		if n, ok := u.literal(2); ok && strings.HasPrefix(n, "-") {
			l.breaks(u.at, "PostgreSQL refuses a negative length", "left(x, -n)")
		}
	}
}

func trims(l *lint, u use) {
	if u.count() < 2 {
		l.differs(spaces, u.at, u.call.name+" takes every Unicode space in DuckDB and only the plain one in PostgreSQL", u.call.name+"(x, ' '), or larder.squeeze(x)")
	}
}

var truncations = []string{"microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year"}

func truncates(l *lint, u use) {
	if part, ok := u.literal(0); !ok || !slices.Contains(truncations, strings.ToLower(part)) {
		l.differs(datePart, u.at, "this part is truncated otherwise", "one of "+strings.Join(truncations, ", "))
	}
	if part, _ := u.literal(0); u.kind(1) == "TIMESTAMP WITH TIME ZONE" && slices.Index(truncations, strings.ToLower(part)) < 5 {
		l.differs(autumnHour, u.at, "in the hour that comes twice in autumn, DuckDB truncates to the second and PostgreSQL to the right one", "date_trunc('hour', x at time zone 'UTC') at time zone 'UTC'")
	}
	if u.kind(1) == "DATE" && u.parent.get("cast_type").get("id").text() != "DATE" {
		l.differs(dayTimestamp, u.at, "date_trunc of a day is a timestamp in DuckDB and one with a zone in PostgreSQL", "larder.month_start(d), larder.week_start(d), or date_trunc('month', d::timestamp)")
	}
}

var parts = []string{"year", "month", "day", "quarter", "week", "isodow", "isoyear", "dow", "doy", "hour", "minute", "epoch"}

func extracts(l *lint, u use) {
	part, ok := u.literal(0)
	if !ok || !slices.Contains(parts, strings.ToLower(part)) {
		l.differs(datePart, u.at, "this part is counted otherwise: seconds have a fraction in PostgreSQL, others do not exist", "one of "+strings.Join(parts, ", "))
	}
	if u.kind(1) == "INTERVAL" && !strings.EqualFold(part, "epoch") {
		l.differs(datePart, u.at, "parts of an interval differ", "extract(epoch from x)")
	}
}

// quoteless is INTERVAL 1 DAY: PostgreSQL wants the quotes. The place of the
// call is that of the number.
func quoteless(l *lint, u use) {
	at := l.st.origin(u.at + len(wrapHead))
	for i, t := range l.st.tokens {
		if !strings.EqualFold(t.text, "interval") || t.at > at || neighbour(l.st.tokens, i+1).end() < at {
			continue
		}
		if l.st.tokens[i+1].kind != textToken {
			l.breaks(u.at, "PostgreSQL wants an interval in quotes", "interval '1 day', n * interval '1 day'")
		}
		return
	}
	l.breaks(u.at, strings.ToLower(u.v.get("function_name").text())+" is DuckDB's own", "n * interval '1 day'")
}

func ordered(l *lint, u use) {
	if u.v.get("order_bys").get("orders").len() == 0 && u.v.get("orders").len() == 0 {
		l.differs(rowOrder, u.at, u.call.name+" without ORDER BY has the order in which rows come", u.call.name+"(x order by y)")
	}
	if name := u.v.get("function_name").text(); name == "string_agg" || name == "listagg" || name == "group_concat" {
		if u.count() < 2 {
			l.breaks(u.at, "PostgreSQL wants what stands between the texts", "string_agg(x, ',' order by y)")
		}
		if id := u.kind(0); id != "" && !isText(id) {
			l.breaks(u.at, "PostgreSQL joins texts only", "string_agg(x::varchar, ',' order by y)")
		}
	}
}

func adds(l *lint, u use) {
	if u.kind(0) == "BOOLEAN" {
		l.breaks(u.at, "PostgreSQL adds up no booleans", "count(*) filter (where x)")
	}
}

func matches(l *lint, u use) {
	if p, ok := u.literal(1); !ok || !strings.HasPrefix(p, "^") || !strings.HasSuffix(p, "$") {
		l.differs(pattern, u.at, "~ matches the whole text in DuckDB and a part of it in PostgreSQL", "x ~ '^...$'")
	}
	plainPattern(l, u, 1)
}

var rarePattern = regexp.MustCompile(`\\[^.()\[\]{}*+?^$|\\/dDsSw-]|\(\?`)

// plainPattern looks for what the two kinds of regular expressions read otherwise.
func plainPattern(l *lint, u use, i int) {
	if p, ok := u.literal(i); !ok || rarePattern.MatchString(p) || strings.Contains(p, `\w`) || strings.Contains(p, `\s`) {
		l.differs(pattern, u.at, "this regular expression may mean something else in PostgreSQL", "a constant pattern of classes such as [A-Za-z0-9], without \\b, \\w, \\s, (?...)")
	}
}

func replaces(l *lint, u use) {
	plainPattern(l, u, 1)
	if u.count() > 3 {
		if o, ok := u.literal(3); !ok || strings.Trim(o, "gi") != "" {
			l.differs(pattern, u.at, "this option means something else in PostgreSQL", "'g', 'i' or 'gi'")
		}
	}
	if r, ok := u.literal(2); !ok || strings.Contains(r, `\0`) || strings.Contains(r, "&") {
		l.differs(pattern, u.at, `\0 and \& mean something else in a replacement`, `brackets and \1`)
	}
}

func listed(l *lint, u use) { l.breaks(u.at, "a list in [] is DuckDB's own", "array[1, 2]") }

func quantiles(l *lint, u use) {
	if id := u.kind(0); id != "" && !isReal(id) && u.call.name == "quantile_cont" {
		l.differs(floatDigits, u.at, "percentile_cont of "+id+" keeps the type in DuckDB and is a float in PostgreSQL", "larder.median(x), larder.percentile(x, share), or cast to double precision")
	}
	if name := l.wordAt(u.at); name != "percentile_cont" && name != "percentile_disc" {
		l.breaks(u.at, name+" is DuckDB's own", "larder.percentile(x, share)")
	}
	if u.kind(0) == "VARCHAR" {
		ofText(l, u)
	}
}

// wordAt is the word at an offset of the bound text, lower case.
func (l *lint) wordAt(at int) string {
	at = l.st.origin(at + len(wrapHead))
	for _, t := range l.st.tokens {
		if t.at == at {
			return strings.ToLower(t.text)
		}
	}
	return ""
}

func generates(l *lint, u use) {
	if u.kind(0) == "DATE" {
		l.differs(dayTimestamp, u.at, "generate_series of days gives timestamps, with a zone in PostgreSQL", "larder.date_spine(from, to)")
	}
	if u.parent.ok() || u.v.key() == "" {
		l.breaks(u.at, "generate_series gives a list in DuckDB and rows in PostgreSQL", "from generate_series(1, n) as t(i)")
	}
}

func counted(what, instead string) rule {
	return func(l *lint, u use) {
		if id := u.kind(0); id != "" && !isText(id) {
			l.breaks(u.at, u.call.name+" of "+id+" "+what, instead)
		}
	}
}
