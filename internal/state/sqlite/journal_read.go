package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/larder-data/larder/internal/state"
)

const (
	selectRuns = `SELECT name, env, command, as_of_us, started_us, finished_us, outcome, error, process, larder FROM run`

	selectRunning = selectRuns + ` INDEXED BY run_running WHERE env = ? AND outcome = 'running' ORDER BY name`

	stepColumns = `r.name, d.name, s.action, s.reason, s.outcome, s.started_us, s.finished_us, s.attempts,
		s.row_count, s.version, s.error, s.kind, s.hint, s.detail`

	// Steps that wait still come last, in the order of the plan.
	selectSteps = `SELECT ` + stepColumns + `
		FROM run r JOIN step s ON s.run_id = r.id JOIN dataset d ON d.id = s.dataset_id
		WHERE r.name = ?
		ORDER BY s.began = 0, s.began, s.id`

	selectLatestSteps = `SELECT ` + stepColumns + `
		FROM dataset d
		JOIN step s ON s.id = (SELECT max(id) FROM step WHERE dataset_id = d.id AND action <> 'check' AND action <> 'rollback')
		JOIN run r ON r.id = s.run_id
		WHERE d.env = ?`
)

// Runs returns the newest runs first, by their identity; limit 0 is all.
func (s *Store) Runs(ctx context.Context, env string, limit int) ([]state.Run, error) {
	if limit <= 0 {
		limit = -1
	}
	runs, err := s.runs(ctx, selectRuns+" WHERE env = ? ORDER BY name DESC LIMIT ?", env, limit)
	return runs, explain(s.path, err)
}

func (s *Store) runs(ctx context.Context, query string, args ...any) ([]state.Run, error) {
	var runs []state.Run
	err := s.reader.each(ctx, query, args, func(rows *sql.Rows) error {
		var r state.Run
		var asOf, started, finished int64
		err := rows.Scan(&r.ID, &r.Env, &r.Command, &asOf, &started, &finished, &r.Outcome, &r.Error, &r.Process, &r.Larder)
		r.AsOf, r.Started, r.Finished = instant(asOf), instant(started), instant(finished)
		runs = append(runs, r)
		return err
	})
	return runs, err
}

// Steps returns a run's steps in the order they started, those still waiting
// last.
func (s *Store) Steps(ctx context.Context, run string) ([]state.Step, error) {
	var steps []state.Step
	err := s.reader.each(ctx, selectSteps, []any{run}, func(rows *sql.Rows) error {
		step, err := readStep(rows)
		steps = append(steps, step)
		return err
	})
	return steps, explain(s.path, err)
}

// LatestSteps returns each dataset's newest step, checks and rollbacks left out. The newest
// is the one first written down last, whatever the clock said.
func (s *Store) LatestSteps(ctx context.Context, env string) (map[string]state.Step, error) {
	steps := map[string]state.Step{}
	err := s.reader.each(ctx, selectLatestSteps, []any{env}, func(rows *sql.Rows) error {
		step, err := readStep(rows)
		steps[step.Dataset] = step
		return err
	})
	return steps, explain(s.path, err)
}

func readStep(rows *sql.Rows) (state.Step, error) {
	var s state.Step
	var started, finished int64
	var detail string
	err := rows.Scan(&s.Run, &s.Dataset, &s.Action, &s.Reason, &s.Outcome, &started, &finished, &s.Attempts,
		&s.Rows, &s.Version, &s.Error, &s.Kind, &s.Hint, &detail)
	s.Started, s.Finished = instant(started), instant(finished)
	if detail != "" {
		s.Detail = json.RawMessage(detail)
	}
	return s, err
}
