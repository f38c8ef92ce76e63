package project

import (
	"path"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// dialect keeps the engine a model's SQL is written for, and holds what follows
// from it: DuckDB cannot bind it, so its columns are declared, and only a target
// of the engine can build it.
func (l *loader) dialect(model *Model, spec Placed[string]) {
	if !spec.Given() || spec.Value == defaultEngine {
		return
	}
	if !l.isEngine(spec.Value) {
		l.faults = append(l.faults, spec.Fault("there is no engine %s", spec.Value).
			WithHint("%s", fault.DidYouMean(spec.Value, sortedKeys(l.opts.Engines))))
		return
	}
	model.Dialect = spec.Value
	if len(model.Columns) == 0 {
		l.faults = append(l.faults, spec.Fault("%s is written for %s and declares no columns", model.Dataset, spec.Value).
			WithHint("list them with their types under columns: they are what others may rely on"))
	}
	for _, column := range model.Columns {
		if column.Type == (table.Type{}) {
			l.fail(column.Where, "the column %s has no type, and %s is written for %s", column.Name, model.Dataset, spec.Value).
				WithHint("write its type, such as decimal(18,2): the declared columns are what others may rely on")
		}
	}
	if target := l.project.Target; target.Engine != "" && target.Engine != spec.Value {
		l.faults = append(l.faults, spec.Fault("%s is written for %s, and the target %s is %s", model.Dataset, spec.Value, target.Name, target.Engine).
			WithHint("%s", l.targetsOf(spec.Value, path.Base(model.Path))))
	}
}

// portable keeps the differences between engines that a model accepts; each has a
// reason.
func (l *loader) portable(model *Model, accepted Map[Placed[string]]) {
	for _, entry := range accepted.Entries {
		if entry.Value.Given() && strings.TrimSpace(entry.Value.Value) == "" {
			l.fail(entry.Where, "%s is accepted without a reason", entry.Key).
				WithHint("write why it does not matter here, such as: the codes are capitals only")
		}
		model.Portable = append(model.Portable, Difference{Rule: entry.Key, Reason: entry.Value.Value, Where: entry.Where})
	}
}

// targetsOf says how a model written for an engine can be built.
func (l *loader) targetsOf(engine, file string) string {
	var names []string
	for _, target := range l.project.Targets {
		if target.Engine == engine {
			names = append(names, "--target "+target.Name)
		}
	}
	other := "write " + file + " for DuckDB, and this as " + overrideName(file, engine) + " beside it"
	if len(names) == 0 {
		return "add a target with engine: " + engine + " to larder.yml, or " + other
	}
	return "choose " + strings.Join(names, " or ") + ", or " + other
}

func (l *loader) isEngine(name string) bool {
	_, ok := l.opts.Engines[name]
	return ok || l.opts.Engines == nil
}

// overrideName is the file that holds a model's SQL for an engine.
func overrideName(file, engine string) string {
	return strings.TrimSuffix(file, ".sql") + "." + engine + ".sql"
}

// override reads name.engine.sql: the SQL of the model name.sql beside it on
// targets of an engine.
func (l *loader) override(name string) {
	file, ok := l.folder.read(name)
	if !ok {
		return
	}
	where := file.Place(1, 1)
	base, engine := splitOverride(name)
	if !l.isEngine(engine) {
		l.fail(where, "there is no engine %s", engine).WithHint("%s", orElse(fault.DidYouMean(engine, sortedKeys(l.opts.Engines)), "take the dot out of the file's name"))
		return
	}
	at := slices.IndexFunc(l.project.Models, func(m Model) bool { return m.Path == base })
	if at < 0 {
		if !slices.Contains(l.modelFiles, base) { // else its own mistake is told
			l.fail(where, "there is no %s beside it", path.Base(base)).WithHint("%s", l.nearestModel(base))
		}
		return
	}
	model := &l.project.Models[at]
	if l.overrideFits(model, engine, where) {
		if parts, ok := l.overrideParts(model, file); ok {
			model.Overrides = append(model.Overrides, Override{Engine: engine, SQL: parts.sql, Text: file, Where: where})
		}
	}
}

// splitOverride returns the model's file and the engine that an override's name
// says.
func splitOverride(name string) (base, engine string) {
	stem := strings.TrimSuffix(name, path.Ext(name))
	engine = strings.TrimPrefix(path.Ext(stem), ".")
	return strings.TrimSuffix(stem, "."+engine) + ".sql", engine
}

// nearestModel names a model of the same folder with nearly the name.
func (l *loader) nearestModel(base string) string {
	var beside []string
	for _, file := range l.modelFiles {
		if path.Dir(file) == path.Dir(base) {
			beside = append(beside, path.Base(file))
		}
	}
	return orElse(fault.DidYouMean(path.Base(base), beside), "write it: it says what the dataset is, and is its SQL on other engines")
}

func orElse(text, other string) string {
	if text != "" {
		return text
	}
	return other
}

// overrideFits reports whether a model can have an override for an engine.
func (l *loader) overrideFits(model *Model, engine string, where fault.Place) bool {
	base := path.Base(model.Path)
	switch {
	case engine == defaultEngine:
		l.fail(where, "%s is the SQL for %s", base, engine).WithHint("take one of the two away")
	case model.Dialect != "":
		l.fail(where, "%s is itself written for %s", base, model.Dialect).
			WithHint("write %s for DuckDB, without dialect:, and what it holds now as %s", base, overrideName(base, model.Dialect))
	default:
		return true
	}
	return false
}

// overrideParts takes an override apart. All that is known of the dataset stands
// in the model's own file.
func (l *loader) overrideParts(model *Model, file *File) (split, bool) {
	parts, faults := splitModel(file)
	if parts.has {
		node, more := parseYAML(file, parts.yaml)
		if faults = append(faults, more...); node != nil {
			faults = append(faults, fault.At(file.At(node), fault.Invalid, "the header of an override has no settings").
				WithHint("write them into %s: they hold on every engine", path.Base(model.Path)))
		}
	}
	if isEmpty(parts.sql) {
		faults = append(faults, fault.At(file.Place(1, 1), fault.Invalid, "the override selects nothing").WithHint("write a SELECT, or remove the file"))
	}
	l.faults = append(l.faults, faults...)
	return parts, len(faults) == 0
}
