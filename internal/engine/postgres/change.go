package postgres

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

func heldQuery(r engine.Relation) string {
	return `SELECT id, sequence, "rows", coalesce(superseded_by, ''), to_json(supersedes) FROM larder.loads
		WHERE dataset = ` + engine.Literal(r.Dataset()) + ` ORDER BY sequence, id COLLATE "C"`
}

func heldLoads(rows [][]string) ([]engine.KnownLoad, error) {
	loads := make([]engine.KnownLoad, len(rows))
	for i, row := range rows {
		l := &loads[i]
		l.ID, l.SupersededBy = row[0], row[3]
		l.Sequence, _ = strconv.ParseInt(row[1], 10, 64)
		l.Rows, _ = strconv.ParseInt(row[2], 10, 64)
		if err := json.Unmarshal([]byte(row[4]), &l.Supersedes); err != nil {
			return nil, fault.New(fault.Broken, "larder.loads: load %s cannot be read", l.ID)
		}
	}
	return loads, nil
}

// change is what a landing does to the loads the warehouse holds, and to the
// lake table.
type change struct {
	engine.Change
	there []table.Column // of the lake table as it is; nil while it does not exist
	all   []table.Column // those declared, and those that no longer are

	// The rows that compete: all that arrive, and those there are already of the
	// windows or keys in touched; "larder stays" says which are the current state.
	pool, touched string
}

// change compares a landing with what the warehouse holds.
func (t *transaction) change(ctx context.Context, l engine.Landing) (c change, err error) {
	rows, err := t.texts(ctx, heldQuery(l.Target))
	if err != nil {
		return c, err
	}
	held, err := heldLoads(rows)
	if err != nil {
		return c, err
	}
	if c.Change, err = engine.Compare(l, held); err != nil {
		return c, err
	}
	found, err := look(ctx, t.ask, l.Target)
	if err != nil {
		return c, err
	}
	c.there, c.all = found[0].columns, engine.WithProvenance(l.Columns)
	for _, column := range c.there {
		if _, ok := exactly(c.all, column.Name); !ok {
			c.all = append(c.all, column) // no longer declared
		}
	}
	return c, nil
}

// groups are the columns in which rows compete; none in mode Append.
func (c change) groups() []string {
	switch c.Mode {
	case engine.Window:
		return []string{c.WindowColumn}
	case engine.Key:
		return c.Key
	}
	return nil
}

// touches reports whether there is a table of touched windows or keys.
func (c change) touches() bool { return c.Mode != engine.Append && c.exists() }

// exists reports whether the lake table has ever had a load.
func (c change) exists() bool { return len(c.Held) > 0 }

// everyCandidate reports that rows which left the current state may come back
// to it, or order those that arrive. Otherwise what arrives competes only with
// what is current.
func (c change) everyCandidate() bool {
	return len(c.Retired) > 0 || !c.InOrder() || c.Mode == engine.Key && c.Version != "" && c.Deleted != ""
}

// idle reports that the landing changes no rows.
func (c change) idle() bool { return len(c.Arrived) == 0 && len(c.Retired) == 0 }

// declared are the columns files may have.
func (c change) declared() []table.Column { return engine.WithProvenance(c.Columns) }
