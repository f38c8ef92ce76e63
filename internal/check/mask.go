package check

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

const redacted = "***"

// mask returns how a personal column is shown, and false for a column that is
// not personal.
func (s scope) mask(name string) (project.Column, bool) { return marked(s.Masks, name) }

func marked(marks map[string]project.Column, name string) (project.Column, bool) {
	for n, c := range marks {
		if strings.EqualFold(n, name) {
			return c, true
		}
	}
	return project.Column{}, false
}

// cover masks the personal columns of a sample of the dataset's own rows.
func (s scope) cover(sample *table.Batch) { hide(sample, s.mask) }

// coverQuery masks a sample that a query of the user's own returned. Names say
// nothing there, an e-mail may be called id: where each value comes from decides.
// If that is unknown and there are personal columns, everything is redacted.
func (s scope) coverQuery(ctx context.Context, sample *table.Batch, sql string) {
	if s.Personal == nil && len(s.Masks) == 0 {
		return
	}
	marks, known := map[string]project.Column(nil), false
	if s.Personal != nil {
		marks, known = s.Personal(ctx, sql)
	}
	hide(sample, func(name string) (project.Column, bool) {
		if !known {
			return project.Column{}, true
		}
		return marked(marks, name)
	})
}

// hide masks the columns of a sample that are personal.
func hide(sample *table.Batch, mask func(name string) (project.Column, bool)) {
	for i, c := range sample.Columns {
		how, personal := mask(c.Name)
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

// amounts are the aggregates that show none of the values they are made of.
var amounts = []string{"count", "count_if", "sum", "avg", "stddev", "variance", "approx_count_distinct"}

// reveals reports whether the value of an expression may be a personal value
// itself: the greatest customer number is one, their count is none.
func (s scope) reveals(expr string) bool {
	words, err := cut(expr)
	if err != nil || !s.readsPersonal(words) {
		return false
	}
	adds := false
	for i, w := range words {
		if w.kind != name || !is(words, after(words, i), "(") {
			continue
		}
		if !slices.Contains(amounts, strings.ToLower(w.text)) {
			return true
		}
		adds = true
	}
	return !adds
}

// otherReveals is reveals for the other side of a reconciliation.
func (s scope) otherReveals(ctx context.Context, rule project.Rule) bool {
	expr := cmp.Or(rule.OtherExpr, rule.Expr)
	if s.Personal == nil || strings.EqualFold(expr, "row_count") {
		return s.reveals(expr)
	}
	marks, known := s.Personal(ctx, "select ("+expr+") as v from "+engine.ParseRelation(rule.Other).String())
	if _, personal := marked(marks, "v"); known && !personal {
		return false
	}
	lower := strings.ToLower(expr)
	return !slices.ContainsFunc(amounts, func(a string) bool { return strings.HasPrefix(lower, a+"(") })
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
