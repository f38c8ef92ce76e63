package shop

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/larder-data/larder/internal/project"
)

// settings is what a source's file says of one table.
type settings map[string]any

// text returns a setting, or what holds without it.
func (s settings) text(key, otherwise string) string {
	if text, ok := s[key].(string); ok {
		return text
	}
	return otherwise
}

// land reads every table of every source into the lake, as its file says.
func (d *duck) land(p *project.Project) {
	d.t.Helper()
	for _, s := range p.Sources {
		text, err := os.ReadFile(filepath.Join(p.Root, filepath.FromSlash(s.File.Path)))
		if err != nil {
			d.t.Fatal(err)
		}
		var file struct {
			Path   string              `yaml:"path"`
			Tables map[string]settings `yaml:"tables"`
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			d.t.Fatal(err)
		}
		for _, of := range s.Tables {
			d.landTable(of, filepath.Join(p.Root, file.Path), file.Tables[of.Name])
		}
	}
}

func (d *duck) landTable(of project.SourceTable, folder string, s settings) {
	d.t.Helper()
	declared, _ := s["columns"].(map[string]any)
	var read, columns []string
	for _, c := range of.Columns {
		long, _ := declared[c.Name].(map[string]any) // nil for the short form
		name := settings(long).text("from", c.Name)
		read = append(read, fmt.Sprintf("'%s': 'VARCHAR'", name))
		value := converted(c, name, settings(long).text("format", ""), s.text("decimal", "."))
		columns = append(columns, value+" as "+c.Name)
	}
	newest := ""
	if of.Mode == "key" {
		newest = fmt.Sprintf("qualify row_number() over (partition by %s order by %s desc) = 1",
			strings.Join(of.Key, ", "), cmp.Or(of.Version, "1"))
	}
	d.do("create or replace table %s as select %s from %s %s", of.Dataset, strings.Join(columns, ", "),
		reader(filepath.Join(folder, s.text("files", "")), s, strings.Join(read, ", ")), newest)
}

// reader is the function that reads the files as they are.
func reader(files string, s settings, columns string) string {
	format := s.text("format", "csv")
	if format == "json" {
		return fmt.Sprintf("read_json('%s', format = 'newline_delimited', columns = {%s})", files, columns)
	}
	delimiter, null := ",", ""
	if format == "tsv" {
		delimiter = "\t"
	}
	if nulls, ok := s["null"].([]any); ok {
		null = nulls[0].(string)
	}
	return fmt.Sprintf(`read_csv('%s', auto_detect = false, quote = '"', escape = '"', columns = {%s},
		header = %v, delim = '%s', encoding = '%s', nullstr = '%s')`,
		files, columns, s["header"] != false, s.text("delimiter", delimiter), s.text("encoding", "utf-8"), null)
}

// converted casts a text the way the column is declared.
func converted(c project.Column, name, format, decimal string) string {
	value := `"` + name + `"`
	switch {
	case format != "":
		value = fmt.Sprintf("strptime(%s, '%s')", value, format)
	case decimal == ",":
		value = fmt.Sprintf("replace(%s, ',', '.')", value)
	}
	return fmt.Sprintf("cast(%s as %s)", value, c.Type)
}
