package onlineretail_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// shop is the project as a reader uses it: copied into a folder of its own,
// loaded, planned and run by the product itself.
type shop struct {
	*testing.T
	dir string
	now time.Time
}

// newShop copies the project and points it at the files below data.
func newShop(t *testing.T, data string) *shop {
	t.Helper()
	t.Setenv("LARDER_DATA", data)
	dir := filepath.Join(t.TempDir(), "online-retail")
	for _, part := range []string{"checks", "models", "sources", "squads"} {
		if err := os.CopyFS(filepath.Join(dir, part), os.DirFS(part)); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile("larder.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "larder.yml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	now, err := time.Parse("2006-01-02 15:04:05-07", asOf)
	if err != nil {
		t.Fatal(err)
	}
	return &shop{T: t, dir: dir, now: now}
}

// open loads the project at the time the shop's clock shows.
func (s *shop) open() *app.App {
	s.Helper()
	a, err := app.Load(s.Context(), app.Options{Dir: s.dir, Version: "test", Now: func() time.Time { return s.now }})
	if err != nil {
		s.Fatal(err)
	}
	return a
}

func (s *shop) close(a *app.App) {
	s.Helper()
	if err := a.Close(); err != nil {
		s.Fatal(err)
	}
}

// run plans and runs everything, an hour after the run before.
func (s *shop) run() (build.Plan, build.Report) {
	s.Helper()
	s.now = s.now.Add(time.Hour)
	a := s.open()
	defer s.close(a)
	if err := a.Connect(s.Context()); err != nil {
		s.Fatal(err)
	}
	plan, err := a.Plan(s.Context(), app.Request{})
	if err != nil {
		s.Fatal(err)
	}
	report, err := a.Run(s.Context(), plan, app.RunOptions{Command: "test"})
	if err != nil {
		s.Fatal(err)
	}
	return plan, report
}

// ask puts a question to what is published; rows and values are divided as the
// ask of plain DuckDB does it.
func (s *shop) ask(query string) string {
	s.Helper()
	a := s.open()
	defer s.close(a)
	answer, err := a.Query(s.Context(), "select cast(columns(*) as varchar) from ("+query+")", 0)
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Close()
	rows, err := answer.Rows(s.Context())
	if err != nil {
		s.Fatalf("%s\n%v", query, err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var texts []string
		for i, v := range rows.Scan() {
			text := "-"
			if v != nil {
				text = table.Format(v, rows.Columns()[i].Type)
			}
			texts = append(texts, text)
		}
		lines = append(lines, strings.Join(texts, " | "))
	}
	if err := rows.Err(); err != nil {
		s.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// outcomes lists the steps that did not end well, and results that did not pass.
func outcomes(r build.Report) (steps, results []string) {
	for _, step := range r.Steps {
		if step.Outcome != state.Done {
			steps = append(steps, step.Dataset+" "+string(step.Outcome)+": "+step.Error)
		}
	}
	for _, c := range r.Results {
		if c.Status != state.Pass {
			results = append(results, c.Dataset+"."+c.Check+" "+string(c.Status)+": "+c.Message)
		}
	}
	return steps, results
}
