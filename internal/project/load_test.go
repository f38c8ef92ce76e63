package project

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/larder-data/larder/internal/fault"
)

var update = flag.Bool("update", false, "write golden files anew")

// filesSource, filesTable and filesColumn stand in for an adapter's settings.
type filesSource struct {
	Path string `yaml:"path" jsonschema:"required" jsonschema_description:"The folder the files are in"`
}

type filesTable struct {
	Files     []string `yaml:"files" jsonschema:"required" jsonschema_description:"A glob or a list of them"`
	Format    string   `yaml:"format" jsonschema:"enum=csv,enum=tsv,enum=json,enum=parquet" jsonschema_description:"How the files are written"`
	Header    *bool    `yaml:"header" jsonschema_description:"false: the files have no header"`
	Delimiter string   `yaml:"delimiter" jsonschema_description:"What stands between two values"`
	Skip      int      `yaml:"skip" jsonschema_description:"Lines before the header"`
	Null      []string `yaml:"null" jsonschema_description:"What is written for no value"`
}

type filesColumn struct {
	From   string `yaml:"from" jsonschema_description:"The column's name in the file"`
	Format string `yaml:"format" jsonschema_description:"How a date or time is written"`
}

type duckSettings struct {
	MemoryLimit string `yaml:"memory_limit" jsonschema_description:"The most memory it may use"`
	Threads     int    `yaml:"threads" jsonschema_description:"The most threads it may use"`
}

type postgresSettings struct {
	URL         string        `yaml:"url" jsonschema:"required" jsonschema_description:"Where the database is"`
	LockTimeout time.Duration `yaml:"lock_timeout" jsonschema_description:"How long to wait for a lock"`
}

type lakeSettings struct {
	Region    string         `yaml:"region" jsonschema_description:"Where the bucket is"`
	SecretKey Placed[string] `yaml:"secret_key" jsonschema_description:"Who asks"`
}

func testOptions() Options {
	env := map[string]string{"DATA": "/data", "EMPTY": "", "THREADS": "3", "PASSWORD": "hunter2"}
	return Options{
		Env:     func(name string) (string, bool) { value, ok := env[name]; return value, ok },
		Kinds:   map[string]Kind{"files": {Source: &filesSource{}, Table: &filesTable{}, Column: &filesColumn{}}},
		Engines: map[string]any{"duckdb": &duckSettings{}, "postgres": &postgresSettings{}},
		Lakes:   map[string]any{"s3": &lakeSettings{}},
	}
}

// write puts the files of an archive into a new folder.
func write(t testing.TB, archive *txtar.Archive) string {
	t.Helper()
	root := t.TempDir()
	for _, file := range archive.Files {
		path := filepath.Join(root, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, unescape(file.Data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// unescape lets archives hold what text files do not: <TAB>, <CR>, <NUL>, <BOM>, <FF>.
func unescape(data []byte) []byte {
	for name, value := range map[string]string{"TAB": "\t", "CR": "\r", "NUL": "\x00", "BOM": "\ufeff", "FF": "\xff"} {
		data = bytes.ReplaceAll(data, []byte("<"+name+">"), []byte(value))
	}
	return data
}

// told writes an error as the command line shows it.
func told(root string, err error) string {
	if err == nil {
		return "no error\n"
	}
	var faults fault.List
	faults.Add(err)
	var out strings.Builder
	for _, f := range faults {
		fmt.Fprintf(&out, "%s [%s]\n", f.Error(), f.Kind)
		if f.Where.Text != "" {
			fmt.Fprintf(&out, "  | %s\n", f.Where.Text)
			if f.Where.Column > 0 {
				fmt.Fprintf(&out, "  | %s^\n", strings.Repeat(" ", f.Where.Column-1))
			}
		}
		if f.Hint != "" {
			fmt.Fprintf(&out, "  hint: %s\n", f.Hint)
		}
	}
	return strings.ReplaceAll(out.String(), root, "ROOT")
}

// TestFaults loads each project in testdata/faults and compares what is told.
func TestFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no test data", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			var files []txtar.File
			for _, file := range archive.Files {
				if file.Name == "want" {
					want = string(file.Data)
					continue
				}
				files = append(files, file)
			}
			root := write(t, &txtar.Archive{Files: files})
			_, err = Load(root, testOptions())
			if err != nil && fault.KindOf(err) == fault.Internal {
				t.Errorf("an internal error: %v", err)
			}
			got := told(root, err)
			if *update {
				archive.Files = append(files, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("other errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFind(t *testing.T) {
	root := write(t, &txtar.Archive{Files: []txtar.File{{Name: "larder.yml"}, {Name: "models/marts/x.sql"}}})
	for _, dir := range []string{root, filepath.Join(root, "models", "marts")} {
		if got, err := Find(dir); err != nil || got != root {
			t.Errorf("Find(%s) = %s, %v; want %s", dir, got, err, root)
		}
	}
	if _, err := Find(t.TempDir()); fault.KindOf(err) != fault.NotFound {
		t.Errorf("Find in an empty folder: %v, want NotFound", err)
	}
}

func mustLoad(t testing.TB, root string) *Project {
	t.Helper()
	p, err := Load(root, testOptions())
	if err != nil {
		t.Fatal(told(root, err))
	}
	return p
}

func TestErrorsAreOneList(t *testing.T) {
	root := write(t, &txtar.Archive{Files: []txtar.File{{Name: "larder.yml", Data: []byte("nam: x\ntim_zone: UTC\n")}}})
	_, err := Load(root, testOptions())
	var list fault.List
	if !errors.As(err, &list) || len(list) != 3 {
		t.Errorf("want a list of three faults, got %v", err)
	}
}
