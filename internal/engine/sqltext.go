package engine

import (
	"strings"
	"unicode/utf8"
)

// WithoutEnd returns a single statement without the semicolons and comments
// behind it, so that it can stand in parentheses.
func WithoutEnd(sql string) string {
	end := 0
	scan(sql, func(from, to int) bool {
		if sql[from:to] != ";" {
			end = to
		}
		return true
	})
	return sql[:end]
}

// FirstWord returns the first word of a statement in upper case.
func FirstWord(sql string) string {
	word := ""
	scan(sql, func(from, to int) bool {
		piece := sql[from:to]
		if len(piece) == 1 && !isWord(piece[0]) {
			return word == ""
		}
		if word += piece; to < len(sql) && isWord(sql[to]) && spaceAt(sql, to) == 0 {
			return true
		}
		return false
	})
	return strings.ToUpper(word)
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// scan calls visit with every piece of a statement that is neither white space
// nor comment: a quoted text as one piece, anything else byte by byte. It stops
// when visit says so.
func scan(sql string, visit func(from, to int) bool) {
	for i := 0; i < len(sql); {
		to := i + 1
		if width := spaceAt(sql, i); width > 0 {
			i += width
			continue
		}
		switch {
		case strings.HasPrefix(sql[i:], "--"):
			i = until(sql, i, "\n")
			continue
		case strings.HasPrefix(sql[i:], "/*"):
			i = afterComment(sql, i)
			continue
		case sql[i] == '\'':
			to = afterText(sql, i, i > 0 && (sql[i-1] == 'e' || sql[i-1] == 'E') && (i < 2 || !isWord(sql[i-2])))
		case sql[i] == '"':
			to = afterText(sql, i, false)
		case sql[i] == '$':
			to = afterDollars(sql, i)
		}
		if !visit(i, to) {
			return
		}
		i = to
	}
}

// spaceAt returns how many bytes the white space at an index takes, 0 when there
// is none. DuckDB takes these characters for it beside the plain ones.
func spaceAt(sql string, i int) int {
	if strings.IndexByte(" \t\r\n\f\v", sql[i]) >= 0 {
		return 1
	}
	r, width := utf8.DecodeRuneInString(sql[i:])
	switch {
	case r == 0xA0, r >= 0x2000 && r <= 0x200D, r == 0x202F, r == 0x205F, r == 0x2060, r == 0x3000, r == 0xFEFF:
		return width
	}
	return 0
}

// until returns the index behind the next end in sql, or its length.
func until(sql string, from int, end string) int {
	if at := strings.Index(sql[from:], end); at >= 0 {
		return from + at + len(end)
	}
	return len(sql)
}

// afterComment skips a block comment; they nest.
func afterComment(sql string, from int) int {
	depth := 0
	for i := from; i < len(sql); i++ {
		switch {
		case strings.HasPrefix(sql[i:], "/*"):
			depth++
			i++
		case strings.HasPrefix(sql[i:], "*/"):
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(sql)
}

// afterText skips a quoted text or name; a doubled quote stands for one, and
// with escapes a backslash for the character behind it.
func afterText(sql string, from int, escapes bool) int {
	quote := sql[from]
	for i := from + 1; i < len(sql); i++ {
		switch {
		case escapes && sql[i] == '\\':
			i++
		case sql[i] == quote && i+1 < len(sql) && sql[i+1] == quote:
			i++
		case sql[i] == quote:
			return i + 1
		}
	}
	return len(sql)
}

// afterDollars skips a text between $tag$ and $tag$, or a lone dollar.
func afterDollars(sql string, from int) int {
	to := from + 1
	for to < len(sql) && isWord(sql[to]) {
		to++
	}
	if to == len(sql) || sql[to] != '$' || from > 0 && isWord(sql[from-1]) {
		return from + 1
	}
	tag := sql[from : to+1]
	return until(sql, to+1, tag)
}
