package sqlite

import (
	"context"
	"database/sql"
	"math"
	"time"

	"github.com/larder-data/larder/internal/state"
)

const (
	resultColumns = `r.id, d.env, r.run, d.name, k.name, coalesce(u.body, ''), r.at_us, r.status, r.value, r.expected,
		r.message, r.samples, r.failing, coalesce(q.body, ''), r.took_ns, r.published`

	resultTexts = `
		LEFT JOIN content u ON u.id = r.rule_id
		LEFT JOIN content q ON q.id = r.query_id`

	// CROSS JOIN keeps SQLite to the order written here: it has no statistics to
	// find it by.
	latestResults = `
		FROM dataset d
		CROSS JOIN check_name k ON k.dataset_id = d.id
		CROSS JOIN result r ON r.id = k.latest`

	runResults = `
		FROM result r
		CROSS JOIN check_name k ON k.id = r.check_id
		CROSS JOIN dataset d ON d.id = k.dataset_id`

	joinSegments = `
		CROSS JOIN measure m ON m.check_id = r.check_id AND m.at_us = r.at_us AND m.result_id = r.id AND m.position > 0`

	segmentColumns = `r.id, m.segment, m.number, m.value, m.expected, m.status`

	selectLatest         = `SELECT ` + resultColumns + latestResults + resultTexts + ` WHERE d.env = ? ORDER BY d.name, k.name`
	selectLatestSegments = `SELECT ` + segmentColumns + latestResults + joinSegments + ` WHERE d.env = ? ORDER BY r.id, m.position`
	selectOf             = `SELECT ` + resultColumns + runResults + resultTexts + ` WHERE r.run = ? ORDER BY d.name, k.name, r.at_us`
	selectOfSegments     = `SELECT ` + segmentColumns + runResults + joinSegments + ` WHERE r.run = ? ORDER BY r.id, m.position`

	selectValues = `SELECT m.at_us, m.segment, m.number
		FROM dataset d
		CROSS JOIN check_name k ON k.dataset_id = d.id
		CROSS JOIN measure m ON m.check_id = k.id
		WHERE d.env = ? AND d.name = ? AND k.name = ? AND m.at_us >= ? AND m.at_us < ?
		  AND m.number IS NOT NULL AND m.status <> 'error'
		  AND (NOT ? OR (SELECT published FROM result WHERE id = m.result_id))
		ORDER BY m.at_us, m.result_id, m.position`
)

// Latest returns the result recorded last of every check, by dataset and check.
func (s *Store) Latest(ctx context.Context, env string) ([]state.Result, error) {
	return s.results(ctx, env, selectLatest, selectLatestSegments)
}

// Of returns the results of one run, by dataset and check.
func (s *Store) Of(ctx context.Context, run string) ([]state.Result, error) {
	return s.results(ctx, run, selectOf, selectOfSegments)
}

// results reads results and their segments, both as of one moment: a result
// recorded in between must not lend its segments to another.
func (s *Store) results(ctx context.Context, of, query, segments string) ([]state.Result, error) {
	var results []state.Result
	place := map[int64]int{}
	err := s.reader.moment(ctx, func(ask []*sql.Stmt) error {
		err := each(ctx, ask[0], []any{of}, func(rows *sql.Rows) error {
			id, r, err := readResult(rows)
			place[id] = len(results)
			results = append(results, r)
			return err
		})
		if err != nil {
			return err
		}
		return each(ctx, ask[1], []any{of}, func(rows *sql.Rows) error {
			id, segment, err := readSegment(rows)
			r := &results[place[id]]
			r.Segments = append(r.Segments, segment)
			return err
		})
	}, query, segments)
	return results, explain(s.path, err)
}

func readSegment(rows *sql.Rows) (int64, state.SegmentResult, error) {
	var id int64
	var segment state.SegmentResult
	var number sql.NullFloat64
	err := rows.Scan(&id, &segment.Segment, &number, &segment.Value, &segment.Expected, &segment.Status)
	segment.Number = number.Float64
	if !number.Valid {
		segment.Number = math.NaN()
	}
	return id, segment, err
}

func readResult(rows *sql.Rows) (int64, state.Result, error) {
	var id, at int64
	var r state.Result
	var samples string
	err := rows.Scan(&id, &r.Env, &r.Run, &r.Dataset, &r.Check, &r.Rule, &at, &r.Status, &r.Value, &r.Expected,
		&r.Message, &samples, &r.Failing, &r.SQL, &r.Took, &r.Published)
	r.At = instant(at)
	if err != nil || samples == "" {
		return id, r, err
	}
	batch, err := state.DecodeRows([]byte(samples))
	r.Samples = &batch
	return id, r, err
}

// Values returns what a check measured, oldest first; see state.Verdicts. A
// zero Before is no bound.
func (s *Store) Values(ctx context.Context, q state.ValuesQuery) ([]state.Value, error) {
	before := int64(math.MaxInt64)
	if !q.Before.IsZero() {
		before = micros(q.Before)
	}
	var values []state.Value
	args := []any{q.Env, q.Dataset, q.Check, micros(q.Since), before, q.PublishedOnly}
	err := s.reader.each(ctx, selectValues, args, func(rows *sql.Rows) error {
		var at int64
		var v state.Value
		err := rows.Scan(&at, &v.Segment, &v.Number)
		v.At = time.UnixMicro(at).UTC()
		values = append(values, v)
		return err
	})
	return values, explain(s.path, err)
}
