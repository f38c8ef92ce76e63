package compile

import (
	"strings"

	"github.com/larder-data/larder/internal/table"
)

// folded finds names that PostgreSQL does not find: without quotes it makes small
// letters of them, in quotes it tells capitals apart, and what they name is
// written otherwise.
func (l *lint) folded() {
	for _, r := range references(l.st.tokens) {
		up, ok := l.upstreams[r.key()]
		if !ok {
			continue
		}
		schema, name, _ := strings.Cut(up.dataset, ".")
		at := l.tokenAt(r.at)
		l.foldedName(at, schema)
		l.foldedName(at+2, name)
	}
	for i := range l.st.tokens {
		if name, ok := l.columnWith(i); ok {
			l.foldedName(i, name)
		}
	}
}

// foldedName tells when the token at i does not name what it means.
func (l *lint) foldedName(i int, exact string) {
	t := neighbour(l.st.tokens, i)
	means, ok := t.identifier()
	if t.kind == wordToken {
		means = strings.ToLower(means)
	}
	if ok && means != exact {
		l.written(t.at, "PostgreSQL looks for "+means+" here, and it is called "+exact, "write "+table.Quote(exact)+", or name it in small letters")
	}
}

// columnWith returns the column with capitals that a token can only mean: no
// other column and nothing in the text has the name in small letters.
func (l *lint) columnWith(i int) (string, bool) {
	t := l.st.tokens[i]
	small := strings.ToLower(t.text)
	if t.kind != wordToken || neighbour(l.st.tokens, i+1).is("(") || neighbour(l.st.tokens, i+1).is(".") {
		return "", false
	}
	if _, given := l.named[small]; given {
		return "", false
	}
	exact := ""
	for _, key := range sortedKeys(l.upstreams) {
		if c, ok := table.Find(l.upstreams[key].columns, small); ok {
			if c.Name == small {
				return "", false
			}
			exact = c.Name
		}
	}
	return exact, exact != ""
}

func (l *lint) tokenAt(at int) int {
	for i, t := range l.st.tokens {
		if t.at == at {
			return i
		}
	}
	return -1
}
