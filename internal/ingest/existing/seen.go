package existing

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/table"
)

// Seen is a standing table as it was when somebody looked.
type Seen struct {
	Columns []table.Column // that models read
	All     int64          // rows
	Rows    int64          // that count: those that are not deleted
	Newest  string         // highest value of changed_by as text, "" when there is none
}

// Version tells whether the table changed since somebody looked: it is another
// one when what models read of it, how many rows it has or its newest one are.
func (s Standing) Version(now Seen) string {
	hash := sha256.New()
	fmt.Fprintf(hash, "%s\n%v\n%d %d\n%s", s.SQL(table.Names(now.Columns)), now.Columns, now.All, now.Rows, now.Newest)
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

// Change says in words in what the table differs from how it was published,
// with the columns and the rows it had then.
func (s Standing) Change(columns []table.Column, rows int64, now Seen) string {
	var words []string
	for _, change := range lake.Compare(columns, now.Columns) {
		words = append(words, change.String())
	}
	counted := counted(now.Rows)
	if rows != now.Rows {
		counted += fmt.Sprintf(" after %d", rows)
	}
	return s.Relation.Dataset() + " changed: " + strings.Join(append(words, s.newest(now, counted)), ", ")
}

// First says in words what is in a table that was never published.
func (s Standing) First(now Seen) string {
	return s.Relation.Dataset() + ": " + s.newest(now, counted(now.Rows))
}

func (s Standing) newest(now Seen, counted string) string {
	if now.Newest == "" {
		return counted
	}
	return "newest " + s.Settings.ChangedBy.Value + " " + now.Newest + ", " + counted
}

func counted(rows int64) string {
	switch rows {
	case 0:
		return "no rows"
	case 1:
		return "1 row"
	default:
		return fmt.Sprintf("%d rows", rows)
	}
}
