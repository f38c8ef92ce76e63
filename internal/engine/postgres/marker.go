package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// mark writes the markers first: that locks their rows, so that whoever
// publishes the same dataset waits, and refuses a fence lower than the one there.
func (t *transaction) mark(ctx context.Context, markers []engine.Marker) error {
	sorted := slices.Clone(markers) // in one order, so that two never wait for each other
	slices.SortFunc(sorted, func(a, b engine.Marker) int { return strings.Compare(a.Dataset, b.Dataset) })
	rows := make([]string, len(sorted))
	for i, m := range sorted {
		rows[i] = fmt.Sprintf("(%s, %d, %s, %s, %s, %d, %s)", engine.Literal(m.Dataset), m.Version, instant(m.From), instant(m.To),
			engine.Literal(m.Run), m.Fence, instant(m.At))
	}
	changed, err := t.exec(ctx, "marker", `INSERT INTO larder.published AS p (dataset, version, "from", "to", run, fence, "at") VALUES `+strings.Join(rows, ", ")+`
		ON CONFLICT (dataset) DO UPDATE SET version = excluded.version, "from" = excluded."from", "to" = excluded."to",
		run = excluded.run, fence = excluded.fence, "at" = excluded."at" WHERE p.fence <= excluded.fence`)
	if err == nil && changed < int64(len(markers)) {
		err = t.refusal(ctx, sorted)
		t.fail(err)
	}
	return err
}

// refusal names the dataset whose fence is higher.
func (t *transaction) refusal(ctx context.Context, markers []engine.Marker) error {
	for _, m := range markers {
		there, err := t.texts(ctx, "SELECT fence FROM larder.published WHERE dataset = "+engine.Literal(m.Dataset)+fmt.Sprintf(" AND fence > %d", m.Fence))
		if err != nil {
			return err
		}
		if len(there) > 0 {
			return fault.New(fault.Conflict, "%s was published with fence %s after fence %d was given out", m.Dataset, there[0][0], m.Fence).
				WithHint("another run has taken this dataset over: run again to see where it stands")
		}
	}
	return fault.New(fault.Internal, "the markers of %s could not be written", subject(markers))
}

// marked tells whether the markers are there, after a commit without an answer.
func (e *Engine) marked(markers []engine.Marker) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		there, err := e.Published(ctx)
		if err != nil {
			return false, err
		}
		for _, m := range markers {
			if !slices.ContainsFunc(there, func(t engine.Marker) bool {
				return t.Dataset == m.Dataset && t.Version == m.Version && t.Run == m.Run && t.Fence == m.Fence
			}) {
				return false, nil
			}
		}
		return true, nil
	}
}

// instant writes an instant as a literal, NULL when it is zero.
func instant(at time.Time) string {
	if at.IsZero() {
		return "NULL"
	}
	return "TIMESTAMPTZ " + engine.Literal(at.UTC().Format("2006-01-02 15:04:05.999999+00"))
}

// Published returns what readers see, by dataset.
func (e *Engine) Published(ctx context.Context) ([]engine.Marker, error) {
	batch, err := engine.ReadAll(ctx, e, `SELECT dataset, version, "from", "to", run, fence, "at" FROM larder.published ORDER BY dataset COLLATE "C"`, 0)
	if err != nil {
		return nil, fault.Wrap("larder.published", err)
	}
	markers := make([]engine.Marker, len(batch.Rows))
	for i, row := range batch.Rows {
		m := &markers[i]
		m.Dataset, _ = row[0].(string)
		m.Version, _ = row[1].(int64)
		m.From, _ = row[2].(time.Time) // NULL is the zero time
		m.To, _ = row[3].(time.Time)
		m.Run, _ = row[4].(string)
		m.Fence, _ = row[5].(int64)
		m.At, _ = row[6].(time.Time)
	}
	return markers, nil
}
