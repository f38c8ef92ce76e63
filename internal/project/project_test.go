package project

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// shown writes a project for comparing: places short, nodes and texts left out.
func shown(t *testing.T, p *Project) string {
	t.Helper()
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var value map[string]any
	if err := json.Unmarshal(raw, &value); err != nil {
		t.Fatal(err)
	}
	value["TimeZone"] = p.TimeZone.String()
	out, err := json.MarshalIndent(prune(value), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(out), p.Root, "ROOT") + "\n"
}

// prune drops zero values, shortens places and leaves out trees.
func prune(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if file, ok := v["file"].(string); ok {
			line, _ := v["line"].(float64)
			column, _ := v["column"].(float64)
			return fault.Place{File: file, Line: int(line), Column: int(column)}.String()
		}
		out := map[string]any{}
		for key, inner := range v {
			if _, isText := inner.(string); key == "Node" || key == "File" || key == "Text" && !isText {
				continue
			}
			if inner = prune(inner); inner != nil {
				out[key] = inner
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		if len(v) == 0 {
			return nil
		}
		out := make([]any, len(v))
		for i := range v {
			out[i] = prune(v[i])
		}
		return out
	case string:
		if v == "" || v == "NULL" {
			return nil
		}
	case float64:
		if v == 0 {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	}
	return value
}

func TestLoadShop(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/project/shop.txtar")
	if err != nil {
		t.Fatal(err)
	}
	p := mustLoad(t, write(t, archive))
	got := shown(t, p)
	golden := "testdata/project/shop.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("another project (-want +got):\n%s", diff)
	}
}

func TestAdaptersDecodeTheirPart(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/project/shop.txtar")
	if err != nil {
		t.Fatal(err)
	}
	p := mustLoad(t, write(t, archive))
	source := p.Sources[0]
	var settings filesSource
	if faults := source.Decode(&settings); faults != nil || settings.Path != "../data/uci" {
		t.Errorf("source: %+v %v", settings, faults)
	}
	invoices := source.Tables[0]
	var table filesTable
	if faults := source.DecodeTable(invoices, &table); faults != nil {
		t.Error(faults)
	}
	header := true
	if diff := cmp.Diff(filesTable{Files: []string{"by-day/*.csv"}, Format: "csv", Header: &header, Delimiter: ",", Null: []string{"", "NA"}}, table); diff != "" {
		t.Error(diff)
	}
	var column filesColumn
	if faults := source.DecodeColumn(invoices.Columns[len(invoices.Columns)-1], &column); faults != nil || column != (filesColumn{From: "InvoiceDate", Format: "%m/%d/%Y %H:%M"}) {
		t.Errorf("column: %+v %v", column, faults)
	}
	if faults := source.DecodeColumn(invoices.Columns[0], &column); faults != nil {
		t.Errorf("a short column has no settings, but %v", faults)
	}
	var engine duckSettings
	if faults := p.Target.Decode(&engine); faults != nil || engine != (duckSettings{MemoryLimit: "2GB", Threads: 1}) {
		t.Errorf("engine: %+v %v; larder.local.yml should win", engine, faults)
	}
}

func TestDefaultsOfAnEmptyProject(t *testing.T) {
	root := write(t, &txtar.Archive{Files: []txtar.File{{Name: "larder.yml", Data: []byte("name: shop\n")}}})
	p := mustLoad(t, root)
	want := Target{Name: "local", Engine: "duckdb", Path: filepath.Join(root, ".larder", "warehouse.duckdb"), Where: fault.Place{File: "larder.yml"}}
	if p.Target.Name != want.Name || p.Target.Engine != want.Engine || p.Target.Path != want.Path {
		t.Errorf("target %+v, want %+v", p.Target, want)
	}
	if p.TimeZone != time.UTC || p.Lake.Path != filepath.Join(root, ".larder", "lake") || p.State != filepath.Join(root, ".larder", "state.db") {
		t.Errorf("defaults: %v %s %s", p.TimeZone, p.Lake.Path, p.State)
	}
	if faults := p.Target.Decode(&duckSettings{}); faults != nil {
		t.Errorf("settings of the default target: %v", faults)
	}
}

// A lake's place is a path or an address; a person's own file lays settings
// over it, or puts another place in its stead.
func TestLake(t *testing.T) {
	for _, c := range []struct {
		name, settings, local string
		path, address, secret string
	}{
		{name: "folder", settings: "lake: /srv/lake", path: "/srv/lake"},
		{name: "address", settings: "lake: s3://shop/lake", address: "s3://shop/lake"},
		{name: "with settings", settings: "lake: {url: s3://shop/lake, secret_key: \"${PASSWORD}\"}", address: "s3://shop/lake", secret: "hunter2"},
		{name: "own secret", settings: "lake: s3://shop/lake", local: "lake: {secret_key: mine}", address: "s3://shop/lake", secret: "mine"},
		{name: "own settings", settings: "lake: {url: s3://shop/lake, secret_key: \"${PASSWORD}\"}", local: "lake: {url: s3://me/lake}", address: "s3://me/lake", secret: "hunter2"},
		{name: "own folder", settings: "lake: {url: s3://shop/lake, secret_key: \"${PASSWORD}\"}", local: "lake: /srv/mine", path: "/srv/mine"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := []txtar.File{{Name: "larder.yml", Data: []byte("name: shop\n" + c.settings + "\n")}}
			if c.local != "" {
				files = append(files, txtar.File{Name: "larder.local.yml", Data: []byte(c.local + "\n")})
			}
			p := mustLoad(t, write(t, &txtar.Archive{Files: files}))
			var settings lakeSettings
			if err := p.Lake.Decode(&settings).Err(); err != nil {
				t.Fatal(err)
			}
			if p.Lake.Path != c.path || p.Lake.Address.Value != c.address || settings.SecretKey.Value != c.secret {
				t.Errorf("path %q, address %q, secret %q", p.Lake.Path, p.Lake.Address.Value, settings.SecretKey.Value)
			}
			if f := Committed("secret_key", settings.SecretKey); f != nil {
				t.Errorf("a secret from the environment, or of a person's own file: %v", f)
			}
		})
	}
}

func TestTargetIsChosenByOption(t *testing.T) {
	root := write(t, &txtar.Archive{Files: []txtar.File{{Name: "larder.yml", Data: []byte(
		"name: shop\ntargets:\n  a: {engine: duckdb, path: \"${NOBODY}\"}\n  b: {engine: duckdb, path: b.db}\n")}}})
	opts := testOptions()
	opts.Target = "b"
	p, err := Load(root, opts)
	if err != nil || p.Target.Name != "b" || p.Target.Path != filepath.Join(root, "b.db") {
		t.Fatalf("%+v, %v", p, err)
	}
	opts.Target = "c"
	if _, err := Load(root, opts); err == nil || !strings.Contains(err.Error(), "there is no target c") {
		t.Errorf("want no target c, got %v", err)
	}
}

func TestVariableTypes(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/project/shop.txtar")
	if err != nil {
		t.Fatal(err)
	}
	p := mustLoad(t, write(t, archive))
	for name, want := range map[string]table.Type{
		"big_order": {Kind: table.Integer}, "vat": {Kind: table.Decimal, Precision: 3, Scale: 2}, "since": {Kind: table.Date},
		"label": {Kind: table.Varchar}, "limit": {Kind: table.Decimal, Precision: 18, Scale: 2}, "strict": {Kind: table.Boolean}, "huge": {Kind: table.HugeInt},
	} {
		if got := p.Vars[name].Type; got != want {
			t.Errorf("$%s is %v, want %v", name, got, want)
		}
	}
}

func TestSQLKeepsItsOffsets(t *testing.T) {
	for _, text := range []string{
		"select 1", "/* larder\nowner: x\n*/\nselect 'é', ';' ; \n-- end\n", "-- larder\n-- owner: x\nselect 1;",
		"-- note\n/* other */ /* larder */ select $tag$ ; $tag$, \"a;b\"", "-- larder\n",
		"/* larder\nchecks:\n  - pattern(a, '/*')\n*/ select 1", "select /* ; /* nested; */ */ 1;",
	} {
		file := newFile("m.sql", text)
		parts, faults := splitModel(file)
		if len(faults) > 0 {
			t.Errorf("%q: %v", text, faults)
		}
		if len(parts.sql) != len(text) || strings.Count(parts.sql, "\n") != strings.Count(text, "\n") {
			t.Errorf("%q has become %q: another length or other lines", text, parts.sql)
		}
		for i := range len(text) {
			if parts.sql[i] != text[i] && parts.sql[i] != ' ' {
				t.Errorf("%q has become %q", text, parts.sql)
			}
		}
		if at := strings.Index(text, "select"); at >= 0 && strings.Index(parts.sql, "select") != at {
			t.Errorf("%q lost its query: %q", text, parts.sql)
		}
		if end := strings.TrimRight(parts.sql, " \n"); strings.HasSuffix(end, ";") {
			t.Errorf("%q keeps its semicolon: %q", text, parts.sql)
		}
	}
}

func TestHeaderPlacesAreTheFiles(t *testing.T) {
	root := write(t, &txtar.Archive{Files: []txtar.File{
		{Name: "larder.yml", Data: []byte("name: shop\n")},
		{Name: "models/marts/lines.sql", Data: []byte("\n-- larder\n-- owner: finance\n-- grain:\n--   - a\n--   - \"b c\"\n-- columns:\n--   a: date\nselect 1\n")},
		{Name: "models/marts/block.sql", Data: []byte("/* a note */\n\n  /*   Larder\n  grain: [a, b]\n  build: view */ select 1\n")},
	}})
	p := mustLoad(t, root)
	block, lines := p.Models[0], p.Models[1]
	for key, want := range map[string]string{"owner": "3:11", "grain": "5:6", "grain.0": "5:8", "grain.1": "6:8"} {
		if got := strings.TrimPrefix(lines.Places[key].String(), "models/marts/lines.sql:"); got != want {
			t.Errorf("%s stands at %s, want %s", key, got, want)
		}
	}
	for key, want := range map[string]string{"grain": "4:10", "grain.0": "4:11", "grain.1": "4:14", "build": "5:10"} {
		if got := strings.TrimPrefix(block.Places[key].String(), "models/marts/block.sql:"); got != want {
			t.Errorf("%s stands at %s, want %s", key, got, want)
		}
	}
	if lines.Columns[0].TypeWhere.String() != "models/marts/lines.sql:8:9" || lines.Columns[0].Where.Text != "--   a: date" {
		t.Errorf("column a stands at %+v", lines.Columns[0].TypeWhere)
	}
	if diff := cmp.Diff([]string{"a", "b c"}, lines.Grain); diff != "" {
		t.Error(diff)
	}
	if block.Build != "view" || lines.Build != "full" {
		t.Errorf("builds %s and %s", block.Build, lines.Build)
	}
}

func TestLinksAndUnreadableFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need privileges there")
	}
	root := write(t, &txtar.Archive{Files: []txtar.File{
		{Name: "larder.yml", Data: []byte("name: shop\n")},
		{Name: "models/marts/a.sql", Data: []byte("select 1\n")},
		{Name: "elsewhere/finance/b.sql", Data: []byte("select 1\n")},
	}})
	link := func(to, from string) {
		if err := os.Symlink(to, filepath.Join(root, from)); err != nil {
			t.Fatal(err)
		}
	}
	link(filepath.Join(root, "elsewhere", "finance"), "models/marts/linked")
	p := mustLoad(t, root)
	if len(p.Models) != 2 || p.Models[1].Dataset != "linked.b" {
		t.Fatalf("a link to a folder is followed: %+v", p.Models)
	}
	link(filepath.Join(root, "models"), "models/marts/up")
	link("round", "models/marts/round")
	link("nowhere.sql", "models/marts/dangling.sql")
	link(os.DevNull, "models/marts/device.sql")
	if err := os.Mkdir(filepath.Join(root, "larder.local.yml"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := Load(root, testOptions())
	got := told(root, err)
	for _, want := range []string{
		"models/marts/up: this link leads back to a folder it stands in [invalid]",
		"models/marts/round: cannot be read: too many levels of symbolic links [invalid]",
		"models/marts/dangling.sql: cannot be read: no such file or directory [not found]",
		"models/marts/device.sql: cannot be read: this should be a file [invalid]",
		"larder.local.yml: cannot be read: this should be a file [invalid]",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %q in\n%s", want, got)
		}
	}
}

func TestFileWithoutPermission(t *testing.T) {
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("needs a user whom files can be kept from")
	}
	root := write(t, &txtar.Archive{Files: []txtar.File{{Name: "larder.yml", Data: []byte("name: shop\n")}, {Name: "models/marts/a.sql"}}})
	if err := os.Chmod(filepath.Join(root, "models", "marts", "a.sql"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(root, testOptions()); fault.KindOf(err) != fault.Denied {
		t.Errorf("want Denied, got %v", err)
	}
}

func TestHostileYAML(t *testing.T) {
	for name, text := range map[string]string{
		"brackets": strings.Repeat("[", 500_000), "braces": strings.Repeat("{a: ", 200_000), "entries": strings.Repeat("- ", 400_000),
		"keys": strings.Repeat("? ", 400_000), "tags": strings.Repeat("!a ", 300_000), "anchors": strings.Repeat("&a ", 300_000),
		"long": "a: " + strings.Repeat("x", 2<<20), "quotes": "a: \"" + strings.Repeat("\\", 1000), "colons": strings.Repeat("a: ", 1000),
		"stairs": stairs(400),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, faults := parseYAML(newFile("x.yml", text), text)
			if name != "stairs" && len(faults) == 0 {
				t.Error("no fault")
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// stairs is a mapping of n levels.
func stairs(n int) string {
	var out strings.Builder
	for i := range n {
		out.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return out.String()
}

// FuzzLoad reads projects of hostile files: whatever they hold, there is an
// answer, and never one of the kind Internal.
func FuzzLoad(f *testing.F) {
	archives, _ := filepath.Glob("testdata/*/*.txtar")
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			text := string(unescape(file.Data))
			f.Add(text, uint8(len(file.Name)))
		}
	}
	names := []string{"larder.yml", "larder.local.yml", "squads/a.yml", "sources/a.yml", "models/marts/_defaults.yml", "models/marts/a.sql", "checks/a.yml", "tests/a.yml"}
	root := f.TempDir()
	for _, name := range names {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		name := names[int(which)%len(names)]
		if err := os.WriteFile(filepath.Join(root, "larder.yml"), []byte("name: shop\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Load(root, testOptions())
		if name != "larder.yml" {
			if err := os.Remove(filepath.Join(root, name)); err != nil {
				t.Fatal(err)
			}
		}
		if err == nil {
			return
		}
		var faults fault.List
		faults.Add(err)
		for _, f := range faults {
			if f.Kind == fault.Internal || f.Where.File == "" {
				t.Errorf("%s: %v (%s)", name, f, f.Kind)
			}
		}
	})
}
