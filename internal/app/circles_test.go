package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/fault"
)

// TestChecksThatWaitForThemselves: a check that reads what is only built after
// it has passed would hold its dataset for ever.
func TestChecksThatWaitForThemselves(t *testing.T) {
	const ties = "/* larder\nchecks:\n  - ties:\n      that: sum(v)\n      equals:\n        from: warehouse.OTHER\n        that: sum(v)\n*/\n"
	reads := func(other string) string { return strings.ReplaceAll(ties, "OTHER", other) }
	for _, c := range []struct {
		name   string
		models map[string]string
		want   []string
	}{
		{"upstream", map[string]string{"a": "select 1 as v", "b": reads("a") + "select v from warehouse.a"}, nil},
		{"beside", map[string]string{"a": reads("b") + "select 1 as v", "b": "select 1 as v"}, nil},
		{"downstream", map[string]string{"a": reads("c") + "select 1 as v", "b": "select v from warehouse.a", "c": "select v from warehouse.b"}, []string{
			"check ties of warehouse.a reads warehouse.c, which waits for warehouse.a itself",
		}},
		{"each other", map[string]string{"a": reads("b") + "select 1 as v", "b": reads("a") + "select 1 as v"}, []string{
			"check ties of warehouse.a reads warehouse.b, which waits for warehouse.a itself",
			"check ties of warehouse.b reads warehouse.a, which waits for warehouse.b itself",
		}},
		{"by way of another's check", map[string]string{"a": reads("b") + "select 1 as v", "b": reads("c") + "select 1 as v", "c": "select v from warehouse.a"}, []string{
			"check ties of warehouse.a reads warehouse.b, which waits for warehouse.a itself",
			"check ties of warehouse.b reads warehouse.c, which waits for warehouse.b itself",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.models["../../larder.yml"] = "name: p\ntime_zone: UTC\ntarget: local\ntargets:\n  local:\n    engine: duckdb\n    path: w.duckdb\n"
			for name, text := range c.models {
				path := filepath.Join(dir, "models", "warehouse", name)
				if !strings.HasSuffix(name, ".yml") {
					path += ".sql"
				}
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			a, err := Load(t.Context(), Options{Dir: dir})
			if err == nil {
				if err := a.Close(); err != nil {
					t.Error(err)
				}
			}
			var list fault.List
			errors.As(err, &list)
			var got []string
			for _, f := range list {
				got = append(got, f.Err.Error())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
