package compile

import (
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/library"
	"github.com/larder-data/larder/internal/table"
)

// entry is what is kept of a compiled model between processes: everything a
// Node says that does not depend on other models' outcome.
type entry struct {
	columns     []table.Column
	lineage     []Edge
	reads       map[string][]table.Column
	fingerprint string
	params      []string
	money       map[string]string
	warnings    []problem // placed in the written text
	refused     []problem // by the engines of other targets
}

// cacheKey names an outcome by everything that decides it.
func (c *compiler) cacheKey(m *Model, used []string, upstreams map[string]upstream) string {
	params := c.in.Params
	k := make([]byte, 0, len(m.SQL)+1024)
	add := func(texts ...string) {
		for _, t := range texts {
			k = append(binary.AppendUvarint(k, uint64(len(t))), t...)
		}
	}
	add(Dialect(), c.version, c.in.TimeZone, m.Dataset, m.SQL, m.Settings, strconv.FormatBool(m.View))
	add(c.in.Engines...)
	if library.Mentioned(m.SQL) {
		add("library", library.Version())
	}
	for _, d := range m.Columns {
		add("column", d.Name, d.Type.String(), d.Currency)
	}
	for _, g := range m.Grain {
		add("grain", g.Name)
	}
	for _, name := range used {
		if p, ok := params[name]; ok {
			add("param", name, p.Type.String(), p.Value, strconv.FormatBool(p.Null))
		}
	}
	for _, a := range m.Accepts {
		add("accepts", a.Rule)
	}
	for _, o := range m.Overrides {
		add("override", c.in.Engine, o.Engine, o.SQL)
	}
	for _, dataset := range sortedKeys(upstreams) {
		add("upstream", dataset, upstreams[dataset].sum)
	}
	return hash(k)
}

// summary hashes what a dataset looks like from downstream.
func summary(dataset string, columns []table.Column, money map[string]string) string {
	k := []byte(dataset)
	for _, c := range columns {
		k = strconv.AppendQuote(k, c.Name)
		k = append(k, c.Type.String()...)
		k = strconv.AppendQuote(k, money[strings.ToLower(c.Name)])
	}
	return hash(k)
}

var errEntry = errors.New("a kept entry is damaged")

// writer and reader are the plain binary form of an entry: counts and lengths
// as varints, texts as bytes.
type writer struct{ out []byte }

func (w *writer) count(n int)   { w.out = binary.AppendUvarint(w.out, uint64(n)) }
func (w *writer) text(t string) { w.count(len(t)); w.out = append(w.out, t...) }

func (w *writer) columns(columns []table.Column) {
	w.count(len(columns))
	for _, c := range columns {
		w.text(c.Name)
		w.count(int(c.Type.Kind))
		w.count(c.Type.Precision)
		w.count(c.Type.Scale)
		w.text(c.Type.Spelling)
	}
}

func (e *entry) encode() []byte {
	w := &writer{}
	w.columns(e.columns)
	for _, edge := range e.lineage { // one per column
		w.count(map[bool]int{true: 1}[edge.Direct])
		w.count(len(edge.From))
		for _, f := range edge.From {
			w.text(f.Dataset)
			w.text(f.Column)
		}
	}
	w.count(len(e.reads))
	for _, dataset := range sortedKeys(e.reads) {
		w.text(dataset)
		w.columns(e.reads[dataset])
	}
	w.text(e.fingerprint)
	w.count(len(e.params))
	for _, p := range e.params {
		w.text(p)
	}
	w.count(len(e.money))
	for _, c := range sortedKeys(e.money) {
		w.text(c)
		w.text(e.money[c])
	}
	w.problems(e.warnings)
	w.problems(e.refused)
	return w.out
}

func (w *writer) problems(list []problem) {
	w.count(len(list))
	for _, p := range list {
		w.count(p.at + 1)
		w.text(p.name)
		w.text(p.message)
		w.text(p.hint)
	}
}

type reader struct {
	in  []byte
	bad bool
}

func (r *reader) count() int {
	n, size := binary.Uvarint(r.in)
	if size <= 0 || n > 1<<31 {
		r.bad, r.in = true, nil
		return 0
	}
	r.in = r.in[size:]
	return int(n)
}

// length is a count of things of which each takes a byte at least.
func (r *reader) length() int {
	n := r.count()
	if n > len(r.in) {
		r.bad, r.in = true, nil
		return 0
	}
	return n
}

func (r *reader) text() string {
	n := r.length()
	t := string(r.in[:n])
	r.in = r.in[n:]
	return t
}

func (r *reader) columns() []table.Column {
	out := make([]table.Column, r.length())
	for i := range out {
		out[i].Name = r.text()
		out[i].Type = table.Type{Kind: table.Kind(r.count()), Precision: r.count(), Scale: r.count(), Spelling: r.text()}
	}
	return out
}

func (r *reader) problems() (out []problem) {
	for n := r.length(); n > 0; n-- {
		out = append(out, problem{r.count() - 1, r.text(), r.text(), r.text()})
	}
	return out
}

func decodeEntry(data []byte) (*entry, error) {
	r := &reader{in: data}
	e := &entry{columns: r.columns(), reads: map[string][]table.Column{}}
	e.lineage = make([]Edge, len(e.columns))
	for i := range e.lineage {
		e.lineage[i] = Edge{Column: e.columns[i].Name, Direct: r.count() == 1}
		for n := r.length(); n > 0; n-- {
			e.lineage[i].From = append(e.lineage[i].From, ColumnRef{r.text(), r.text()})
		}
	}
	for n := r.length(); n > 0; n-- {
		dataset := r.text()
		e.reads[dataset] = r.columns()
	}
	e.fingerprint = r.text()
	for n := r.length(); n > 0; n-- {
		e.params = append(e.params, r.text())
	}
	for n := r.length(); n > 0; n-- {
		if e.money == nil {
			e.money = map[string]string{}
		}
		column := r.text()
		e.money[column] = r.text()
	}
	e.warnings, e.refused = r.problems(), r.problems()
	if r.bad || len(r.in) > 0 {
		return nil, errEntry
	}
	return e, nil
}

// node makes a graph node of an entry.
func (e *entry) node(m *Model, engine string) *Node {
	n := &Node{
		Dataset: m.Dataset, Model: true, View: m.View, Columns: e.columns, Lineage: e.lineage,
		Fingerprint: e.fingerprint, Params: e.params, Reads: e.reads, DependsOn: sortedKeys(e.reads),
	}
	n.SQL, n.Dialect = m.runs(engine)
	n.Money = named(e.money, e.columns)
	for _, p := range e.warnings {
		n.Warnings = append(n.Warnings, p.fault(m))
	}
	return n
}

// named turns lower-case column names back into the columns' own.
func named(money map[string]string, columns []table.Column) map[string]string {
	if len(money) == 0 {
		return nil
	}
	out := make(map[string]string, len(money))
	for _, c := range columns {
		if currency, ok := money[strings.ToLower(c.Name)]; ok {
			out[c.Name] = currency
		}
	}
	return out
}

func containsFold(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}
