package compile

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// bound is what binding one SELECT taught.
type bound struct {
	columns     []table.Column
	lineage     []Edge
	reads       map[string][]table.Column
	fingerprint string
	params      []string
	units       []ColumnRef  // per column: the column whose unit it still has; empty Dataset for none
	left        []*departure // per column: where it stopped being a decimal
	walker      *walker
	statement   *statement
	problems    []problem // what is refused, placed in the written text
	warnings    []problem // what is worth knowing, placed likewise
}

// asked is everything that decides what binding teaches.
type asked struct {
	sql       string
	params    map[string]Param
	settings  string
	view      bool
	upstreams map[string]upstream
	scope     func() scope
	look      func(plan value) // looks at the bound plan while it is there; may be nil
}

// bind binds a model. What is wrong with the SQL comes back as problems; err is
// for what is no fault of the SQL.
func (s *session) bind(ctx context.Context, a asked) (*bound, error) {
	st := readStatement(a.sql, a.params)
	out := &bound{statement: st, params: st.params, problems: st.problems}
	if st.hopeless {
		return out, nil
	}
	for _, key := range sortedKeys(a.upstreams) {
		if err := s.ensure(ctx, a.upstreams[key].dataset, a.upstreams[key].columns); err != nil {
			return nil, err
		}
	}
	if err := s.functions(ctx, a.sql); err != nil {
		return nil, err
	}
	calls, err := st.refusedCalls(ctx, s)
	if err != nil {
		return nil, err
	}
	out.problems = append(out.problems, calls...)
	answer, err := s.serialize(ctx, s.plan, st.wrapped())
	if err != nil {
		return nil, err
	}
	if answer.get("error").yes() {
		refused := st.explain(readRefusal(answer), a.scope())
		if len(calls) == 0 { // often the refused call is why it does not bind
			out.problems = append(out.problems, refused)
		}
		return out, nil
	}
	plan := answer.get("plans").first()
	if err := s.learn(ctx, a, st, plan, out); err != nil {
		return nil, err
	}
	if a.look != nil {
		a.look(plan)
	}
	return out, s.checkNames(ctx, st, out)
}

// learn reads a bound plan.
func (s *session) learn(ctx context.Context, a asked, st *statement, root value, out *bound) error {
	w := newWalker(a.upstreams)
	out.walker = w
	inner := root.get("children").first()
	flows := w.expressions(root.get("expressions"), w.operator(inner))
	if root.get("type").text() != "LOGICAL_PROJECTION" {
		w.unknown("root %s", strings.Clone(root.get("type").text()))
	}
	if w.broken != nil {
		return w.broken
	}
	if err := s.output(ctx, st, root, out); err != nil {
		return err
	}
	m := meaning{w: w, calls: w.refuseCalls}
	out.fingerprint = m.fingerprint(inner, out.columns, st.moments, s.shadow.zone, a.settings, a.view)
	w.lineage(flows, out)
	out.reads = w.readColumns()
	for _, p := range w.problems {
		out.problems = append(out.problems, st.placed(p))
	}
	return nil
}

// output reads the names and types of the query's columns.
func (s *session) output(ctx context.Context, st *statement, root value, out *bound) error {
	for c := root.get("expressions").first(); c.ok(); c = c.next() {
		name := strings.Clone(outputName(c))
		t, known, err := s.columnType(ctx, typeOf(c))
		if err != nil {
			return err
		}
		if !known {
			out.problems = append(out.problems, cannotHold(st.second(name), name, t))
		}
		out.columns = append(out.columns, table.Column{Name: name, Type: t})
	}
	return nil
}

func cannotHold(at int, name string, t table.Type) problem {
	if strings.HasPrefix(t.Spelling, unnamedFields) {
		return problem{at, name, "the column " + name + " is a row whose fields have no names", "name them: {'a': 1, 'b': 2}"}
	}
	return problem{at, name, fmt.Sprintf("the column %s has the type %s, which a dataset cannot hold", name, t), "cast it, e.g. to varchar"}
}

// outputName is what a column of the result is called: a cast that DuckDB puts
// around a bare NULL leaves the name inside.
func outputName(v value) string {
	for v.get("alias").text() == "" && v.get("expression_class").text() == "BOUND_CAST" {
		v = v.get("child")
	}
	return v.get("alias").text()
}

// standIns are the words to look for, by hint, when the name that a plan has
// is not in the text: views of the catalog are known by what they are made of.
var standIns = map[string][]string{
	datasetsOnly: {"information_schema", "pg_catalog"},
	noSample:     {"tablesample"},
}

// placed brings a problem found in the bound text to the written one.
func (s *statement) placed(p problem) problem {
	if p.at = s.origin(p.at); p.at < 0 {
		p.at = s.locate(p.name)
	}
	for _, stand := range standIns[p.hint] {
		if p.at >= 0 {
			break
		}
		if p.at = s.locate(stand); p.at >= 0 && p.hint == datasetsOnly {
			p = notADataset(p.at, s.nameAt(p.at))
		}
	}
	return p
}

// lineage turns flows into edges between named columns.
func (w *walker) lineage(flows []flow, out *bound) {
	for i, f := range flows {
		edge := Edge{Column: out.columns[i].Name, Direct: f.direct && len(f.from) == 1, From: w.columnRefs(f.from)}
		out.lineage = append(out.lineage, edge)
		out.left = append(out.left, f.left)
		out.units = append(out.units, w.refs[f.unit])
	}
}

func (w *walker) columnRefs(sources []int32) []ColumnRef {
	var out []ColumnRef
	for _, n := range sources {
		if n != rowNumber {
			out = append(out, w.refs[n])
		}
	}
	slices.SortFunc(out, compareRefs)
	return out
}

// readColumns lists the columns read, in each dataset's own order.
func (w *walker) readColumns() map[string][]table.Column {
	out := make(map[string][]table.Column, len(w.reads))
	for key, read := range w.reads {
		source := w.upstreams[key]
		columns := []table.Column{}
		for i, yes := range read {
			if yes {
				columns = append(columns, source.columns[i])
			}
		}
		out[source.dataset] = columns
	}
	return out
}

// checkNames refuses two outputs of one name. DuckDB would number the second;
// the plan has only the numbered names, so DuckDB is asked when one looks so.
func (s *session) checkNames(ctx context.Context, st *statement, out *bound) error {
	if !numbered(out.columns) {
		return nil
	}
	names, err := s.names(ctx, st.text)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, name := range names {
		key := strings.ToLower(name)
		if seen[key] {
			out.problems = append(out.problems, problem{
				st.second(name), name, "two columns of the result are called " + name,
				"name one of them with AS, or leave it out with * exclude (" + name + ")",
			})
		}
		seen[key] = true
	}
	return nil
}

// numbered reports whether a name looks like another with a number behind.
func numbered(columns []table.Column) bool {
	for _, c := range columns {
		base := strings.TrimRight(c.Name, "0123456789")
		if base == c.Name || !strings.HasSuffix(base, "_") {
			continue
		}
		if _, ok := table.Find(columns, base[:len(base)-1]); ok {
			return true
		}
	}
	return false
}

// second finds the last use of a name.
func (s *statement) second(name string) int {
	found := -1
	for _, t := range s.tokens {
		if word, ok := t.identifier(); ok && strings.EqualFold(word, name) {
			found = t.at
		}
	}
	return found
}

// fault makes an error of a problem.
func (p problem) fault(m *Model) *fault.Error {
	return &fault.Error{
		Op: "model " + m.Dataset, Kind: fault.Invalid, Where: m.place(p.at), Hint: p.hint,
		Err: fmt.Errorf("%s", p.message),
	}
}

// place is the position of a byte offset of the SQL; -1 is the model itself.
func (m *Model) place(at int) fault.Place {
	if at < 0 || m.Place == nil {
		return m.Where
	}
	return m.Place(at)
}
