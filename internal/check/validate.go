package check

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// Bind returns the columns a query would return over empty tables.
type Bind func(ctx context.Context, sql string) ([]table.Column, error)

// Validate plans every rule of a subject by itself and binds it against empty
// tables: what a run would refuse is known before any data is read. Each
// problem stands at the rule's place, with the nearest known name as a hint
// where a name is wrong.
func Validate(ctx context.Context, bind Bind, s Subject, capabilities engine.Capabilities) fault.List {
	s.Rows = -1
	scope := newScope(s, capabilities)
	var problems fault.List
	for _, p := range scope.probes() {
		err := p.problem
		if err == nil && !certain(p.check.Rule) {
			err = scope.bind(ctx, bind, p)
		}
		if err != nil {
			problems = append(problems, placed(p.check, err))
		}
	}
	return problems
}

// certain reports whether a rule that was planned cannot be refused: it only
// counts rows by columns that are known to exist, of whatever type. Binding it
// all the same would be most of what validating a large project costs.
func certain(r project.Rule) bool {
	switch r.Kind {
	case project.Required, project.Unique, project.Duplicates, project.RowCount, project.SchemaRule:
		return r.Where == "" && len(r.By) == 0
	default:
		return false
	}
}

// bind checks one rule's statements and the types they return.
func (s scope) bind(ctx context.Context, bind Bind, p *probe) error {
	for _, sc := range arrange(s, []*probe{p}) {
		columns, err := bind(ctx, sc.sql)
		if err != nil {
			return s.refused(err, p)
		}
		if err := s.typed(p, sc, columns); err != nil {
			return err
		}
	}
	rule := p.check.Rule
	for _, condition := range []string{rule.Where, rule.Expr} {
		if condition == "" || condition == rule.Expr && rule.Kind != project.RowRule {
			continue
		}
		sql, err := s.condition(condition)
		if err != nil {
			return err
		}
		columns, err := bind(ctx, "select ("+sql+") as v from "+s.from())
		if err != nil {
			return s.refused(err, p)
		}
		if kind := columns[0].Type.Kind; kind != table.Boolean && kind != table.Unknown {
			return fault.New(fault.Invalid, "%s is %s, not true or false", spaced(condition), columns[0].Type)
		}
	}
	return nil
}

// typed refuses aggregates that are no numbers where numbers are compared.
func (s scope) typed(p *probe, sc *scan, columns []table.Column) error {
	rule := p.check.Rule
	if rule.Kind != project.Metric && rule.Kind != project.Deviation {
		return nil
	}
	at := -1
	switch {
	case sc.whole != nil:
		at = sc.keys
	case len(sc.cells) > 0:
		at = sc.keys + len(sc.cells) - 1
	}
	if at < 0 || at >= len(columns) {
		return nil
	}
	if of := columns[at].Type; !of.IsNumeric() && of.Kind != table.Unknown {
		return fault.New(fault.Invalid, "%s is %s, not a number", metricName(p.check), of)
	}
	return nil
}

var quotedName = regexp.MustCompile(`"([^"]+)"`)

// refused cleans an engine's error and adds the nearest known column when it
// names one that does not exist.
func (s scope) refused(err error, p *probe) error {
	message, _, _ := strings.Cut(err.Error(), "\n")
	out := fault.New(fault.KindOf(err), "%s", message)
	var e *fault.Error
	if errors.As(err, &e) {
		out.Hint = e.Hint
		if e.Err != nil {
			first, _, _ := strings.Cut(e.Err.Error(), "\n")
			out.Err = errors.New(first)
		}
	} else {
		out.Kind = fault.Invalid
	}
	known := table.Names(s.Columns)
	if _, columns, ok := s.find(p.check.Rule.Other); ok {
		known = append(known, table.Names(columns)...)
	}
	if match := quotedName.FindStringSubmatch(message); match != nil && out.Hint == "" {
		if _, exists := table.Find(s.Columns, match[1]); !exists {
			out.Hint = fault.DidYouMean(match[1], known)
		}
	}
	if strings.Contains(message, "GROUP BY") {
		out = fault.New(fault.Invalid, "%s is no aggregate: it has a value for every row", metricName(p.check)).
			WithHint("write an aggregate such as sum(...), or a row rule: rows %s", metricName(p.check))
	}
	return out
}
