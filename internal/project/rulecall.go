package project

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ruleCall is a rule written as name(arguments) and what follows.
type ruleCall struct {
	*ruleText
	name string
	args [][2]int // pieces of each argument
	end  int      // the closing bracket
	line ruleLine
}

func (r *ruleText) call(name string, parse func(*ruleCall) *ruleFault) (ruleLine, *ruleFault) {
	c := &ruleCall{ruleText: r, name: name, end: r.close(1)}
	c.line = ruleLine{rule: Rule{Kind: RuleKind(name)}, limit: broken}
	c.args = r.split(2, c.end, 1)
	if len(c.args) == 0 {
		return ruleLine{}, r.fail(c.end, "%s of what?", name).hint("name the columns: %s(column)", name)
	}
	if problem := parse(c); problem != nil {
		return ruleLine{}, problem
	}
	return c.line, c.tail()
}

// tail reads what follows the brackets: a limit, where the rule has one.
func (c *ruleCall) tail() *ruleFault {
	after := c.end + 1
	switch {
	case c.line.rule.Kind == Freshness:
		return nil // has read its own
	case c.kind(after) == lexEnd && c.line.rule.Kind == Duplicates:
		c.line.limit = Limit{Op: "!=", Value: "0"}
		return nil
	case c.kind(after) == lexEnd:
		return nil
	case c.line.rule.Kind != Duplicates:
		return c.fail(after, "nothing follows %s(...)", c.name).
			hint("the rule tolerates no row; write it as a mapping with block: \"> 0.1 %%\" if it should")
	}
	limit, next, problem := c.limitAt(after)
	if problem != nil {
		return problem
	}
	if next < len(c.pieces) {
		return c.fail(next, "nothing follows the limit")
	}
	c.line.limit, c.line.stated = limit.opposite(), true
	return nil
}

// column reads an argument that is a column's name.
func (c *ruleCall) column(arg [2]int) (string, *ruleFault) {
	if arg[1]-arg[0] == 1 {
		if name, ok := identifier(c.kind(arg[0]), c.word(arg[0])); ok {
			return name, nil
		}
	}
	return "", c.fail(arg[0], "%s wants the name of a column here", c.name).
		hint("a name with blanks or signs goes in double quotes: \"unit price\"")
}

// identifier returns the name a piece stands for.
func identifier(kind lexemeKind, text string) (string, bool) {
	switch kind {
	case lexWord:
		return text, !strings.HasPrefix(text, "$")
	case lexName:
		name := strings.ReplaceAll(text[1:len(text)-1], `""`, `"`)
		return name, name != ""
	}
	return "", false
}

// literal reads an argument that is a number, a text, true or false, as its
// plain text.
func (c *ruleCall) literal(arg [2]int) (string, *ruleFault) {
	first := c.word(arg[0])
	switch {
	case arg[1]-arg[0] == 1 && c.kind(arg[0]) == lexText && first[0] == '\'':
		return strings.ReplaceAll(first[1:len(first)-1], "''", "'"), nil
	case arg[1]-arg[0] == 1 && (strings.EqualFold(first, "true") || strings.EqualFold(first, "false")):
		return strings.ToLower(first), nil
	}
	if number, next, ok := c.number(arg[0]); ok && next == arg[1] {
		return number, nil
	}
	return "", c.fail(arg[0], "%s wants a number or a text here", c.name).hint("text goes in single quotes: 'open'")
}

func (c *ruleCall) columns() *ruleFault {
	for _, arg := range c.args {
		name, problem := c.column(arg)
		if problem != nil {
			return problem
		}
		if slices.ContainsFunc(c.line.rule.Columns, func(known string) bool { return strings.EqualFold(known, name) }) {
			return c.fail(arg[0], "the column %s stands here twice", name)
		}
		c.line.rule.Columns = append(c.line.rule.Columns, name)
	}
	return nil
}

// first reads the column that is the first argument, when there are as many
// arguments as there should be.
func (c *ruleCall) first(least, most int, shape string) *ruleFault {
	if len(c.args) < least || len(c.args) > most {
		return c.fail(0, "%s wants %s", c.name, shape)
	}
	name, problem := c.column(c.args[0])
	c.line.rule.Columns = []string{name}
	return problem
}

func (c *ruleCall) accepted() *ruleFault {
	if problem := c.first(2, 1<<20, "a column and the accepted values: accepted(status, 'open', 'closed')"); problem != nil {
		return problem
	}
	for _, arg := range c.args[1:] {
		value, problem := c.literal(arg)
		if problem != nil {
			return problem
		}
		c.line.rule.Values = append(c.line.rule.Values, value)
	}
	return nil
}

func (c *ruleCall) bounds() *ruleFault {
	if problem := c.first(3, 3, "a column, the least and the greatest value: range(price, 0, 100)"); problem != nil {
		return problem
	}
	rule := &c.line.rule
	for i, bound := range []*string{&rule.Min, &rule.Max} {
		arg := c.args[i+1]
		if arg[0] == arg[1] {
			continue // open
		}
		value, problem := c.literal(arg)
		if problem == nil && value == "" {
			problem = c.fail(arg[0], "an empty text is no bound")
		}
		if problem != nil {
			return problem
		}
		*bound = value
	}
	if rule.Min == "" && rule.Max == "" {
		return c.fail(0, "the range has neither a least nor a greatest value")
	}
	if outOfOrder(rule.Min, rule.Max) {
		return c.fail(c.args[1][0], "the least value %s is above the greatest, %s", rule.Min, rule.Max)
	}
	return nil
}

// outOfOrder reports whether two numbers are the wrong way round; anything but
// numbers is not judged.
func outOfOrder(least, greatest string) bool {
	a, aErr := strconv.ParseFloat(least, 64)
	b, bErr := strconv.ParseFloat(greatest, 64)
	return aErr == nil && bErr == nil && a > b
}

func (c *ruleCall) pattern() *ruleFault {
	if problem := c.first(2, 2, "a column and a regular expression: pattern(sku, '^[A-Z]+$')"); problem != nil {
		return problem
	}
	arg := c.args[1]
	if arg[1]-arg[0] != 1 || c.kind(arg[0]) != lexText {
		return c.fail(arg[0], "the regular expression goes in single quotes")
	}
	text, problem := c.literal(arg)
	if problem != nil {
		return problem
	}
	if _, err := regexp.Compile(text); err != nil {
		return c.fail(arg[0], "this is no regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	c.line.rule.Regex = text
	return nil
}

// references reads columns, then as many columns of one other dataset as
// dataset.column, or only the dataset when they have the same names there.
func (c *ruleCall) references() *ruleFault {
	const shape = "columns and where they are found: references(customer_id, warehouse.customers.customer_id)"
	rule := &c.line.rule
	for _, arg := range c.args {
		path, ok := c.path(arg)
		switch {
		case !ok || len(path) > 3:
			return c.fail(arg[0], "references wants %s", shape)
		case len(path) == 1 && rule.Other == "":
			rule.Columns = append(rule.Columns, path[0])
			continue
		case len(path) == 1:
			return c.fail(arg[0], "references wants %s", shape)
		}
		other := path[0] + "." + path[1]
		if rule.Other != "" && rule.Other != other {
			return c.fail(arg[0], "the columns refer to two datasets, %s and %s", rule.Other, other)
		}
		rule.Other = other
		if len(path) == 3 {
			rule.OtherColumns = append(rule.OtherColumns, path[2])
		}
	}
	if len(rule.Columns) == 0 || rule.Other == "" {
		return c.fail(0, "references wants %s", shape)
	}
	if len(rule.OtherColumns) == 0 {
		rule.OtherColumns = slices.Clone(rule.Columns)
	}
	if len(rule.Columns) != len(rule.OtherColumns) {
		return c.fail(0, "%d columns refer to %d", len(rule.Columns), len(rule.OtherColumns))
	}
	return nil
}

// path reads an argument of names joined by dots.
func (c *ruleCall) path(arg [2]int) ([]string, bool) {
	var path []string
	for i := arg[0]; i < arg[1]; i++ {
		name, ok := identifier(c.kind(i), c.word(i))
		if (i-arg[0])%2 == 1 {
			ok = c.is(i, ".")
		} else {
			path = append(path, name)
		}
		if !ok {
			return nil, false
		}
	}
	return path, (arg[1]-arg[0])%2 == 1
}

func (c *ruleCall) freshness() *ruleFault {
	if problem := c.first(1, 1, "one column: freshness(loaded_at) < 1 day"); problem != nil {
		return problem
	}
	after := c.end + 1
	if !c.is(after, "<") {
		return c.fail(after, "freshness needs the longest age allowed").hint("write freshness(%s) < 1 day", cmp.Or(c.word(c.args[0][0]), "column"))
	}
	within, err := ParseDuration(c.between(after+1, len(c.pieces)))
	if err != nil {
		return c.fail(after+1, "%w", err)
	}
	c.line.rule.Within, c.line.stated = within, true
	return nil
}
