package project

import (
	"encoding"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/fault"
)

// valueReader is a type of this package that reads a node with the decoder at hand.
type valueReader interface {
	read(d *decoder, node ast.Node, key string)
}

// nullReader is a valueReader that has a meaning for a key without a value.
type nullReader interface{ readsNull() }

var (
	durationType = reflect.TypeFor[time.Duration]()
	nodeType     = reflect.TypeFor[ast.Node]()
	nullType     = reflect.TypeFor[nullReader]()
)

func takesNull(of reflect.Type) bool {
	return of == nodeType || reflect.PointerTo(of).Implements(nullType)
}

// value reads a node into target, whatever that is.
func (d *decoder) value(node ast.Node, target reflect.Value, key string) {
	if target.Type() == nodeType {
		if node != nil {
			target.Set(reflect.ValueOf(node))
		}
		return
	}
	switch own := target.Addr().Interface().(type) {
	case valueReader:
		own.read(d, node, key)
	case NodeDecoder:
		d.faults = append(d.faults, own.DecodeNode(d.file, node)...)
	case encoding.TextUnmarshaler:
		d.text(node, key, func(text string) error { return own.UnmarshalText([]byte(text)) })
	default:
		d.plain(node, target, key)
	}
}

// plain reads a node into a target of Go's own types.
func (d *decoder) plain(node ast.Node, target reflect.Value, key string) {
	if target.Type() == durationType {
		d.text(node, key, func(text string) error {
			took, err := ParseDuration(text)
			target.SetInt(int64(took))
			return err
		})
		return
	}
	switch target.Kind() {
	case reflect.Struct:
		shape := d.shape(target.Type())
		seen := make([]bool, len(shape.fields))
		if d.mapping(node, target, shape, nil, seen) {
			d.missing(node, shape, seen)
		}
	case reflect.Pointer:
		target.Set(reflect.New(target.Type().Elem()))
		d.value(node, target.Elem(), key)
	case reflect.Slice:
		d.slice(node, target, key)
	case reflect.String:
		d.text(node, key, func(text string) error { target.SetString(text); return nil })
	case reflect.Bool:
		d.text(node, key, func(text string) error { return d.boolean(node, target, text) })
	case reflect.Int, reflect.Int64:
		d.text(node, key, func(text string) error {
			number, err := strconv.ParseInt(text, 10, target.Type().Bits())
			target.SetInt(number)
			return wanted("a whole number", text, err)
		})
	case reflect.Float64:
		d.text(node, key, func(text string) error {
			number, err := strconv.ParseFloat(text, 64)
			target.SetFloat(number)
			return wanted("a number", text, err)
		})
	default:
		panic("project: no YAML is read into a " + target.Type().String()) //nolint:forbidigo // a defect of the program
	}
}

// slice reads a list, or a single value as a list of one.
func (d *decoder) slice(node ast.Node, target reflect.Value, key string) {
	values := []ast.Node{node}
	if list, ok := node.(*ast.SequenceNode); ok {
		values = list.Values
	}
	out := reflect.MakeSlice(target.Type(), 0, len(values))
	for _, value := range values {
		if isNull(value) && !takesNull(target.Type().Elem()) {
			d.fail(value, "%s has an entry without a value", key)
			continue
		}
		out = reflect.Append(out, reflect.Zero(target.Type().Elem()))
		d.value(value, out.Index(out.Len()-1), key)
	}
	target.Set(out)
}

// text hands a scalar's text to read; what read returns is told at the node.
func (d *decoder) text(node ast.Node, key string, read func(text string) error) {
	text, ok := scalarText(node)
	if !ok {
		d.fail(node, "%s should be a single value, not %s", key, kindOf(node))
		return
	}
	err := read(text)
	if err == nil || d.raw && strings.Contains(text, "${") {
		return
	}
	if written := node.GetToken().Value; written != text && strings.Contains(written, "${") {
		if again := read(written); again != nil {
			err = again // says what was written, not what the environment holds
		}
	}
	d.fail(node, "%s: %w", key, err)
}

// boolean reads true and false. In quotes they are text, unless they came from
// the environment.
func (d *decoder) boolean(node ast.Node, target reflect.Value, text string) error {
	_, isBool := node.(*ast.BoolNode)
	yes := strings.EqualFold(text, "true")
	if !isBool && (!strings.Contains(node.GetToken().Value, "${") || !yes && !strings.EqualFold(text, "false")) {
		return wanted("true or false", text, strconv.ErrSyntax)
	}
	target.SetBool(yes)
	return nil
}

func wanted(what, text string, err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Invalid, "want %s, not %q", what, text)
}

// scalarText returns a scalar as it is written, without quotes and with its
// variables replaced, and false for anything but a scalar.
func scalarText(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}
