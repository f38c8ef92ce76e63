package project

import (
	"path"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/invopop/jsonschema"

	"github.com/larder-data/larder/internal/fault"
)

// Test is a trial of one model's SQL: rows given to what it reads, rows
// expected of it, or rules its rows keep.
type Test struct {
	Name        string // unique within the model
	Model       string // the dataset under test
	Description string
	Now         string // what $now is; "" when the test does not say
	Start, End  string // what $start and $end are
	Vars        []TestVar
	Given       []Fixture
	Expect      Expectation
	Where       fault.Place
}

// TestVar is a project variable with a value of the test's own.
type TestVar struct {
	Name, Value string
	Where       fault.Place
}

// Expectation is what a test holds a model to. What is not given is not judged.
type Expectation struct {
	Rows     *Fixture // the rows there are, in any order
	Ordered  bool     // in exactly this order
	RowCount *int64
	Checks   []Check // rules on the rows
	Where    fault.Place
}

// Fixture is rows of a dataset: written out, in a CSV file, or a query's.
type Fixture struct {
	Dataset string // of given rows
	Rows    []FixtureRow
	CSV     string // absolute path
	Query   string
	Where   fault.Place
}

// FixtureRow is one row as it is written: columns not named are NULL.
type FixtureRow struct {
	Cells []FixtureCell
	Where fault.Place
}

// FixtureCell is one value as it is written.
type FixtureCell struct {
	Column string
	Text   string
	Null   bool
	Where  fault.Place
}

// testSpec is an entry of a file in tests/.
type testSpec struct {
	Model       Placed[string]      `yaml:"model" jsonschema:"required" jsonschema_description:"The dataset whose SQL is tried, such as finance.net_sales_daily"`
	Name        Placed[string]      `yaml:"name" jsonschema:"required" jsonschema_description:"What should be true, in a few words"`
	Description string              `yaml:"description" jsonschema_description:"Why it should"`
	Now         Placed[string]      `yaml:"now" jsonschema_description:"What $now is, such as 2026-03-01 09:00; in the project's time zone unless it says another"`
	Start       Placed[string]      `yaml:"start" jsonschema_description:"What $start is"`
	End         Placed[string]      `yaml:"end" jsonschema_description:"What $end is"`
	Vars        Map[Placed[string]] `yaml:"vars" jsonschema_description:"Values of project variables in this test"`
	Given       Map[fixtureSpec]    `yaml:"given" jsonschema_description:"Rows of what the model reads, by dataset; what is not given is built from what is, or empty"`
	Expect      expectSpec          `yaml:"expect" jsonschema:"required" jsonschema_description:"The rows expected, or a mapping with rows, row_count and checks"`
}

// fixtureSpec is a list of rows, or a mapping that says where they are.
type fixtureSpec struct {
	rows  []FixtureRow
	from  fixtureSource
	where fault.Place
}

type fixtureSource struct {
	Rows  rowList        `yaml:"rows" jsonschema_description:"Rows, each a mapping of columns to values"`
	CSV   Placed[string] `yaml:"csv" jsonschema_description:"A CSV file with a header, relative to the file of the test"`
	Query Placed[string] `yaml:"query" jsonschema_description:"A SELECT without tables of the project, such as one over VALUES"`
}

// expectSpec is a list of rows, or a mapping.
type expectSpec struct {
	rows  []FixtureRow
	from  expectation
	list  bool
	where fault.Place
}

type expectation struct {
	fixtureSource
	Ordered  bool           `yaml:"ordered" jsonschema_description:"true: in exactly this order"`
	RowCount Placed[*int64] `yaml:"row_count" jsonschema_description:"How many rows there are"`
	Checks   []checkSpec    `yaml:"checks" jsonschema_description:"Rules the rows keep, as in a model's header"`
}

// rowList is rows written out.
type rowList struct {
	rows  []FixtureRow
	given bool
}

func (r *rowList) read(d *decoder, node ast.Node, key string) {
	r.given = true
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		d.fail(node, "%s should be a list of rows, not %s", key, kindOf(node)).WithHint("write each row as - {column: value}")
		return
	}
	for _, value := range list.Values {
		if row, ok := readRow(d, value); ok {
			r.rows = append(r.rows, row)
		}
	}
}

func readRow(d *decoder, node ast.Node) (FixtureRow, bool) {
	row := FixtureRow{Where: d.file.At(node)}
	pairs, ok := d.pairs(node)
	for _, pair := range pairs {
		cell := FixtureCell{Column: keyText(pair.Key), Where: d.file.At(pair.Value)}
		if isNull(pair.Value) {
			cell.Null, cell.Where = true, d.file.At(pair.Key)
		} else if cell.Text, ok = scalarText(pair.Value); !ok {
			d.fail(pair.Value, "%s should be a single value, not %s", cell.Column, kindOf(pair.Value)).
				WithHint("write a list or a struct as text in quotes, the way it is shown")
			return row, false
		}
		row.Cells = append(row.Cells, cell)
	}
	return row, ok
}

func (f *fixtureSpec) read(d *decoder, node ast.Node, key string) {
	f.where = d.file.At(node)
	if _, ok := node.(*ast.SequenceNode); ok {
		var list rowList
		list.read(d, node, key)
		f.rows = list.rows
		return
	}
	d.faults = append(d.faults, d.parts([]part{{d.file, node}}, &f.from, nil)...)
	f.rows = f.from.Rows.rows
}

func (e *expectSpec) read(d *decoder, node ast.Node, key string) {
	e.where = d.file.At(node)
	if _, ok := node.(*ast.SequenceNode); ok {
		var list rowList
		list.read(d, node, key)
		e.rows, e.list = list.rows, true
		return
	}
	d.faults = append(d.faults, d.parts([]part{{d.file, node}}, &e.from, nil)...)
	e.rows = e.from.Rows.rows
}

// testFile reads one file of tests.
func (l *loader) testFile(name string) {
	file, node, ok := l.yaml(name)
	if !ok {
		return
	}
	for _, entry := range entriesOf(node) {
		var spec testSpec
		if l.decode(file, entry, &spec) {
			l.test(file, entry, spec)
		}
	}
}

// test keeps one test.
func (l *loader) test(file *File, node ast.Node, spec testSpec) {
	t := Test{
		Name: spec.Name.Value, Model: l.spelling(spec.Model.Value), Description: spec.Description,
		Now: spec.Now.Value, Start: spec.Start.Value, End: spec.End.Value, Where: file.At(node),
	}
	l.refers = append(l.refers, mention{spec.Model.Value, spec.Model.Where})
	for _, entry := range spec.Vars.Entries {
		t.Vars = append(t.Vars, TestVar{Name: entry.Key, Value: entry.Value.Value, Where: entry.Where})
		if _, ok := l.project.Vars[entry.Key]; !ok {
			l.fail(entry.Where, "there is no variable %s", entry.Key).WithHint("%s", fault.DidYouMean(entry.Key, sortedKeys(l.project.Vars)))
		}
	}
	for _, entry := range spec.Given.Entries {
		l.refers = append(l.refers, mention{entry.Key, entry.Where})
		fixture, ok := l.fixture(file, entry.Value.rows, entry.Value.from, entry.Value.where)
		if fixture.Dataset = l.spelling(entry.Key); ok {
			t.Given = append(t.Given, fixture)
		}
	}
	t.Expect = l.expectation(file, t, spec.Expect)
	for _, other := range l.project.Tests {
		if strings.EqualFold(other.Model, t.Model) && other.Name == t.Name {
			l.fail(spec.Name.Where, "a second test %q of %s; the first stands in %s", t.Name, t.Model, other.Where).WithHint("give one of them another name")
		}
	}
	l.project.Tests = append(l.project.Tests, t)
}

func (l *loader) expectation(file *File, t Test, spec expectSpec) Expectation {
	e := Expectation{Ordered: spec.from.Ordered, RowCount: spec.from.RowCount.Value, Where: spec.where}
	from := spec.from.fixtureSource
	if spec.list || from.Rows.given || from.CSV.Given() || from.Query.Given() {
		if fixture, ok := l.fixture(file, spec.rows, from, spec.where); ok {
			e.Rows = &fixture
		}
	}
	for i := range spec.from.Checks {
		check := &spec.from.Checks[i]
		if check.bad {
			continue
		}
		reader := &checkReader{spec: check}
		found, ok := reader.check(t.Model)
		l.faults = append(l.faults, reader.faults...)
		if ok {
			e.Checks = append(e.Checks, found)
		}
	}
	if e.Rows == nil && e.RowCount == nil && len(spec.from.Checks) == 0 {
		l.fail(spec.where, "the test %q expects nothing", t.Name).WithHint("give rows, row_count or checks")
	}
	return e
}

// fixture resolves where rows are; at most one place may be named.
func (l *loader) fixture(file *File, rows []FixtureRow, from fixtureSource, where fault.Place) (Fixture, bool) {
	f := Fixture{Rows: rows, Query: from.Query.Value, Where: where}
	count := 0
	for _, given := range []bool{len(rows) > 0, from.CSV.Given(), from.Query.Given()} {
		if given {
			count++
		}
	}
	if count > 1 {
		l.fail(where, "rows, csv and query: one of them is enough")
		return f, false
	}
	if from.CSV.Given() {
		name := path.Join(path.Dir(file.Path), filepath.ToSlash(from.CSV.Value))
		if strings.HasPrefix(name, "..") || path.IsAbs(from.CSV.Value) {
			l.fail(from.CSV.Where, "%s lies outside the project", from.CSV.Value).WithHint("keep the rows of a test beside it, below tests/")
			return f, false
		}
		f.CSV = filepath.Join(l.folder.root, filepath.FromSlash(name))
	}
	return f, true
}

func (*rowList) schema(*schemaWriter) *jsonschema.Schema {
	row := &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{AnyOf: []*jsonschema.Schema{scalarSchema(), {Type: "null"}}}}
	return &jsonschema.Schema{Type: "array", Items: row}
}

func (*fixtureSpec) schema(w *schemaWriter) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{(*rowList)(nil).schema(w), w.object(fixtureSource{}, "")}}
}

func (*expectSpec) schema(w *schemaWriter) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{(*rowList)(nil).schema(w), w.object(expectation{}, "")}}
}
