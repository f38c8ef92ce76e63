// Package files finds the files of a folder that are to be loaded.
package files

import (
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/project"
)

// Source is what a source of kind files says beside what every source says.
type Source struct {
	Path string `yaml:"path" jsonschema_description:"The folder its files lie in, relative to the project; default the project's own"`
}

// Table is what a table of such a source says.
type Table struct {
	Files project.Placed[[]string] `yaml:"files" jsonschema:"required" jsonschema_description:"Globs below path, ** crosses folders; a single one may stand alone"`
	format.Settings
}

// settings are a table's settings, decoded.
type settings struct {
	Table
	path string
}

func decode(t ingest.Table) (settings, error) {
	var s settings
	var source Source
	faults := t.Source.Decode(&source)
	faults = append(faults, t.Source.DecodeTable(t.SourceTable, &s.Table)...)
	s.path = source.Path
	if len(faults) > 0 {
		return s, faults.Err()
	}
	return s, nil
}
