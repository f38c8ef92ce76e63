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
