package check

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cockroachdb/apd/v3"
	"github.com/zeebo/xxh3"

	"github.com/larder-data/larder/internal/project"
)

// Version is a fingerprint of the rules that are evaluated: their names, what
// they measure, their limits. It does not depend on the order of the checks,
// on spaces and comments, on how a number is written, or on who is told. It is
// "" when there are no checks.
func Version(checks []project.Check) string {
	if len(checks) == 0 {
		return ""
	}
	lines := make([]string, len(checks))
	for i, c := range checks {
		rule := c.Rule
		for _, sql := range []*string{&rule.Expr, &rule.Where, &rule.SQL, &rule.OtherExpr, &rule.OtherWhere} {
			*sql = spaced(*sql)
		}
		rule.Tolerance = canonical(rule.Tolerance)
		rule.By, rule.OtherBy = spacedAll(rule.By), spacedAll(rule.OtherBy)
		line, err := json.Marshal(struct {
			Name        string
			Rule        project.Rule
			Warn, Block *project.Limit
			Reject      bool `json:",omitempty"`
		}{c.Name, rule, canonicalLimit(c.Warn), canonicalLimit(c.Block), c.Reject})
		if err != nil { // NaN as K; it can never be evaluated either
			line = fmt.Appendf(nil, "%s: %v", c.Name, rule)
		}
		lines[i] = string(line)
	}
	slices.Sort(lines)
	hash := xxh3.New()
	for _, line := range lines {
		_, _ = hash.WriteString(line + "\n")
	}
	sum := hash.Sum128().Bytes()
	return hex.EncodeToString(sum[:])
}

func spacedAll(list []string) []string {
	out := make([]string, len(list))
	for i, sql := range list {
		out[i] = spaced(sql)
	}
	return out
}

func canonicalLimit(l *project.Limit) *project.Limit {
	if l == nil {
		return nil
	}
	return &project.Limit{Op: l.Op, Value: canonical(l.Value), Share: l.Share}
}

// canonical writes equal numbers alike: 1000.0 as 1000.
func canonical(value string) string {
	d, err := parseNumber(value)
	if err != nil {
		return value
	}
	reduced, _ := new(apd.Decimal).Reduce(d)
	return reduced.Text('f')
}
