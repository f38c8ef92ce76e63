package sqlite

import (
	"context"
	"math"
	"strconv"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// Record stores the results of one evaluation, all or nothing. A result of the
// same run, dataset, check and as-of time is replaced: a retry judged anew.
func (s *Store) Record(ctx context.Context, results []state.Result) error {
	return s.Commit(ctx, &state.Batch{Results: results})
}

// encodedResult is a result whose samples are spelt out before the writer,
// whom all callers share, takes it.
type encodedResult struct {
	*state.Result
	samples string
}

func (s *Store) encodeResults(results []state.Result) ([]encodedResult, error) {
	encoded := make([]encodedResult, len(results))
	for i := range results {
		r := &results[i]
		encoded[i].Result = r
		if r.Samples == nil {
			continue
		}
		text, err := state.EncodeRows(*r.Samples)
		if err != nil {
			return nil, fault.Wrap("samples of check "+r.Check+" on "+r.Dataset, err)
		}
		encoded[i].samples = string(text)
	}
	return encoded, nil
}

func (w *writer) record(r encodedResult) error {
	check, err := w.check(r.Env, r.Dataset, r.Check)
	if err != nil {
		return err
	}
	rule, err := w.content(r.Rule)
	if err != nil {
		return err
	}
	query, err := w.content(r.SQL)
	if err != nil {
		return err
	}
	id, err := w.judge(check, rule, query, r)
	if err == nil {
		err = w.exec("UPDATE check_name SET latest = ? WHERE id = ?", id, check)
	}
	if err != nil {
		return err
	}
	return w.measure(check, id, r.Result)
}

// judge enters a result, or replaces the one of an earlier attempt, and returns
// its number.
func (w *writer) judge(check, rule, query int64, r encodedResult) (int64, error) {
	values := []any{
		rule, string(r.Status), r.Value, r.Expected, r.Message, r.samples, r.Failing, query, int64(r.Took), r.Published,
		r.Run, check, micros(r.At),
	}
	result, err := w.result(`
		INSERT INTO result (rule_id, status, value, expected, message, samples, failing, query_id, took_ns, published,
			run, check_id, at_us)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, check_id, at_us) DO NOTHING`, values)
	if err != nil {
		return 0, err
	}
	if entered, err := result.RowsAffected(); entered > 0 || err != nil {
		id, _ := result.LastInsertId()
		return id, err
	}
	err = w.exec(`
		UPDATE result SET rule_id = ?, status = ?, value = ?, expected = ?, message = ?, samples = ?, failing = ?,
			query_id = ?, took_ns = ?, published = ?
		WHERE run = ? AND check_id = ? AND at_us = ?`, values...)
	if err != nil {
		return 0, err
	}
	var id int64
	_, err = w.row("SELECT id FROM result WHERE run = ? AND check_id = ? AND at_us = ?", values[10:], &id)
	if err == nil {
		err = w.exec("DELETE FROM measure WHERE check_id = ? AND at_us = ? AND result_id = ?", check, micros(r.At), id)
	}
	return id, err
}

const insertMeasure = `
	INSERT INTO measure (check_id, at_us, result_id, position, segment, number, value, expected, status)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

// measure stores what was measured: each segment's number, or the whole's when
// there are no segments and the value is a number.
func (w *writer) measure(check, result int64, r *state.Result) error {
	at := micros(r.At)
	for i, s := range r.Segments {
		err := w.exec(insertMeasure, check, at, result, i+1, s.Segment, number(s.Number), s.Value, s.Expected, string(s.Status))
		if err != nil {
			return err
		}
	}
	if len(r.Segments) > 0 || r.Status == state.Unevaluated {
		return nil
	}
	value, err := strconv.ParseFloat(r.Value, 64)
	if err != nil || math.IsNaN(value) {
		return nil //nolint:nilerr // a value that is no number, such as a schema, has no history of numbers
	}
	return w.exec(insertMeasure, check, at, result, 0, "", value, "", "", string(r.Status))
}

// number spells not-a-number as the NULL it would become anyway.
func number(v float64) any {
	if math.IsNaN(v) {
		return nil
	}
	return v
}
