package sqlite

import (
	"context"
	"encoding/json"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// StartRun enters a run; Conflict when its identity is taken.
func (s *Store) StartRun(ctx context.Context, r state.Run) error {
	return explain(s.path, s.writer.write(ctx, func(w *writer) error {
		entered, err := w.change(`
			INSERT INTO run (name, env, command, as_of_us, started_us, finished_us, outcome, error, process, larder)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING`,
			r.ID, r.Env, r.Command, micros(r.AsOf), micros(r.Started), micros(r.Finished), string(r.Outcome),
			r.Error, r.Process, r.Larder)
		if err == nil && entered == 0 {
			err = fault.New(fault.Conflict, "there is a run %s already", r.ID)
		}
		return err
	}))
}

// FinishRun stores when and how a run ended; NotFound when it was never started.
func (s *Store) FinishRun(ctx context.Context, r state.Run) error {
	return explain(s.path, s.writer.write(ctx, func(w *writer) error {
		changed, err := w.change("UPDATE run SET finished_us = ?, outcome = ?, error = ? WHERE name = ?",
			micros(r.Finished), string(r.Outcome), r.Error, r.ID)
		if err == nil && changed == 0 {
			err = fault.New(fault.NotFound, "there is no run %s", r.ID)
		}
		delete(w.known.runs, r.ID)
		return err
	}))
}

// SaveStep inserts the step or replaces it; NotFound when its run was never started.
func (s *Store) SaveStep(ctx context.Context, step state.Step) error {
	return s.SaveSteps(ctx, []state.Step{step})
}

// SaveSteps is SaveStep for many, all or nothing.
func (s *Store) SaveSteps(ctx context.Context, steps []state.Step) error {
	return s.Commit(ctx, &state.Batch{Steps: steps})
}

func validSteps(steps []state.Step) error {
	for _, step := range steps {
		if len(step.Detail) > 0 && !json.Valid(step.Detail) {
			return fault.New(fault.Internal, "the detail of step %s %s is no JSON", step.Action, step.Dataset)
		}
	}
	return nil
}

func (w *writer) saveStep(step state.Step) error {
	run, err := w.run(step.Run)
	if err != nil {
		return err
	}
	dataset, err := w.dataset(run.env, step.Dataset)
	if err != nil {
		return err
	}
	// Counted here and not read off the clock, which may go backwards.
	began := int64(0)
	if !step.Started.IsZero() {
		run.began++
		began = run.began
	}
	return w.exec(`
		INSERT INTO step (run_id, dataset_id, action, reason, outcome, began, started_us, finished_us, attempts,
			row_count, version, error, kind, hint, detail)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (run_id, dataset_id, action) DO UPDATE SET
			reason = excluded.reason, outcome = excluded.outcome,
			began = CASE WHEN began > 0 THEN began ELSE excluded.began END,
			started_us = excluded.started_us, finished_us = excluded.finished_us, attempts = excluded.attempts,
			row_count = excluded.row_count, version = excluded.version, error = excluded.error,
			kind = excluded.kind, hint = excluded.hint, detail = excluded.detail`,
		run.id, dataset, step.Action, step.Reason, string(step.Outcome), began, micros(step.Started),
		micros(step.Finished), step.Attempts, step.Rows, step.Version, step.Error, step.Kind, step.Hint, string(step.Detail))
}

// diedUnheard is what an abandoned run says of its end.
const diedUnheard = "its process ended without a word"

// Abandon closes the runs of processes that died; see state.Abandoner.
func (s *Store) Abandon(ctx context.Context, env string, alive func(state.Run) bool) ([]state.Run, error) {
	running, err := s.runs(ctx, selectRunning, env)
	if err != nil {
		return nil, explain(s.path, err)
	}
	var dead []state.Run
	for _, r := range running {
		if !alive(r) {
			dead = append(dead, r)
		}
	}
	if len(dead) == 0 {
		return nil, nil
	}
	var closed []state.Run
	err = s.writer.write(ctx, func(w *writer) error {
		closed = nil
		for _, r := range dead {
			ended, err := w.abandon(&r)
			if err != nil {
				return err
			}
			if ended {
				closed = append(closed, r)
			}
		}
		return nil
	})
	return closed, explain(s.path, err)
}

// abandon closes one run unless it ended meanwhile.
func (w *writer) abandon(r *state.Run) (bool, error) {
	var id, finished int64
	found, err := w.row(`
		UPDATE run SET outcome = 'interrupted', error = ?, finished_us = max(started_us,
			(SELECT coalesce(max(max(started_us, finished_us)), run.started_us) FROM step WHERE run_id = run.id))
		WHERE name = ? AND outcome = 'running' RETURNING id, finished_us`,
		[]any{diedUnheard, r.ID}, &id, &finished)
	if err != nil || !found {
		return false, err
	}
	r.Outcome, r.Error, r.Finished = state.Interrupted, diedUnheard, instant(finished)
	delete(w.known.runs, r.ID)
	return true, w.exec(`
		UPDATE step SET outcome = 'interrupted', finished_us = started_us
		WHERE run_id = ? AND outcome = 'running'`, id)
}
