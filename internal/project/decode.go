package project

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/fault"
)

// NodeDecoder is implemented by settings that read their own YAML, such as
// those with a short form. What it returns is reported with the rest.
type NodeDecoder interface {
	DecodeNode(file *File, node ast.Node) fault.List
}

// Decode reads a YAML mapping into the struct into points to, and reports all
// that is wrong with it: unknown, repeated and missing keys, values of the
// wrong type, each at its place. Keys in ignore are somebody else's.
//
// A field is read when it has a yaml tag with its key. A jsonschema tag may
// say required and enum=a,enum=b; jsonschema_description, or doc, says what the
// key means and is shown when it is missing. Fields may be strings (any scalar, as
// written), booleans, integers, floats, time.Duration ("3 days"), anything
// with UnmarshalText, Placed, Map, NodeDecoder, nested and embedded structs, pointers
// to these, and slices of them, for which a single value stands for a list of one.
func Decode(file *File, node ast.Node, into any, ignore ...string) fault.List {
	return (&decoder{}).parts([]part{{file, node}}, into, ignore)
}

// part is a mapping, or the part of one that stands in one file.
type part struct {
	file *File
	node ast.Node
}

// decoder reads nodes into Go values. It is not safe for concurrent use.
type decoder struct {
	file   *File
	raw    bool // values may hold ${NAME} that nobody replaced
	told   bool // unknown keys are judged elsewhere
	shapes map[reflect.Type]*shape
	faults fault.List
}

// shape is what the tags of a struct say.
type shape struct {
	fields []field
	keys   []string
}

type field struct {
	key, doc string
	index    []int
	required bool
	enum     []string
}

// parts reads several mappings over each other: later ones win, key by key.
func (d *decoder) parts(parts []part, into any, ignore []string) fault.List {
	outer, outerFile := d.faults, d.file
	d.faults = nil
	target := reflect.ValueOf(into).Elem()
	shape := d.shape(target.Type())
	seen := make([]bool, len(shape.fields))
	whole := true
	for _, p := range parts {
		d.file = p.file
		whole = d.mapping(p.node, target, shape, ignore, seen) && whole
	}
	if d.file = parts[0].file; whole {
		d.missing(parts[0].node, shape, seen)
	}
	faults := d.faults
	d.faults, d.file = outer, outerFile
	return faults
}

// mapping reads one mapping's keys into the fields of target, notes which were
// there, and reports whether it is a mapping at all.
func (d *decoder) mapping(node ast.Node, target reflect.Value, shape *shape, ignore []string, seen []bool) bool {
	pairs, ok := d.pairs(node)
	for _, pair := range pairs {
		key := keyText(pair.Key)
		i := slices.IndexFunc(shape.fields, func(f field) bool { return f.key == key })
		switch {
		case slices.Contains(ignore, key), i < 0 && d.told:
		case i < 0:
			hint := fault.DidYouMean(key, slices.Concat(shape.keys, ignore))
			if strings.HasSuffix(key, ")") && !strings.Contains(key, "(") {
				hint = "a comma divides what stands in { }: put text that holds one in quotes, as in {type: \"decimal(18,2)\"}"
			}
			d.fail(pair.Key, "unknown key %s", key).Hint = hint
		default:
			seen[i] = true
			d.field(pair, target.FieldByIndex(shape.fields[i].index), shape.fields[i])
		}
	}
	return ok
}

// pairs returns a mapping's pairs, each key once.
func (d *decoder) pairs(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	case *ast.MappingNode:
		out := make([]*ast.MappingValueNode, 0, len(n.Values))
		for i, pair := range n.Values {
			key := keyText(pair.Key)
			first := slices.IndexFunc(n.Values[:i], func(p *ast.MappingValueNode) bool { return keyText(p.Key) == key })
			if first >= 0 {
				d.fail(pair.Key, "%s stands here twice; first in line %d", key, d.file.At(n.Values[first].Key).Line).
					WithHint("keep one of the two")
				continue
			}
			out = append(out, pair)
		}
		return out, true
	}
	d.fail(node, "this should be a mapping of keys to values, not %s", kindOf(node))
	return nil, false
}

// field reads one key's value.
func (d *decoder) field(pair *ast.MappingValueNode, target reflect.Value, f field) {
	if isNull(pair.Value) && !takesNull(target.Type()) {
		d.fail(pair.Key, "%s has no value", f.key).Hint = f.doc
		return
	}
	if f.enum != nil && !d.oneOf(pair.Value, f) {
		return
	}
	d.value(pair.Value, target, f.key)
}

// oneOf reports whether a value (or each of a list) is among the known words.
func (d *decoder) oneOf(node ast.Node, f field) bool {
	values := []ast.Node{node}
	if list, ok := node.(*ast.SequenceNode); ok {
		values = list.Values
	}
	for _, value := range values {
		text, ok := scalarText(value)
		if ok && !slices.Contains(f.enum, text) && !(d.raw && strings.Contains(text, "${")) {
			d.fail(value, "%s cannot be %s", f.key, kindOf(value)).Hint = fault.DidYouMean(text, f.enum)
			return false
		}
	}
	return true
}

// missing reports required keys nobody gave.
func (d *decoder) missing(node ast.Node, shape *shape, seen []bool) {
	for i, f := range shape.fields {
		if f.required && !seen[i] {
			d.fail(node, "%s is missing", f.key).Hint = f.doc
		}
	}
}

// fail records a fault at a node.
func (d *decoder) fail(node ast.Node, format string, args ...any) *fault.Error {
	problem := fault.At(d.file.At(node), fault.Invalid, format, args...)
	d.faults = append(d.faults, problem)
	return problem
}

// shape reads a struct's tags, once a decoder.
func (d *decoder) shape(of reflect.Type) *shape {
	if known, ok := d.shapes[of]; ok {
		return known
	}
	out := &shape{}
	out.add(of, nil)
	if d.shapes == nil {
		d.shapes = map[reflect.Type]*shape{}
	}
	d.shapes[of] = out
	return out
}

func (s *shape) add(of reflect.Type, index []int) {
	for i := range of.NumField() {
		f := of.Field(i)
		at := append(slices.Clone(index), i)
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if f.Anonymous && key == "" && f.Type.Kind() == reflect.Struct {
			s.add(f.Type, at)
			continue
		}
		if key == "" || key == "-" || !f.IsExported() {
			continue
		}
		known := field{key: key, doc: cmp.Or(f.Tag.Get("jsonschema_description"), f.Tag.Get("doc")), index: at}
		for option := range strings.SplitSeq(f.Tag.Get("jsonschema"), ",") {
			name, value, _ := strings.Cut(option, "=")
			switch name {
			case "required":
				known.required = true
			case "enum":
				known.enum = append(known.enum, value)
			}
		}
		s.fields = append(s.fields, known)
		s.keys = append(s.keys, key)
	}
}

// Keys returns the YAML keys a settings struct, or a pointer to one, reads.
func Keys(settings any) []string {
	of := reflect.TypeOf(settings)
	if of == nil {
		return nil
	}
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	return (&decoder{}).shape(of).keys
}

// NeededKeys returns the YAML keys that a settings struct, or a pointer to one,
// must be given.
func NeededKeys(settings any) []string {
	of := reflect.TypeOf(settings)
	if of == nil {
		return nil
	}
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	var out []string
	for _, f := range (&decoder{}).shape(of).fields {
		if f.required {
			out = append(out, f.key)
		}
	}
	return out
}

// keyText returns a key as it is written.
func keyText(key ast.MapKeyNode) string {
	if text, ok := scalarText(key); ok {
		return text
	}
	return key.GetToken().Value
}

func isNull(node ast.Node) bool {
	_, null := node.(*ast.NullNode)
	return null || node == nil
}
