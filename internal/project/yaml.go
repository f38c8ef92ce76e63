package project

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/larder-data/larder/internal/fault"
)

// Limits on one YAML text. People stay far below; they keep a hostile file
// from exhausting the parser's stack.
const (
	maxYAML  = 1 << 20
	maxDepth = 64
)

// parseYAML returns the tree of a YAML text whose lines and columns are those
// of the file, nil when it holds nothing.
func parseYAML(file *File, text string) (ast.Node, fault.List) {
	if len(text) > maxYAML {
		return nil, fault.List{fault.At(fault.Place{File: file.Path}, fault.Invalid, "%d bytes of YAML are more than the %d Larder reads from one file", len(text), maxYAML)}
	}
	if node, ok := readEveryday(text); ok {
		return node, nil
	}
	if line, deep := tooDeep(text); deep {
		return nil, fault.List{fault.At(file.Place(line, 1), fault.Invalid, "the YAML is nested deeper than %d levels", maxDepth)}
	}
	return parseAll(file, text)
}

// parseAll reads everything YAML allows and refuses the parts that say the
// same thing twice or mean another thing than they seem to.
func parseAll(file *File, text string) (node ast.Node, faults fault.List) {
	defer func() {
		if recover() != nil {
			node, faults = nil, fault.List{fault.At(fault.Place{File: file.Path}, fault.Invalid, "this is no YAML Larder can read")}
		}
	}()
	parsed, err := parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, fault.List{syntaxFault(file, err)}
	}
	for _, doc := range parsed.Docs {
		switch {
		case doc.Body == nil:
		case node != nil:
			faults = append(faults, fault.At(file.At(doc.Body), fault.Invalid, "a second YAML document in one file").
				WithHint("put it in a file of its own"))
		default:
			node = doc.Body
		}
	}
	finder := &oddities{file: file}
	if node != nil {
		ast.Walk(finder, node)
	}
	return node, append(faults, finder.faults...)
}

// syntaxFault turns the parser's complaint into a fault at its place.
func syntaxFault(file *File, err error) *fault.Error {
	var syntax yaml.Error
	if !errors.As(err, &syntax) || syntax.GetToken() == nil || syntax.GetToken().Position == nil {
		return fault.At(fault.Place{File: file.Path}, fault.Invalid, "this is no YAML: %w", err)
	}
	position := syntax.GetToken().Position
	problem := fault.At(file.Place(position.Line, position.Column), fault.Invalid, "this is no YAML: %s", syntax.GetMessage())
	content := strings.TrimLeft(problem.Where.Text, " ")
	switch {
	case strings.HasPrefix(content, "\t"):
		return problem.WithHint("indent with spaces; YAML allows no tabs there")
	case strings.Contains(content, "${") && strings.ContainsAny(content, "[{"):
		return problem.WithHint("inside [ ] and { } put ${NAME} in quotes")
	case strings.Contains(syntax.GetMessage(), "mapping value is not allowed"):
		return problem.WithHint("put text that holds a colon in quotes")
	}
	return problem
}

// oddities finds YAML that project files do not use.
type oddities struct {
	file   *File
	faults fault.List
}

// Visit is called for each node of the tree.
func (o *oddities) Visit(node ast.Node) ast.Visitor {
	what := ""
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode:
		what = "anchors and aliases (& and *)"
	case *ast.MergeKeyNode:
		what = "merge keys (<<)"
	case *ast.TagNode:
		what = "tags (!)"
	case *ast.MappingKeyNode:
		what = "keys written with ?"
	}
	if what == "" {
		return o
	}
	o.faults = append(o.faults, fault.At(o.file.At(node), fault.Invalid, "project files use no YAML %s", what).
		WithHint("write it out, or put text in quotes"))
	return nil
}

// tooDeep looks for a line whose brackets or entry marks nest too deep. It
// counts without knowing quotes, which only matters to texts nobody writes.
func tooDeep(text string) (line int, deep bool) {
	depth, marks, start := 0, 0, true
	line = 1
	for i := range len(text) {
		switch c := text[i]; c {
		case '\n':
			line++
			marks, start = 0, true
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(0, depth-1)
		case '-', '?', ':':
			if start && i+1 < len(text) && text[i+1] == ' ' {
				marks++
			}
		case '!', '&':
			if start {
				marks++
			}
		case ' ', '\t':
			continue
		default:
			start = start && marks > 0 && text[i-1] != ' '
		}
		if depth > maxDepth || marks > maxDepth {
			return line, true
		}
	}
	return 0, false
}

// kindOf names a node's shape for a message.
func kindOf(node ast.Node) string {
	switch n := node.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	default:
		text := strings.TrimSpace(n.GetToken().Value)
		if line, _, more := strings.Cut(text, "\n"); more {
			text = line + " ..."
		}
		return fmt.Sprintf("%q", text)
	}
}
