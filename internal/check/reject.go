package check

import (
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// Halves are the two parts of a dataset's computed rows, each a SELECT over the
// subject's Relation. Every row is in one of them.
type Halves struct {
	Kept     string // rows no rule rejects, with the columns of the subject
	Rejected string // the others, with engine.RejectColumns behind; each row once, whatever it breaks
}

// Split tells how the rows that break rules which reject are told from the
// others. False means that no rule rejects. A row breaks a rule where a blocking
// rule would count it: one for which the condition is NULL does not.
func Split(s Subject, capabilities engine.Capabilities) (Halves, bool, error) {
	scope := newScope(s, capabilities)
	scope.Rejected = engine.Relation{}
	var conditions, names []string
	for _, p := range scope.probes() {
		switch {
		case !p.check.Reject:
			continue
		case p.problem != nil:
			return Halves{}, true, placed(p.check, p.problem)
		}
		broken := "(" + p.breaks + ")"
		if p.where != "" {
			broken = "((" + p.where + ") and " + broken + ")"
		}
		conditions = append(conditions, broken)
		names = append(names, "case when "+broken+" then "+engine.Literal(p.check.Name)+" end")
	}
	if len(conditions) == 0 {
		return Halves{}, false, nil
	}
	columns := scope.list(alias(s.Dataset) + ".")
	any := "(" + strings.Join(conditions, " or ") + ")"
	told := []string{
		"concat_ws(', ', " + strings.Join(names, ", ") + ")",
		"cast(" + engine.Literal(s.Run) + " as varchar)",
		"cast(" + engine.Literal(s.AsOf.UTC().Format("2006-01-02 15:04:05.999999")+"+00:00") + " as timestamp with time zone)",
	}
	for i, c := range engine.RejectColumns() {
		told[i] += " as " + engine.Quote(c.Name)
	}
	return Halves{
		Kept:     "select " + columns + scope.filtered(any+" is distinct from true"),
		Rejected: "select " + columns + ", " + strings.Join(told, ", ") + scope.filtered(any),
	}, true, nil
}

// Rejects reports whether any of the rules rejects.
func Rejects(checks []project.Check) bool {
	return slices.ContainsFunc(checks, func(c project.Check) bool { return c.Reject })
}

// CanReject tells why a rule cannot reject rows of a dataset with these columns,
// nil when it can. It is asked once the rule is known to be sound.
func CanReject(s Subject, capabilities engine.Capabilities, c project.Check) error {
	for _, own := range engine.RejectColumns() {
		if _, taken := table.Find(s.Columns, own.Name); taken {
			return placed(c, fault.New(fault.Invalid, "%s has a column %s, which its rejected rows need for themselves", s.Dataset, own.Name).
				WithHint("give the column another name"))
		}
	}
	s.Checks = []project.Check{c}
	for _, p := range newScope(s, capabilities).probes() {
		if p.problem == nil && strings.Contains(p.breaks+p.where, s.Relation.String()) {
			return placed(c, fault.New(fault.Invalid, "whether a row breaks it depends on other rows of %s, some of which may be rejected themselves", s.Dataset).
				WithHint("a rule that rejects looks at one row at a time, and at other datasets"))
		}
	}
	return nil
}

// of is the scope a probe is measured in: with the rows that were set apart, when
// it judges them too.
func (s scope) of(p *probe) scope {
	if p.whole && s.Rejected != (engine.Relation{}) {
		s.source = s.together(s.Relation, s.Rejected, s.Columns)
	}
	return s
}

// sourceOf is what a reconciliation reads of another dataset: with its rejected
// rows, where they count.
func (s scope) sourceOf(dataset string, relation engine.Relation, columns []table.Column) string {
	if s.Rejects == nil {
		return ""
	}
	rejected, ok := s.Rejects(dataset)
	if !ok {
		return ""
	}
	return s.together(relation, rejected, columns)
}

// together is published and rejected rows as one table.
func (s scope) together(kept, rejected engine.Relation, columns []table.Column) string {
	list := strings.Join(quotedNames(columns), ", ")
	return "(select " + list + " from " + kept.String() + " union all select " + list + " from " + rejected.String() + ")"
}

func quotedNames(columns []table.Column) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = engine.Quote(c.Name)
	}
	return out
}
