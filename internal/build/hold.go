package build

import (
	"context"
	"fmt"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// Hold says that a dataset stays as it is: it was rolled back, or it is made
// from one that was.
type Hold struct {
	Dataset  string         `json:"dataset"`
	Rollback state.Rollback `json:"rollback"` // of the dataset, or of what it is made from
}

// Why says so in words, and how it ends.
func (h Hold) Why() string {
	r := h.Rollback
	text := fmt.Sprintf("rolled back to run %s by %s because %s", r.ToRun, r.By, r.Reason)
	if h.Dataset != r.Dataset {
		text = "made from " + r.Dataset + ", which is " + text
	}
	text += "; release with larder rollback " + r.Dataset + " --release"
	if r.Env != Production {
		text += " --env " + r.Env
	}
	return text
}

// Held returns what is held of what readers of the environment see: datasets
// that were rolled back and all that is made from them. What production holds
// is told of the datasets the environment reads from there, and keeps it from
// building nothing.
func (b *Builder) Held(ctx context.Context) (map[string]Hold, error) {
	current, err := b.Current(ctx)
	if err != nil {
		return nil, err
	}
	return b.held(ctx, current)
}

func (b *Builder) held(ctx context.Context, current map[string]state.Entry) (map[string]Hold, error) {
	held := map[string]Hold{}
	for _, env := range b.environments() {
		rollbacks, err := b.Store.Rollbacks(ctx, env)
		if err != nil {
			return nil, fault.Wrap("rollbacks", err)
		}
		for _, r := range rollbacks {
			if r.Stands(current[r.Dataset]) {
				held[r.Dataset] = Hold{r.Dataset, r}
			}
		}
	}
	for _, dataset := range b.Graph.Order {
		for _, input := range b.Graph.Nodes[dataset].DependsOn {
			h, ok := held[input]
			if _, already := held[dataset]; ok && !already && (h.Rollback.Env == b.Env || b.borrowed(current[dataset])) {
				held[dataset] = Hold{dataset, h.Rollback}
			}
		}
	}
	return held, nil
}
