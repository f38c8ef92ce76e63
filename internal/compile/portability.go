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
	What     string // what is written, and what the engine makes of it
	Instead  string // how to write it so that both mean the same
}

// Fault is the finding as an error of the project, with its place and hint.
func (f Finding) Fault() *fault.Error {
	return &fault.Error{Op: "model " + f.Dataset, Kind: fault.Invalid, Where: f.Where, Hint: f.Instead, Err: fmt.Errorf("%s: %s", f.Severity, f.What)}
}

// Portability returns what in a model another engine refuses or reads
// otherwise, in the order of the text. Functions are judged by a list of those
// that mean the same everywhere; any other is reported. The model must have
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
	l := &lint{model: m, st: st, upstreams: r.c.mentionedBy(m.SQL)}
	if err := l.learn(ctx, s); err != nil {
		return nil, fault.Wrap("model "+m.Dataset, err)
	}
	l.words()
	slices.SortStableFunc(l.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Where.Line, b.Where.Line), cmp.Compare(a.Where.Column, b.Where.Column))
	})
	return slices.Compact(l.findings), nil
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
	correlated bool                // something in the plan is computed for each row of something else
	findings   []Finding
}

// learn binds the model for its types, then walks its syntax tree.
func (l *lint) learn(ctx context.Context, s *session) error {
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
	tree, err := s.serialize(ctx, s.syntax, l.st.text)
	if err != nil {
		return err
	}
	l.ctes, l.named = map[string][]string{}, map[string]string{}
	l.names(&s.doc)
	l.casts(&s.doc)
	l.walk(tree.get("statements").first().get("node"), value{})
	l.lateral(&s.doc)
	return nil
}

func (l *lint) breaks(at int, what, instead string) { l.add(at, Breaks, what, instead) }

func (l *lint) differs(at int, what, instead string) { l.add(at, Differs, what, instead) }

// add notes a finding at an offset of the bound text.
func (l *lint) add(at int, severity Severity, what, instead string) {
	written := -1
	if at >= 0 {
		written = l.st.origin(at + len(wrapHead))
	}
	l.findings = append(l.findings, Finding{l.model.Dataset, l.model.place(written), severity, what, instead})
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
