package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

const (
	entryColumns = `d.name, e.version, e.fence, e.from_us, e.to_us, e.run, e.state, e.at_us, e.data_version,
		e.check_version, e.engine, e.inputs, e.row_count, e.rejected, e.took_ns, e.restores, e.note, e.columns_id, coalesce(c.body, '')`

	selectCurrent = `SELECT ` + entryColumns + `
		FROM dataset d
		JOIN head h ON h.dataset_id = d.id
		JOIN entry e ON e.dataset_id = h.dataset_id AND e.version = h.version
		LEFT JOIN content c ON c.id = e.columns_id
		WHERE d.env = ?
		ORDER BY d.name, h.from_us, h.to_us`

	// Few entries are ever open, of all there are.
	selectIntended = `SELECT ` + entryColumns + `
		FROM entry e INDEXED BY entry_intended
		CROSS JOIN dataset d ON d.id = e.dataset_id
		LEFT JOIN content c ON c.id = e.columns_id
		WHERE e.state = 'intended' AND d.env = ?
		ORDER BY d.name, e.version`

	selectEntry = `SELECT ` + entryColumns + `, coalesce(m.body, ''), coalesce(u.body, '')
		FROM dataset d
		JOIN entry e ON e.dataset_id = d.id
		LEFT JOIN content c ON c.id = e.columns_id
		LEFT JOIN content m ON m.id = e.model_id
		LEFT JOIN content u ON u.id = e.upstream_id
		WHERE d.env = ? AND d.name = ? AND e.version = ?`
)

// Current returns the newest published entry of every dataset and interval.
// SQL and Upstream are left out: Entry has them.
func (s *Store) Current(ctx context.Context, env string) ([]state.Entry, error) {
	return s.entries(ctx, env, selectCurrent)
}

// Intended returns the entries a stopped process left open, by dataset and
// version. SQL and Upstream are left out: Entry has them.
func (s *Store) Intended(ctx context.Context, env string) ([]state.Entry, error) {
	return s.entries(ctx, env, selectIntended)
}

// Entry returns one entry with all that is known of it; NotFound when there is none.
func (s *Store) Entry(ctx context.Context, env, dataset string, version int64) (state.Entry, error) {
	var e state.Entry
	var upstream string
	row := entryRow{entry: &e, schemas: map[int64][]table.Column{}}
	err := s.reader.one(ctx, selectEntry, []any{env, dataset, version}, func(found scanner) error {
		return row.read(env, found, &e.SQL, &upstream)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = noEntry(env, dataset, version)
	}
	if err == nil {
		err = decode(upstream, &e.Upstream)
	}
	return e, explain(s.path, err)
}

func (s *Store) entries(ctx context.Context, env, query string) ([]state.Entry, error) {
	var entries []state.Entry
	schemas := map[int64][]table.Column{}
	err := s.reader.each(ctx, query, []any{env}, func(rows *sql.Rows) error {
		var e state.Entry
		row := entryRow{entry: &e, schemas: schemas}
		err := row.read(env, rows)
		entries = append(entries, e)
		return err
	})
	return entries, explain(s.path, err)
}

// entryRow reads an entry. Columns are decoded once for each distinct text and
// shared by the entries that have them.
type entryRow struct {
	entry   *state.Entry
	schemas map[int64][]table.Column
}

func (r entryRow) read(env string, from scanner, more ...any) error {
	e := r.entry
	var begin, end, at, columnsID int64
	var inputs, columns string
	into := append([]any{
		&e.Dataset, &e.Version, &e.Fence, &begin, &end, &e.Run, &e.State, &at, &e.DataVersion,
		&e.CheckVersion, &e.Engine, &inputs, &e.Rows, &e.Rejected, &e.Took, &e.Restores, &e.Note, &columnsID, &columns,
	}, more...)
	if err := from.Scan(into...); err != nil {
		return err
	}
	e.Env, e.From, e.To, e.At = env, instant(begin), instant(end), instant(at)
	if err := decode(inputs, &e.Inputs); err != nil {
		return damaged(fmt.Sprintf("inputs of %s", e.Dataset), err)
	}
	if known, ok := r.schemas[columnsID]; ok {
		e.Columns = known
		return nil
	}
	var err error
	if e.Columns, err = decodeColumns(columns); err != nil {
		return damaged(fmt.Sprintf("columns of %s", e.Dataset), err)
	}
	r.schemas[columnsID] = e.Columns
	return nil
}

func damaged(what string, err error) error {
	return fault.New(fault.Broken, "%s: %w", what, err)
}
