package compile

import (
	"errors"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Override is a model's SQL on targets of another engine. What the model itself
// reads and returns is its contract.
type Override struct {
	Engine string
	SQL    string
	Place  func(offset int) fault.Place // as a Model's
	Where  fault.Place
}

// runs is what a target's engine runs of a model: its SQL, and the engine that is
// written for, "" when DuckDB binds it.
func (m *Model) runs(engine string) (sql, dialect string) {
	if o, ok := m.override(engine); ok {
		return o.SQL, o.Engine
	}
	return m.SQL, m.Dialect
}

func (m *Model) override(engine string) (Override, bool) {
	for _, o := range m.Overrides {
		if o.Engine == engine {
			return o, true
		}
	}
	return Override{}, false
}

// overrides holds the overrides of a bound model against what it reads. On a
// target of its engine an override's text decides the model's fingerprint.
func (c *compiler) overrides(t *task, out *outcome) {
	for _, o := range t.model.Overrides {
		f := c.foreign(o.SQL, o.Engine)
		problems := append(f.problems, f.strays(t.model.Dataset, out.entry.reads)...)
		for _, p := range problems {
			out.faults = append(out.faults, o.fault(t.model.Dataset, p))
		}
		if o.Engine == c.in.Engine && len(problems) == 0 {
			out.entry.params, out.entry.reads = f.params, f.readsWhole(t.upstreams)
			out.entry.fingerprint = f.fingerprint(c.in, t.model, t.upstreams, out.entry.columns)
		}
	}
}

// strays are the differences between what a text reads and what the model of a
// dataset does.
func (f *foreign) strays(dataset string, reads map[string][]table.Column) []problem {
	var out []problem
	wanted := map[string]bool{}
	for _, name := range sortedKeys(reads) {
		wanted[strings.ToLower(name)] = true
		if _, ok := f.reads[strings.ToLower(name)]; !ok && !f.hopeless {
			out = append(out, problem{-1, name, dataset + " reads " + name + ", and this does not", "both have to read the same datasets"})
		}
	}
	for _, key := range sortedKeys(f.reads) {
		if !wanted[key] {
			out = append(out, problem{f.reads[key], key, "this reads " + key + ", and " + dataset + " does not", "both have to read the same datasets"})
		}
	}
	return out
}

// fault makes an error of a problem in an override.
func (o *Override) fault(dataset string, p problem) *fault.Error {
	e := &fault.Error{Op: "model " + dataset + " for " + engineTitle(o.Engine), Kind: fault.Invalid, Where: o.Where, Hint: p.hint, Err: errors.New(p.message)}
	if p.at >= 0 && o.Place != nil {
		e.Where = o.Place(p.at)
	}
	return e
}
