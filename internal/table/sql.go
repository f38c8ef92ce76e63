package table

import "strings"

// Quote returns an identifier in double quotes, as standard SQL wants it.
func Quote(identifier string) string {
	return `"` + strings.ReplaceAll(identifier, `"`, `""`) + `"`
}

// Literal returns a text as a SQL literal.
func Literal(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// QuoteAll returns identifiers in double quotes, each with a prefix such as "a."
// before it, separated by commas.
func QuoteAll(prefix string, identifiers []string) string {
	out := make([]string, len(identifiers))
	for i, name := range identifiers {
		out[i] = prefix + Quote(name)
	}
	return strings.Join(out, ", ")
}

// Literals returns texts as SQL literals separated by commas.
func Literals(texts []string) string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = Literal(text)
	}
	return strings.Join(out, ", ")
}
