package app

import (
	"github.com/larder-data/larder/internal/compile"
	"github.com/larder-data/larder/internal/project"
)

// Schemas returns the JSON Schemas of a project's files, by file name.
func Schemas() (map[string][]byte, error) {
	return project.Schemas(project.Options{Kinds: sourceKinds(), Engines: engineKinds(), Lakes: lakeKinds()})
}

// EngineVersion names the embedded engine and its version.
func EngineVersion() string { return compile.Dialect() }
