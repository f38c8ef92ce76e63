package sqlite

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

// Every question finds its rows by an index. A new store has no statistics and
// an old one may have two years of runs, so the plan must not depend on luck.
func TestNoQuestionReadsAWholeTable(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, c := range map[string]struct {
		query string
		args  int
		sorts bool // a sort of few rows is allowed
	}{
		"current":         {selectCurrent, 1, false},
		"intended":        {selectIntended, 1, true},
		"entry":           {selectEntry, 3, false},
		"runs":            {selectRuns + " WHERE env = ? ORDER BY name DESC LIMIT ?", 2, false},
		"running":         {selectRunning, 1, true},
		"steps":           {selectSteps, 1, true},
		"latest steps":    {selectLatestSteps, 1, false},
		"latest":          {selectLatest, 1, false},
		"latest segments": {selectLatestSegments, 1, true},
		"of":              {selectOf, 1, true},
		"of segments":     {selectOfSegments, 1, true},
		"values":          {selectValues, 6, false},
	} {
		t.Run(name, func(t *testing.T) {
			plan := explained(t, s, c.query, c.args)
			for _, line := range plan {
				scans := strings.HasPrefix(line, "SCAN") && line != "SCAN e USING INDEX entry_intended"
				if scans || strings.Contains(line, "AUTOMATIC") || !c.sorts && strings.Contains(line, "TEMP B-TREE") {
					t.Errorf("%s\nin the plan\n%s", line, strings.Join(plan, "\n"))
				}
			}
		})
	}
}

// What is read often or grows for years is read in the one way that stays
// quick.
func TestHowRowsAreFound(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range []struct {
		query string
		args  int
		want  string
	}{
		{selectValues, 6, "SEARCH m USING PRIMARY KEY (check_id=? AND at_us>? AND at_us<?)"},
		{selectCurrent, 1, "SEARCH e USING PRIMARY KEY (dataset_id=? AND version=?)"},
		{selectIntended, 1, "SCAN e USING INDEX entry_intended"},
		{selectRunning, 1, "SEARCH run USING INDEX run_running (env=?)"},
		{selectLatest, 1, "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"},
		{selectLatestSteps, 1, "SEARCH step USING INDEX step_dataset (dataset_id=?)"},
	} {
		plan := strings.Join(explained(t, s, c.query, c.args), "\n")
		if !strings.Contains(plan, c.want) {
			t.Errorf("want %s in the plan\n%s", c.want, plan)
		}
	}
}

func explained(t *testing.T, s *Store, query string, args int) []string {
	t.Helper()
	var plan []string
	err := s.reader.each(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, args), func(rows *sql.Rows) error {
		var id, parent, unused int
		var line string
		err := rows.Scan(&id, &parent, &unused, &line)
		plan = append(plan, line)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}
