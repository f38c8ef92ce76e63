package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// RollBack enters a rollback; see state.Rollbacks.
func (s *Store) RollBack(ctx context.Context, r state.Rollback) error {
	return explain(s.path, s.writer.write(ctx, func(w *writer) error {
		dataset, err := w.dataset(r.Env, r.Dataset)
		if err != nil {
			return err
		}
		return w.exec(`
			INSERT INTO rollback (dataset_id, run, to_version, to_run, from_version, reason, by, at_us, ended_us)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			dataset, r.Run, r.To, r.ToRun, r.From, r.Reason, r.By, micros(r.At), micros(r.Ended))
	}))
}

// Release ends what is open of a dataset.
func (s *Store) Release(ctx context.Context, env, dataset string, at time.Time) error {
	return explain(s.path, s.writer.write(ctx, func(w *writer) error {
		id, err := w.dataset(env, dataset)
		if err != nil {
			return err
		}
		ended, err := w.change("UPDATE rollback SET ended_us = ? WHERE dataset_id = ? AND ended_us = ?", micros(at), id, micros(time.Time{}))
		if err == nil && ended == 0 {
			err = fault.New(fault.NotFound, "%s is not rolled back", dataset)
		}
		return err
	}))
}

// Rollbacks returns what was ever rolled back, the newest first.
func (s *Store) Rollbacks(ctx context.Context, env string) ([]state.Rollback, error) {
	var out []state.Rollback
	err := s.reader.each(ctx, `
		SELECT d.env, d.name, r.run, r.to_version, r.to_run, r.from_version, r.reason, r.by, r.at_us, r.ended_us
		FROM dataset d JOIN rollback r ON r.dataset_id = d.id WHERE d.env = ? ORDER BY r.id DESC`, []any{env}, func(rows *sql.Rows) error {
		var r state.Rollback
		var at, ended int64
		err := rows.Scan(&r.Env, &r.Dataset, &r.Run, &r.To, &r.ToRun, &r.From, &r.Reason, &r.By, &at, &ended)
		r.At, r.Ended = instant(at), instant(ended)
		out = append(out, r)
		return err
	})
	return out, explain(s.path, err)
}
