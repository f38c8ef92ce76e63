package project

import (
	"cmp"
	"path/filepath"
	"reflect"
	"time"

	"github.com/goccy/go-yaml/ast"
	"golang.org/x/text/currency"

	"github.com/larder-data/larder/internal/fault"
)

// settingsSpec is larder.yml.
type settingsSpec struct {
	Name        Placed[string]   `yaml:"name" jsonschema:"required" jsonschema_description:"The project's name, for people and for the state it keeps"`
	Description string           `yaml:"description" jsonschema_description:"What the project is about, in a sentence"`
	TimeZone    Placed[string]   `yaml:"time_zone" jsonschema_description:"The business time zone, an IANA name such as Europe/London; UTC when not given"`
	Currency    Placed[string]   `yaml:"currency" jsonschema_description:"ISO 4217 code, such as GBP, of columns that say currency: true"`
	Targets     Map[targetParts] `yaml:"targets" jsonschema_description:"The warehouses the project can build into, by name; one DuckDB file under .larder/ when not given"`
	Target      Placed[string]   `yaml:"target" jsonschema_description:"The target to build into; needed when there are several"`
	Lake        lakeSpec         `yaml:"lake" jsonschema_description:"Where raw loads are kept: a folder, .larder/lake when not given, or a bucket such as s3://bucket/prefix, with its settings"`
	State       string           `yaml:"state" jsonschema_description:"The file the ledger of the warehouse is kept in; when not given .larder/state.db, and .larder/NAME.state.db for a target NAME that is no DuckDB file"`
	History     Placed[int]      `yaml:"history" jsonschema:"minimum=0,maximum=100" jsonschema_description:"How many earlier versions of each table are kept for larder rollback; 1 when not given, 0 keeps none"`
	Vars        Map[varSpec]     `yaml:"vars" jsonschema_description:"Values models use as $name"`
}

// targetSpec is what every target says; the rest is its engine's.
type targetSpec struct {
	Engine Placed[string] `yaml:"engine" jsonschema_description:"The engine, such as duckdb"`
	Path   Placed[string] `yaml:"path" jsonschema_description:"The file of an embedded engine; .larder/warehouse.duckdb when not given"`
}

// targetParts is a target as it stands in one or both files.
type targetParts struct{ parts []part }

func (t *targetParts) read(d *decoder, node ast.Node, _ string) {
	t.parts = append(t.parts, part{d.file, node})
}

// What a project has that says nothing of it.
const (
	defaultTarget    = "local"
	defaultEngine    = "duckdb"
	defaultWarehouse = ".larder/warehouse.duckdb"
	defaultLake      = ".larder/lake"
	defaultState     = ".larder/state.db"
	defaultHistory   = 1
)

// mostHistory is how many earlier versions of a table may be kept: each takes
// as much room as the table.
const mostHistory = 100

// settings reads larder.yml and larder.local.yml.
func (l *loader) settings() {
	var parts []part
	for _, name := range []string{SettingsFile, localFile} {
		if name == localFile && !l.folder.has(name) {
			continue
		}
		file, node, ok := l.settingsTree(name)
		if !ok {
			return
		}
		if node != nil {
			parts = append(parts, part{file, node})
		}
	}
	var spec settingsSpec
	chosen := l.choose(parts)
	if len(parts) > 0 {
		l.faults = append(l.faults, l.decoder.parts(parts, &spec, nil)...)
	}
	p := l.project
	p.Name, p.About = spec.Name.Value, spec.Description
	p.Lake = l.lake(spec.Lake)
	p.State = l.path(cmp.Or(spec.State, defaultState))
	p.TimeZone = l.timeZone(spec.TimeZone)
	p.Currency = l.currency(spec.Currency)
	p.History = l.history(spec.History, defaultHistory)
	l.targets(spec, chosen)
	if spec.State == "" && p.Target.Engine != defaultEngine {
		p.State = l.path(".larder/" + p.Target.Name + ".state.db") // the ledger is of one warehouse
	}
	l.vars(spec.Vars)
}

// settingsTree parses a settings file and replaces variables in it, except in
// targets: those not chosen may name variables nobody has set.
func (l *loader) settingsTree(name string) (*File, ast.Node, bool) {
	file, ok := l.folder.read(name)
	if !ok {
		return nil, nil, false
	}
	node, faults := parseYAML(file, file.Text)
	l.faults = append(l.faults, faults...)
	if node == nil && len(faults) == 0 && name == SettingsFile {
		l.fail(fault.Place{File: name, Line: 1, Column: 1}, "name is missing: the file says nothing").WithHint("begin with a line name: my-shop")
	}
	for _, pair := range pairsOf(node) {
		switch keyText(pair.Key) {
		case "targets":
			continue
		case "lake":
			l.refuseSecrets(file, pair.Value)
		}
		l.env.expand(file, pair.Value)
	}
	return file, node, len(faults) == 0
}

// choose returns the target's name as far as it can be told before the targets
// are read, and replaces variables in it.
func (l *loader) choose(parts []part) string {
	chosen := ""
	var names []string
	for _, p := range parts {
		for _, pair := range pairsOf(p.node) {
			switch keyText(pair.Key) {
			case "target":
				chosen, _ = scalarText(pair.Value)
			case "targets":
				for _, target := range pairsOf(pair.Value) {
					names = append(names, keyText(target.Key))
				}
			}
		}
	}
	if chosen = cmp.Or(l.opts.Target, chosen); chosen == "" && len(names) > 0 {
		chosen = names[0]
	}
	for _, p := range parts {
		for _, pair := range pairsOf(p.node) {
			if keyText(pair.Key) != "targets" {
				continue
			}
			for _, target := range pairsOf(pair.Value) {
				l.refuseSecrets(p.file, target.Value)
				if keyText(target.Key) == chosen {
					l.env.expand(p.file, target.Value)
				}
			}
		}
	}
	return chosen
}

// pairsOf returns the pairs of a mapping, none of anything else.
func pairsOf(node ast.Node) []*ast.MappingValueNode {
	if mapping, ok := node.(*ast.MappingNode); ok {
		return mapping.Values
	}
	return nil
}

// targets reads all targets and keeps the chosen one.
func (l *loader) targets(spec settingsSpec, chosen string) {
	all := spec.Targets.Entries
	switch {
	case len(all) == 0 && l.opts.Target == "" && !spec.Target.Given():
		l.project.Target = Target{Name: defaultTarget, Engine: defaultEngine, Path: l.path(defaultWarehouse), Where: fault.Place{File: SettingsFile}}
		l.project.Targets = []Target{l.project.Target}
		return
	case len(all) > 1 && l.opts.Target == "" && !spec.Target.Given():
		l.fail(all[1].Where, "there are several targets and none is chosen").
			WithHint("write target: %s, or choose with --target", all[0].Key)
	case !l.hasTarget(spec, chosen):
		where := spec.Target.Where
		if l.opts.Target != "" {
			where = fault.Place{File: SettingsFile}
		}
		l.fail(where, "there is no target %s", chosen).WithHint("%s", fault.DidYouMean(chosen, spec.Targets.Keys()))
	}
	for _, entry := range all {
		target, ok := l.target(entry, entry.Key == chosen)
		l.project.Targets = append(l.project.Targets, target)
		if ok && entry.Key == chosen {
			l.project.Target = target
		}
	}
}

func (l *loader) hasTarget(spec settingsSpec, name string) bool {
	_, ok := spec.Targets.Find(name)
	return ok
}

// target reads one target: what every target says, and its engine's settings.
func (l *loader) target(entry Entry[targetParts], chosen bool) (Target, bool) {
	parts := entry.Value.parts
	engine := defaultEngine
	for _, p := range parts {
		for _, pair := range pairsOf(p.node) {
			if text, ok := scalarText(pair.Value); ok && keyText(pair.Key) == "engine" {
				engine = text
			}
		}
	}
	settings, ok := l.opts.Engines[engine]
	d := &decoder{raw: !chosen, told: !ok}
	var spec targetSpec
	faults := d.parts(parts, &spec, Keys(settings))
	if !ok && l.opts.Engines != nil {
		problem := fault.At(entry.Where, fault.Invalid, "there is no engine %s", engine)
		if spec.Engine.Given() {
			problem.Where = spec.Engine.Where
		}
		faults = append(faults, problem.WithHint("%s", fault.DidYouMean(engine, sortedKeys(l.opts.Engines))))
	}
	if settings != nil {
		d.told = true
		fresh := reflect.New(reflect.TypeOf(settings).Elem()).Interface()
		faults = append(faults, d.parts(parts, fresh, nil)...)
	}
	l.faults = append(l.faults, faults...)
	path := spec.Path.Value
	switch {
	case engine == defaultEngine:
		path = cmp.Or(path, defaultWarehouse)
	case ok && spec.Path.Given():
		l.faults = append(l.faults, spec.Path.Fault("a target of %s has no path: it is no file", engine))
	}
	target := Target{Name: entry.Key, Engine: engine, Node: parts[0].node, Where: entry.Where, parts: parts}
	if path != "" {
		target.Path = l.path(path)
	}
	return target, len(faults) == 0
}

// Decode reads the engine's own settings, what larder.local.yml says included.
func (t Target) Decode(into any) fault.List {
	if len(t.parts) == 0 {
		return nil
	}
	return (&decoder{}).parts(t.parts, into, Keys(targetSpec{}))
}

// path makes a path of the user's absolute.
func (l *loader) path(text string) string {
	if filepath.IsAbs(text) {
		return filepath.Clean(text)
	}
	return filepath.Join(l.folder.root, filepath.FromSlash(text))
}

func (l *loader) timeZone(name Placed[string]) *time.Location {
	if !name.Given() {
		return time.UTC
	}
	zone, err := time.LoadLocation(name.Value)
	if err != nil || name.Value == "" || name.Value == "Local" {
		l.faults = append(l.faults, name.Fault("there is no time zone %q", name.Value).WithHint("use an IANA name such as Europe/London or UTC"))
		return time.UTC
	}
	return zone
}

// history is how many earlier versions are kept, otherwise when nothing is said.
func (l *loader) history(given Placed[int], otherwise int) int {
	if !given.Given() {
		return otherwise
	}
	if given.Value < 0 || given.Value > mostHistory {
		l.faults = append(l.faults, given.Fault("history: %d earlier versions cannot be kept", given.Value).
			WithHint("write how many, from 0, which keeps none, to %d", mostHistory))
	}
	return given.Value
}

func (l *loader) currency(code Placed[string]) string {
	if code.Given() && !isCurrency(code.Value) {
		l.faults = append(l.faults, code.Fault("%q is no currency", code.Value).WithHint("use an ISO 4217 code in capitals, such as GBP"))
	}
	return code.Value
}

// isCurrency reports whether the text is an ISO 4217 code as it is written there.
func isCurrency(code string) bool {
	unit, err := currency.ParseISO(code)
	return err == nil && unit.String() == code
}
