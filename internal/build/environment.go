package build

import (
	"context"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// Production is the environment whose datasets stand where their names say.
const Production = "prod"

// apart stands between an environment's name and a schema's. No schema of a
// project has it in its name.
const apart = "__"

// Place is where an environment's datasets stand in the warehouse: under their
// own names in production, else in schemas that begin with the environment's
// name. Names of environments have no two underscores in a row.
type Place string

// Relation returns where a dataset of the environment stands.
func (p Place) Relation(dataset string) engine.Relation {
	r := engine.ParseRelation(dataset)
	r.Schema = p.Schema(r.Schema)
	return r
}

// Schema returns the schema of the warehouse that stands for one of the project.
func (p Place) Schema(schema string) string {
	if p == Production {
		return schema
	}
	return string(p) + apart + schema
}

// Dataset returns the dataset of the environment a relation is, and false for
// what belongs to another one.
func (p Place) Dataset(relation string) (string, bool) {
	env, dataset, other := strings.Cut(relation, apart)
	schema, _, _ := strings.Cut(relation, ".")
	if !strings.Contains(schema, apart) {
		return relation, p == Production
	}
	return dataset, other && env == string(p)
}

// place is the environment's; production's when the builder names none.
func (b *Builder) place() Place {
	if b.Env == "" {
		return Production
	}
	return Place(b.Env)
}

// Where returns where a dataset is to be read: an environment reads what it has
// not built itself from production.
func (b *Builder) Where(entry state.Entry) engine.Relation {
	if entry.Env == Production {
		return engine.ParseRelation(entry.Dataset)
	}
	return b.place().Relation(entry.Dataset)
}

// Current returns what readers of the environment see of every dataset: its own
// entries and, beside them, production's of what it has none of.
func (b *Builder) Current(ctx context.Context) (map[string]state.Entry, error) {
	current := map[string]state.Entry{}
	for _, env := range b.environments() {
		entries, err := b.Store.Current(ctx, env)
		if err != nil {
			return nil, fault.Wrap("ledger", err)
		}
		for _, e := range entries {
			current[e.Dataset] = e
		}
	}
	return current, nil
}

// environments are those whose rows readers see, the builder's own last.
func (b *Builder) environments() []string {
	if b.Env == Production {
		return []string{Production}
	}
	return []string{Production, b.Env}
}

// borrowed reports whether an entry is production's while another environment
// is at work.
func (b *Builder) borrowed(e state.Entry) bool { return e.Env != b.Env && e.Env == Production }

// input names the version of a dataset that is read.
func (b *Builder) input(dataset string, e state.Entry) state.Input {
	in := state.Input{Dataset: dataset, Version: e.Version}
	if b.borrowed(e) {
		in.Env = e.Env
	}
	return in
}
