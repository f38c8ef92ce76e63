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

// keptOf lists what is kept of targets, by the schemas and the patterns of their
// names, and the current versions of markers' datasets.
var keptOf = &question{name: "larder_kept", sql: `SELECT w.schema, CAST(c.relname AS text), NULL FROM unnest($1::text[], $2::text[]) AS w(schema, pattern)
	JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r' AND c.relname LIKE w.pattern
	UNION ALL SELECT NULL, dataset, version FROM larder.published WHERE dataset = ANY ($3::text[])`}

// history asks for what is kept of targets, and for the versions of markers.
func (t *transaction) history(ctx context.Context, targets []engine.Relation, markers ...engine.Marker) (history, error) {
	return askHistory(ctx, t.ask, targets, markers...)
}

func askHistory(ctx context.Context, ask asker, targets []engine.Relation, markers ...engine.Marker) (history, error) {
	h := history{kept: map[engine.Relation][]int64{}, current: map[string]int64{}}
	schemas, patterns, datasets := make([]string, len(targets)), make([]string, len(targets)), make([]string, len(markers))
	for i, r := range targets {
		schemas[i], patterns[i] = r.Schema, likely.Replace(stemOf(r))+`\_\_larder\_v%`
	}
	for i, m := range markers {
		datasets[i] = m.Dataset
	}
	rows, err := ask(ctx, keptOf, schemas, patterns, datasets)
	for _, row := range rows {
		if row[0] == "" {
			h.current[row[1]], _ = strconv.ParseInt(row[2], 10, 64)
		} else if stem, version, ok := engine.PastBy(row[1]); ok {
			k := engine.Relation{Schema: row[0], Name: stem}
			h.kept[k] = append(h.kept[k], version)
		}
	}
	return h, err
}

// likely escapes what LIKE would take for a pattern.
var likely = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)

// stemOf is what the names of all versions kept of a target begin with.
func stemOf(target engine.Relation) string {
	stem, _, _ := engine.PastBy(pastOf(target, 0).Name)
	return stem
}

// of returns the versions kept of a target, newest first.
func (h history) of(target engine.Relation) []int64 {
	versions := slices.Sorted(slices.Values(h.kept[engine.Relation{Schema: target.Schema, Name: stemOf(target)}]))
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
		h, err := askHistory(ctx, asks(on), []engine.Relation{target}, m)
		if err != nil {
			return err
		}
		now := h.current[m.Dataset]
		versions = slices.DeleteFunc(h.of(target), func(version int64) bool { return version >= now })
		return nil
	})
	return versions, fault.Wrap("versions kept of "+target.Dataset(), err)
}
