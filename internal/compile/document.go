package compile

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// document is a parsed JSON text: all nodes in one slice that is used again
// for the next text. Plans are large and read once, so nothing is copied out
// of the text before somebody asks for it.
type document struct {
	text  string
	nodes []node
}

type nodeKind uint8

const (
	nullNode nodeKind = iota
	boolNode
	numberNode
	stringNode
	arrayNode
	objectNode
)

// node is one JSON value. Children are chained by next; 0 ends the chain.
type node struct {
	key         string // of an object's member
	at, end     int32  // the value's bytes in text, quotes included
	first, next int32
	kind        nodeKind
}

// value is a handle on a node. The zero value stands for what is not there.
type value struct {
	d  *document
	id int32
}

var errJSON = errors.New("the engine returned JSON that cannot be read")

// parse reads a JSON text into d and returns its root.
func (d *document) parse(text string) (value, error) {
	d.text = text
	d.nodes = append(d.nodes[:0], node{}) // number 0 is nobody
	p := parser{d: d}
	id, err := p.value("")
	if err != nil {
		return value{}, err
	}
	if p.space(); p.at != len(text) {
		return value{}, errJSON
	}
	return value{d, id}, nil
}

type parser struct {
	d  *document
	at int
}

func (p *parser) space() {
	for p.at < len(p.d.text) {
		switch p.d.text[p.at] {
		case ' ', '\n', '\t', '\r':
			p.at++
		default:
			return
		}
	}
}

func (p *parser) value(key string) (int32, error) {
	p.space()
	if p.at >= len(p.d.text) {
		return 0, errJSON
	}
	id := int32(len(p.d.nodes))
	n := node{key: key, at: int32(p.at)}
	p.d.nodes = append(p.d.nodes, n)
	var err error
	switch p.d.text[p.at] {
	case '{':
		n.kind = objectNode
		n.first, err = p.members('}')
	case '[':
		n.kind = arrayNode
		n.first, err = p.members(']')
	case '"':
		n.kind = stringNode
		_, err = p.quoted()
	default:
		n.kind, err = p.plain()
	}
	n.end = int32(p.at)
	p.d.nodes[id] = n
	return id, err
}

// members reads an object's or array's members and returns the first.
func (p *parser) members(end byte) (int32, error) {
	text := p.d.text
	p.at++
	var first, last int32
	for {
		p.space()
		if p.at >= len(text) {
			return 0, errJSON
		}
		switch {
		case text[p.at] == end:
			p.at++
			return first, nil
		case text[p.at] == ',' && last != 0:
			p.at++
			p.space()
		}
		key := ""
		if end == '}' {
			var err error
			if key, err = p.key(); err != nil {
				return 0, err
			}
		}
		id, err := p.value(key)
		if err != nil {
			return 0, err
		}
		if last == 0 {
			first = id
		} else {
			p.d.nodes[last].next = id
		}
		last = id
	}
}

func (p *parser) key() (string, error) {
	if p.at >= len(p.d.text) || p.d.text[p.at] != '"' {
		return "", errJSON
	}
	key, err := p.quoted()
	if err != nil {
		return "", err
	}
	p.space()
	if p.at >= len(p.d.text) || p.d.text[p.at] != ':' {
		return "", errJSON
	}
	p.at++
	return key[1 : len(key)-1], nil
}

// quoted steps over a string and returns it with its quotes.
func (p *parser) quoted() (string, error) {
	text, from := p.d.text, p.at
	for i := from + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			p.at = i + 1
			return text[from:p.at], nil
		}
	}
	return "", errJSON
}

func (p *parser) plain() (nodeKind, error) {
	from := p.at
	for p.at < len(p.d.text) && strings.IndexByte(",]} \n\t\r:", p.d.text[p.at]) < 0 {
		p.at++
	}
	switch word := p.d.text[from:p.at]; {
	case word == "null":
		return nullNode, nil
	case word == "true" || word == "false":
		return boolNode, nil
	case word != "" && (word[0] == '-' || word[0] >= '0' && word[0] <= '9'):
		return numberNode, nil
	}
	return 0, errJSON
}

func (v value) node() *node {
	if v.d == nil {
		return &node{}
	}
	return &v.d.nodes[v.id]
}

func (v value) ok() bool       { return v.id != 0 }
func (v value) kind() nodeKind { return v.node().kind }
func (v value) key() string    { return v.node().key }

// first and next walk the members of an object or array.
func (v value) first() value { return value{v.d, v.node().first} }
func (v value) next() value  { return value{v.d, v.node().next} }

// raw is the value's own JSON.
func (v value) raw() string {
	if !v.ok() {
		return ""
	}
	n := v.node()
	return v.d.text[n.at:n.end]
}

// get returns an object's member.
func (v value) get(key string) value {
	if v.kind() != objectNode {
		return value{}
	}
	for c := v.first(); c.ok(); c = c.next() {
		if c.node().key == key {
			return c
		}
	}
	return value{}
}

// text returns a string's characters, "" for anything else.
func (v value) text() string {
	if v.kind() != stringNode {
		return ""
	}
	raw := v.raw()
	inner := raw[1 : len(raw)-1]
	if strings.IndexByte(inner, '\\') < 0 && utf8.ValidString(inner) {
		return inner
	}
	var out string
	if json.Unmarshal([]byte(raw), &out) != nil {
		return inner
	}
	return out
}

// number returns a whole number, and false for anything else.
func (v value) number() (uint64, bool) {
	if v.kind() != numberNode {
		return 0, false
	}
	n, err := strconv.ParseUint(v.raw(), 10, 64)
	return n, err == nil
}

// index is number as a position; -1 when there is none or it is a marker for
// "no position", which DuckDB writes as the largest number there is.
func (v value) index() int {
	n, ok := v.number()
	if !ok || n > 1<<40 {
		return -1
	}
	return int(n)
}

// yes reports whether the value is true.
func (v value) yes() bool { return v.kind() == boolNode && v.raw() == "true" }

// len counts the members.
func (v value) len() int {
	n := 0
	for c := v.first(); c.ok(); c = c.next() {
		n++
	}
	return n
}
