package build

import (
	"context"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// Repairs is what Reconcile had to mend.
type Repairs struct {
	RolledForward []string // published in the warehouse, now entered in the ledger
	Failed        []string // intended, but the publish never happened
	Lost          []string // in the ledger, but gone from the warehouse: will be rebuilt
	Adopted       []string // in the warehouse, unknown to the ledger
	Swept         int      // staging relations dropped
}

// Reconcile makes the ledger agree with larder.published, the truth about what
// readers see, after a process died between the two writes or one of the two
// stores was restored or removed. It also drops staging relations nobody
// waits for. The caller holds the warehouse alone.
func (b *Builder) Reconcile(ctx context.Context) (Repairs, error) {
	var repairs Repairs
	published, err := b.Engine.Published(ctx)
	if err != nil {
		return repairs, fault.Wrap("what is published", err)
	}
	markers := make(map[string]engine.Marker, len(published))
	own := published[:0]
	rejects := map[string]int64{}
	for _, m := range published {
		if dataset, ok := b.place().Dataset(m.Dataset); ok {
			if of, ok := engine.RejectsBy(dataset); ok {
				rejects[of] = m.Version
				continue
			}
			m.Dataset = dataset
			markers[dataset] = m
			own = append(own, m)
		}
	}
	if err := b.settleIntended(ctx, markers, &repairs); err != nil {
		return repairs, fault.Wrap("ledger", err)
	}
	known, err := b.markLost(ctx, markers, &repairs)
	if err != nil {
		return repairs, fault.Wrap("ledger", err)
	}
	for _, m := range own {
		if known[m.Dataset] == m.Version {
			continue
		}
		if err := b.adopt(ctx, m); err != nil {
			return repairs, fault.Wrap("ledger", err)
		}
		repairs.Adopted = append(repairs.Adopted, m.Dataset)
	}
	if err := b.dropStale(ctx, rejects, markers); err != nil {
		return repairs, fault.Wrap("rejected rows", err)
	}
	repairs.Swept, err = b.Engine.Sweep(ctx)
	return repairs, fault.Wrap("staging relations", err)
}

// settleIntended closes what a stopped process left open: the marker tells
// whether its publish happened.
func (b *Builder) settleIntended(ctx context.Context, markers map[string]engine.Marker, repairs *Repairs) error {
	open, err := b.Store.Intended(ctx, b.Env)
	if err != nil {
		return err
	}
	for _, e := range open {
		marker, ok := markers[e.Dataset]
		if ok && marker.Version == e.Version && marker.Run == e.Run {
			err = b.Store.Settle(ctx, e, state.Published, "entered after a restart")
			repairs.RolledForward = append(repairs.RolledForward, e.Dataset)
		} else {
			err = b.Store.Settle(ctx, e, state.Failed, "the process stopped before it was published")
			repairs.Failed = append(repairs.Failed, e.Dataset)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// markLost marks entries the warehouse does not hold any more and returns the
// version the ledger then has of each dataset.
func (b *Builder) markLost(ctx context.Context, markers map[string]engine.Marker, repairs *Repairs) (map[string]int64, error) {
	known := map[string]int64{}
	for {
		entries, err := b.Store.Current(ctx, b.Env)
		if err != nil {
			return nil, err
		}
		lost := 0
		for _, e := range entries {
			known[e.Dataset] = e.Version
			if markers[e.Dataset].Version >= e.Version {
				continue
			}
			if err := b.Store.Settle(ctx, e, state.Lost, "the warehouse does not have it"); err != nil {
				return nil, err
			}
			delete(known, e.Dataset)
			repairs.Lost = append(repairs.Lost, e.Dataset)
			lost++
		}
		if lost == 0 {
			return known, nil
		}
	}
}

// adopt enters a publication the ledger never heard of. Its data version is
// unknown, so a model is rebuilt; the versions go on counting from here.
func (b *Builder) adopt(ctx context.Context, m engine.Marker) error {
	entry, err := b.Store.Intend(ctx, state.Entry{
		Env: b.Env, Dataset: m.Dataset, Version: m.Version - 1, Fence: m.Fence - 1,
		From: m.From, To: m.To, Run: m.Run, Rows: -1,
	})
	if err != nil {
		return err
	}
	return b.Store.Settle(ctx, entry, state.Published, "found in the warehouse")
}
