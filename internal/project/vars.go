package project

import (
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/larder-data/larder/internal/table"
)

// varSpec is a variable: a value, or a mapping of its type and value.
type varSpec struct {
	Type  Placed[string] `yaml:"type" jsonschema:"required" jsonschema_description:"The SQL type, such as decimal(18,2)"`
	Value Placed[string] `yaml:"value" jsonschema:"required" jsonschema_description:"The value, as text the type accepts"`
	guess table.Type
}

// varMapping keeps the two ways of reading a varSpec apart.
type varMapping varSpec

func (v *varSpec) read(d *decoder, node ast.Node, key string) {
	*v = varSpec{}
	if _, ok := node.(*ast.MappingNode); ok {
		d.faults = append(d.faults, d.parts([]part{{d.file, node}}, (*varMapping)(v), nil)...)
		return
	}
	(&v.Value).read(d, node, key)
	if text, ok := scalarText(node); ok {
		v.guess = guessType(node, text)
	}
}

var (
	wholeNumber   = regexp.MustCompile(`^[+-]?[0-9]+$`)
	decimalNumber = regexp.MustCompile(`^[+-]?[0-9]+\.[0-9]+$`)
)

// guessType returns the type SQL gives a value written like this; a bare
// 2024-07-01 is a date, anything in quotes text.
func guessType(node ast.Node, text string) table.Type {
	text = strings.ReplaceAll(text, "_", "")
	isText := isQuoted(node)
	_, err := time.Parse(time.DateOnly, text)
	switch {
	case !isText && err == nil:
		return table.Type{Kind: table.Date}
	case wholeNumber.MatchString(text) && !isText:
		return wholeType(text)
	case decimalNumber.MatchString(text) && !isText && len(text) < 38:
		whole, fraction, _ := strings.Cut(strings.TrimLeft(text, "+-"), ".")
		return table.Type{Kind: table.Decimal, Precision: len(whole) + len(fraction), Scale: len(fraction)}
	case !isText && strings.EqualFold(text, "true"), !isText && strings.EqualFold(text, "false"):
		return table.Type{Kind: table.Boolean}
	}
	return table.Type{Kind: table.Varchar}
}

func isQuoted(node ast.Node) bool {
	kind := node.GetToken().Type
	return kind == token.DoubleQuoteType || kind == token.SingleQuoteType || kind == token.LiteralType || kind == token.FoldedType
}

func wholeType(text string) table.Type {
	number, ok := new(big.Int).SetString(text, 10)
	switch {
	case ok && number.IsInt64() && number.Int64() == int64(int32(number.Int64())):
		return table.Type{Kind: table.Integer}
	case ok && number.IsInt64():
		return table.Type{Kind: table.BigInt}
	default:
		return table.Type{Kind: table.HugeInt}
	}
}

var varName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// vars keeps the project's variables.
func (l *loader) vars(all Map[varSpec]) {
	l.project.Vars = make(map[string]Var, len(all.Entries))
	for _, entry := range all.Entries {
		name, spec := entry.Key, entry.Value
		switch {
		case !varName.MatchString(name):
			l.fail(entry.Where, "%q is no name of a variable", name).WithHint("use letters, digits and _")
			continue
		case slices.Contains([]string{"now", "start", "end"}, strings.ToLower(name)):
			l.fail(entry.Where, "$%s is Larder's own", name).WithHint("choose another name")
			continue
		}
		of := spec.guess
		if spec.Type.Given() {
			of = l.columnType(spec.Type.Value, spec.Type.Where)
		}
		if spec.Value.Given() && !fits(spec.Value.Value, of) {
			l.fail(spec.Value.Where, "%q is no %s", spec.Value.Value, of)
			continue
		}
		value := spec.Value.Value
		if of.IsNumeric() {
			value = strings.ReplaceAll(value, "_", "")
		}
		l.project.Vars[name] = Var{Name: name, Type: of, Value: value, Where: entry.Where}
	}
}

// fits reports whether a text is a value of a type, for the types where that
// is plain to see.
func fits(text string, of table.Type) bool {
	plain := strings.ReplaceAll(text, "_", "")
	switch {
	case of.IsInteger():
		return wholeNumber.MatchString(plain)
	case of.Kind == table.Decimal:
		whole, _, _ := strings.Cut(strings.TrimLeft(strings.TrimLeft(plain, "+-"), "0"), ".")
		return (wholeNumber.MatchString(plain) || decimalNumber.MatchString(plain)) && len(whole) <= of.Precision-of.Scale
	case of.Kind == table.Boolean:
		return strings.EqualFold(text, "true") || strings.EqualFold(text, "false")
	case of.Kind == table.Date:
		_, err := time.Parse(time.DateOnly, text)
		return err == nil
	}
	return true
}

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
