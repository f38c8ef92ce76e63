package sqlite

import (
	"context"
	"slices"

	"github.com/larder-data/larder/internal/state"
)

// Commit does all of the batch or nothing; see state.Committer.
func (s *Store) Commit(ctx context.Context, b *state.Batch) error {
	results, err := s.encodeResults(b.Results)
	if err != nil {
		return explain(s.path, err)
	}
	if err := validSteps(b.Steps); err != nil {
		return explain(s.path, err)
	}
	var intended []state.Entry
	err = s.writer.write(ctx, func(w *writer) error {
		intended = slices.Clone(b.Intend)
		for _, r := range results {
			if err := w.record(r); err != nil {
				return err
			}
		}
		for i := range intended {
			if err := w.intend(&intended[i], s.now()); err != nil {
				return err
			}
		}
		for _, settlement := range b.Settlements {
			if err := w.settle(settlement, s.now()); err != nil {
				return err
			}
		}
		for _, step := range b.Steps {
			if err := w.saveStep(step); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return explain(s.path, err)
	}
	copy(b.Intend, intended)
	return nil
}
