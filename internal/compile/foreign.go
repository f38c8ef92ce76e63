package compile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/library"
	"github.com/larder-data/larder/internal/table"
)

// foreign is a SELECT that is written for another engine. DuckDB does not bind
// it: what it reads is told by its text, what it returns by what is declared.
type foreign struct {
	*statement
	reads map[string]int // lower-case datasets, with the place of the first use
}

// foreign reads a text of another engine. What its text shows to be wrong is
// among its problems.
func (c *compiler) foreign(sql, engine string) *foreign {
	f := &foreign{statement: readAs(sql, engine, c.in.Params, castText), reads: map[string]int{}}
	if f.hopeless {
		return f
	}
	f.refuseWords()
	for _, r := range references(f.tokens) {
		key := r.key()
		if _, known := c.places[key]; !known {
			if !r.column { // what stands in front of a column may be anything
				f.problems = append(f.problems, c.unknown(r))
			}
			continue
		}
		if _, again := f.reads[key]; !again {
			f.reads[key] = r.at
		}
	}
	return f
}

// unknown is the problem with a relation that is no dataset.
func (c *compiler) unknown(r reference) problem {
	name := strings.Join(r.parts, ".")
	p := problem{at: r.at, name: name, message: "there is no dataset " + name, hint: fault.DidYouMean(name, c.datasets)}
	switch {
	case len(r.parts) == 1:
		p.message, p.hint = name+" has no schema", "write schema.name"
		if i := slices.IndexFunc(c.datasets, func(d string) bool { _, bare, _ := strings.Cut(d, "."); return strings.EqualFold(bare, name) }); i >= 0 {
			p.hint = "write " + c.datasets[i]
		}
	case len(r.parts) > 2, slices.Contains(standIns[datasetsOnly], strings.ToLower(r.parts[0])):
		p.message, p.hint = name+" is no dataset of this project", datasetsOnly
	}
	return p
}

// describe makes an entry of a model that is written for another engine: its
// columns are those declared, and each may come from every column it reads.
func (c *compiler) describe(t *task) outcome {
	m, f := t.model, c.foreign(t.model.SQL, t.model.Dialect)
	out := outcome{key: t.key, faults: promises("model "+m.Dataset, m.Columns, m.declared(), m.Where)}
	out.faults = append(append(out.faults, grains(m, m.declared())...), floats("model "+m.Dataset, m.Columns, m.declared())...)
	for _, p := range f.problems {
		out.faults = append(out.faults, p.fault(m))
	}
	e := &entry{columns: m.declared(), reads: f.readsWhole(t.upstreams), params: f.params, money: moneyOf(m.Columns, nil)}
	var all []ColumnRef
	for _, dataset := range sortedKeys(e.reads) {
		for _, column := range e.reads[dataset] {
			all = append(all, ColumnRef{dataset, column.Name})
		}
	}
	slices.SortFunc(all, compareRefs)
	for _, column := range e.columns {
		e.lineage = append(e.lineage, Edge{Column: column.Name, From: all})
	}
	e.fingerprint = f.fingerprint(c.in, m, t.upstreams, e.columns)
	out.entry = e
	return out
}

// readsWhole is what the text may read: all columns of its datasets.
func (f *foreign) readsWhole(upstreams map[string]upstream) map[string][]table.Column {
	out := make(map[string][]table.Column, len(f.reads))
	for key := range f.reads {
		if up, ok := upstreams[key]; ok {
			out[up.dataset] = up.columns
		}
	}
	return out
}

// declared are the columns a header declares.
func (m *Model) declared() []table.Column {
	out := make([]table.Column, len(m.Columns))
	for i, d := range m.Columns {
		out[i] = table.Column{Name: d.Name, Type: d.Type}
	}
	return out
}

// floats refuses money that is a float.
func floats(op string, declared []Declared, columns []table.Column) (list fault.List) {
	for _, d := range declared {
		if c, ok := table.Find(columns, d.Name); ok && d.Currency != "" && c.Type.IsFloat() {
			problem := fault.At(d.Where, fault.Invalid, "the money column %s is %s, a float: pennies get lost", c.Name, c.Type)
			problem.Op = op
			list = append(list, problem.WithHint("declare it as decimal(18,2)"))
		}
	}
	return list
}

// fingerprint hashes what a text means as far as can be told without binding it:
// its words without comments and spaces, its parameters, all columns of what
// it reads and of what it returns, the time zone, and how it is built.
func (f *foreign) fingerprint(in Input, m *Model, upstreams map[string]upstream, columns []table.Column) string {
	h := meaning{out: []byte("text 1")}
	for i, t := range f.tokens {
		h.token(t, i > 0 && f.tokens[i-1].end() == t.at, in.Params)
	}
	for _, key := range sortedKeys(f.reads) {
		h.quote(key)
		for _, c := range upstreams[key].columns {
			h.column(c)
		}
	}
	h.output(columns)
	h.quote(in.TimeZone)
	h.quote(m.Settings)
	if library.Mentioned(f.written) {
		h.quote(library.Version())
	}
	h.out = strconv.AppendBool(h.out, m.View)
	return hash(h.out)
}

// token appends a word. Case says nothing outside of quotes; whether a quote
// follows at once does: e'\n' is a text and e '\n' a name in front of one.
func (m *meaning) token(t token, joined bool, params map[string]Param) {
	text := t.text
	switch t.kind {
	case wordToken:
		text = strings.ToLower(text)
	case textToken:
		m.out = strconv.AppendBool(m.out, joined)
	case parameterToken:
		text = strings.ToLower(text)
		if _, p, ok := findParam(params, text[1:]); ok {
			text = castText(p)
		}
	}
	m.quote(text)
}
