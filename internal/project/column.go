package project

import (
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// columnSpec is what a mapping says of a column.
type columnSpec struct {
	Description string           `yaml:"description" jsonschema_description:"What the column means"`
	Type        Placed[string]   `yaml:"type" jsonschema_description:"The SQL type, such as decimal(18,2); a declared type is checked"`
	Required    Placed[bool]     `yaml:"required" jsonschema_description:"true: a row where it is empty blocks"`
	Unique      Placed[bool]     `yaml:"unique" jsonschema_description:"true: a repeated value blocks"`
	Accepted    Placed[[]string] `yaml:"accepted" jsonschema_description:"The values it may have; another one blocks"`
	Currency    Placed[string]   `yaml:"currency" jsonschema_description:"It is money: an ISO 4217 code, the column that holds it, or true for the currency of larder.yml"`
	Unit        string           `yaml:"unit" jsonschema_description:"What it is counted in, such as kg"`
	Personal    Placed[string]   `yaml:"personal" jsonschema_description:"What kind of personal data it is, such as email, name or address"`
	Mask        Placed[string]   `yaml:"mask" jsonschema:"enum=hash,enum=redact,enum=partial" jsonschema_description:"How a personal column is shown to people without the right to see it"`
}

// columnNode is a column as it stands in a file: a type, a mapping or nothing.
type columnNode struct {
	file *File
	node ast.Node
}

func (c *columnNode) read(d *decoder, node ast.Node, _ string) { c.file, c.node = d.file, node }

func (*columnNode) readsNull() {}

// columns reads columns and the checks their keys ask for. settings points to
// the struct of the keys that belong to an adapter; nil when there are none.
func (l *loader) columns(nodes Map[columnNode], settings any, judge bool) ([]Column, []keyCheck) {
	columns := make([]Column, 0, len(nodes.Entries))
	var checks []keyCheck
	for _, entry := range nodes.Entries {
		same := slices.IndexFunc(columns, func(c Column) bool { return strings.EqualFold(c.Name, entry.Key) })
		if same >= 0 {
			l.fail(entry.Where, "the columns %s and %s are one to SQL", columns[same].Name, entry.Key).WithHint("names of columns differ by more than case")
			continue
		}
		if strings.TrimSpace(entry.Key) == "" {
			l.fail(entry.Where, "a column without a name")
			continue
		}
		column, own := l.column(entry, settings, judge)
		columns, checks = append(columns, column), append(checks, own...)
	}
	return columns, checks
}

func (l *loader) column(entry Entry[columnNode], settings any, judge bool) (Column, []keyCheck) {
	file, node := entry.Value.file, entry.Value.node
	column := Column{Name: entry.Key, Where: entry.Where, Node: node}
	if isNull(node) {
		return column, nil
	}
	if text, ok := scalarText(node); ok {
		column.Type, column.TypeWhere = l.columnType(text, file.At(node)), file.At(node)
		return column, nil
	}
	var spec columnSpec
	l.decodeWith(file, node, &spec, settings, judge)
	if spec.Type.Given() {
		column.Type, column.TypeWhere = l.columnType(spec.Type.Value, spec.Type.Where), spec.Type.Where
	}
	column.Description, column.Unit = spec.Description, spec.Unit
	column.Required, column.Unique, column.Accepted = spec.Required.Value, spec.Unique.Value, spec.Accepted.Value
	column.Currency, column.Personal, column.Mask = spec.Currency.Value, spec.Personal.Value, spec.Mask.Value
	if settings != nil && slices.Contains(Keys(settings), "format") {
		for _, pair := range pairsOf(node) {
			if keyText(pair.Key) == "format" {
				column.Format, _ = scalarText(pair.Value)
			}
		}
	}
	if column.Currency == "true" {
		column.Currency = l.ownCurrency(spec.Currency)
	}
	l.columnSense(spec)
	return column, columnChecks(column.Name, spec)
}

// ownCurrency is the project's, for money that names no other.
func (l *loader) ownCurrency(setting Placed[string]) string {
	if l.project.Currency == "" {
		l.faults = append(l.faults, setting.Fault("the project names no currency").WithHint("write currency: GBP in larder.yml, or a code here"))
	}
	return l.project.Currency
}

// columnSense tells of keys that contradict each other.
func (l *loader) columnSense(spec columnSpec) {
	code := spec.Currency.Value
	if len(code) == 3 && code == strings.ToUpper(code) && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && !isCurrency(code) {
		l.faults = append(l.faults, spec.Currency.Fault("%q is no currency", code).WithHint("use an ISO 4217 code such as GBP, or the name of the column that holds it"))
	}
	if spec.Mask.Given() && !spec.Personal.Given() {
		l.faults = append(l.faults, spec.Mask.Fault("mask says how personal data is shown, but the column is not marked personal").
			WithHint("add personal: with what it is, such as email"))
	}
	if spec.Accepted.Given() && len(spec.Accepted.Value) == 0 {
		l.faults = append(l.faults, spec.Accepted.Fault("accepted lists no value"))
	}
}

// typeNames are suggested for one that is not known.
var typeNames = []string{
	"boolean", "tinyint", "smallint", "integer", "bigint", "hugeint", "float", "double", "decimal(18,2)", "varchar",
	"blob", "date", "time", "timestamp", "timestamptz", "interval", "uuid", "json",
}

func (l *loader) columnType(text string, where fault.Place) table.Type {
	of, err := table.ParseType(text)
	if strings.Count(text, "(") != strings.Count(text, ")") {
		l.fail(where, "the type %s is cut off", text).WithHint("inside { } put a type that holds a comma in quotes: {type: \"decimal(18,2)\"}")
		return table.Type{}
	}
	if err != nil {
		hint := "known types are varchar, integer, bigint, decimal(18,2), boolean, date, timestamp and others"
		if nearest, ok := fault.Nearest(text, typeNames); ok {
			hint = "did you mean " + nearest + "?"
		}
		l.fail(where, "%w", err).WithHint("%s", hint)
	}
	return of
}

// decodeWith reads a mapping of which some keys belong to an adapter: its
// struct is filled once here, so that everything wrong is told together, and
// again by the adapter. Without judge unknown keys are let pass.
func (l *loader) decodeWith(file *File, node ast.Node, into, settings any, judge bool) {
	l.decoder.told = !judge
	l.decode(file, node, into, Keys(settings)...)
	if settings != nil {
		l.decoder.told = true
		l.decode(file, node, reflect.New(reflect.TypeOf(settings).Elem()).Interface())
	}
	l.decoder.told = false
}
