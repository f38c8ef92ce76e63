package compile

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Severity says how much a finding of the portability lint matters.
type Severity string

// The severities.
const (
	Breaks  Severity = "breaks"  // the engine refuses the SQL
	Differs Severity = "differs" // the engine may return something else, without a word
)

// Finding is something in a model that another engine reads otherwise.
type Finding struct {
	Dataset  string
	Where    fault.Place
	Severity Severity
	Rule     string // of what differs: the name to accept it by
	What     string // what is written, and what the engine makes of it
	Instead  string // how to write it so that both mean the same
}

// Fault is the finding as an error of the project, with its place and hint.
func (f Finding) Fault() *fault.Error {
	e := &fault.Error{Op: "model " + f.Dataset, Kind: fault.Invalid, Where: f.Where, Hint: f.Instead, Err: fmt.Errorf("%s: %s", f.Severity, f.What)}
	if f.Rule != "" {
		e.Err = fmt.Errorf("%s (%s): %s", f.Severity, f.Rule, f.What)
	}
	return e
}

// Portability returns what in a model another engine refuses or reads
// otherwise, in the order of the text, but for the differences it accepts and for
// a model whose SQL on the engine is its own. Functions are judged by a list of
// those that mean the same everywhere; any other is reported. The model must have
// compiled; an unknown one, or an engine there are no rules for, is an error.
func (r *Result) Portability(ctx context.Context, dataset, engine string) ([]Finding, error) {
	i := slices.IndexFunc(r.c.in.Models, func(m Model) bool { return strings.EqualFold(m.Dataset, dataset) })
	switch {
	case i < 0:
		return nil, fault.New(fault.NotFound, "there is no model %s", dataset)
	case engine == "duckdb":
		return nil, nil
	case engine != "postgres":
		return nil, fault.New(fault.Invalid, "there are no rules of portability for the engine %s", engine).WithHint("known: duckdb, postgres")
	}
	m := &r.c.in.Models[i]
	if _, dialect := m.runs(engine); dialect != "" {
		return nil, nil
	}
	st := readStatement(m.SQL, r.c.in.Params)
	if st.hopeless {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.session(ctx)
	if err != nil {
		return nil, err
	}
	found, err := lintModel(ctx, s, m, st, r.c.mentionedBy(m.SQL))
	if err != nil {
		return nil, err
	}
	var out []Finding
	for _, f := range found {
		if !m.accepts(f.rule) {
			out = append(out, f.finding(m))
		}
	}
	return out, nil
}

// lintModel looks through a model that has compiled. What is found comes in the
// order of the text.
func lintModel(ctx context.Context, s *session, m *Model, st *statement, upstreams map[string]upstream) ([]remark, error) {
	l := &lint{model: m, st: st, upstreams: upstreams}
	if err := l.bind(ctx, s); err != nil {
		return nil, fault.Wrap("model "+m.Dataset, err)
	}
	return l.remarks(ctx, s)
}

// remarks looks through a model whose plan was read.
func (l *lint) remarks(ctx context.Context, s *session) ([]remark, error) {
	tree, err := s.serialize(ctx, s.syntax, l.st.text)
	if err != nil {
		return nil, fault.Wrap("model "+l.model.Dataset, err)
	}
	l.ctes, l.named = map[string][]string{}, map[string]string{}
	l.names(&s.doc)
	l.codes(&s.doc)
	l.casts(&s.doc)
	l.walk(tree.get("statements").first().get("node"), value{})
	l.lateral(&s.doc)
	l.words()
	l.folded()
	slices.SortStableFunc(l.found, func(a, b remark) int { return cmp.Compare(a.at, b.at) })
	return slices.Compact(l.found), nil
}

// remark is a finding, placed in the written text.
type remark struct {
	at            int
	rule          string // "" breaks
	what, instead string
}

func (d remark) finding(m *Model) Finding {
	severity := Differs
	if d.rule == "" {
		severity = Breaks
	}
	return Finding{m.Dataset, m.place(d.at), severity, d.rule, d.what, d.instead}
}

// lint looks through one model.
type lint struct {
	model      *Model
	st         *statement
	upstreams  map[string]upstream
	calls      map[int][]called // bound calls, by their place in the text
	aggregates []called
	columns    []table.Column      // of the result
	ctes       map[string][]string // what common table expressions put out
	named      map[string]string   // types of names given in select lists; "" when there are several
	codedNames map[string]bool     // whether those are compared by code points
	correlated bool                // something in the plan is computed for each row of something else
	found      []remark
}

// bind binds the model for its types.
func (l *lint) bind(ctx context.Context, s *session) error {
	for _, key := range sortedKeys(l.upstreams) {
		if err := s.ensure(ctx, l.upstreams[key].dataset, l.upstreams[key].columns); err != nil {
			return err
		}
	}
	if err := s.functions(ctx, l.model.SQL); err != nil {
		return err
	}
	plan, err := s.serialize(ctx, s.plan, l.st.wrapped())
	if err != nil {
		return err
	}
	if plan.get("error").yes() {
		return fault.New(fault.Invalid, "%s", firstLine(plan.get("error_message").text()))
	}
	l.readPlan(plan.get("plans").first())
	return nil
}

// breaks notes what the engine refuses, at an offset of the bound text.
func (l *lint) breaks(at int, what, instead string) { l.tell("", l.inWritten(at), what, instead) }

// differs notes what the engine reads otherwise, at an offset of the bound text.
func (l *lint) differs(rule string, at int, what, instead string) {
	l.tell(rule, l.inWritten(at), what, instead)
}

func (l *lint) tell(rule string, at int, what, instead string) {
	l.found = append(l.found, remark{at, rule, what, instead})
}

// inWritten brings an offset of the bound text to the written one.
func (l *lint) inWritten(at int) int {
	if at < 0 {
		return -1
	}
	return l.st.origin(at + len(wrapHead))
}

// at is where a node of the syntax tree stands: its own place, or that of the
// first thing in it that has one.
func (l *lint) at(v value) int {
	if i := v.get("query_location").index(); i >= 0 {
		return i
	}
	first := -1
	for c := v.first(); c.ok(); c = c.next() {
		if c.kind() != objectNode && c.kind() != arrayNode {
			continue
		}
		if i := l.at(c); i >= 0 && (first < 0 || i < first) {
			first = i
		}
	}
	return first
}
