package project

import (
	"strings"
	"unicode/utf8"
)

// lexemeKind is what a piece of SQL is, as far as finding one's way needs it.
type lexemeKind uint8

const (
	lexEnd          lexemeKind = iota
	lexSpace                   // blanks and line ends
	lexComment                 // -- or /* */
	lexText                    // 'text', E'text' or $tag$text$tag$
	lexName                    // "name"
	lexWord                    // a keyword or bare name
	lexNumber                  // 12, 1.5, 1e3
	lexSymbol                  // anything else; comparisons of two characters are one
	lexUnterminated            // a text, name or comment that does not end
)

// lexeme is a piece of SQL at [start, end).
type lexeme struct {
	kind       lexemeKind
	start, end int
}

// lex returns the piece of SQL that begins at an offset. It knows where texts,
// names and comments end, and nothing of the grammar.
func lex(sql string, at int) lexeme {
	if at >= len(sql) {
		return lexeme{lexEnd, at, at}
	}
	rest := sql[at:]
	piece := func(kind lexemeKind, length int) lexeme {
		if length < 0 {
			return lexeme{lexUnterminated, at, len(sql)}
		}
		return lexeme{kind, at, at + length}
	}
	switch c := rest[0]; {
	case isSpace(c):
		return piece(lexSpace, spanWhile(rest, isSpace))
	case strings.HasPrefix(rest, "--"):
		if end := strings.IndexByte(rest, '\n'); end >= 0 {
			return piece(lexComment, end)
		}
		return piece(lexComment, len(rest))
	case strings.HasPrefix(rest, "/*"):
		return piece(lexComment, blockComment(rest))
	case c == '\'':
		return piece(lexText, quotedEnd(rest, '\'', false))
	case (c == 'e' || c == 'E') && strings.HasPrefix(rest[1:], "'"):
		return piece(lexText, quotedEnd(rest[1:], '\'', true)+1)
	case c == '"':
		return piece(lexName, quotedEnd(rest, '"', false))
	case c == '$' && dollarTag(rest) != "":
		tag := dollarTag(rest)
		if end := strings.Index(rest[len(tag):], tag); end >= 0 {
			return piece(lexText, end+2*len(tag))
		}
		return piece(lexText, -1)
	case isLetter(c) || c == '_' || c >= utf8.RuneSelf || c == '$':
		return piece(lexWord, 1+spanWhile(rest[1:], isWordByte))
	case isDigit(c) || c == '.' && len(rest) > 1 && isDigit(rest[1]):
		return piece(lexNumber, numberEnd(rest))
	}
	for _, two := range [...]string{"<=", ">=", "<>", "!=", "==", "||", "::", "//", "**", "->"} {
		if strings.HasPrefix(rest, two) {
			return piece(lexSymbol, 2)
		}
	}
	return piece(lexSymbol, 1)
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func isWordByte(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '_' || c == '$' || c >= utf8.RuneSelf
}

func spanWhile(text string, is func(byte) bool) int {
	n := 0
	for n < len(text) && is(text[n]) {
		n++
	}
	return n
}

// blockComment returns the length of a comment, which may hold others, or -1.
func blockComment(text string) int {
	depth := 0
	for i := 0; i+1 < len(text); i++ {
		switch text[i : i+2] {
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
	return -1
}

// quotedEnd returns the length of a quoted piece, or -1. A doubled quote does
// not end it, nor, with escapes, one behind a backslash.
func quotedEnd(text string, quote byte, escapes bool) int {
	for i := 1; i < len(text); i++ {
		switch {
		case escapes && text[i] == '\\':
			i++
		case text[i] == quote && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return -2
}

// dollarTag returns the $tag$ a text begins with, or "".
func dollarTag(text string) string {
	n := 1
	for n < len(text) && isWordByte(text[n]) && text[n] != '$' {
		n++
	}
	if n < len(text) && text[n] == '$' && (n == 1 || !isDigit(text[1])) {
		return text[:n+1]
	}
	return ""
}

func numberEnd(text string) int {
	n := spanWhile(text, func(c byte) bool { return isDigit(c) || c == '_' })
	if n < len(text) && text[n] == '.' {
		n += 1 + spanWhile(text[n+1:], isDigit)
	}
	if n < len(text) && text[n]|0x20 == 'e' {
		exponent := text[n+1:]
		sign := 0
		if exponent != "" && (exponent[0] == '+' || exponent[0] == '-') {
			sign = 1
		}
		if digits := spanWhile(exponent[sign:], isDigit); digits > 0 {
			n += 1 + sign + digits
		}
	}
	return n
}
