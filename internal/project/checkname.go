package project

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// longestName is how long a name made from a rule may get before its end is
// replaced by a hash.
const longestName = 60

// autoName returns the name of a check that was given none. It is made from
// what the rule is about and not from its limit, so that a changed limit keeps
// the check's history.
func autoName(rule Rule) string {
	var words []string
	switch rule.Kind {
	case RowRule:
		words = []string{"rows", slug(rule.Expr)}
	case RowCount:
		words = append([]string{"row_count"}, scopeWords(rule)...)
	case Metric:
		words = append([]string{slug(rule.Expr)}, scopeWords(rule)...)
	case Deviation:
		subject := slug(rule.Expr)
		if rule.Expr == "count(*)" {
			subject = "row_count"
		}
		words = append(append([]string{subject}, scopeWords(rule)...), "deviation")
	case Reconcile:
		words = append(append([]string{slug(rule.Expr)}, scopeWords(rule)...), "equals", slug(rule.Other))
	case Query:
		words = []string{"query", slug(rule.SQL)}
	default:
		words = append([]string{string(rule.Kind)}, slugs(rule.Columns)...)
	}
	return shortName(strings.Join(words, "_"))
}

func scopeWords(rule Rule) []string {
	var words []string
	if len(rule.By) > 0 {
		words = append(append(words, "by"), slugs(rule.By)...)
	}
	if rule.Over != "" {
		words = append(words, "over", slug(rule.Over))
	}
	return words
}

func slugs(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = slug(text)
	}
	return out
}

var signWords = map[string]string{
	">": "gt", ">=": "ge", "<": "lt", "<=": "le", "=": "eq", "==": "eq", "<>": "ne", "!=": "ne",
	"+": "plus", "-": "minus", "*": "times", "/": "by", "//": "div", "%": "mod",
}

// slug turns SQL into a word: names and numbers in small letters, operators as
// words, the rest left out.
func slug(sql string) string {
	var words []string
	for at := 0; ; {
		piece := lex(sql, at)
		text := sql[piece.start:piece.end]
		switch piece.kind {
		case lexEnd:
			return strings.Join(words, "_")
		case lexWord, lexNumber, lexText, lexName, lexUnterminated:
			if word := plainWord(text); word != "" {
				words = append(words, word)
			}
		case lexSymbol:
			star := text == "*" && strings.HasSuffix(strings.TrimRight(sql[:at], " "), "(")
			if word, ok := signWords[text]; ok && !star {
				words = append(words, word)
			}
		}
		at = piece.end
	}
}

// plainWord keeps letters, digits and underscores.
func plainWord(text string) string {
	parts := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r < 0x80
	})
	return strings.Join(parts, "_")
}

func shortName(name string) string {
	if len(name) <= longestName {
		return name
	}
	hash := fnv.New32a()
	hash.Write([]byte(name))
	head := strings.ToValidUTF8(name[:longestName-9], "")
	return fmt.Sprintf("%s_%08x", strings.TrimRight(head, "_"), hash.Sum32())
}
