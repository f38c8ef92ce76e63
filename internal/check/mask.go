package check

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

const redacted = "***"

// mask returns how a personal column is shown, and false for a column that is
// not personal.
func (s scope) mask(name string) (project.Column, bool) {
	for n, c := range s.Masks {
		if strings.EqualFold(n, name) {
			return c, true
		}
	}
	return project.Column{}, false
}

// cover masks the personal columns of a sample. Derived tells that the
// columns come from a query of the user's own: then a column that is not, by
// name, one of the dataset's could hold anything and is redacted as soon as
// the dataset has personal columns.
func (s scope) cover(sample *table.Batch, derived bool) {
	for i, c := range sample.Columns {
		how, personal := s.mask(c.Name)
		if !personal && derived && len(s.Masks) > 0 {
			_, known := table.Find(s.Columns, c.Name)
			personal = !known
		}
		if !personal {
			continue
		}
		sample.Columns[i].Type = table.Type{Kind: table.Varchar}
		for _, row := range sample.Rows {
			if row[i] != nil {
				row[i] = masked(table.Format(row[i], c.Type), how.Mask)
			}
		}
	}
}

// masked shows a value by its mask: hash keeps equal values recognisable,
// partial its first letter (and an e-mail's domain), all else hides it. NULL
// is never masked: that a value is missing is what a sample is to show.
func masked(value, mask string) string {
	switch mask {
	case "hash":
		return Hashed(value)
	case "partial":
		runes := []rune(value)
		if len(runes) < 4 {
			return redacted
		}
		if at := strings.LastIndexByte(value, '@'); at > 0 {
			return string(runes[:1]) + redacted + value[at:]
		}
		return string(runes[:1]) + redacted
	default:
		return redacted
	}
}

// Hashed is how a personal value is shown where equal values should stay
// recognisable: 16 hexadecimal digits of its SHA-256.
func Hashed(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:8])
}
