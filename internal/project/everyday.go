package project

import (
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// everyday reads the part of YAML people write every day: block mappings and
// lists, one-line scalars, one-line flow lists and mappings, literal blocks.
// Whatever else it meets it leaves to the complete parser, which is some
// thirty times slower; what it accepts, the complete parser reads as the same
// tree with the same positions.
type everyday struct {
	text  string
	next  int  // offset of the line after the current one
	line  line // the current line
	done  bool // no line is left
	spare []leaf
}

// leaf is what one scalar or key needs. Leaves are allocated many at a time:
// there are tens of thousands in a large project.
type leaf struct {
	token    token.Token
	position token.Position
	node     ast.StringNode
	base     ast.BaseNode
}

// line is a line that holds something besides a comment.
type line struct {
	number int
	start  int    // offset of the line
	indent int    // offset of the content, from start
	text   string // the content, without trailing blanks
}

// readEveryday returns the tree of a YAML text, nil for an empty one, and
// false when the text holds anything beyond the everyday.
func readEveryday(text string) (ast.Node, bool) {
	if !plainCharacters(text) {
		return nil, false
	}
	e := &everyday{text: text}
	e.advance()
	if e.done {
		return nil, true
	}
	node, ok := e.block()
	return node, ok && e.done
}

// plainCharacters refuses what moves positions or needs escapes.
func plainCharacters(text string) bool {
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\n' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch r {
		case utf8.RuneError, 0x85, 0xa0, 0x2028, 0x2029, 0xfeff:
			return false
		}
		i += size
	}
	return true
}

// advance moves to the next line that holds something.
func (e *everyday) advance() {
	for e.next < len(e.text) {
		raw := e.raw()
		content := strings.TrimLeft(raw, " ")
		e.line.indent = len(raw) - len(content)
		e.line.text = strings.TrimRight(content, " ")
		if e.line.text != "" && e.line.text[0] != '#' {
			return
		}
	}
	e.done = true
	e.line = line{number: e.line.number, indent: -1}
}

// raw moves to the next line whatever it holds and returns it.
func (e *everyday) raw() string {
	e.line.start = e.next
	e.line.number++
	end := strings.IndexByte(e.text[e.next:], '\n')
	if end < 0 {
		e.next = len(e.text)
		return e.text[e.line.start:]
	}
	e.next += end + 1
	return e.text[e.line.start : e.next-1]
}

// at returns a token for what stands at an offset of the current line.
func (e *everyday) at(kind token.Type, value string, offset int) *token.Token {
	return &e.leaf(kind, value, offset).token
}

// string returns a text node for what stands at an offset of the current line.
func (e *everyday) string(kind token.Type, value string, offset int) *ast.StringNode {
	leaf := e.leaf(kind, value, offset)
	leaf.node = ast.StringNode{BaseNode: &leaf.base, Token: &leaf.token, Value: value}
	return &leaf.node
}

func (e *everyday) leaf(kind token.Type, value string, offset int) *leaf {
	if len(e.spare) == 0 {
		e.spare = make([]leaf, 16)
	}
	leaf := &e.spare[0]
	e.spare = e.spare[1:]
	column := 1 + utf8.RuneCountInString(e.text[e.line.start:e.line.start+offset])
	leaf.position = token.Position{Line: e.line.number, Column: column, Offset: e.line.start + offset + 1}
	leaf.token = token.Token{Type: kind, Value: value, Origin: value, Position: &leaf.position}
	return leaf
}

// block reads the mapping or list the current line begins.
func (e *everyday) block() (ast.Node, bool) {
	if isEntry(e.line.text) {
		return e.list(e.line.indent)
	}
	return e.mapping(e.line.indent)
}

func isEntry(text string) bool {
	return text == "-" || strings.HasPrefix(text, "- ")
}

// list reads entries that begin with a dash at the indent.
func (e *everyday) list(indent int) (ast.Node, bool) {
	node := &ast.SequenceNode{BaseNode: &ast.BaseNode{}, Start: e.at(token.SequenceEntryType, "-", indent)}
	for !e.done && e.line.indent == indent && isEntry(e.line.text) {
		rest := strings.TrimLeft(e.line.text[1:], " ")
		if rest == "" || rest[0] == '#' || isEntry(rest) {
			return nil, false
		}
		e.line.indent += len(e.line.text) - len(rest)
		e.line.text = rest
		var entry ast.Node
		var ok bool
		if _, _, isKey := cutKey(rest); isKey {
			entry, ok = e.mapping(e.line.indent)
		} else {
			entry, ok = e.value(rest, e.line.indent, indent)
		}
		if !ok {
			return nil, false
		}
		node.Values = append(node.Values, entry)
	}
	return node, e.line.indent < indent || e.line.indent == indent && !isEntry(e.line.text)
}

// mapping reads keys that begin at the indent.
func (e *everyday) mapping(indent int) (ast.Node, bool) {
	node := &ast.MappingNode{BaseNode: &ast.BaseNode{}}
	for !e.done && e.line.indent == indent && !isEntry(e.line.text) {
		key, rest, ok := cutKey(e.line.text)
		if !ok || indent == 0 && strings.HasPrefix(key, "...") {
			return nil, false
		}
		pair := pairNode(e.string(token.StringType, key, indent))
		if pair.Value, ok = e.after(rest, indent, pair.Start); !ok {
			return nil, false
		}
		node.Values = append(node.Values, pair)
	}
	if len(node.Values) == 0 || e.line.indent > indent {
		return nil, false
	}
	node.Start = node.Values[0].Start
	return node, true
}

// after reads what follows a key: a value on its line, or the block below.
func (e *everyday) after(rest string, indent int, key *token.Token) (ast.Node, bool) {
	if rest != "" && rest[0] != '#' {
		return e.value(rest, e.line.indent+len(e.line.text)-len(rest), indent)
	}
	e.advance()
	switch {
	case !e.done && e.line.indent > indent:
		return e.block()
	case !e.done && e.line.indent == indent && isEntry(e.line.text):
		return e.list(indent)
	default:
		null := *key
		null.Type, null.Value = token.ImplicitNullType, "null"
		return &ast.NullNode{BaseNode: &ast.BaseNode{}, Token: &null}, true
	}
}

// value reads the rest of the line, which begins at the offset, as a scalar or
// a flow collection and moves on. A deeper line below would continue it, which
// is not everyday.
func (e *everyday) value(rest string, offset, indent int) (ast.Node, bool) {
	switch rest {
	case "|", "|-", ">", ">-":
		return e.literal(rest, offset, indent)
	}
	node, left, ok := e.flowOrScalar(rest, offset)
	if !ok || left != "" && !strings.HasPrefix(left, " #") {
		return nil, false
	}
	e.advance()
	return node, e.line.indent <= indent
}

// literal reads a block of lines that stand as they are, or that one blank
// joins. Joined blocks of several paragraphs or depths are not everyday.
func (e *everyday) literal(mark string, offset, indent int) (ast.Node, bool) {
	kind, folded := token.LiteralType, mark[0] == '>'
	if folded {
		kind = token.FoldedType
	}
	node := &ast.LiteralNode{BaseNode: &ast.BaseNode{}, Start: e.at(kind, mark, offset)}
	var text strings.Builder
	blanks, inner := 0, -1
	for {
		before := *e
		if e.next >= len(e.text) {
			break
		}
		raw := e.raw()
		content := strings.TrimLeft(raw, " ")
		deep := len(raw) - len(content)
		if content == "" {
			if deep > 0 {
				return nil, false
			}
			blanks++
			continue
		}
		if deep <= indent {
			*e = before
			break
		}
		if inner < 0 {
			inner = deep
		}
		ended := e.text[e.next-1] == '\n'
		if blanks > 0 && text.Len() == 0 || deep < inner || content[0] == '#' || !ended {
			return nil, false
		}
		switch {
		case folded && (blanks > 0 || deep > inner || strings.HasSuffix(raw, " ")):
			return nil, false
		case folded && text.Len() > 0:
			text.WriteByte(' ')
		case text.Len() > 0:
			text.WriteString(strings.Repeat("\n", blanks+1))
		}
		text.WriteString(raw[inner:])
		blanks = 0
	}
	if inner < 0 {
		return nil, false
	}
	value := text.String()
	if len(mark) == 1 {
		value += "\n"
	}
	node.Value = ast.String(&token.Token{Type: token.StringType, Value: value, Origin: value, Position: node.Start.Position})
	e.advance()
	return node, true
}
