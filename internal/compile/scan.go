package compile

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/larder-data/larder/internal/library"
)

// tokenKind is what a piece of SQL text is, as far as finding names in it
// needs to know. What the text means is DuckDB's business.
type tokenKind uint8

const (
	wordToken      tokenKind = iota // keyword or plain identifier
	quotedToken                     // "identifier"
	textToken                       // 'string', E'string', $tag$string$tag$
	numberToken                     // 1, 1.5e3
	parameterToken                  // $name, $1, ?
	symbolToken                     // any other single character
)

type token struct {
	kind tokenKind
	text string // as written
	at   int    // byte offset
}

// end is the byte offset behind the token.
func (t token) end() int { return t.at + len(t.text) }

// is reports whether the token is the symbol.
func (t token) is(symbol string) bool { return t.kind == symbolToken && t.text == symbol }

// identifier returns the name a token stands for, and false when it is none.
func (t token) identifier() (string, bool) {
	switch t.kind {
	case wordToken:
		return t.text, true
	case quotedToken:
		return strings.ReplaceAll(strings.Trim(t.text, `"`), `""`, `"`), true
	default:
		return "", false
	}
}

// scanAs is scan of the SQL of an engine: only DuckDB knows a parameter ?, for
// others it is an operator.
func scanAs(engine, sql string) []token {
	tokens := scan(sql)
	if engine == library.DuckDB {
		return tokens
	}
	for i, t := range tokens {
		if t.kind == parameterToken && t.text[0] == '?' {
			tokens[i].kind = symbolToken
		}
	}
	return tokens
}

// scan cuts SQL into tokens, leaving out white space and comments. Text that
// never ends runs to the end; DuckDB will complain about it.
func scan(sql string) []token { return scanInto(make([]token, 0, len(sql)/5), sql) }

// scanInto is scan that appends to tokens.
func scanInto(tokens []token, sql string) []token {
	for at := 0; at < len(sql); {
		kind, size := next(sql[at:])
		if size < 0 { // white space or a comment
			at -= size
			continue
		}
		tokens = append(tokens, token{kind, sql[at : at+size], at})
		at += size
	}
	return tokens
}

// next returns the kind and length of the token s begins with; a negative
// length is to be skipped.
func next(s string) (tokenKind, int) {
	c := s[0]
	switch {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
		return 0, -1
	case strings.HasPrefix(s, "--"):
		return 0, -lengthUntil(s, "\n")
	case strings.HasPrefix(s, "/*"):
		return 0, -commentLength(s)
	case c == '\'':
		return textToken, quoteLength(s, '\'', false)
	case c == '"':
		return quotedToken, quoteLength(s, '"', false)
	case (c == 'e' || c == 'E') && strings.HasPrefix(s[1:], "'"):
		return textToken, 1 + quoteLength(s[1:], '\'', true)
	case c == '$':
		return dollar(s)
	case c == '?':
		return parameterToken, 1 + wordLength(s[1:])
	case c >= '0' && c <= '9':
		return numberToken, numberLength(s)
	}
	if n := wordLength(s); n > 0 {
		for n < len(s) && s[n] == '$' { // a$b is one name
			n += 1 + wordLength(s[n+1:])
		}
		return wordToken, n
	}
	r, size := utf8.DecodeRuneInString(s)
	if unicode.IsSpace(r) {
		return 0, -size
	}
	return symbolToken, size
}

func lengthUntil(s, end string) int {
	if i := strings.Index(s, end); i >= 0 {
		return i + len(end)
	}
	return len(s)
}

// commentLength measures a block comment; they nest.
func commentLength(s string) int {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// quoteLength measures text between quotes; a doubled quote does not end it.
func quoteLength(s string, quote byte, backslash bool) int {
	for i := 1; i < len(s); i++ {
		switch {
		case backslash && s[i] == '\\':
			i++
		case s[i] == quote && i+1 < len(s) && s[i+1] == quote:
			i++
		case s[i] == quote:
			return i + 1
		}
	}
	return len(s)
}

// dollar tells $name from $tag$text$tag$.
func dollar(s string) (tokenKind, int) {
	n := 1 + wordLength(s[1:])
	if n < len(s) && s[n] == '$' && (n == 1 || s[1] < '0' || s[1] > '9') {
		return textToken, n + 1 + lengthUntil(s[n+1:], s[:n+1])
	}
	if n == 1 {
		return symbolToken, 1
	}
	return parameterToken, n
}

// wordLength measures the letters, digits and underscores s begins with.
func wordLength(s string) int {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (r < '0' || r > '9') && (r < utf8.RuneSelf || unicode.IsSpace(r)) {
			return i
		}
	}
	return len(s)
}

func numberLength(s string) int {
	i := 0
	for i < len(s) && (s[i] == '.' || wordLength(s[i:i+1]) == 1) {
		i++
	}
	return i
}
