package project

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/fault"
)

// SettingsFile is the file whose folder is a project.
const SettingsFile = "larder.yml"

// localFile holds one person's settings, laid over SettingsFile.
const localFile = "larder.local.yml"

// Options is what reading a project needs from its surroundings.
type Options struct {
	// Env looks up an environment variable; nil knows none.
	Env func(name string) (value string, set bool)
	// Target is the target to choose in place of the one the files choose.
	Target string
	// Kinds are the kinds of sources there are, by name. A nil map takes any
	// kind and leaves its keys unjudged.
	Kinds map[string]Kind
	// Engines are pointers to the settings structs of the engines there are, by
	// name. A nil map takes any engine and leaves its keys unjudged.
	Engines map[string]any
	// Lakes are pointers to the settings structs of the lakes there are beside a
	// folder, by the scheme of their addresses. A nil map takes any scheme.
	Lakes map[string]any
}

// Kind is a kind of source: pointers to the structs its own settings are
// decoded into, beside the keys every source has. A nil one has no settings.
type Kind struct {
	Source, Table, Column any
	// Stands means that its tables stand in the warehouse already: nothing is
	// landed, so that no load replaces another.
	Stands bool
}

// Find returns the nearest folder at or above dir that holds larder.yml;
// NotFound when there is none.
func Find(dir string) (string, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return "", fault.New(fault.Internal, "the folder %s cannot be found: %w", dir, err)
	}
	for at := root; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, SettingsFile)); err == nil {
			return at, nil
		} else if errors.Is(err, fs.ErrPermission) {
			return "", fault.At(fault.Place{File: filepath.Join(at, SettingsFile)}, fault.Denied, "cannot be read: %w", fs.ErrPermission)
		}
		if at == filepath.Dir(at) {
			return "", fault.New(fault.NotFound, "no %s in %s or a folder above it", SettingsFile, root).
				WithHint("change to a project's folder, or begin one with larder init")
		}
	}
}

// Load reads the project in root. The error is a fault.List of everything that
// is wrong with its files, in their order. With an error there is a Project
// only when its settings and sources are right: then what the other files mean
// can still be looked at.
func Load(root string, opts Options) (*Project, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fault.New(fault.Internal, "the folder %s cannot be found: %w", root, err)
	}
	if _, err := os.Stat(filepath.Join(root, SettingsFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, fault.At(fault.Place{File: SettingsFile}, fault.NotFound, "there is no %s in %s", SettingsFile, root).
			WithHint("begin a project with larder init")
	}
	if opts.Env == nil {
		opts.Env = func(string) (string, bool) { return "", false }
	}
	l := &loader{
		opts: opts, folder: folder{root: root}, decoder: &decoder{},
		env:     expander{env: opts.Env, values: map[string]string{}},
		project: &Project{Root: root, Squads: map[string]Squad{}},
	}
	l.settings()
	for _, name := range l.yamlFiles("squads") {
		l.squad(name)
	}
	for _, name := range l.yamlFiles("sources") {
		l.source(name)
	}
	l.models()
	for _, name := range l.yamlFiles("checks") {
		l.checkFile(name)
	}
	for _, name := range l.yamlFiles("tests") {
		l.testFile(name)
	}
	l.verify()
	faults := append(l.env.clean(l.faults), l.folder.faults...)
	for _, f := range faults {
		if dir, _, inside := strings.Cut(f.Where.File, "/"); !inside || dir == "sources" {
			return nil, faults.Err()
		}
	}
	return l.project, faults.Err()
}

// loader reads one project.
type loader struct {
	opts     Options
	folder   folder
	decoder  *decoder
	env      expander
	project  *Project
	faults   fault.List
	datasets map[string]known // by lower-case name
	checks   []*Check
	named    map[string]*Check     // by dataset and check name
	squads   []mention             // owners and addressees of alarms
	refers   []mention             // datasets that checks name
	defaults map[string][]defaults // by folder, the outermost first

	modelFiles []string // paths of models, those with a mistake among them
}

// known is a dataset and where it is defined.
type known struct {
	name  string
	where fault.Place
}

// mention is a name somebody uses and where.
type mention struct {
	name  string
	where fault.Place
}

// yamlFiles returns the .yml files below a folder.
func (l *loader) yamlFiles(dir string) []string {
	var out []string
	for _, name := range l.folder.list(dir) {
		switch ext := path.Ext(name); {
		case ext == ".yml":
			out = append(out, name)
		case strings.EqualFold(ext, ".yml"), strings.EqualFold(ext, ".yaml"):
			l.fail(fault.Place{File: name}, "this file is not read: its name should end in .yml").
				WithHint("rename it to %s", strings.TrimSuffix(path.Base(name), ext)+".yml")
		}
	}
	return out
}

// yaml reads and parses a YAML file. A file that holds nothing is a fault.
func (l *loader) yaml(name string) (*File, ast.Node, bool) {
	file, ok := l.folder.read(name)
	if !ok {
		return nil, nil, false
	}
	node, faults := parseYAML(file, file.Text)
	l.faults = append(l.faults, faults...)
	if node == nil && len(faults) == 0 {
		l.fail(fault.Place{File: name}, "this file says nothing").WithHint("fill it or remove it")
	}
	return file, node, node != nil && len(faults) == 0
}

// entriesOf are the entries of a list, or a single one that stands alone.
func entriesOf(node ast.Node) []ast.Node {
	if list, ok := node.(*ast.SequenceNode); ok {
		return list.Values
	}
	return []ast.Node{node}
}

// decode reads a mapping and reports whether it was without fault.
func (l *loader) decode(file *File, node ast.Node, into any, ignore ...string) bool {
	faults := l.decoder.parts([]part{{file, node}}, into, ignore)
	l.faults = append(l.faults, faults...)
	return len(faults) == 0
}

func (l *loader) fail(where fault.Place, format string, args ...any) *fault.Error {
	problem := fault.At(where, fault.Invalid, format, args...)
	l.faults = append(l.faults, problem)
	return problem
}

// mentionSquad notes a squad's name, to be held against squads/ in the end.
func (l *loader) mentionSquad(name Placed[string]) string {
	if name.Given() {
		l.squads = append(l.squads, mention{name.Value, name.Where})
	}
	return name.Value
}
