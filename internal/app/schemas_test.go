package app

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write schemas/ anew")

// schemas/ holds what larder schemas writes, for editors that read it from the
// repository.
func TestCommittedSchemasAreTrue(t *testing.T) {
	schemas, err := Schemas()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("..", "..", "schemas")
	for name, text := range schemas {
		path := filepath.Join(dir, name)
		if *update {
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		committed, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(committed), string(text)); diff != "" {
			t.Errorf("%s is out of date; go test ./internal/app -run Schemas -update\n%s", name, diff)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != len(schemas) {
		t.Errorf("schemas/ has %d files for %d schemas, %v", len(files), len(schemas), err)
	}
}
