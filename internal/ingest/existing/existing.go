// Package existing says where tables stand that some other tool lands in the
// warehouse. Nothing is copied: Larder registers them, watches them and reads
// them where they are.
package existing

import (
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/project"
)

// Kind is the name of this kind of source.
const Kind = "existing"

// Source is what a source of kind existing says beside what every source says:
// nothing.
type Source struct{}

// Table is what a table of such a source says.
type Table struct {
	Relation  project.Placed[string] `yaml:"relation" jsonschema:"required" jsonschema_description:"Where it stands in the warehouse, as schema.table"`
	ChangedBy project.Placed[string] `yaml:"changed_by" jsonschema_description:"The column whose highest value tells that rows were added or changed; without it every run takes the table for changed"`
}

// Standing is a table that stands in the warehouse already.
type Standing struct {
	ingest.Table
	Settings Table
	Relation engine.Relation
}

// Of reads what a table says of itself. The error is everything wrong with it.
func Of(t ingest.Table) (Standing, error) {
	s := Standing{Table: t}
	if faults := t.Source.DecodeTable(t.SourceTable, &s.Settings); len(faults) > 0 {
		return s, faults.Err()
	}
	said := s.Settings.Relation
	s.Relation = engine.ParseRelation(said.Value)
	if s.Relation.Schema == "" || s.Relation.Name == "" || strings.Contains(s.Relation.Name, ".") {
		return s, said.Fault("%q names no table of the warehouse", said.Value).WithHint("write schema.table, such as raw_erp.invoices")
	}
	if strings.EqualFold(s.Relation.Schema, "lake") || engine.Hidden(s.Relation) {
		return s, s.Own()
	}
	return s, nil
}

// SQL selects the columns of the rows that count.
func (s Standing) SQL(columns []string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = engine.Quote(c)
	}
	sql := "SELECT " + strings.Join(quoted, ", ") + " FROM " + s.Relation.String()
	if s.Deleted != "" {
		sql += " WHERE " + s.counts()
	}
	return sql
}

// counts is the condition of rows that are not deleted.
func (s Standing) counts() string { return "(" + s.Deleted + "\n) IS NOT TRUE" }

// StateSQL asks for what tells that the table changed: how many rows there are
// in all, how many of them count, and the highest value of changed_by as text.
func (s Standing) StateSQL() string {
	live, newest := "count(*)", "''"
	if s.Deleted != "" {
		live = "count(CASE WHEN " + s.counts() + " THEN 1 END)"
	}
	if by := s.Settings.ChangedBy.Value; by != "" {
		newest = "coalesce(CAST(max(" + engine.Quote(by) + ") AS VARCHAR), '')"
	}
	return "SELECT count(*), " + live + ", " + newest + " FROM " + s.Relation.String()
}

// ProbeSQL reads no row, and fails where the rows that count cannot be read.
func (s Standing) ProbeSQL() string {
	sql := "SELECT 1 FROM " + s.Relation.String()
	if s.Deleted != "" {
		sql += " WHERE " + s.counts()
	}
	return sql + " LIMIT 0"
}

// Own is the fault of a relation that is a dataset of Larder's.
func (s Standing) Own() *fault.Error {
	return s.Settings.Relation.Fault("%s is Larder's own", s.Settings.Relation.Value).
		WithHint("name the table the other tool writes; models read datasets by their names")
}

// Missing is the fault of a table that is none of those that stand in the
// warehouse.
func (s Standing) Missing(relations []string) *fault.Error {
	return fault.At(s.Settings.Relation.Where, fault.NotFound, "there is no table or view %s in the warehouse", s.Relation.Dataset()).
		WithHint("%s", fault.DidYouMean(s.Relation.Dataset(), relations))
}

// Unreadable tells where the table is described why it cannot be read.
func (s Standing) Unreadable(err error) error {
	if err == nil {
		return nil
	}
	kind, where := fault.KindOf(err), s.Settings.Relation.Where
	if kind == fault.Denied {
		return fault.At(where, kind, "%s may not be read: %w", s.Relation.Dataset(), err).
			WithHint("let Larder's user of the warehouse read it: GRANT USAGE ON SCHEMA %s and GRANT SELECT ON %s",
				engine.Quote(s.Relation.Schema), s.Relation)
	}
	if kind == fault.Invalid && s.Deleted != "" {
		return fault.At(s.DeletedAt, kind, "deleted is no condition on %s: %w", s.Relation.Dataset(), err)
	}
	return fault.At(where, kind, "%s: %w", s.Relation.Dataset(), err)
}
