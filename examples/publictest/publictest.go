// Package publictest runs an example project on the public files it is made
// for, as a reader would, and reads the same files without the product. It
// leaves to the examples what the answers should be.
package publictest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// Data returns the folder all public files are in. When one of the files, named
// by its place below that folder, is missing the test is skipped, except on CI,
// where they have to be there. The tests of an example run in its own folder.
func Data(t testing.TB, files ...string) string {
	t.Helper()
	from := os.Getenv("LARDER_DATA")
	if from == "" {
		from = "../../../shared/data"
	}
	from, err := filepath.Abs(from)
	must(t, err)
	for _, file := range files {
		if _, err := os.Stat(filepath.Join(from, file)); err == nil {
			continue
		}
		message := file + " is not in " + from + ": README.md says where to get it, LARDER_DATA where it is"
		if os.Getenv("CI") == "true" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	return from
}

// Project is a copy of an example in a folder of its own.
type Project struct {
	testing.TB

	// Dir is where the copy is; what a test changes there stays there.
	Dir string
	// Now is the time the next run happens at, less an hour.
	Now time.Time
}

// Copy copies the example of the current folder and points it at the files
// below data. Its clock shows now.
func Copy(t *testing.T, data string, now time.Time) *Project {
	t.Helper()
	t.Setenv("LARDER_DATA", data)
	p := &Project{TB: t, Dir: filepath.Join(t.TempDir(), "project"), Now: now}
	for _, part := range []string{"checks", "models", "sources", "squads"} {
		if _, err := os.Stat(part); os.IsNotExist(err) {
			continue
		}
		must(t, os.CopyFS(filepath.Join(p.Dir, part), os.DirFS(part)))
	}
	text, err := os.ReadFile("larder.yml")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(p.Dir, "larder.yml"), text, 0o600))
	return p
}

// Replace changes the only place in one of the copy's files that says old.
func (p *Project) Replace(file, old, with string) {
	p.Helper()
	path := filepath.Join(p.Dir, file)
	text, err := os.ReadFile(path)
	must(p, err)
	if strings.Count(string(text), old) != 1 {
		p.Fatalf("%s says %q %d times", file, old, strings.Count(string(text), old))
	}
	must(p, os.WriteFile(path, []byte(strings.Replace(string(text), old, with, 1)), 0o600))
}

// Run plans and runs everything, an hour after the run before.
func (p *Project) Run() (build.Plan, build.Report) {
	p.Helper()
	p.Now = p.Now.Add(time.Hour)
	a := p.open()
	defer p.close(a)
	must(p, a.Connect(p.Context()))
	plan, err := a.Plan(p.Context(), app.Request{})
	must(p, err)
	report, err := a.Run(p.Context(), plan, app.RunOptions{Command: "test"})
	must(p, err)
	return plan, report
}

// Ask puts a question to what is published. It returns the rows, a line each:
// values as text divided by " | ", NULL as "-", decimals with every digit.
func (p *Project) Ask(query string) string {
	p.Helper()
	a := p.open()
	defer p.close(a)
	answer, err := a.Query(p.Context(), "select cast(columns(*) as varchar) from ("+query+")", 0)
	must(p, err)
	defer answer.Close()
	rows, err := answer.Rows(p.Context())
	must(p, err)
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
	must(p, rows.Err())
	return strings.Join(lines, "\n")
}

func (p *Project) open() *app.App {
	p.Helper()
	a, err := app.Load(p.Context(), app.Options{Dir: p.Dir, Version: "test", Now: func() time.Time { return p.Now }})
	must(p, err)
	return a
}

func (p *Project) close(a *app.App) {
	p.Helper()
	must(p, a.Close())
}

// Unwell lists the steps that did not end well, and then the results of checks
// that did not pass, in the order of the run.
func Unwell(r build.Report) (steps, results []string) {
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

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
}
