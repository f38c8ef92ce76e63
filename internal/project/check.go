package project

import (
	"cmp"
	"reflect"
	"strings"

	"github.com/larder-data/larder/internal/fault"
)

// datasetChecks is an entry of a file in checks/.
type datasetChecks struct {
	Dataset Placed[string] `yaml:"dataset" jsonschema:"required" jsonschema_description:"The dataset the checks are about, such as finance.net_sales"`
	Checks  []checkSpec    `yaml:"checks" jsonschema:"required" jsonschema_description:"Rules its rows keep"`
}

// checkFile reads checks that stand apart from the models.
func (l *loader) checkFile(name string) {
	file, node, ok := l.yaml(name)
	if !ok {
		return
	}
	for _, entry := range entriesOf(node) {
		var spec datasetChecks
		if l.decode(file, entry, &spec); !spec.Dataset.Given() {
			continue
		}
		l.refers = append(l.refers, mention{spec.Dataset.Value, spec.Dataset.Where})
		l.addChecks(l.spelling(spec.Dataset.Value), spec.Checks)
	}
}

// addChecks keeps the checks listed for a dataset.
func (l *loader) addChecks(dataset string, specs []checkSpec) {
	for i := range specs {
		spec := &specs[i]
		if spec.bad {
			continue
		}
		reader := &checkReader{spec: spec}
		check, ok := reader.check(dataset)
		l.faults = append(l.faults, reader.faults...)
		l.refers = append(l.refers, reader.refers...)
		l.mentionSquad(spec.mapping().Tell)
		if ok {
			l.addCheck(check, spec.name != "")
		}
	}
}

// addCheck keeps a check under its name. The same check twice is one; two
// checks of one name are not.
func (l *loader) addCheck(check Check, named bool) {
	if l.named == nil {
		l.named = map[string]*Check{}
	}
	key := strings.ToLower(check.Dataset + "\n" + check.Name)
	before, taken := l.named[key]
	if !taken {
		l.named[key] = &check
		l.checks = append(l.checks, &check)
		return
	}
	if !named && before.same(check) {
		return
	}
	problem := l.fail(check.Where, "a second check %s of %s; the first stands in %s", check.Name, check.Dataset, before.Where)
	if problem.Hint = "give one of them another name"; !named {
		problem.Hint = "give one of them a name of its own: - my_name: " + check.Text
	}
}

// same reports whether two checks judge alike.
func (c Check) same(other Check) bool {
	return reflect.DeepEqual(c.Rule, other.Rule) && reflect.DeepEqual(c.Warn, other.Warn) && reflect.DeepEqual(c.Block, other.Block) &&
		c.Reject == other.Reject &&
		c.Tell == other.Tell && (other.Description == "" || c.Description == other.Description)
}

// checkExpression tells when a setting cannot be one SQL expression.
func (l *loader) checkExpression(setting Placed[string], key string) {
	if problem := expression(setting.Value); problem != nil {
		l.faults = append(l.faults, problem.at(setting, key))
	}
}

// at returns the fault at its place in the setting that holds the rule.
func (f *ruleFault) at(setting Placed[string], key string) *fault.Error {
	out := *f.Error
	out.Where = setting.File.Within(setting.Node, setting.Value, f.offset)
	out.Op = key
	return &out
}

// checkReader turns a checkSpec into a Check.
type checkReader struct {
	spec   *checkSpec
	faults fault.List
	refers []mention
}

func (c *checkReader) check(dataset string) (Check, bool) {
	w := c.spec.mapping()
	check := Check{Name: c.spec.name, Dataset: dataset, Where: c.spec.where, Tell: w.Tell.Value, Description: w.Description}
	line, from := c.line()
	if len(c.faults) > 0 {
		return check, false
	}
	if line.rule.Where = w.Where.Value; w.Where.Given() {
		c.expression(w.Where, "where")
		if line.rule.Kind == Query || line.rule.Kind == SchemaRule {
			c.fail(w.Where, "where means nothing to a check of the kind %s", line.rule.Kind).WithHint("put the condition into the query")
		}
	}
	if line.rule.Other != "" && line.rule.Kind == References {
		c.refers = append(c.refers, mention{line.rule.Other, from.Where})
	}
	check.Rule = line.rule
	check.Warn, check.Block = c.limits(line)
	check.Reject = w.Severity.Value == reject
	check.Text = c.text(line, from)
	check.Name = cmp.Or(check.Name, autoName(line.rule))
	return check, len(c.faults) == 0
}

// text is the rule on one line: as written where it is a line, with the keys
// beside it otherwise.
func (c *checkReader) text(line ruleLine, from Placed[string]) string {
	w := c.spec.mapping()
	text := FormatRule(line.rule, line.limit)
	switch {
	case line.rule.Kind == Metric || line.rule.Kind == RowCount:
		text = strings.Join(strings.Fields(from.Value), " ")
		if w.Where.Given() {
			text += " where " + w.Where.Value
		}
	case c.spec.line.Given() || w.Rule.Given() && !w.Where.Given():
		text = strings.Join(strings.Fields(from.Value), " ")
	}
	if w.Severity.Value == reject {
		text += ", rejects"
	}
	for _, limit := range []struct {
		verb    string
		setting Placed[string]
	}{{", warns ", w.Warn}, {", blocks ", w.Block}} {
		if limit.setting.Given() {
			text += limit.verb + limit.setting.Value
		}
	}
	return text
}

// line reads the one key that says what is measured, and returns it too.
func (c *checkReader) line() (ruleLine, Placed[string]) {
	w := c.spec.mapping()
	if c.spec.line.Given() {
		return c.parsed(c.spec.line, "check"), c.spec.line
	}
	var given []Placed[string]
	for _, setting := range []Placed[string]{w.Rule, w.That, w.Rows, w.Query} {
		if setting.Given() {
			given = append(given, setting)
		}
	}
	if len(given) != 1 {
		where := c.spec.where
		if len(given) > 1 {
			where = given[1].Where
		}
		c.faults = append(c.faults, fault.At(where, fault.Invalid, "a check has one of rule, that, rows and query; %s has %d", c.spec.name, len(given)))
		return ruleLine{}, Placed[string]{}
	}
	if !w.That.Given() && (w.Equals != nil || w.Deviates != nil) {
		c.fail(given[0], "equals and deviates belong to that:").WithHint("write that: with an aggregate")
	}
	switch {
	case w.Rule.Given():
		return c.parsed(w.Rule, "rule"), w.Rule
	case w.That.Given():
		return c.that(w.That), w.That
	case w.Rows.Given():
		c.expression(w.Rows, "rows")
		return ruleLine{rule: Rule{Kind: RowRule, Expr: strings.TrimSpace(w.Rows.Value)}, limit: broken}, w.Rows
	default:
		return ruleLine{rule: Rule{Kind: Query, SQL: c.query(w.Query)}, limit: broken}, w.Query
	}
}

func (c *checkReader) parsed(setting Placed[string], key string) ruleLine {
	line, problem := parseLine(setting.Value)
	if problem != nil {
		c.faults = append(c.faults, problem.at(setting, key))
	}
	return line
}

// query returns a query without the semicolon at its end.
func (c *checkReader) query(setting Placed[string]) string {
	sql, faults := oneStatement(&File{Text: setting.Value}, setting.Value, 0)
	switch {
	case isEmpty(sql):
		c.fail(setting, "the query selects nothing")
	case len(faults) > 0:
		c.fail(setting, "the query holds a second statement").WithHint("a query is one SELECT")
	}
	return strings.TrimSpace(sql)
}

func (c *checkReader) expression(setting Placed[string], key string) {
	if problem := expression(setting.Value); problem != nil {
		c.faults = append(c.faults, problem.at(setting, key))
	}
}

func (c *checkReader) fail(setting Placed[string], format string, args ...any) *fault.Error {
	problem := setting.Fault(format, args...)
	c.faults = append(c.faults, problem)
	return problem
}
