package check

import (
	"fmt"
	"strings"

	"github.com/larder-data/larder/internal/fault"
)

// A word is a piece of a user's SQL, cut finely enough to see that it cannot
// escape from the parentheses it is put in, and which tables it names.
type word struct {
	kind wordKind
	text string // as written; a comment is one space
}

type wordKind uint8

const (
	space  wordKind = iota
	name            // a bare word: keyword, function or identifier
	quoted          // an identifier in double quotes
	text            // a string
	sign            // anything else, one character
)

// identifier returns the name a word stands for, and false when it is none.
func (w word) identifier() (string, bool) {
	switch w.kind {
	case name:
		return w.text, true
	case quoted:
		return strings.ReplaceAll(w.text[1:len(w.text)-1], `""`, `"`), true
	default:
		return "", false
	}
}

// cut divides SQL into words. It refuses what could change the statement the
// SQL is embedded in: a semicolon, an unclosed quote or comment, unbalanced
// brackets.
func cut(sql string) ([]word, error) {
	var words []word
	var open []byte
	for i := 0; i < len(sql); {
		w, err := next(sql, i, words)
		if err != nil {
			return nil, err
		}
		length := len(w.text)
		if w.kind == space {
			length, w.text = max(1, length), " "
		}
		if w.kind == sign {
			if open, err = balance(open, w.text[0]); err != nil {
				return nil, err
			}
		}
		words = append(words, w)
		i += length
	}
	if len(open) > 0 {
		return nil, fault.New(fault.Invalid, "%q is opened and never closed", open[len(open)-1:])
	}
	return words, nil
}

func balance(open []byte, c byte) ([]byte, error) {
	switch c {
	case ';':
		return nil, fault.New(fault.Invalid, "a semicolon ends a statement, but a rule is one expression")
	case '(', '[', '{':
		return append(open, c), nil
	case ')', ']', '}':
		pair := map[byte]byte{')': '(', ']': '[', '}': '{'}[c]
		if len(open) == 0 || open[len(open)-1] != pair {
			return nil, fault.New(fault.Invalid, "%q closes nothing", c)
		}
		return open[:len(open)-1], nil
	}
	return open, nil
}

// next returns the word that begins at i.
func next(sql string, i int, before []word) (word, error) {
	rest := sql[i:]
	c := rest[0]
	switch {
	case strings.ContainsRune(" \t\r\n\f\v", rune(c)):
		return word{space, rest[:1]}, nil
	case strings.HasPrefix(rest, "--"):
		end := strings.IndexAny(rest, "\r\n")
		if end < 0 {
			end = len(rest)
		}
		return word{space, rest[:end]}, nil
	case strings.HasPrefix(rest, "/*"):
		return comment(rest)
	case c == '\'':
		return quote(rest, '\'', text, escapes(before))
	case c == '"':
		return quote(rest, '"', quoted, false)
	case c == '$':
		return dollar(rest)
	case letter(c):
		end := 1
		for end < len(rest) && (letter(rest[end]) || digit(rest[end]) || rest[end] == '$') {
			end++
		}
		return word{name, rest[:end]}, nil
	default:
		return word{sign, rest[:1]}, nil
	}
}

func letter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// escapes reports whether the string that follows is one of E'...', in which
// a backslash hides the next character.
func escapes(before []word) bool {
	return len(before) > 0 && before[len(before)-1].kind == name && strings.EqualFold(before[len(before)-1].text, "e")
}

func quote(rest string, mark byte, kind wordKind, backslash bool) (word, error) {
	for i := 1; i < len(rest); i++ {
		switch {
		case backslash && rest[i] == '\\':
			i++
		case rest[i] == mark && i+1 < len(rest) && rest[i+1] == mark:
			i++
		case rest[i] == mark:
			return word{kind, rest[:i+1]}, nil
		}
	}
	return word{}, fault.New(fault.Invalid, "the quote %c is opened and never closed", mark)
}

// comment reads /* ... */, which may be nested.
func comment(rest string) (word, error) {
	depth := 0
	for i := 0; i+1 < len(rest); i++ {
		switch rest[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return word{space, rest[:i+1]}, nil
			}
		}
	}
	return word{}, fault.New(fault.Invalid, "a comment is opened and never closed")
}

// dollar reads $tag$ ... $tag$; any other dollar is a sign.
func dollar(rest string) (word, error) {
	end := 1
	for end < len(rest) && (letter(rest[end]) || end > 1 && digit(rest[end])) {
		end++
	}
	if end == len(rest) || rest[end] != '$' {
		return word{sign, "$"}, nil
	}
	tag := rest[:end+1]
	closing := strings.Index(rest[end+1:], tag)
	if closing < 0 {
		return word{}, fault.New(fault.Invalid, "the quote %s is opened and never closed", tag)
	}
	return word{text, rest[:end+1+closing+len(tag)]}, nil
}

// tidy writes words with single spaces, so that formatting and comments make
// no difference.
func tidy(words []word) string {
	var out strings.Builder
	inSpace := true
	for _, w := range words {
		if w.kind == space {
			if !inSpace {
				out.WriteByte(' ')
			}
			inSpace = true
			continue
		}
		out.WriteString(w.text)
		inSpace = false
	}
	return strings.TrimSpace(out.String())
}

// expression cuts an expression that may not be empty; what names it in the error.
func expression(what, sql string) ([]word, error) {
	words, err := cut(sql)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if tidy(words) == "" {
		return nil, fault.New(fault.Invalid, "%s is empty", what)
	}
	return words, nil
}
