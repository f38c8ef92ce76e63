package onlineretail_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/check"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
)

// replay runs the two statistical rules of net_sales_daily on every morning of
// the nineteen months, Saturdays and holidays included, and pins when they speak.
func (s *shop) replay(t *testing.T) {
	a := s.open()
	defer s.close(a)
	e, err := duckdb.Open(t.Context(), duckdb.Settings{
		Path: filepath.Join(s.dir, ".larder", "warehouse.duckdb"), TimeZone: "Europe/London", ReadOnly: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	subject := check.Subject{
		Dataset: "finance.net_sales_daily", Relation: engine.ParseRelation("finance.net_sales_daily"), Form: engine.Table,
		Columns: a.Graph.Nodes["finance.net_sales_daily"].Columns, Rows: 2394, TimeZone: a.Project.TimeZone,
	}
	for _, c := range a.Project.Checks {
		if c.Dataset == subject.Dataset && c.Rule.Kind == project.Deviation {
			subject.Checks = append(subject.Checks, c)
		}
	}
	checker := check.Checker{Engine: e, Capabilities: e.Capabilities()}
	spoke := map[string][]string{}
	for day := time.Date(2009, 12, 2, 6, 0, 0, 0, time.UTC); day.Before(s.now); day = day.AddDate(0, 0, 1) {
		subject.AsOf = day
		results, err := checker.Check(t.Context(), subject)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if r.Status == state.Pass || r.Status == state.Learning {
				continue
			}
			_, rest, _ := strings.Cut(r.Message, " on ")
			about, _, _ := strings.Cut(rest, ", usual")
			about = string(r.Status) + " " + about
			if !slices.Contains(spoke[r.Check], about) {
				spoke[r.Check] = append(spoke[r.Check], about)
			}
		}
	}
	want := map[string][]string{
		"net_sales_usual": {
			"warn 2010-03-29 is 59,714.540", "warn 2010-09-21 is 61,871.330", "warn 2010-09-27 is 97,829.700",
			"warn 2010-11-04 is 88,738.310", "warn 2010-11-15 is 104,983.550", "warn 2011-03-29 is 70,531.470",
		},
		"net_sales_usual_by_country": {
			"warn 2010-03-17 for country = 'Germany' is 2,909.810", "warn 2010-07-15 for country = 'United Kingdom' is 49,820.300",
			"warn 2010-08-18 for country = 'EIRE' is 12,969.040", "warn 2010-09-28 for country = 'France' is -11,880.840",
			"warn 2010-10-03 for country = 'EIRE' is 9,121.860", "warn 2010-11-04 for country = 'Germany' is 3,945.740",
			"warn 2010-11-19 for country = 'France' is 5,084.890", "warn 2011-03-23 for country = 'France' is 1,891.280",
			"warn 2011-03-31 for country = 'France' is 5,593.590", "warn 2011-05-12 for country = 'Germany' is 12,165.250",
		},
	}
	if diff := cmp.Diff(want, spoke); diff != "" {
		t.Errorf("the rules should speak (-) and speak (+):\n%s", diff)
	}
}
