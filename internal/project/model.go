package project

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/fault"
)

// headerSpec is a model's header.
type headerSpec struct {
	Name        Placed[string]           `yaml:"name" jsonschema_description:"schema.name of the dataset, when it should differ from the file's place"`
	Description Placed[string]           `yaml:"description" jsonschema_description:"What one row is"`
	Owner       Placed[string]           `yaml:"owner" jsonschema_description:"The squad that looks after it"`
	Tags        []string                 `yaml:"tags" jsonschema_description:"Words to select it by, beside those of _defaults.yml"`
	Grain       Placed[[]Placed[string]] `yaml:"grain" jsonschema_description:"The columns that tell rows apart; a repeated one blocks"`
	Dialect     Placed[string]           `yaml:"dialect" jsonschema_description:"The engine the SQL is written for, such as postgres, when it is not DuckDB's; then columns lists all columns with their types"`
	Portable    Map[Placed[string]]      `yaml:"portable" jsonschema_description:"Differences between engines that do not matter here: the difference's name, and why not"`
	Build       buildSpec                `yaml:"build" jsonschema_description:"full (the default) keeps the rows in a table, view computes them when asked"`
	FreshWithin Placed[time.Duration]    `yaml:"fresh_within" jsonschema_description:"How old it may get, such as 1 hour"`
	History     Placed[int]              `yaml:"history" jsonschema:"minimum=0,maximum=100" jsonschema_description:"How many earlier versions are kept for larder rollback, when it should be others than larder.yml says"`
	Columns     Map[columnNode]          `yaml:"columns" jsonschema_description:"What is known of columns, by name: a type, or a mapping"`
	Checks      []checkSpec              `yaml:"checks" jsonschema_description:"Rules its rows keep"`
}

// defaults are the keys of a _defaults.yml.
type defaults struct {
	Owner       Placed[string]        `yaml:"owner" jsonschema_description:"The squad that looks after the datasets below this folder"`
	Tags        []string              `yaml:"tags" jsonschema_description:"Words to select them by, added to their own"`
	FreshWithin Placed[time.Duration] `yaml:"fresh_within" jsonschema_description:"How old they may get, such as 1 day"`
}

// buildSpec is how a dataset is built.
type buildSpec struct {
	kind  string
	where fault.Place
}

// The ways of building, and those to come.
var (
	builds      = []string{"full", "view"}
	laterBuilds = []string{"interval", "key", "append", "history"}
)

func (b *buildSpec) read(d *decoder, node ast.Node, _ string) {
	b.where = d.file.At(node)
	text, isScalar := scalarText(node)
	if isScalar {
		b.choose(d, node, text)
		return
	}
	pairs, ok := d.pairs(node)
	kind := false
	for _, pair := range pairs {
		key := keyText(pair.Key)
		text, isText := scalarText(pair.Value)
		switch {
		case key == "kind" && isText:
			kind = true
			b.choose(d, pair.Value, text)
		case key == "kind":
			kind = true
			d.fail(pair.Key, "kind should be a single word, not %s", kindOf(pair.Value)).Hint = "known: full, view"
		case slices.Contains(laterBuilds, key):
			kind = true
			b.choose(d, pair.Key, key)
		default:
			d.fail(pair.Key, "unknown key %s", key).Hint = fault.DidYouMean(key, []string{"kind"})
		}
	}
	if ok && !kind {
		d.fail(node, "kind is missing").Hint = "known: full, view"
	}
}

func (b *buildSpec) choose(d *decoder, node ast.Node, kind string) {
	switch {
	case slices.Contains(builds, kind):
		b.kind = kind
	case slices.Contains(laterBuilds, kind):
		d.fail(node, "building by %s is not available yet", kind).Hint = "use full or view"
	default:
		d.fail(node, "there is no way of building called %s", kind).Hint = fault.DidYouMean(kind, builds)
	}
}

const defaultsFile = "_defaults.yml"

// models reads everything below models/.
func (l *loader) models() {
	files := l.folder.list("models")
	l.defaults = map[string][]defaults{}
	for _, name := range files {
		if path.Base(name) == defaultsFile {
			l.readDefaults(name)
		}
	}
	l.project.Models = make([]Model, 0, len(files))
	var overrides []string
	for _, name := range files {
		where := fault.Place{File: name}
		switch ext := path.Ext(name); {
		case path.Base(name) == defaultsFile:
		case ext != ".sql" && (strings.EqualFold(ext, ".yml") || strings.EqualFold(ext, ".yaml")):
			l.fail(where, "only %s is read here, and models in .sql files", defaultsFile).
				WithHint("what is known of a model stands in its header")
		case ext != ".sql":
			l.fail(where, "a folder of models holds .sql files only").WithHint("move it out of models/, or end its name in .sql")
		case strings.Contains(baseName(name), "."):
			overrides = append(overrides, name)
		default:
			l.modelFiles = append(l.modelFiles, name)
			l.model(name)
		}
	}
	for _, name := range overrides {
		l.override(name)
	}
}

func (l *loader) readDefaults(name string) {
	file, node, ok := l.yaml(name)
	if !ok {
		return
	}
	var spec defaults
	l.decode(file, node, &spec)
	l.mentionSquad(spec.Owner)
	l.defaults[path.Dir(name)] = []defaults{spec}
}

// defaultsOf returns what holds for a folder, the outermost first.
func (l *loader) defaultsOf(dir string) []defaults {
	if dir == "." || dir == "/" {
		return nil
	}
	return slices.Concat(l.defaultsOf(path.Dir(dir)), l.defaults[dir])
}

// model reads one model.
func (l *loader) model(name string) {
	file, ok := l.folder.read(name)
	if !ok {
		return
	}
	parts, faults := splitModel(file)
	l.faults = append(l.faults, faults...)
	spec := &headerSpec{}
	if parts.has {
		node, faults := parseYAML(file, parts.yaml)
		l.faults = append(l.faults, faults...)
		if node != nil {
			l.decode(file, node, spec)
		}
	}
	model := Model{Path: name, SQL: parts.sql, Text: file, Where: file.Place(1, 1)}
	if !l.place(&model, spec.Name) {
		return
	}
	if isEmpty(parts.sql) {
		l.fail(model.Where, "the model %s selects nothing", model.Dataset).WithHint("write a SELECT below the header")
	}
	checks := l.fill(&model, spec)
	if l.define(model.Dataset, model.Where) {
		l.addKeyChecks(model.Dataset, checks)
		l.addChecks(model.Dataset, spec.Checks)
	}
	l.project.Models = append(l.project.Models, model)
}

// place names the dataset by the file's place, or by the header's name.
func (l *loader) place(model *Model, name Placed[string]) bool {
	folders := strings.Split(path.Dir(model.Path), "/")
	if len(folders) < 2 {
		l.fail(model.Where, "a model stands in a folder, which names its schema").
			WithHint("move it to models/marts/%s", path.Base(model.Path))
		return false
	}
	model.Layer = folders[1]
	schema, table, where := folders[len(folders)-1], baseName(model.Path), model.Where
	if name.Given() {
		where = name.Where
		before, after, ok := strings.Cut(name.Value, ".")
		if !ok {
			l.fail(where, "%q has no schema", name.Value).WithHint("write name: %s.%s", schema, name.Value)
			return false
		}
		schema, table, model.Where = before, after, where
	}
	model.Dataset = schema + "." + table
	if slices.Contains(ownSchemas, strings.ToLower(schema)) {
		hint := "put it into another folder, or give it another name:"
		if strings.EqualFold(schema, "lake") {
			hint = "sources land there; models build in other folders, such as warehouse"
		}
		l.fail(where, "the schema %s is taken", schema).WithHint("%s", hint)
		return false
	}
	schemaOK, tableOK := l.checkName("schema", schema, where), l.checkName("model", table, where)
	return schemaOK && tableOK
}

// fill takes over what the header and the defaults say, and returns the checks
// that their keys ask for.
func (l *loader) fill(model *Model, spec *headerSpec) []keyCheck {
	l.mentionSquad(spec.Owner)
	fresh := spec.FreshWithin
	owner, tags := spec.Owner, []string(nil)
	outer := l.defaultsOf(path.Dir(model.Path))
	for _, d := range outer {
		tags = union(tags, d.Tags)
	}
	for _, d := range slices.Backward(outer) {
		owner = orGiven(owner, d.Owner)
		fresh = orGiven(fresh, d.FreshWithin)
	}
	model.Description, model.Owner, model.Tags = spec.Description.Value, owner.Value, union(tags, spec.Tags)
	model.Build, model.FreshWithin = cmp.Or(spec.Build.kind, "full"), fresh.Value
	model.History = l.historyOf(model, spec.History)
	model.Places = map[string]fault.Place{}
	for _, key := range [...]struct {
		name  string
		where fault.Place
	}{
		{"name", spec.Name.Where},
		{"description", spec.Description.Where},
		{"owner", owner.Where},
		{"grain", spec.Grain.Where},
		{"build", spec.Build.where},
		{"fresh_within", fresh.Where},
	} {
		if !key.where.IsZero() {
			model.Places[key.name] = key.where
		}
	}
	for i, column := range spec.Grain.Value {
		model.Grain = append(model.Grain, column.Value)
		model.Places["grain."+strconv.Itoa(i)] = column.Where
	}
	columns, checks := l.columns(spec.Columns, nil, true)
	model.Columns = columns
	l.dialect(model, spec.Dialect)
	l.portable(model, spec.Portable)
	return slices.Concat(checks, grainCheck(model.Grain, spec.Grain.Where), schemaCheck(columns), freshCheck(fresh))
}

// historyOf is how many earlier versions of a model's rows are kept: a view has none.
func (l *loader) historyOf(model *Model, given Placed[int]) int {
	kept := l.history(given, l.project.History)
	if model.Build != "view" {
		return kept
	}
	if given.Given() {
		l.faults = append(l.faults, given.Fault("history: the view %s has no rows of its own to keep", model.Dataset).
			WithHint("take the line out, or keep the rows in a table: build: full"))
	}
	return 0
}

// orGiven returns the first of two settings that is given.
func orGiven[T any](a, b Placed[T]) Placed[T] {
	if a.Given() {
		return a
	}
	return b
}
