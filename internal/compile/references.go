package compile

import (
	"slices"
	"strings"
)

// reference is a relation that a text names: schema.name in FROM, or in front of
// a column.
type reference struct {
	at     int // of its first part
	parts  []string
	column bool // a column follows: schema.name.column
}

// key is the dataset it names, lower case; "" when it has not two parts.
func (r reference) key() string {
	if len(r.parts) != 2 {
		return ""
	}
	return strings.ToLower(r.parts[0] + "." + r.parts[1])
}

// clause is what is open at one depth of parentheses.
type clause struct {
	from   bool // its FROM has begun and not ended
	expect bool // a relation comes next
	call   string
}

// finder looks for relations in the SQL of an engine that is not bound. It knows
// where a FROM clause begins, ends, and takes a relation; all else it passes.
type finder struct {
	tokens []token
	open   []clause
	found  []reference
}

// references returns the relations a text names, in its order, but for those
// that a common table expression of the text defines.
func references(tokens []token) []reference {
	f := &finder{tokens: tokens, open: []clause{{}}}
	for i := 0; i < len(tokens); {
		i += f.step(i)
	}
	common := commonTables(tokens)
	return slices.DeleteFunc(f.found, func(r reference) bool {
		return len(r.parts) == 1 && common[strings.ToLower(r.parts[0])]
	})
}

// step looks at a token and returns how many it took.
func (f *finder) step(i int) int {
	top := &f.open[len(f.open)-1]
	switch t := f.tokens[i]; {
	case t.is("("):
		f.enter(i, top)
	case t.is(")"):
		if len(f.open) > 1 {
			f.open = f.open[:len(f.open)-1]
		}
	case t.is(","):
		top.expect = top.from
	case t.kind == wordToken && f.keyword(i, top):
	case t.kind == wordToken, t.kind == quotedToken:
		return f.name(i, top)
	}
	return 1
}

// enter opens a parenthesis: where a relation is expected a query or a join, else
// something that has no FROM of its own yet.
func (f *finder) enter(i int, top *clause) {
	inner := clause{from: top.expect, expect: top.expect}
	if previous := neighbour(f.tokens, i-1); previous.kind == wordToken && !top.expect {
		inner.call = strings.ToLower(previous.text)
	}
	top.expect = false
	f.open = append(f.open, inner)
}

// partial are calls in which FROM stands between arguments.
var partial = []string{"extract", "substring", "trim", "overlay"}

// keyword reports whether a word is one that begins, goes on with or ends a FROM
// clause, after noting what it does. Behind AS or a dot any word is a name.
func (f *finder) keyword(i int, top *clause) bool {
	before := neighbour(f.tokens, i-1)
	if before.is(".") || isWord(before, "as") {
		return false
	}
	switch strings.ToLower(f.tokens[i].text) {
	case "from":
		distinct := isWord(before, "distinct") && isWord(neighbour(f.tokens, i-2), "is", "not")
		if !distinct && !slices.Contains(partial, top.call) {
			top.from, top.expect = true, true
		}
	case "join":
		top.expect = top.from
	case "table":
		top.from, top.expect = true, true
	case "only", "lateral":
		return top.expect
	case "rows":
		return top.expect && isWord(neighbour(f.tokens, i+1), "from")
	case "with":
		if isWord(neighbour(f.tokens, i+1), "ordinality") {
			return false
		}
		top.from, top.expect = false, false
	case "on", "using":
		top.expect = false
	case "select", "values", "where", "group", "having", "window", "order", "limit", "offset", "fetch", "for", "union", "intersect", "except":
		top.from, top.expect = false, false
	default:
		return false
	}
	return true
}

func isWord(t token, words ...string) bool {
	return t.kind == wordToken && slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, t.text) })
}

// name reads a name of one or more parts and returns how many tokens it has.
func (f *finder) name(i int, top *clause) int {
	r := reference{at: f.tokens[i].at}
	n := 0
	for {
		part, ok := neighbour(f.tokens, i+n).identifier()
		if !ok {
			break
		}
		r.parts = append(r.parts, part)
		if n++; !neighbour(f.tokens, i+n).is(".") {
			break
		}
		n++
	}
	switch call := neighbour(f.tokens, i+n).is("("); {
	case top.expect && !call:
		f.found = append(f.found, r)
	case !call && !neighbour(f.tokens, i-1).is(".") && (len(r.parts) > 2 || len(r.parts) == 2 && neighbour(f.tokens, i+n).is("*")):
		r.parts, r.column = r.parts[:2], true
		f.found = append(f.found, r)
	}
	top.expect = false
	return max(n, 1)
}

// commonTables are the names a text gives to queries, lower case: name AS (, with
// columns and MATERIALIZED perhaps.
func commonTables(tokens []token) map[string]bool {
	out := map[string]bool{}
	for i, t := range tokens {
		name, ok := t.identifier()
		if before := neighbour(tokens, i-1); !ok || !before.is(",") && !isWord(before, "with", "recursive") {
			continue
		}
		next := i + 1
		if neighbour(tokens, next).is("(") {
			for next < len(tokens) && !tokens[next].is(")") {
				next++
			}
			next++
		}
		if !isWord(neighbour(tokens, next), "as") {
			continue
		}
		for next++; isWord(neighbour(tokens, next), "not", "materialized"); next++ {
		}
		if neighbour(tokens, next).is("(") {
			out[strings.ToLower(name)] = true
		}
	}
	return out
}
