package project

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/fault"
)

// expander replaces ${NAME} and ${NAME:-default} in the strings of a tree. The
// default also stands in for an empty variable; $${ is a plain ${. Values that
// came from outside are secrets: no fault holds one.
type expander struct {
	env    func(string) (string, bool)
	file   *File
	faults fault.List
	failed []fault.Place     // of values that could not be replaced
	values map[string]string // what came from outside, to the variable's name
}

// expand replaces variables in all strings below node.
func (e *expander) expand(file *File, node ast.Node) {
	if e.file = file; node != nil {
		ast.Walk(e, node)
	}
}

// shortestSecret is the length from which a value is looked for in messages;
// shorter ones hide nothing, and replacing them would only garble.
const shortestSecret = 4

// clean drops faults about values that could not be replaced, which were told,
// and takes what came from the environment out of the others.
func (e *expander) clean(faults fault.List) fault.List {
	out := e.faults
	longestFirst := slices.SortedFunc(maps.Keys(e.values), func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	for _, f := range faults {
		if slices.Contains(e.failed, f.Where) {
			continue
		}
		for _, value := range longestFirst {
			name := e.values[value]
			if message := f.Err.Error(); strings.Contains(message, value) {
				f.Err = errors.New(strings.ReplaceAll(message, value, name))
			}
			f.Hint = strings.ReplaceAll(f.Hint, value, name)
		}
		out = append(out, f)
	}
	return out
}

// Visit is called for each node of the tree.
func (e *expander) Visit(node ast.Node) ast.Visitor {
	switch n := node.(type) {
	case *ast.MappingValueNode:
		if n.Value != nil {
			ast.Walk(e, n.Value)
		}
		return nil // a key is never replaced
	case *ast.LiteralNode:
		n.Value.Value = e.text(n, n.Value.Value)
		return nil
	case *ast.StringNode:
		n.Value = e.text(n, n.Value)
	}
	return e
}

func (e *expander) text(node ast.Node, text string) string {
	if !strings.Contains(text, "${") {
		return text
	}
	var out strings.Builder
	for at := 0; at < len(text); {
		next := strings.Index(text[at:], "${")
		if next < 0 {
			out.WriteString(text[at:])
			break
		}
		start := at + next
		if start > at && text[start-1] == '$' {
			out.WriteString(text[at:start-1] + "${")
			at = start + 2
			continue
		}
		out.WriteString(text[at:start])
		end := strings.IndexByte(text[start:], '}')
		if end < 0 {
			e.fail(node, text, start, "${ without a closing }").WithHint("write ${NAME}, or $${ for a plain ${")
			break
		}
		out.WriteString(e.variable(node, text, start, text[start+2:start+end]))
		at = start + end + 1
	}
	return out.String()
}

// variable returns what stands for ${inside}.
func (e *expander) variable(node ast.Node, text string, start int, inside string) string {
	name, fallback, hasFallback := strings.Cut(inside, ":-")
	if !isVariable(name) {
		e.fail(node, text, start, "%q is no name of an environment variable", name).
			WithHint("write ${NAME} or ${NAME:-default}, or $${ for a plain ${")
		return ""
	}
	value, set := e.env(name)
	switch {
	case set && (value != "" || !hasFallback):
		if len(value) >= shortestSecret {
			e.values[value] = "${" + name + "}"
		}
		return value
	case hasFallback:
		return fallback
	}
	e.fail(node, text, start, "the environment variable %s is not set", name).
		WithHint("set it, or give a default: ${%s:-...}", name)
	return ""
}

func (e *expander) fail(node ast.Node, text string, offset int, format string, args ...any) *fault.Error {
	problem := fault.At(e.file.Within(node, text, offset), fault.Invalid, format, args...)
	e.faults = append(e.faults, problem)
	e.failed = append(e.failed, e.file.At(node))
	return problem
}

func isVariable(name string) bool {
	for i := range len(name) {
		if c := name[i]; !isLetter(c) && c != '_' && (i == 0 || !isDigit(c)) {
			return false
		}
	}
	return name != ""
}
