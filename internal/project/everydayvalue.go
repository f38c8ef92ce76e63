package project

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// cutKey splits "key: rest" and reports false when the text does not begin
// with an everyday key.
func cutKey(text string) (key, rest string, ok bool) {
	if text == "" || !isLetter(text[0]) && text[0] != '_' {
		return "", "", false
	}
	for i := range len(text) {
		switch c := text[i]; {
		case c == ':' && i+1 == len(text):
			return text[:i], "", everydayKey(text[:i])
		case c == ':' && text[i+1] == ' ':
			return text[:i], strings.TrimLeft(text[i+1:], " "), everydayKey(text[:i])
		case c == ':', c == '#', c == '"', c == '\'', strings.IndexByte("[]{}<", c) >= 0:
			return "", "", false
		}
	}
	return "", "", false
}

func everydayKey(key string) bool {
	return !strings.HasSuffix(key, " ") && !isReserved(key) && key != ""
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isReserved reports whether YAML reads the plain word as no text.
func isReserved(word string) bool {
	switch word {
	case "null", "Null", "NULL", "~", "true", "True", "TRUE", "false", "False", "FALSE":
		return true
	}
	return false
}

// pairNode returns a pair that begins at its key.
func pairNode(key *ast.StringNode) *ast.MappingValueNode {
	both := &struct {
		node ast.MappingValueNode
		base ast.BaseNode
	}{}
	both.node = ast.MappingValueNode{BaseNode: &both.base, Start: key.Token, Key: key}
	return &both.node
}

// flowOrScalar reads one value and returns what is left of the line.
func (e *everyday) flowOrScalar(rest string, offset int) (ast.Node, string, bool) {
	switch rest[0] {
	case '[':
		return e.flowList(rest, offset)
	case '{':
		return e.flowMapping(rest, offset)
	case '"', '\'':
		return e.quoted(rest, offset)
	}
	text, left := rest, ""
	if comment := strings.Index(rest, " #"); comment >= 0 {
		text, left = strings.TrimRight(rest[:comment], " "), rest[comment:]
	}
	if strings.Contains(text, ": ") || strings.HasSuffix(text, ":") {
		return nil, "", false
	}
	node, ok := e.plain(text, offset)
	return node, left, ok
}

// quoted reads a quoted scalar without escapes.
func (e *everyday) quoted(rest string, offset int) (ast.Node, string, bool) {
	quote, kind := rest[0], token.SingleQuoteType
	if quote == '"' {
		kind = token.DoubleQuoteType
	}
	end := strings.IndexByte(rest[1:], quote) + 1
	if end == 0 {
		return nil, "", false
	}
	text, left := rest[1:end], rest[end+1:]
	if quote == '"' && strings.IndexByte(text, '\\') >= 0 || left != "" && (left[0] == quote || left[0] == ':') {
		return nil, "", false
	}
	return e.string(kind, text, offset), left, true
}

// plain reads an unquoted scalar: text, a number, true, false or null.
func (e *everyday) plain(text string, offset int) (ast.Node, bool) {
	if text == "" {
		return nil, false
	}
	c := text[0]
	switch {
	case isLetter(c) || c == '_' || c == '$' || c == '/' || c == '(' || c >= 0x80:
		if isReserved(text) {
			return e.reserved(text, offset), true
		}
	case c == '.' || c == '~':
		if len(text) == 1 || !isLetter(text[1]) && text[1] != '/' && text[1] != '.' || isSpecialFloat(text) {
			return nil, false
		}
	case isDigit(c) || c == '-' && len(text) > 1 && isDigit(text[1]):
		return e.number(text, offset)
	default:
		return nil, false
	}
	return e.string(token.StringType, text, offset), true
}

func isSpecialFloat(text string) bool {
	return strings.EqualFold(text, ".inf") || strings.EqualFold(text, ".nan")
}

func (e *everyday) reserved(text string, offset int) ast.Node {
	switch lower := strings.ToLower(text); lower {
	case "true", "false":
		return &ast.BoolNode{BaseNode: &ast.BaseNode{}, Token: e.at(token.BoolType, text, offset), Value: lower == "true"}
	default:
		return &ast.NullNode{BaseNode: &ast.BaseNode{}, Token: e.at(token.NullType, text, offset)}
	}
}

// number reads a plain scalar that begins like a number; many are text, as
// "3 days" is. The spellings people rarely use are left alone.
func (e *everyday) number(text string, offset int) (ast.Node, bool) {
	if strings.IndexByte(text, ' ') >= 0 {
		return e.string(token.StringType, text, offset), true
	}
	digits := strings.TrimPrefix(text, "-")
	whole, fraction, hasPoint := strings.Cut(digits, ".")
	simple := len(digits) <= 17 && whole != "" && (whole == "0" || whole[0] != '0') &&
		onlyDigits(whole) && onlyDigits(fraction) && (!hasPoint || fraction != "")
	switch {
	case !simple && token.ToNumber(text) != nil:
		return nil, false
	case !simple:
		return e.string(token.StringType, text, offset), true
	case hasPoint:
		value, err := strconv.ParseFloat(text, 64)
		return &ast.FloatNode{BaseNode: &ast.BaseNode{}, Token: e.at(token.FloatType, text, offset), Precision: len(fraction), Value: value}, err == nil
	default:
		value, err := strconv.ParseInt(text, 10, 64)
		return &ast.IntegerNode{BaseNode: &ast.BaseNode{}, Token: e.at(token.IntegerType, text, offset), Value: value}, err == nil
	}
}

func onlyDigits(text string) bool {
	for i := range len(text) {
		if !isDigit(text[i]) {
			return false
		}
	}
	return true
}

// flowList reads [a, "b", 3] on one line.
func (e *everyday) flowList(rest string, offset int) (ast.Node, string, bool) {
	node := &ast.SequenceNode{BaseNode: &ast.BaseNode{}, IsFlowStyle: true, Start: e.at(token.SequenceStartType, "[", offset)}
	left, ok := e.flowItems(rest, offset, ']', func(item string, at int) bool {
		value, ok := e.flowScalar(item, at)
		node.Values = append(node.Values, value)
		return ok
	})
	return node, left, ok
}

// flowMapping reads {a: 1, b: two} on one line.
func (e *everyday) flowMapping(rest string, offset int) (ast.Node, string, bool) {
	node := &ast.MappingNode{BaseNode: &ast.BaseNode{}, IsFlowStyle: true, Start: e.at(token.MappingStartType, "{", offset)}
	left, ok := e.flowItems(rest, offset, '}', func(item string, at int) bool {
		key, text, ok := cutKey(item)
		if !ok || text == "" {
			return false
		}
		pair := pairNode(e.string(token.StringType, key, at))
		pair.Value, ok = e.flowScalar(text, at+len(item)-len(text))
		node.Values = append(node.Values, pair)
		return ok
	})
	return node, left, ok
}

// flowItems calls each for every item between the brackets and returns what
// follows the closing one. Items hold no brackets, quoted ones no commas.
func (e *everyday) flowItems(rest string, offset int, closing byte, each func(item string, at int) bool) (string, bool) {
	end := strings.IndexByte(rest, closing)
	if end < 0 {
		return "", false
	}
	inside := rest[1:end]
	if strings.ContainsAny(inside, "[]{}#") {
		return "", false
	}
	if strings.Trim(inside, " ") == "" {
		return rest[end+1:], true
	}
	at := offset + 1
	for item := range strings.SplitSeq(inside, ",") {
		trimmed := strings.TrimLeft(item, " ")
		if !each(strings.TrimRight(trimmed, " "), at+len(item)-len(trimmed)) {
			return "", false
		}
		at += len(item) + 1
	}
	return rest[end+1:], true
}

func (e *everyday) flowScalar(text string, offset int) (ast.Node, bool) {
	if text == "" {
		return nil, false
	}
	if text[0] == '"' || text[0] == '\'' {
		node, left, ok := e.quoted(text, offset)
		return node, ok && left == ""
	}
	if strings.IndexByte(text, ':') >= 0 {
		return nil, false
	}
	return e.plain(text, offset)
}
