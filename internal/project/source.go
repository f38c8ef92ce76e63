package project

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/fault"
)

// sourceSpec is what every source says; the rest is its kind's.
type sourceSpec struct {
	Name        Placed[string] `yaml:"name" jsonschema_description:"The source's name, the first part of its tables'; the file's name when not given"`
	Kind        Placed[string] `yaml:"kind" jsonschema:"required" jsonschema_description:"What kind of source it is, such as files"`
	Description string         `yaml:"description" jsonschema_description:"What the source is"`
	Owner       Placed[string] `yaml:"owner" jsonschema_description:"The squad that looks after it"`
	Tags        []string       `yaml:"tags" jsonschema_description:"Words to select its tables by"`
	Drift       driftSpec      `yaml:"drift" jsonschema_description:"What follows when columns change, for all its tables"`
	Tables      Map[tableNode] `yaml:"tables" jsonschema:"required" jsonschema_description:"The tables it lands, by name, as lake.<source>_<table>"`
}

// tableNode is a table of a source as it stands in the file.
type tableNode struct {
	file *File
	node ast.Node
}

func (t *tableNode) read(d *decoder, node ast.Node, _ string) { t.file, t.node = d.file, node }

// tableSpec is what every source's table says; the rest is its kind's.
type tableSpec struct {
	Description string                `yaml:"description" jsonschema_description:"What one row is"`
	Owner       Placed[string]        `yaml:"owner" jsonschema_description:"The squad that looks after it; the source's when not given"`
	Tags        []string              `yaml:"tags" jsonschema_description:"Words to select it by, beside the source's"`
	Key         Placed[[]string]      `yaml:"key" jsonschema_description:"The columns that tell rows apart: the newest copy of each row is current"`
	Version     Placed[string]        `yaml:"version" jsonschema_description:"With key: the column that orders the copies of a row"`
	Deleted     Placed[string]        `yaml:"deleted" jsonschema_description:"With key: a condition that is true for a row that was deleted"`
	Window      Placed[string]        `yaml:"window" jsonschema_description:"The column whose values a load replaces; neither key nor window: loads are appended"`
	FreshWithin Placed[time.Duration] `yaml:"fresh_within" jsonschema_description:"How old its newest load may get, such as 1 day"`
	Drift       driftSpec             `yaml:"drift" jsonschema_description:"What follows when its columns change; the source's when not given"`
	Columns     Map[columnNode]       `yaml:"columns" jsonschema_description:"The columns, by name: a type, or a mapping; inferred from the data when not given"`
	Checks      []checkSpec           `yaml:"checks" jsonschema_description:"Rules its rows keep"`
}

// provenance are the columns every lake table has.
var provenance = []string{"_load", "_file", "_row", "_loaded_at"}

// source reads one file of sources/.
func (l *loader) source(name string) {
	file, node, ok := l.yaml(name)
	if !ok {
		return
	}
	l.refuseSecrets(file, node)
	l.env.expand(file, node)
	kindName := ""
	for _, pair := range pairsOf(node) {
		if keyText(pair.Key) == "kind" {
			kindName, _ = scalarText(pair.Value)
		}
	}
	kind, judged := l.opts.Kinds[kindName]
	var spec sourceSpec
	l.decodeWith(file, node, &spec, kind.Source, judged)
	if spec.Kind.Given() && !judged && l.opts.Kinds != nil {
		l.faults = append(l.faults, spec.Kind.Fault("there is no kind of source %s", spec.Kind.Value).
			WithHint("%s", fault.DidYouMean(spec.Kind.Value, sortedKeys(l.opts.Kinds))))
	}
	source := Source{
		Name: cmp.Or(spec.Name.Value, baseName(name)), Kind: spec.Kind.Value, Node: node, File: file,
		Owner: l.mentionSquad(spec.Owner), About: spec.Description, Tags: spec.Tags, Drift: spec.Drift.over(Drift{}), Where: file.At(node),
	}
	if spec.Name.Given() {
		source.Where = spec.Name.Where
	}
	l.checkName("source", source.Name, source.Where)
	for _, before := range l.project.Sources {
		if strings.EqualFold(before.Name, source.Name) {
			l.fail(source.Where, "the source %s is also described in %s", source.Name, before.Where).WithHint("give one of them another name:")
		}
	}
	for _, entry := range spec.Tables.Entries {
		source.Tables = append(source.Tables, l.sourceTable(source, entry, kind, judged))
	}
	l.project.Sources = append(l.project.Sources, source)
}

func (l *loader) sourceTable(source Source, entry Entry[tableNode], kind Kind, judged bool) SourceTable {
	file, node := entry.Value.file, entry.Value.node
	var spec tableSpec
	l.decodeWith(file, node, &spec, kind.Table, judged)
	t := SourceTable{
		Dataset: "lake." + source.Name + "_" + entry.Key, Name: entry.Key, Description: spec.Description,
		Owner: cmp.Or(l.mentionSquad(spec.Owner), source.Owner), Tags: union(source.Tags, spec.Tags),
		Key: spec.Key.Value, Version: spec.Version.Value, Deleted: spec.Deleted.Value, DeletedAt: spec.Deleted.Where, Window: spec.Window.Value,
		FreshWithin: spec.FreshWithin.Value, Drift: spec.Drift.over(source.Drift), Mode: "append", Node: node, Where: entry.Where,
	}
	if kind.Stands {
		l.standing(source, spec, entry.Where)
	} else {
		l.mode(&t, spec)
	}
	var checks []keyCheck
	t.Columns, checks = l.columns(spec.Columns, kind.Column, judged)
	for _, column := range t.Columns {
		if !kind.Stands && slices.ContainsFunc(provenance, func(own string) bool { return strings.EqualFold(own, column.Name) }) {
			l.fail(column.Where, "%s is a column Larder adds to every lake table", column.Name).
				WithHint("name it differently here and say from: %s", column.Name)
		}
	}
	if l.checkName("table", entry.Key, entry.Where) && l.define(t.Dataset, entry.Where) {
		l.addKeyChecks(t.Dataset, append(checks, freshCheck(spec.FreshWithin)...))
		l.addChecks(t.Dataset, spec.Checks)
	}
	return t
}

// mode decides what a load means for the loads before it.
func (l *loader) mode(t *SourceTable, spec tableSpec) {
	switch {
	case spec.Key.Given() && spec.Window.Given():
		l.faults = append(l.faults, spec.Window.Fault("key and window exclude each other").
			WithHint("key: the newest copy of each row is current; window: a load replaces the rows of the same %s", cmp.Or(spec.Window.Value, "window")))
	case spec.Key.Given():
		t.Mode = "key"
		if len(t.Key) == 0 {
			l.faults = append(l.faults, spec.Key.Fault("key lists no column"))
		}
	case spec.Window.Given():
		t.Mode = "window"
	}
	for name, given := range map[string]Placed[string]{"version": spec.Version, "deleted": spec.Deleted} {
		if given.Given() && !spec.Key.Given() {
			l.faults = append(l.faults, given.Fault("%s means nothing without key", name).WithHint("add key: with the columns that tell rows apart"))
		}
	}
	if spec.Deleted.Given() {
		l.checkExpression(spec.Deleted, "deleted")
	}
	declared := spec.Columns.Keys()
	for _, column := range slices.Concat(t.Key, []string{t.Version, t.Window}) {
		known := slices.ContainsFunc(declared, func(name string) bool { return strings.EqualFold(name, column) })
		if column != "" && len(declared) > 0 && !known {
			where := cmp.Or(spec.Key.Where, spec.Window.Where)
			if column == t.Version && spec.Version.Given() {
				where = spec.Version.Where
			}
			l.fail(where, "there is no column %s among the declared ones", column).WithHint("%s", fault.DidYouMean(column, declared))
		}
	}
}

// standing refuses what is said of loads where there are none.
func (l *loader) standing(source Source, spec tableSpec, where fault.Place) {
	refuse := func(name string, where fault.Place) {
		if !where.IsZero() {
			l.fail(where, "%s means nothing in a source of kind %s: nothing is loaded", name, source.Kind).WithHint("take it out")
		}
	}
	refuse("key", spec.Key.Where)
	refuse("version", spec.Version.Where)
	refuse("window", spec.Window.Where)
	drift := spec.Drift.over(source.Drift)
	for name, response := range map[string]Response{"widened": drift.Widened, "removed": drift.Removed, "retyped": drift.Retyped} {
		if response == Ignore {
			l.fail(where, "drift: {%s: ignore} cannot be kept in a source of kind %s: its rows are read as they stand", name, source.Kind).
				WithHint("say hold or evolve")
		}
	}
	if spec.Deleted.Given() {
		l.checkExpression(spec.Deleted, "deleted")
	}
}

// union returns the words of both, each once, in order.
func union(a, b []string) []string {
	var out []string
	for _, word := range slices.Concat(a, b) {
		if !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}

// Decode reads the settings that belong to the source's kind.
func (s Source) Decode(into any) fault.List {
	return Decode(s.File, s.Node, into, Keys(sourceSpec{})...)
}

// DecodeTable reads the settings of a table that belong to the source's kind.
func (s Source) DecodeTable(t SourceTable, into any) fault.List {
	return Decode(s.File, t.Node, into, Keys(tableSpec{})...)
}

// DecodeColumn reads the settings of a column that belong to the source's
// kind. A column without a mapping has none and leaves into as it is.
func (s Source) DecodeColumn(c Column, into any) fault.List {
	if _, ok := c.Node.(*ast.MappingNode); !ok {
		return nil
	}
	return Decode(s.File, c.Node, into, Keys(columnSpec{})...)
}
