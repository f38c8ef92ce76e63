package project

import (
	"reflect"

	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/fault"
)

// Placed is a setting with the place it stands at. Where is zero when the
// setting is not given.
type Placed[T any] struct {
	Value T
	Where fault.Place
	Node  ast.Node
	File  *File
}

// Given reports whether the setting stands in a file.
func (p Placed[T]) Given() bool { return !p.Where.IsZero() }

// Fault returns a fault at the setting's place.
func (p Placed[T]) Fault(format string, args ...any) *fault.Error {
	return fault.At(p.Where, fault.Invalid, format, args...)
}

func (p *Placed[T]) read(d *decoder, node ast.Node, key string) {
	p.Where, p.Node, p.File = d.file.At(node), node, d.file
	d.value(node, reflect.ValueOf(&p.Value).Elem(), key)
}

// Map is a mapping with keys of the user's choice, in the order they are written.
// Reading a second mapping over it replaces or extends the entries of equal keys.
type Map[T any] struct {
	Entries []Entry[T]
}

// Entry is one key of a Map with its value.
type Entry[T any] struct {
	Key   string
	Value T
	Where fault.Place // of the key
}

// Find returns the value of a key and false when there is none.
func (m *Map[T]) Find(key string) (*T, bool) {
	for i := range m.Entries {
		if m.Entries[i].Key == key {
			return &m.Entries[i].Value, true
		}
	}
	return nil, false
}

// Keys returns the keys in order.
func (m *Map[T]) Keys() []string {
	keys := make([]string, len(m.Entries))
	for i, entry := range m.Entries {
		keys[i] = entry.Key
	}
	return keys
}

func (m *Map[T]) read(d *decoder, node ast.Node, _ string) {
	pairs, ok := d.pairs(node)
	if !ok {
		return
	}
	for _, pair := range pairs {
		key := keyText(pair.Key)
		value, known := m.Find(key)
		if !known {
			m.Entries = append(m.Entries, Entry[T]{Key: key, Where: d.file.At(pair.Key)})
			value = &m.Entries[len(m.Entries)-1].Value
		}
		target := reflect.ValueOf(value).Elem()
		if isNull(pair.Value) && !takesNull(target.Type()) {
			d.fail(pair.Key, "%s has no value", key)
			continue
		}
		d.value(pair.Value, target, key)
	}
}
