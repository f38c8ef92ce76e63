package check

import (
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/engine"
)

// clauses are the keywords that tell whether a dotted name is a table: it is
// one after from and join.
var clauses = []string{
	"select", "from", "join", "on", "using", "where", "group", "having", "order", "limit",
	"qualify", "window", "union", "except", "intersect", "values",
}

// notAlias are the words that may follow a table and are no alias for it.
var notAlias = append([]string{
	"inner", "left", "right", "full", "outer", "cross", "natural", "semi", "anti", "asof", "positional",
	"lateral", "offset", "fetch", "tablesample", "pivot", "unpivot", "for", "at", "returning",
}, clauses...)

// replace puts, for every dataset named in the words, the relation this build
// sees: a rule about staged rows must not read the published ones. A column
// written schema.table.column becomes table.column.
func (s scope) replace(words []word) []word {
	var out []word
	clause := []string{""}
	for i := 0; i < len(words); i++ {
		w := words[i]
		clause = follow(clause, w)
		first, isName := w.identifier()
		dot := after(words, i)
		last := after(words, dot)
		if !isName || !is(words, dot, ".") || last >= len(words) || is(words, before(words, i), ".") {
			out = append(out, w)
			continue
		}
		second, isName := words[last].identifier()
		relation, _, known := s.find(first + "." + second)
		known = known && isName
		following := after(words, last)
		switch {
		case !known || is(words, following, "("):
			out = append(out, w)
		case is(words, following, "."):
			out = append(out, word{quoted, engine.Quote(second)})
			i = last
		case slices.Contains([]string{"from", "join"}, clause[len(clause)-1]):
			out = append(out, word{quoted, relation.String()})
			if !aliased(words, following) {
				out = append(out, word{name, " as " + engine.Quote(second)})
			}
			i = last
		default:
			out = append(out, w)
		}
	}
	return out
}

// follow keeps, per open bracket, the clause one is in.
func follow(clause []string, w word) []string {
	top := len(clause) - 1
	lower := strings.ToLower(w.text)
	switch {
	case w.kind == name && slices.Contains(clauses, lower):
		clause[top] = lower
	case w.kind != sign:
	case w.text == "," && clause[top] == "on":
		clause[top] = "from"
	case w.text == "(" && (clause[top] == "from" || clause[top] == "join"):
		return append(clause, "from")
	case w.text == "(":
		return append(clause, "")
	case w.text == ")" && top > 0:
		return clause[:top]
	}
	return clause
}

// after and before return the position of the neighbour that is no space.
func after(words []word, i int) int {
	for i++; i < len(words) && words[i].kind == space; i++ {
	}
	return i
}

func before(words []word, i int) int {
	for i--; i >= 0 && words[i].kind == space; i-- {
	}
	return i
}

func is(words []word, i int, mark string) bool {
	return i >= 0 && i < len(words) && words[i].kind == sign && words[i].text == mark
}

func aliased(words []word, i int) bool {
	if i >= len(words) {
		return false
	}
	switch words[i].kind {
	case quoted:
		return true
	case name:
		return !slices.Contains(notAlias, strings.ToLower(words[i].text))
	default:
		return false
	}
}
