package sqlite

import (
	"context"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// Intend records that a build is about to publish; see state.Ledger.
func (s *Store) Intend(ctx context.Context, e state.Entry) (state.Entry, error) {
	b := state.Batch{Intend: []state.Entry{e}}
	err := s.Commit(ctx, &b)
	return b.Intend[0], err
}

// Settle moves an entry on; see state.Ledger.
func (s *Store) Settle(ctx context.Context, e state.Entry, to state.EntryState, note string) error {
	return s.Commit(ctx, &state.Batch{Settlements: []state.Settlement{{Entry: e, State: to, Note: note}}})
}

func (w *writer) intend(e *state.Entry, now time.Time) error {
	id, err := w.dataset(e.Env, e.Dataset)
	if err != nil {
		return err
	}
	var version, fence int64
	if _, err := w.row("SELECT version, fence FROM dataset WHERE id = ?", []any{id}, &version, &fence); err != nil {
		return err
	}
	e.Version, e.Fence = max(e.Version, version)+1, max(e.Fence, fence)+1
	if err := w.exec("UPDATE dataset SET version = ?, fence = ? WHERE id = ?", e.Version, e.Fence, id); err != nil {
		return err
	}
	e.State, e.At = state.Intended, instant(micros(now))
	model, err := w.content(e.SQL)
	if err != nil {
		return err
	}
	upstream, err := w.content(encodeUpstream(e.Upstream))
	if err != nil {
		return err
	}
	columns, err := w.content(encodeColumns(e.Columns))
	if err != nil {
		return err
	}
	return w.exec(`
		INSERT INTO entry (dataset_id, version, fence, from_us, to_us, run, state, at_us, data_version,
			check_version, engine, model_id, upstream_id, columns_id, inputs, row_count, rejected, took_ns, restores, note)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, e.Version, e.Fence, micros(e.From), micros(e.To), e.Run, string(e.State), micros(e.At), e.DataVersion,
		e.CheckVersion, e.Engine, model, upstream, columns, encodeInputs(e.Inputs), e.Rows, e.Rejected, int64(e.Took), e.Restores, e.Note)
}

func (w *writer) settle(m state.Settlement, now time.Time) error {
	e := m.Entry
	id, err := w.dataset(e.Env, e.Dataset)
	if err != nil {
		return err
	}
	// The stored state and interval decide, not what the caller believes.
	var before string
	var from, to int64
	found, err := w.row("SELECT state, from_us, to_us FROM entry WHERE dataset_id = ? AND version = ?",
		[]any{id, e.Version}, &before, &from, &to)
	if err != nil {
		return err
	}
	if !found {
		return noEntry(e.Env, e.Dataset, e.Version)
	}
	if !state.EntryState(before).Allowed(m.State) {
		return fault.New(fault.Conflict, "version %d of %s is %s and cannot become %s", e.Version, e.Dataset, before, m.State)
	}
	columns, err := w.content(encodeColumns(e.Columns))
	if err != nil {
		return err
	}
	err = w.exec(`
		UPDATE entry SET state = ?, at_us = ?, row_count = ?, took_ns = ?, columns_id = ?, note = ?
		WHERE dataset_id = ? AND version = ?`,
		string(m.State), micros(now), e.Rows, int64(e.Took), columns, m.Note, id, e.Version)
	if err != nil {
		return err
	}
	switch m.State {
	case state.Published:
		return w.exec(`
			INSERT INTO head (dataset_id, from_us, to_us, version) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET version = max(version, excluded.version)`, id, from, to, e.Version)
	case state.Lost:
		return w.lower(id, from, to)
	default:
		return nil
	}
}

// lower finds the head of an interval anew after an entry of it was lost.
func (w *writer) lower(dataset, from, to int64) error {
	if err := w.exec("DELETE FROM head WHERE dataset_id = ? AND from_us = ? AND to_us = ?", dataset, from, to); err != nil {
		return err
	}
	return w.exec(`
		INSERT INTO head (dataset_id, from_us, to_us, version)
		SELECT dataset_id, from_us, to_us, version FROM entry
		WHERE dataset_id = ? AND from_us = ? AND to_us = ? AND state = 'published'
		ORDER BY version DESC LIMIT 1`, dataset, from, to)
}

// Recheck records that a published entry passed newer rules; Conflict when the
// entry is not published.
func (s *Store) Recheck(ctx context.Context, e state.Entry, checkVersion string) error {
	return explain(s.path, s.writer.write(ctx, func(w *writer) error {
		id, err := w.dataset(e.Env, e.Dataset)
		if err != nil {
			return err
		}
		var before string
		found, err := w.row("SELECT state FROM entry WHERE dataset_id = ? AND version = ?", []any{id, e.Version}, &before)
		if err != nil {
			return err
		}
		if !found {
			return noEntry(e.Env, e.Dataset, e.Version)
		}
		if before != string(state.Published) {
			return fault.New(fault.Conflict, "version %d of %s is %s: only published rows are checked again", e.Version, e.Dataset, before)
		}
		return w.exec("UPDATE entry SET check_version = ? WHERE dataset_id = ? AND version = ?", checkVersion, id, e.Version)
	}))
}

func noEntry(env, dataset string, version int64) error {
	return fault.New(fault.NotFound, "the ledger of %s has no version %d of %s", env, version, dataset)
}
