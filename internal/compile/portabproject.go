package compile

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/library"
)

// Accepted is a difference between engines that does not matter to a model.
type Accepted struct {
	Rule  string
	Where fault.Place
}

func (m *Model) accepts(rule string) bool {
	return slices.ContainsFunc(m.Accepts, func(a Accepted) bool { return a.Rule == rule })
}

// acceptable refuses to accept what is no difference, or what cannot be one
// because other SQL runs on the other engine.
func (c *compiler) acceptable(m *Model) {
	_, dialect := m.runs(library.Postgres)
	for _, a := range m.Accepts {
		_, known := accepting[a.Rule]
		message, hint := "there is no difference between engines called "+a.Rule, fault.DidYouMean(a.Rule, Rules())
		switch {
		case known && dialect == "":
			continue
		case known:
			message = "the difference " + a.Rule + " is accepted, and the SQL for PostgreSQL is another"
			hint = "take it out of portable: in the header"
		}
		c.fail(&fault.Error{Op: "model " + m.Dataset, Kind: fault.Invalid, Where: a.Where, Hint: hint, Err: errors.New(message)})
	}
}

// lintFor returns what looks through a model for an engine of the project's other
// targets; nil when there is none, or the model has SQL of its own for it.
func (c *compiler) lintFor(t *task) *lint {
	if _, dialect := t.model.runs(library.Postgres); dialect != "" || !slices.Contains(c.in.Engines, library.Postgres) {
		return nil
	}
	return &lint{model: t.model, upstreams: t.upstreams}
}

// portable holds a bound model against the engines of the project's targets: what
// one refuses is refused, what one reads otherwise and the model does not accept
// is worth a warning, once for each difference.
func (l *lint) portable(ctx context.Context, s *session, e *entry) error {
	found, err := l.remarks(ctx, s)
	if err != nil {
		return err
	}
	m := l.model
	told := map[string]bool{}
	for _, r := range found {
		switch {
		case r.rule == "":
			e.refused = append(e.refused, problem{r.at, "", "breaks on PostgreSQL: " + r.what, r.instead + m.orOverride()})
		case !told[r.rule] && !m.accepts(r.rule):
			e.warnings = append(e.warnings, problem{
				r.at, r.rule, "differs on PostgreSQL (" + r.rule + "): " + r.what,
				r.instead + "; or, where " + accepting[r.rule] + ", say so in the header: portable: {" + r.rule + ": why}",
			})
		}
		told[r.rule] = true
	}
	for _, a := range m.Accepts {
		if !told[a.Rule] && accepting[a.Rule] != "" {
			e.warnings = append(e.warnings, problem{-1, a.Rule, "the difference " + a.Rule + " is accepted, and there is none", "take it out of portable: in the header"})
		}
	}
	return nil
}

// orOverride names the file that would hold the model's SQL for PostgreSQL.
func (m *Model) orOverride() string {
	if m.Where.File == "" {
		return ""
	}
	return "; or write " + strings.TrimSuffix(path.Base(m.Where.File), ".sql") + "." + library.Postgres + ".sql beside it"
}
