package project

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// outline writes a tree with kinds, values and positions, a line a node.
// Implicit nulls have no agreed position.
func outline(node ast.Node) string {
	var out strings.Builder
	var walk func(node ast.Node, depth int)
	walk = func(node ast.Node, depth int) {
		indent := strings.Repeat("  ", depth)
		switch n := node.(type) {
		case nil:
			fmt.Fprintf(&out, "%snothing\n", indent)
		case *ast.MappingNode:
			fmt.Fprintf(&out, "%smapping flow=%v\n", indent, n.IsFlowStyle)
			for _, pair := range n.Values {
				walk(pair.Key, depth+1)
				walk(pair.Value, depth+2)
			}
		case *ast.SequenceNode:
			fmt.Fprintf(&out, "%slist flow=%v\n", indent, n.IsFlowStyle)
			for _, value := range n.Values {
				walk(value, depth+1)
			}
		case *ast.LiteralNode:
			at := n.Start.Position
			fmt.Fprintf(&out, "%sliteral %q %d:%d\n", indent, n.Value.Value, at.Line, at.Column)
		case *ast.NullNode:
			fmt.Fprintf(&out, "%snull\n", indent)
		default:
			at := node.GetToken()
			fmt.Fprintf(&out, "%s%T %q %v %d:%d\n", indent, node, at.Value, at.Type, at.Position.Line, at.Position.Column)
		}
	}
	walk(node, 0)
	return out.String()
}

// agree fails when the everyday reader accepts a text that the complete parser
// reads otherwise.
func agree(t testing.TB, text string) (accepted bool) {
	t.Helper()
	mine, ok := readEveryday(text)
	if !ok {
		return false
	}
	whole, faults := parseAll(newFile("x.yml", text), text)
	if len(faults) > 0 {
		t.Errorf("accepted %q, which is an error: %v", text, faults)
		return true
	}
	if diff := disagreement(whole, mine, text); diff != "" {
		t.Errorf("%q is read otherwise (-complete +everyday):\n%s", text, diff)
	}
	return true
}

var (
	position      = regexp.MustCompile(`\d+:\d+\n`)
	trailingBlank = regexp.MustCompile(`(?m) $`)
)

// disagreement compares two trees. The complete parser miscounts columns where
// a line ends in blanks, so there only the contents are compared.
func disagreement(whole, mine ast.Node, text string) string {
	a, b := outline(whole), outline(mine)
	if trailingBlank.MatchString(text) {
		a, b = position.ReplaceAllString(a, "\n"), position.ReplaceAllString(b, "\n")
	}
	return cmp.Diff(a, b)
}

var everydayTexts = []string{
	"", "# only a comment\n", "a: 1\n", "   a: 1\n   b:\n     c: [x, \"y\"]\n",
	"a:\n- x\n- k: v\n  l: w\nb: 2024-01-01\nc: 1 hour\n",
	"d: |\n  foo\n\n  bar\ne: |-\n  foo\n    bar\nf:\n",
	"d: >-\n  One row,\n  two lines.\ne:\n  - >\n    x\n\nf: 1\n", "é: x\n", "a: ü # c\nk: é x\nm: {a: é, b: c}\n", "a: ${X:-b}/c\nb: \"${Y}\"\n",
	"a: null\nb: ~x\nc: true\nd: False\ne: yes\n",
	"a: -1.50\nb: 0\nc: 1.2.3\nd: 10/2\ne: 1:30\n",
	"checks:\n  - row_count > 0\n  - sum(a) by b within 2.5 stddev of last 14 days\n  - cap:\n      that: sum(x)\n      warn: \"> 1000\"\n",
	"columns:\n  a:\n  b: varchar\n  c: {type: decimal, required: true}\n",
	"a: 'it # is'\n# x\n\nb: [] # none\nc: {}\n",
}

func TestEverydayAgreesWithCompleteParser(t *testing.T) {
	for _, text := range everydayTexts {
		if !agree(t, text) && !strings.HasPrefix(text, "é") && !strings.Contains(text, "~x") {
			t.Errorf("%q should be everyday", text)
		}
	}
}

func TestEverydayLeavesTheRest(t *testing.T) {
	for _, text := range []string{
		"a: x\n  y\n", "a: &x 1\n", "---\na: 1\n", "a: >\n  x\n\n  y\n", "a: >\n  x\n    y\n", "a: |+\n  x\n", "a: 'x''y'\n", "a: \"\\n\"\n", "a: [x,\n  y]\n",
		"a: b: c\n", "\ta: 1\n", "a: 0x1f\n", "a: [[1]]\n", "? a\n: b\n", "- - a\n", "a: 1\n b: 2\n", "  a: 1\nb: 2\n",
		"just text\n", "true: 1\n", "a<<: 1\n", "a: |\n  x\n # c\n y\n",
	} {
		if node, ok := readEveryday(text); ok {
			t.Errorf("%q was accepted as\n%s", text, outline(node))
		}
	}
}

func TestEverydayAgreesOnGeneratedTexts(t *testing.T) {
	piece := rapid.SampledFrom([]string{
		"a", "b", ":", ": ", " ", "  ", "\n", "\n", "- ", "-", "#", " #", "x y", "1", "2.5", "-3", "[", "]", ", ", "{", "}", "'", "\"", "|\n", "|-\n", ">\n", ">-\n", "  x\n", "    y z\n",
		"true", "null", ".", "é", "(", ")", "=", ">", "%", "1 hour", "key: value\n", "  - item\n", "list:\n", "$", "_", "/", "~", "e3", "0", "*", "&", "!", "?",
	})
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOfN(piece, 0, 14).Draw(rt, "pieces"), "")
		mine, ok := readEveryday(text)
		if !ok {
			return
		}
		whole, faults := parseAll(newFile("x.yml", text), text)
		if len(faults) > 0 {
			rt.Fatalf("accepted %q, which is an error: %v", text, faults)
		}
		if diff := disagreement(whole, mine, text); diff != "" {
			rt.Fatalf("%q is read otherwise (-complete +everyday):\n%s", text, diff)
		}
	})
}

func FuzzEveryday(f *testing.F) {
	for _, text := range everydayTexts {
		f.Add(text)
	}
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, path := range files {
		if text, err := os.ReadFile(path); err == nil {
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, deep := tooDeep(text); !deep {
			agree(t, text)
		}
	})
}
