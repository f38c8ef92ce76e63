package compile

import (
	"strings"

	"github.com/larder-data/larder/internal/fault"
)

// job is one model on its way through the compiler.
type job struct {
	model      *Model
	candidates []string // lower-case datasets its text mentions: what it reads at most
	params     []string // parameters its text mentions
	waits      int      // candidates that are not settled yet
	failed     bool     // this or something it reads has an error
	accused    bool     // this has one
}

// survey registers datasets and finds out what each model's text mentions.
// Whatever a model reads, it mentions, so this is enough to order them; what
// it really reads is known once it is bound.
func (c *compiler) survey() {
	for i := range c.in.Tables {
		t := &c.in.Tables[i]
		if !c.register(t.Dataset, "table "+t.Dataset, t.Where) {
			continue
		}
		c.faults = append(c.faults, promises("table "+t.Dataset, t.Declared, t.Columns, t.Where)...)
		c.faults = append(c.faults, floats("", t.Declared, t.Columns)...)
		money := moneyOf(t.Declared, nil)
		node := &Node{Dataset: t.Dataset, Columns: t.Columns, Money: named(money, t.Columns)}
		c.settle(node, money)
	}
	for i := range c.in.Models {
		m := &c.in.Models[i]
		if c.register(m.Dataset, "model "+m.Dataset, m.Where) {
			c.jobs[strings.ToLower(m.Dataset)] = &job{model: m}
			c.acceptable(m)
			if own := m.Companion; own != nil && c.register(own.Dataset, "model "+m.Dataset, m.Where) {
				c.companions[strings.ToLower(own.Dataset)] = strings.ToLower(m.Dataset)
			}
		}
	}
	for _, j := range c.jobs {
		c.mentions(j)
		j.candidates = c.withModels(append(j.candidates, j.model.needs()...))
	}
}

// register claims a dataset's name. Names that differ only by case are one.
func (c *compiler) register(dataset, op string, where fault.Place) bool {
	key := strings.ToLower(dataset)
	schema, name, _ := strings.Cut(dataset, ".")
	switch first, taken := c.places[key]; {
	case schema == "" || name == "":
		c.fail(&fault.Error{Op: op, Kind: fault.Invalid, Where: where, Err: errName, Hint: "write schema.name"})
		return false
	case taken:
		c.fail((&fault.Error{Op: op, Kind: fault.Invalid, Where: where, Err: errTaken}).
			WithHint("the first one is at %s; names that differ only by case are one", first))
		return false
	}
	c.places[key] = where
	c.datasets = append(c.datasets, dataset)
	return true
}

// mentions notes the datasets and parameters in a model's text, and the
// parameters in its overrides.
func (c *compiler) mentions(j *job) {
	for _, o := range j.model.Overrides {
		for _, t := range scanAs(o.Engine, o.SQL) {
			c.mentionsParameter(j, t)
		}
	}
	if j.model.Dialect != "" {
		j.candidates = sortedKeys(c.foreign(j.model.SQL, j.model.Dialect).reads)
		return
	}
	c.tokens = scanInto(c.tokens[:0], j.model.SQL)
	tokens := c.tokens
	for i, t := range tokens {
		if t.kind == parameterToken {
			c.mentionsParameter(j, t)
			continue
		}
		if i+2 >= len(tokens) || !tokens[i+1].is(".") {
			continue
		}
		schema, ok := t.identifier()
		name, ok2 := tokens[i+2].identifier()
		key := strings.ToLower(schema) + "." + strings.ToLower(name)
		if _, known := c.places[key]; ok && ok2 && known && !containsFold(j.candidates, key) {
			j.candidates = append(j.candidates, key)
		}
	}
}

func (c *compiler) mentionsParameter(j *job, t token) {
	if t.kind != parameterToken {
		return
	}
	name := strings.ToLower(strings.TrimPrefix(t.text, "$"))
	if known, _, ok := findParam(c.in.Params, name); ok && !containsFold(j.params, known) {
		j.params = append(j.params, known)
	}
}

// tablesRead returns the datasets a syntax tree reads, lower case: what stands
// in FROM and is no common table expression. Those have no schema.
func tablesRead(d *document) []string {
	var out []string
	for i := range d.nodes {
		v := value{d, int32(i)}
		if v.kind() != objectNode || v.get("type").text() != "BASE_TABLE" {
			continue
		}
		key := strings.ToLower(v.get("schema_name").text() + "." + v.get("table_name").text())
		if !containsFold(out, key) {
			out = append(out, key)
		}
	}
	return out
}
