package project

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// compiled returns the schemas, ready to judge.
func compiled(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	texts, err := Schemas(testOptions())
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	out := map[string]*jsonschema.Schema{}
	for name, text := range texts {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(name, err)
		}
		if err := compiler.AddResource(name, doc); err != nil {
			t.Fatal(name, err)
		}
		if out[name], err = compiler.Compile(name); err != nil {
			t.Fatal(name, err)
		}
	}
	return out
}

// asJSON turns YAML into what a schema judges.
func asJSON(t *testing.T, text string) any {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// schemaFor returns the schema of a project's file and the YAML it judges.
func schemaFor(name, text string) (schema, yaml string) {
	switch {
	case name == SettingsFile:
		return "larder.json", text
	case name == localFile:
		return "local.json", text
	case filepath.Base(name) == defaultsFile:
		return "defaults.json", text
	case strings.HasSuffix(name, ".sql"):
		parts, _ := splitModel(newFile(name, text))
		return "model.json", parts.yaml
	default:
		folder, _, _ := strings.Cut(name, "/")
		return map[string]string{"squads": "squad.json", "sources": "source.json", "checks": "checks.json", "tests": "test.json"}[folder], text
	}
}

func TestSchemasAcceptTheFixture(t *testing.T) {
	schemas := compiled(t)
	archive, err := txtar.ParseFile("testdata/project/shop.txtar")
	if err != nil {
		t.Fatal(err)
	}
	judged := map[string]bool{}
	for _, file := range archive.Files {
		name, text := schemaFor(file.Name, string(file.Data))
		if strings.TrimSpace(text) == "" {
			continue
		}
		if err := schemas[name].Validate(asJSON(t, text)); err != nil {
			t.Errorf("%s is valid but %s says: %v", file.Name, name, err)
		}
		judged[name] = true
		broken := asJSON(t, text)
		if list, ok := broken.([]any); ok {
			broken = list[0]
		}
		broken.(map[string]any)["no_such_key"] = json.Number("1")
		if schemas[name].Validate(broken) == nil {
			t.Errorf("%s allows an unknown key in %s", name, file.Name)
		}
	}
	if len(judged) != len(schemas) {
		t.Errorf("the fixture tries %d of %d schemas: %v", len(judged), len(schemas), judged)
	}
}

func TestSchemasRefuse(t *testing.T) {
	schemas := compiled(t)
	for _, c := range []struct{ schema, yaml string }{
		{"larder.json", "description: no name"},
		{"larder.json", "name: x\ntargets: {a: {thread: 1}}"},
		{"larder.json", "name: x\nvars: {a: {typ: integer, value: 1}}"},
		{"squad.json", "people: [{email: a@b}]"},
		{"source.json", "kind: fils\npath: x\ntables: {a: {files: x}}"},
		{"source.json", "kind: files\ntables: {a: {files: x}}"},
		{"source.json", "kind: files\npath: x\ntables: {a: {files: x, format: xml}}"},
		{"source.json", "kind: files\npath: x\ntables: {a: {files: x, columns: {b: {frm: x}}}}"},
		{"model.json", "build: interval"},
		{"model.json", "columns: {a: {from: x}}"},
		{"model.json", "columns: {a: {mask: hidden}}"},
		{"model.json", "columns: {a: {required: yes please}}"},
		{"model.json", "checks: [{a: {rows: x}, b: {rows: y}}]"},
		{"model.json", "checks: [{a: {rws: x}}]"},
		{"checks.json", "dataset: a.b"},
		{"checks.json", "[{dataset: a.b}]"},
		{"defaults.json", "acces: all"},
		{"test.json", "{model: a.b, name: x}"},
		{"test.json", "{model: a.b, name: x, expect: [{a: [1]}]}"},
		{"test.json", "{model: a.b, name: x, expect: {row: []}}"},
		{"test.json", "{model: a.b, name: x, given: {a.b: {file: x}}, expect: []}"},
	} {
		if schemas[c.schema].Validate(asJSON(t, c.yaml)) == nil {
			t.Errorf("%s allows %s", c.schema, c.yaml)
		}
	}
}
