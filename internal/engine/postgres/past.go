package postgres

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// A table that is emptied and filled keeps the table its new rows were staged
// in as a copy of the new version, ready for when it is replaced: to keep a
// version then costs no copying. Only of a version that came by an exchange is
// a copy made when it is replaced.

func pastOf(target engine.Relation, version int64) engine.Relation {
	return engine.PastOf(target, version, longestIdentifier)
}

// history is what is kept of earlier versions, and which are the current ones.
type history struct {
	kept    map[engine.Relation][]int64 // by schema and stem of the name
	current map[string]int64            // by a marker's dataset
}

// keptQuery lists what is kept; current the versions of the markers' datasets.
const keptQuery = `SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind = 'r' AND c.relname LIKE '%\_\_larder\_v%'`

// history asks for what is kept.
func (t *transaction) history(ctx context.Context, markers ...engine.Marker) (history, error) {
	return askHistory(ctx, t.texts, markers...)
}

func askHistory(ctx context.Context, ask func(context.Context, string) ([][]string, error), markers ...engine.Marker) (history, error) {
	h := history{kept: map[engine.Relation][]int64{}, current: map[string]int64{}}
	rows, err := ask(ctx, keptQuery)
	if err != nil {
		return h, err
	}
	for _, row := range rows {
		if stem, version, ok := engine.PastBy(row[1]); ok {
			k := engine.Relation{Schema: row[0], Name: stem}
			h.kept[k] = append(h.kept[k], version)
		}
	}
	if len(markers) == 0 {
		return h, nil
	}
	datasets := make([]string, len(markers))
	for i, m := range markers {
		datasets[i] = m.Dataset
	}
	rows, err = ask(ctx, "SELECT dataset, version FROM larder.published WHERE dataset IN ("+literals(datasets)+")")
	for _, row := range rows {
		h.current[row[0]], _ = strconv.ParseInt(row[1], 10, 64)
	}
	return h, err
}

// of returns the versions kept of a target, newest first.
func (h history) of(target engine.Relation) []int64 {
	stem, _, _ := strings.Cut(pastOf(target, 0).Name, "__larder_v")
	versions := slices.Sorted(slices.Values(h.kept[engine.Relation{Schema: target.Schema, Name: stem}]))
	slices.Reverse(versions)
	return versions
}

// succession is what becomes of a table and of the versions kept of it when a
// new one takes its place.
type succession struct {
	target engine.Relation
	keep   bool              // versions of it are kept
	own    engine.Relation   // where a copy of the new version stands
	was    engine.Relation   // where the version replaced is to stand; no name when it is not kept, or is there already
	gone   []engine.Relation // versions that are one too many
}

// succeed decides what is kept. Versions that are not older than the one
// replaced are of another history, which a lost ledger began.
func (h history) succeed(target engine.Relation, there relation, m engine.Marker, keep int) succession {
	s := succession{target: target, keep: keep > 0, own: pastOf(target, m.Version)}
	was, marked := h.current[m.Dataset]
	versions := h.of(target)
	if keep > 0 && marked && was < m.Version && there.kind == "r" && !slices.Contains(versions, was) {
		s.was = pastOf(target, was)
		keep--
	}
	for _, version := range versions {
		if keep > 0 && version <= was && version < m.Version {
			keep--
			continue
		}
		s.gone = append(s.gone, pastOf(target, version))
	}
	return s
}

// copied is the statement that keeps the version replaced when its table is to
// be emptied.
func (s succession) copied() string {
	if s.was.Name == "" {
		return ""
	}
	return "CREATE TABLE " + s.was.String() + " AS TABLE " + s.target.String()
}

// away is the statement that keeps it when its table gives up its name.
func (s succession) away() string {
	if s.was.Name == "" {
		return ""
	}
	return "ALTER TABLE " + s.target.String() + " RENAME TO " + engine.Quote(s.was.Name)
}

// forget drops the versions that are one too many.
func (t *transaction) forget(s succession) {
	for _, r := range s.gone {
		t.add("forget", "DROP TABLE "+r.String())
	}
}

// Past returns the versions kept of a table that are older than the current
// one, newest first.
func (e *Engine) Past(ctx context.Context, target engine.Relation) (versions []int64, err error) {
	m := engine.Marker{Dataset: target.Dataset()}
	err = e.with(ctx, func(ctx context.Context, on *pgconn.PgConn) error {
		ask := func(ctx context.Context, sql string) ([][]string, error) { return texts(ctx, on, sql) }
		h, err := askHistory(ctx, ask, m)
		if err != nil {
			return err
		}
		now := h.current[m.Dataset]
		versions = slices.DeleteFunc(h.of(target), func(version int64) bool { return version >= now })
		return nil
	})
	return versions, fault.Wrap("versions kept of "+target.Dataset(), err)
}
