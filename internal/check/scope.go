package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// scope is a Subject with what is needed to write SQL about it.
type scope struct {
	Subject
	engine.Capabilities
	zone   *time.Location
	source string // SQL of the rows judged, "" for the Relation's
}

func newScope(s Subject, c engine.Capabilities) scope {
	zone := s.TimeZone
	if zone == nil {
		zone = time.UTC
	}
	return scope{Subject: s, Capabilities: c, zone: zone}
}

// today is the day of AsOf in the project's zone, as midnight UTC.
func (s scope) today() time.Time { return dayOf(s.AsOf, s.zone) }

func dayOf(at time.Time, zone *time.Location) time.Time {
	year, month, day := at.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// from is the relation to judge, under the dataset's plain name so that rules
// may say lines.amount.
func (s scope) from() string {
	return cmp.Or(s.source, s.Relation.String()) + " as " + alias(s.Dataset)
}

func alias(dataset string) string { return engine.Quote(engine.ParseRelation(dataset).Name) }

// find returns another dataset as this build sees it.
func (s scope) find(dataset string) (engine.Relation, []table.Column, bool) {
	switch {
	case strings.EqualFold(dataset, s.Dataset):
		return s.Relation, s.Columns, true
	case s.Rejected != (engine.Relation{}) && strings.EqualFold(dataset, engine.RejectsOf(engine.ParseRelation(s.Dataset)).Dataset()):
		return s.Rejected, slices.Concat(s.Columns, engine.RejectColumns()), true
	}
	if s.Relations == nil {
		return engine.Relation{}, nil, false
	}
	return s.Relations(dataset)
}

// column returns a column's quoted name and type; an unknown one is an error
// that names the nearest.
func column(dataset string, columns []table.Column, name string) (string, table.Type, error) {
	if len(columns) == 0 {
		return engine.Quote(name), table.Type{}, nil
	}
	c, ok := table.Find(columns, name)
	if !ok {
		return "", table.Type{}, fault.New(fault.Invalid, "%s has no column %s", dataset, name).
			WithHint("%s", fault.DidYouMean(name, table.Names(columns)))
	}
	return engine.Quote(c.Name), c.Type, nil
}

// columnsOf quotes several columns of the dataset.
func (s scope) columnsOf(names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, fault.New(fault.Invalid, "the rule names no column")
	}
	out := make([]string, len(names))
	for i, n := range names {
		var err error
		if out[i], _, err = column(s.Dataset, s.Columns, n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// condition returns a user's condition ready for a WHERE, "" for none.
func (s scope) condition(sql string) (string, error) {
	if strings.TrimSpace(sql) == "" {
		return "", nil
	}
	return s.sql("the condition", sql)
}

// sql returns a user's expression with the datasets it names replaced by the
// relations this build sees.
func (s scope) sql(what, sql string) (string, error) {
	words, err := expression(what, sql)
	if err != nil {
		return "", err
	}
	return tidy(s.replace(words)), nil
}

// segment is one expression of `by`.
type segment struct {
	sql      string
	label    string // as a person wrote it
	personal bool   // it reads a personal column: its values are hashed
	day      bool   // its values are days
}

// segments prepares the expressions of `by`. There day(x), week(x), month(x),
// quarter(x), year(x) and hour(x) are periods of time (the first day of the
// month, not its number), since that is what a segment by month means.
func (s scope) segments(by []string) ([]segment, error) {
	var out []segment
	for _, b := range by {
		words, err := expression("the segment", b)
		if err != nil {
			return nil, err
		}
		if pieces := split(words); len(pieces) > 1 {
			return nil, fault.New(fault.Invalid, "the segment %s is several expressions", tidy(words))
		}
		sql, unit := period(s.replace(words))
		out = append(out, segment{
			sql: sql, label: tidy(words), personal: s.readsPersonal(words), day: unit == "day" || s.holdsDays(words),
		})
	}
	return out, nil
}

// holdsDays reports whether words are a column of dates and nothing else.
func (s scope) holdsDays(words []word) bool {
	c, known := table.Find(s.Columns, strings.Trim(tidy(words), `"`))
	return known && c.Type.Kind == table.Date
}

func (s scope) readsPersonal(words []word) bool {
	for _, w := range words {
		if id, ok := w.identifier(); ok {
			if _, personal := s.mask(id); personal {
				return true
			}
		}
	}
	return false
}

// split divides words at commas outside of brackets.
func split(words []word) [][]word {
	var out [][]word
	depth, start := 0, 0
	for i, w := range words {
		if w.kind != sign {
			continue
		}
		switch w.text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		case ",":
			if depth == 0 {
				out = append(out, words[start:i])
				start = i + 1
			}
		}
	}
	return append(out, words[start:])
}

// period turns day(x) and its kin, when they are the whole expression, into
// the start of the period, and returns the unit; "" for any other expression.
func period(words []word) (sql, unit string) {
	whole := tidy(words)
	open := strings.IndexByte(whole, '(')
	if open < 0 || !strings.HasSuffix(whole, ")") {
		return whole, ""
	}
	inner := whole[open+1 : len(whole)-1]
	if cutInner, err := cut(inner); err != nil || len(split(cutInner)) > 1 {
		return whole, "" // the last bracket closes another one: day(a) - day(b)
	}
	switch unit := strings.ToLower(strings.TrimSpace(whole[:open])); unit {
	case "day":
		return dayExpression("(" + inner + ")"), unit
	case "week", "month", "quarter", "year":
		return fmt.Sprintf("cast(date_trunc('%s', %s) as date)", unit, inner), unit
	case "hour":
		return fmt.Sprintf("date_trunc('hour', %s)", inner), unit
	}
	return whole, ""
}

// dayExpression is the day of a date or timestamp in the session's time zone.
func dayExpression(sql string) string { return "cast(" + sql + " as date)" }
