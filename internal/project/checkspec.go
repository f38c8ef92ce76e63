package project

import (
	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/fault"
)

// checkSpec is an entry of checks: a rule on one line, or a name with a rule
// or a mapping.
type checkSpec struct {
	name  string
	where fault.Place
	line  Placed[string]
	keys  *checkMapping // nil for a rule on one line
	bad   bool          // it could not be read
}

// noKeys is the mapping of a check that has none.
var noKeys checkMapping

func (c *checkSpec) mapping() *checkMapping {
	if c.keys == nil {
		return &noKeys
	}
	return c.keys
}

// checkMapping is a check written out.
type checkMapping struct {
	Rule        Placed[string] `yaml:"rule" jsonschema_description:"A rule as it stands on one line, such as unique(email)"`
	That        Placed[string] `yaml:"that" jsonschema_description:"An aggregate, such as sum(spend) by campaign_id; it needs warn, block, equals or deviates"`
	Rows        Placed[string] `yaml:"rows" jsonschema_description:"A condition every row keeps, such as price >= 0"`
	Query       Placed[string] `yaml:"query" jsonschema_description:"A SELECT that returns the rows that are wrong"`
	Where       Placed[string] `yaml:"where" jsonschema_description:"Only rows for which this holds are judged"`
	Warn        Placed[string] `yaml:"warn" jsonschema_description:"When it warns, such as \"> 1000\", or \"> 0.1 %\" of the rows"`
	Block       Placed[string] `yaml:"block" jsonschema_description:"When it blocks, such as \"> 10000\""`
	Severity    Placed[string] `yaml:"severity" jsonschema:"enum=warn,enum=block,enum=reject" jsonschema_description:"What a failure does: warn, block, or of a rule about single rows reject: they are set apart in the dataset's __rejects, and block says how many are too many"`
	Equals      *equalsSpec    `yaml:"equals" jsonschema_description:"The value equals one of another dataset"`
	Deviates    *deviatesSpec  `yaml:"deviates" jsonschema_description:"The value stays near its own past"`
	Tell        Placed[string] `yaml:"tell" jsonschema_description:"The squad that is told; the dataset's owner when not given"`
	Description string         `yaml:"description" jsonschema_description:"Why the rule is there"`
}

// equalsSpec is the other side of a reconciliation.
type equalsSpec struct {
	From   Placed[string]           `yaml:"from" jsonschema:"required" jsonschema_description:"The other dataset"`
	That   Placed[string]           `yaml:"that" jsonschema_description:"The aggregate there; the same when not given"`
	By     Placed[[]Placed[string]] `yaml:"by" jsonschema_description:"The segments there; the same expressions when not given"`
	Where  Placed[string]           `yaml:"where" jsonschema_description:"Only rows there for which this holds count"`
	Within Placed[string]           `yaml:"within" jsonschema_description:"The most the two may differ, such as 0.01 or 0.1 %; nothing when not given"`
}

// deviatesSpec is how far a value may stray from its past.
type deviatesSpec struct {
	MoreThan Placed[float64] `yaml:"more_than" jsonschema:"required" jsonschema_description:"Standard deviations it may be away, such as 2.5"`
	OfLast   Placed[string]  `yaml:"of_last" jsonschema:"required" jsonschema_description:"The length of the past it is held against, such as 28 days"`
	Over     Placed[string]  `yaml:"over" jsonschema_description:"The column whose days form the series; the history of evaluations when not given"`
}

func (c *checkSpec) read(d *decoder, node ast.Node, _ string) {
	before := len(d.faults)
	c.where = d.file.At(node)
	if _, ok := scalarText(node); ok {
		c.line.read(d, node, "check")
		return
	}
	pairs, ok := d.pairs(node)
	switch {
	case ok && len(pairs) == 1:
		c.named(d, pairs[0])
	case ok:
		d.fail(node, "a check is a rule on one line, or one name with its keys below it").
			Hint = "indent the keys of the check deeper than its name"
	}
	c.bad = len(d.faults) > before
}

// named reads "name: rule" and "name: {...}".
func (c *checkSpec) named(d *decoder, pair *ast.MappingValueNode) {
	c.name = keyText(pair.Key)
	if !isCheckName(c.name) {
		hint := "use letters, digits, _ and -"
		if _, problem := cutRule(c.name); problem != nil || len(c.name) > maxCheckName {
			hint = "a rule that holds a colon goes in quotes as a whole"
		}
		d.fail(pair.Key, "%q cannot be the name of a check", c.name).Hint = hint
		return
	}
	switch text, ok := scalarText(pair.Value); {
	case ok && text != "":
		c.line.read(d, pair.Value, c.name)
	case ok || isNull(pair.Value):
		d.fail(pair.Key, "%s has no value", c.name).Hint = "write its rule behind it, or its keys below, indented deeper"
	default:
		c.keys = &checkMapping{}
		d.faults = append(d.faults, d.parts([]part{{d.file, pair.Value}}, c.keys, nil)...)
	}
}

const maxCheckName = 100

func isCheckName(name string) bool {
	for i := range len(name) {
		if c := name[i]; !isLetter(c) && !isDigit(c) && c != '_' && c != '-' {
			return false
		}
	}
	return name != "" && len(name) <= maxCheckName
}
