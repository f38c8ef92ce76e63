package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// probe is how one rule is measured, and what was measured. At most one of
// failing, value, alone and rows is set; none needs no statement.
type probe struct {
	check   project.Check
	problem error // why it cannot be measured

	whole   bool      // rows that were set apart are judged too
	where   string    // of failing and value: restricts the rows
	by      []segment // of value and rows
	failing string    // a condition true for failing rows, which are counted
	value   string    // an aggregate over the rows
	alone   string    // a complete SELECT of one number
	rows    string    // a complete SELECT, its rows given to read
	sides   string    // of a reconciliation: rows before they are grouped and compared
	orphans string    // of references: the failing rows as a FROM clause, all columns of theirs
	breaks  string    // of rules about single rows: true for a failing row of those where admits
	judges  bool      // the number of rows judged is wanted
	sample  string    // a complete SELECT of failing rows
	derived bool      // the sample's columns are of the user's own making
	phrase  string    // what is wrong with failing rows, for a person

	got measurement
}

// measurement is what the scans found for a probe.
type measurement struct {
	value     any
	columns   []table.Column
	groups    []group // of value with by, and of rows
	judged    int64   // -1 not known
	judgedErr error
	err       error
	sql       string
	took      time.Duration
}

// group is one row of a segmented measurement: the segment's keys, and what
// was measured in it.
type group struct {
	keys   []any
	values []any
	judged int64
}

// probes turns every check into a probe. A rule that cannot be measured gets
// its problem noted.
func (s scope) probes() []*probe {
	out := make([]*probe, len(s.Checks))
	for i, c := range s.Checks {
		p := &probe{check: c, whole: c.Reject || c.Rule.Kind == project.Reconcile, got: measurement{judged: -1}}
		if err := s.of(p).prepare(p); err != nil {
			*p = probe{check: c, problem: err, got: measurement{judged: -1}}
		}
		out[i] = p
	}
	return out
}

func (s scope) prepare(p *probe) (err error) {
	if err := limitsValid(p.check); err != nil {
		return err
	}
	if p.where, err = s.condition(p.check.Rule.Where); err != nil {
		return err
	}
	p.judges = share(p.check)
	switch p.check.Rule.Kind {
	case project.Required, project.Accepted, project.Range, project.Pattern, project.RowRule:
		err = s.rowRule(p)
	case project.Unique, project.Duplicates:
		err = s.unique(p)
	case project.References:
		err = s.references(p)
	case project.Query:
		err = s.query(p)
	case project.RowCount, project.Metric:
		err = s.aggregate(p)
	case project.Freshness:
		err = s.freshness(p)
	case project.Deviation:
		err = s.deviation(p)
	case project.Reconcile:
		err = s.reconcile(p)
	case project.SchemaRule:
	default:
		err = fault.New(fault.Invalid, "there is no rule of the kind %q", p.check.Rule.Kind)
	}
	return err
}

// rowRule counts the rows for which a condition does not hold. NULL breaks
// only the rule that a column is required.
func (s scope) rowRule(p *probe) (err error) {
	rule := p.check.Rule
	p.judges = true
	if rule.Kind == project.RowRule {
		sql, err := s.sql("the rule", rule.Expr)
		p.failing, p.phrase = "not ("+sql+")", "break "+spaced(rule.Expr)
		p.breaks = p.failing
		return s.sampleRows(p, err)
	}
	columns, err := s.columnsOf(rule.Columns)
	if err != nil {
		return err
	}
	_, of, err := column(s.Dataset, s.Columns, rule.Columns[0])
	if err != nil {
		return err
	}
	named := strings.Join(rule.Columns, ", ")
	switch rule.Kind {
	case project.Required:
		p.failing, p.phrase = strings.Join(columns, " is null or ")+" is null", named+" is empty"
		if len(columns) > 1 {
			p.phrase = "one of " + named + " is empty"
		}
	case project.Accepted:
		p.failing, err = notAccepted(columns[0], of, rule.Values)
		p.phrase = named + " is none of " + strings.Join(rule.Values, ", ")
	case project.Range:
		p.failing, err = s.outside(columns[0], of, rule.Min, rule.Max)
		p.phrase = named + " is outside " + between(rule.Min, rule.Max)
	case project.Pattern:
		p.failing, err = s.unlike(columns[0], of, rule.Regex)
		p.phrase = named + " does not match " + rule.Regex
	}
	p.breaks = p.failing
	return s.sampleRows(p, err)
}

func spaced(sql string) string {
	if words, err := cut(sql); err == nil {
		return tidy(words)
	}
	return sql
}

func between(low, high string) string {
	switch {
	case low == "":
		return "at most " + high
	case high == "":
		return "at least " + low
	default:
		return low + " to " + high
	}
}

func notAccepted(column string, of table.Type, values []string) (string, error) {
	if len(values) == 0 {
		return "", fault.New(fault.Invalid, "no accepted value is given")
	}
	literals := make([]string, len(values))
	for i, v := range values {
		var err error
		if literals[i], err = literal(v, of); err != nil {
			return "", err
		}
	}
	return column + " not in (" + strings.Join(literals, ", ") + ")", nil
}

// outside is true below low and above high. NaN is in no range; engines that
// hold it for the greatest number find it above any high.
func (s scope) outside(column string, of table.Type, low, high string) (string, error) {
	var parts []string
	for _, bound := range []struct{ op, value string }{{" < ", low}, {" > ", high}} {
		if bound.value == "" {
			continue
		}
		l, err := literal(bound.value, of)
		if err != nil {
			return "", err
		}
		parts = append(parts, column+bound.op+l)
	}
	if len(parts) == 0 {
		return "", fault.New(fault.Invalid, "the range has no bound")
	}
	if of.IsFloat() {
		switch {
		case s.Name == "trino":
			parts = append(parts, "is_nan("+column+")")
		case high == "":
			parts = append(parts, column+" > cast('Infinity' as double precision)")
		}
	}
	return strings.Join(parts, " or "), nil
}

// unlike uses each engine's own partial match; anchors are the rule's.
func (s scope) unlike(column string, of table.Type, regex string) (string, error) {
	if regex == "" {
		return "", fault.New(fault.Invalid, "the pattern is empty")
	}
	if of.Kind != table.Varchar {
		column = "cast(" + column + " as varchar)"
	}
	switch pattern := engine.Literal(regex); s.Name {
	case "postgres":
		return column + " !~ " + pattern, nil
	case "trino":
		return "not regexp_like(" + column + ", " + pattern + ")", nil
	case "snowflake":
		return "regexp_instr(" + column + ", " + pattern + ") = 0", nil
	default:
		return "not regexp_matches(" + column + ", " + pattern + ")", nil
	}
}

// literal writes a value of a file as SQL of the column's type, so that a
// number is compared as a number and '10' is not below '9'.
func literal(value string, of table.Type) (string, error) {
	switch {
	case of.IsNumeric():
		d, err := parseNumber(value)
		if err != nil {
			return "", err
		}
		return d.Text('f'), nil
	case of.Kind == table.Boolean:
		if lower := strings.ToLower(value); lower == "true" || lower == "false" {
			return lower, nil
		}
		return "", fault.New(fault.Invalid, "%q is neither true nor false", value)
	case of.Kind == table.Date, of.Kind == table.Timestamp, of.Kind == table.TimestampTZ:
		return fmt.Sprintf("cast(%s as %s)", engine.Literal(value), of), nil
	default:
		return engine.Literal(value), nil
	}
}

// filtered is the rows judged as a FROM clause with its WHERE.
func (s scope) filtered(conditions ...string) string {
	out := " from " + s.from()
	joined := " where "
	for _, c := range conditions {
		if c != "" {
			out += joined + "(" + c + ")"
			joined = " and "
		}
	}
	return out
}

// sampleRows asks for whole failing rows.
func (s scope) sampleRows(p *probe, err error) error {
	p.sample = "select " + s.list("") + s.filtered(p.where, p.failing) + s.ordered()
	return err
}

// list names all columns, after a table's alias if one is given.
func (s scope) list(of string) string {
	if len(s.Columns) == 0 {
		return of + "*"
	}
	quoted := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		quoted[i] = of + engine.Quote(c.Name)
	}
	return strings.Join(quoted, ", ")
}

// ordered makes a sample the same each time: by the first columns that can be
// ordered, few enough to stay cheap.
func (s scope) ordered() string {
	var by []string
	for i, c := range s.Columns {
		if c.Type.Kind != table.Nested && c.Type.Kind != table.JSON && len(by) < 8 {
			by = append(by, fmt.Sprint(i+1))
		}
	}
	if len(by) == 0 {
		return ""
	}
	return " order by " + strings.Join(by, ", ")
}
