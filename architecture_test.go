// Package larder_test holds what is true of the repository as a whole: which
// package may import which, and that each says what it is for.
package larder_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/larder-data/larder/"

// layers are the packages below internal from top to bottom, as ARCHITECTURE.md
// draws them. A package imports only from layers below its own.
var layers = [][]string{
	{"app"},
	{"serve"},
	{"schedule"},
	{"ingest", "build", "check", "trial", "monitor", "incident", "repair", "metric", "lifecycle", "compare", "consolidate"},
	{"engine", "lake", "state", "notify", "format", "parquet"},
	{"s3"},
	{"project", "compile"},
	{"library"},
	{"table", "fault", "pgtest", "mariadbtest", "s3test"},
}

type pkg struct {
	ImportPath string
	Doc        string
	GoFiles    []string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Doc,GoFiles,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		all = append(all, p)
	}
}

// place is where a package stands: its layer, and its parent when it is an
// adapter or a conformance suite of one.
func place(importPath string) (layer int, parent string, known bool) {
	inner, ok := strings.CutPrefix(importPath, "internal/")
	if !ok {
		return 0, "", false
	}
	top, rest, nested := strings.Cut(inner, "/")
	if nested && rest != "" {
		parent = "internal/" + top
	}
	for i, names := range layers {
		if slices.Contains(names, top) {
			return i, parent, true
		}
	}
	return 0, "", false
}

// why says what is wrong with one package importing another, "" when nothing is.
func why(from, to string) string {
	toLayer, toParent, known := place(to)
	switch {
	case !strings.HasPrefix(to, "internal/"):
		return ""
	case !known:
		return to + " stands in no layer: enter it in layers"
	}
	fromLayer, fromParent, inside := place(from)
	switch {
	case !inside && from == "cmd/larder", !inside && strings.HasPrefix(from, "examples/"), !inside && from == "bench":
		if toParent != "" && from == "cmd/larder" {
			return "only app knows adapters"
		}
		return ""
	case !inside:
		return from + " stands in no layer: enter it in layers"
	case toParent != "" && from != "internal/app" && toParent != fromParent:
		return "only app knows adapters"
	case fromParent != "" && to == fromParent:
		return ""
	case toParent != "" && toParent == fromParent:
		return "adapters do not know each other"
	case toLayer == fromLayer && from != to:
		return "packages of one layer do not know each other"
	case toLayer < fromLayer:
		return "imports point down"
	}
	return ""
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		for _, to := range p.Imports {
			to, ours := strings.CutPrefix(to, module)
			if !ours {
				continue
			}
			if reason := why(p.ImportPath, to); reason != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, to, reason)
			}
		}
	}
}

func TestWrongImportsAreFound(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"internal/table", "internal/engine", "imports point down"},
		{"internal/build", "internal/check", "packages of one layer do not know each other"},
		{"internal/build", "internal/engine/duckdb", "only app knows adapters"},
		{"internal/engine/duckdb", "internal/engine/postgres", "adapters do not know each other"},
		{"internal/engine/duckdb", "internal/engine", ""},
		{"internal/ingest/files", "internal/lake", ""},
		{"internal/ingest/files", "internal/lake/folder", "only app knows adapters"},
		{"internal/engine/duckdb", "internal/state", "packages of one layer do not know each other"},
		{"cmd/larder", "internal/engine/duckdb", "only app knows adapters"},
		{"internal/app", "internal/engine/duckdb", ""},
		{"internal/app", "internal/mystery", "internal/mystery stands in no layer: enter it in layers"},
	} {
		if got := why(c.from, c.to); got != c.want {
			t.Errorf("%s imports %s: got %q, want %q", c.from, c.to, got, c.want)
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range packages(t) {
		says := strings.HasPrefix(p.Doc, "Package ") || strings.HasPrefix(p.Doc, "Command ")
		if len(p.GoFiles) > 0 && !says {
			t.Errorf("%s has no sentence that says what it does: its doc is %q", p.ImportPath, p.Doc)
		}
	}
}
