package engine

import (
	"strings"

	"github.com/larder-data/larder/internal/table"
)

// RejectsOf names the companion of a model: the rows that were set apart from it
// because they break a rule that rejects. It has the model's columns and
// RejectColumns, and is published with it.
func RejectsOf(r Relation) Relation { return Relation{r.Schema, r.Name + rejectsEnding} }

// RejectsBy returns the dataset whose rejected rows a dataset is, false when it
// is none.
func RejectsBy(dataset string) (of string, ok bool) {
	at := len(dataset) - len(rejectsEnding)
	if at <= 0 || !strings.EqualFold(dataset[at:], rejectsEnding) {
		return "", false
	}
	return dataset[:at], true
}

// rejectsEnding is the end of a companion's name; no dataset's name has it.
const rejectsEnding = "__rejects"

// RejectColumns are what a rejected row says beside its own columns: the rules it
// breaks, in the order of the project and divided by ", ", and the run that
// rejected it with its as-of time.
func RejectColumns() []table.Column {
	return []table.Column{
		{Name: "_rule", Type: table.Type{Kind: table.Varchar}},
		{Name: "_run", Type: table.Type{Kind: table.Varchar}},
		{Name: "_rejected_at", Type: table.Type{Kind: table.TimestampTZ}},
	}
}
