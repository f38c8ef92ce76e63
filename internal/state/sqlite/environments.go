package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// UseEnvironment enters an environment, or notes that it was used.
func (s *Store) UseEnvironment(ctx context.Context, e state.Environment) error {
	return explain(s.path, s.writer.write(ctx, func(w *writer) error {
		return w.exec(`
			INSERT INTO environment (name, by, created_us, used_us, expires_us) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET used_us = max(used_us, excluded.used_us), expires_us = excluded.expires_us`,
			e.Name, e.By, micros(e.Created), micros(e.Used), micros(e.Expires))
	}))
}

// Environments returns all environments, by name.
func (s *Store) Environments(ctx context.Context) ([]state.Environment, error) {
	var out []state.Environment
	err := s.reader.each(ctx, "SELECT name, by, created_us, used_us, expires_us FROM environment ORDER BY name", nil, func(rows *sql.Rows) error {
		var e state.Environment
		var created, used, expires int64
		err := rows.Scan(&e.Name, &e.By, &created, &used, &expires)
		e.Created, e.Used, e.Expires = instant(created), instant(used), instant(expires)
		out = append(out, e)
		return err
	})
	return out, explain(s.path, err)
}

// forgotten are what an environment leaves behind and loses. Its datasets and
// checks keep their rows: other processes may remember their numbers, and the
// versions given out are not to be given out again.
var forgotten = []string{
	"DELETE FROM measure WHERE check_id IN (SELECT c.id FROM check_name c JOIN dataset d ON d.id = c.dataset_id WHERE d.env = ?)",
	"DELETE FROM result WHERE check_id IN (SELECT c.id FROM check_name c JOIN dataset d ON d.id = c.dataset_id WHERE d.env = ?)",
	"UPDATE check_name SET latest = 0 WHERE dataset_id IN (SELECT id FROM dataset WHERE env = ?)",
	"DELETE FROM step WHERE dataset_id IN (SELECT id FROM dataset WHERE env = ?)",
	"DELETE FROM head WHERE dataset_id IN (SELECT id FROM dataset WHERE env = ?)",
	"DELETE FROM entry WHERE dataset_id IN (SELECT id FROM dataset WHERE env = ?)",
}

// ForgetEnvironment removes an environment and what is remembered of it.
func (s *Store) ForgetEnvironment(ctx context.Context, name string) error {
	return explain(s.path, s.writer.write(ctx, func(w *writer) error {
		removed, err := w.change("DELETE FROM environment WHERE name = ?", name)
		if err != nil {
			return err
		}
		if removed == 0 {
			return fault.New(fault.NotFound, "there is no environment %s", name)
		}
		for _, statement := range forgotten {
			if err := w.exec(statement, name); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Accept enters an acceptance and ends the one before it.
func (s *Store) Accept(ctx context.Context, a state.Acceptance) error {
	return explain(s.path, s.writer.write(ctx, func(w *writer) error {
		dataset, err := w.dataset(a.Env, a.Dataset)
		if err != nil {
			return err
		}
		if _, err := w.endAcceptance(dataset, a.Check, a.At); err != nil {
			return err
		}
		return w.exec(`
			INSERT INTO acceptance (dataset_id, check_name, reason, by, at_us, until_us, ended_us) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			dataset, a.Check, a.Reason, a.By, micros(a.At), micros(a.Until), micros(a.Ended))
	}))
}

// Withdraw ends the acceptance of a check.
func (s *Store) Withdraw(ctx context.Context, env, dataset, check string, at time.Time) error {
	return explain(s.path, s.writer.write(ctx, func(w *writer) error {
		id, err := w.dataset(env, dataset)
		if err != nil {
			return err
		}
		ended, err := w.endAcceptance(id, check, at)
		if err == nil && ended == 0 {
			err = fault.New(fault.NotFound, "nothing is accepted of check %s of %s", check, dataset)
		}
		return err
	}))
}

// endAcceptance ends what stands open of a check and returns how much that was.
func (w *writer) endAcceptance(dataset int64, check string, at time.Time) (int64, error) {
	return w.change("UPDATE acceptance SET ended_us = ? WHERE dataset_id = ? AND check_name = ? AND ended_us = ? AND until_us > ?",
		micros(at), dataset, check, micros(time.Time{}), micros(at))
}

// Acceptances returns what was ever accepted, the newest first.
func (s *Store) Acceptances(ctx context.Context, env string) ([]state.Acceptance, error) {
	var out []state.Acceptance
	err := s.reader.each(ctx, `
		SELECT d.env, d.name, a.check_name, a.reason, a.by, a.at_us, a.until_us, a.ended_us
		FROM dataset d JOIN acceptance a ON a.dataset_id = d.id WHERE d.env = ? ORDER BY a.id DESC`, []any{env}, func(rows *sql.Rows) error {
		var a state.Acceptance
		var at, until, ended int64
		err := rows.Scan(&a.Env, &a.Dataset, &a.Check, &a.Reason, &a.By, &at, &until, &ended)
		a.At, a.Until, a.Ended = instant(at), instant(until), instant(ended)
		out = append(out, a)
		return err
	})
	return out, explain(s.path, err)
}
