package app

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/project"
)

// NewSource is a source to be described: the settings as they would stand in
// its file.
type NewSource struct {
	Name, Kind string
	Settings   []Setting // of the source
	Table      string
	TableSays  []Setting
}

// Setting is one line of a file.
type Setting struct{ Key, Value string }

// SourceKinds are the kinds of sources there are, by name, each with the settings
// a source and a table of it must have.
func SourceKinds() map[string][2][]string {
	out := map[string][2][]string{}
	for name, kind := range sourceKinds() {
		out[name] = [2][]string{project.NeededKeys(kind.Source), project.NeededKeys(kind.Table)}
	}
	return out
}

// AddSource writes sources/NAME.yml, tries the source, and declares the columns
// it shows. When the file is wrong or the source does not answer, there is no
// file again. Conflict when there is one already.
func AddSource(ctx context.Context, o Options, s NewSource) (path string, tried []ingest.Tried, err error) {
	kinds := SourceKinds()
	if _, ok := kinds[s.Kind]; !ok {
		return "", nil, fault.New(fault.Invalid, "there is no kind of source %s", s.Kind).
			WithHint("%s", fault.DidYouMean(s.Kind, slices.Sorted(maps.Keys(kinds))))
	}
	root, err := findRoot(o.Dir)
	if err != nil {
		return "", nil, err
	}
	path = filepath.Join(root, "sources", s.Name+".yml")
	if err := writeNew(path, s, nil); err != nil {
		return "", nil, err
	}
	defer func() {
		if err != nil {
			err = firstOf(err, os.Remove(path))
			path = ""
		}
	}()
	a, err := Load(ctx, o)
	if err != nil {
		return path, nil, err
	}
	tried, err = a.TrySource(ctx, s.Name)
	if closed := a.Close(); err == nil {
		err = closed
	}
	if fault.KindOf(err) == fault.NotFound && err != nil && len(tried) == 0 {
		return path, nil, nil // there is nothing to look at yet, which is no mistake
	}
	if err != nil {
		return path, nil, err
	}
	return path, tried, describe(path, s, tried)
}

// describe writes the file again, with the columns the source showed.
func describe(path string, s NewSource, tried []ingest.Tried) error {
	if err := os.Remove(path); err != nil {
		return fault.New(fault.Denied, "%w", err)
	}
	return writeNew(path, s, tried)
}

// writeNew writes a source's file that is not there yet.
func writeNew(path string, s NewSource, tried []ingest.Tried) error {
	own := yaml.MapSlice{{Key: "kind", Value: s.Kind}}
	for _, set := range s.Settings {
		own = append(own, yaml.MapItem{Key: set.Key, Value: valueOf(set.Value)})
	}
	says := yaml.MapSlice{}
	for _, set := range s.TableSays {
		says = append(says, yaml.MapItem{Key: set.Key, Value: valueOf(set.Value)})
	}
	for _, t := range tried {
		columns := yaml.MapSlice{}
		for _, c := range t.Columns {
			columns = append(columns, yaml.MapItem{Key: c.Name, Value: strings.ToLower(c.Type.String())})
		}
		says = append(says, yaml.MapItem{Key: "columns", Value: columns})
	}
	own = append(own, yaml.MapItem{Key: "tables", Value: yaml.MapSlice{{Key: s.Table, Value: says}}})
	text, err := yaml.Marshal(own)
	if err != nil {
		return fault.New(fault.Internal, "%w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fault.New(fault.Denied, "%w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Conflict, "%s is there already", path).WithHint("edit it, or give the source another name")
	}
	if err == nil {
		_, err = file.Write(text)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return fault.New(fault.Denied, "%w", err)
	}
	return nil
}

// valueOf reads a setting as YAML would: a text, a number, a list.
func valueOf(text string) any {
	var value any
	if yaml.Unmarshal([]byte(text), &value) != nil || value == nil {
		return text
	}
	return value
}
