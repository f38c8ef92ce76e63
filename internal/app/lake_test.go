package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/s3test"
)

const lakeProject = `
-- sources/erp.yml --
kind: files
path: data
tables:
  orders:
    files: "orders*.csv"
    key: order_id
    version: version
    deleted: state = 'deleted'
    columns: {order_id: integer, version: integer, state: varchar, amount: "decimal(18,2)"}
  days:
    files: "days/*.csv"
    columns: {day: date, visits: integer}
-- data/orders1.csv --
order_id,version,state,amount
1,1,open,10.00
2,1,open,20.00
3,1,open,30.00
-- data/days/1.csv --
day,visits
2026-03-01,5
2026-03-01,many
-- models/marts/finance/open_orders.sql --
-- larder
-- owner: x
-- description: Orders that are open
select state, sum(amount) as amount, count(*) as orders from lake.erp_orders group by state
-- squads/x.yml --
title: X
`

// lakeSteps are what happens to the files between the runs.
var lakeSteps = []map[string]string{
	{},
	{"orders2.csv": "order_id,version,state,amount\n1,2,paid,10.00\n2,2,deleted,0\n4,1,open,40.00\n"},
	{"days/1.csv": "day,visits\n2026-03-01,7\n", "days/2.csv": "day,visits\n2026-03-02,8\n"},
	{"orders2.csv": "order_id,version,state,amount\n1,3,open,11.00\n"}, // the deletion never was
	{},
}

var lakeQuestions = []string{
	"select order_id, version, state, amount, _load, _file, _row from lake.erp_orders order by all",
	"select order_id, version, state, amount, _load, _file, _row from lake.erp_orders__loads order by all",
	"select day, visits, _load from lake.erp_days order by all",
	"select day, visits, _load from lake.erp_days__loads order by all",
	"select line, column_name, reason from lake.erp_days__quarantine order by all",
	"select * from finance.open_orders order by all",
}

// lived is a project after each of its steps: the answers, and the loads.
func lived(t *testing.T, settings string, between func(dir string)) []string {
	t.Helper()
	dir := unpack(t, "-- larder.yml --\nname: shop\n"+settings+lakeProject)
	clock := time.Date(2026, 3, 3, 6, 0, 0, 0, time.UTC)
	var out []string
	for _, files := range lakeSteps {
		for name, text := range files {
			path := filepath.Join(dir, "data", name)
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, clock, clock); err != nil {
				t.Fatal(err)
			}
		}
		clock = clock.Add(time.Hour)
		a := connected(t, dir, &clock)
		outcomes, _ := ran(t, a)
		out = append(out, fmt.Sprint(outcomes))
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		out = append(out, answers(t, dir, &clock)...)
		between(dir)
	}
	return out
}

func answers(t *testing.T, dir string, clock *time.Time) []string {
	t.Helper()
	a, err := Load(t.Context(), Options{Dir: dir, Now: func() time.Time { return *clock }})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var out []string
	for _, question := range lakeQuestions {
		answer, err := a.Query(t.Context(), question, time.Minute)
		if err != nil {
			t.Fatalf("%s: %v", question, err)
		}
		rows, err := answer.Rows(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", question, err)
		}
		for rows.Next() {
			out = append(out, fmt.Sprint(rows.Scan()...))
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatalf("%s: %v", question, err)
		}
		if err := answer.Close(); err != nil {
			t.Fatal(err)
		}
	}
	loads, err := a.Loads(t.Context(), "erp")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range loads {
		out = append(out, fmt.Sprint(l.ID, l.File, l.Rows, l.Quarantined, l.Columns, l.Supersedes, l.State, l.By))
	}
	return out
}

// A project whose lake is in a bucket has the rows of one whose lake is in a
// folder, after each run: also when this machine forgets all files of the lake.
func TestALakeInABucketHoldsTheSame(t *testing.T) {
	want := lived(t, "", func(string) {})
	for name, start := range s3test.Both {
		for how, between := range map[string]func(dir string){
			"one machine": func(string) {},
			"without its cache": func(dir string) {
				if err := os.RemoveAll(filepath.Join(dir, ".larder", "lake-cache")); err != nil {
					t.Error(err)
				}
			},
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				s := start(t)
				t.Setenv("AWS_ACCESS_KEY_ID", s3test.Access)
				t.Setenv("LAKE_SECRET", s3test.Secret)
				got := lived(t, "lake:\n  url: s3://"+s3test.Bucket+"/shop\n  endpoint: "+s.URL+
					"\n  path_style: true\n  access_key: ${AWS_ACCESS_KEY_ID}\n  secret_key: ${LAKE_SECRET}\n", between)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("another lake (-folder +bucket):\n%s", diff)
				}
			})
		}
	}
}

// What is wrong with a lake in a bucket is told, and no secret with it.
func TestALakeInABucketThatIsWrong(t *testing.T) {
	s := s3test.Fake(t)
	t.Setenv("LAKE_KEY", s3test.Access)
	t.Setenv("LAKE_SECRET", s3test.Secret)
	const mine = "\n  access_key: ${LAKE_KEY}\n  secret_key: ${LAKE_SECRET}\n"
	for _, c := range []struct {
		name, lake string
		kind       fault.Kind
		says       string
	}{
		{"no keys", "lake: s3://" + s3test.Bucket, fault.Denied, "there are no keys"},
		{"a secret written down", `lake: {url: "s3://bbb/p", access_key: "${LAKE_KEY}", secret_key: hunter2hunter2}`, fault.Invalid, "secret_key holds a secret"},
		{"no bucket", "lake:\n  url: s3://other/x\n  path_style: true\n  endpoint: " + s.URL + mine, fault.NotFound, "there is no bucket other"},
		{"no address", "lake: s3:///x", fault.Invalid, "no address of a bucket"},
		{"no name of a bucket", "lake: s3://b/x", fault.Invalid, "is no name of a bucket"},
		{"going up", "lake: s3://bbb/../x", fault.Invalid, "is no folder"},
		{"no host", "lake:\n  url: s3://bbb/x\n  path_style: true\n  endpoint: http://nowhere.invalid" + mine, fault.Unreachable, "nowhere.invalid"},
		{"no TLS", "lake:\n  url: s3://bbb/x\n  path_style: true\n  endpoint: " + strings.Replace(s.URL, "http:", "https:", 1) + mine, fault.Unreachable, "speaks no TLS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := unpack(t, "-- larder.yml --\nname: shop\n"+c.lake+"\n"+lakeProject)
			_, err := Load(t.Context(), Options{Dir: dir})
			if fault.KindOf(err) != c.kind || err == nil || !strings.Contains(err.Error(), c.says) || fault.HintOf(err) == "" {
				t.Errorf("got %v (%v), hint %q", err, fault.KindOf(err), fault.HintOf(err))
			}
			for _, secret := range []string{s3test.Secret, "hunter2"} {
				if err != nil && strings.Contains(err.Error()+fault.HintOf(err), secret) {
					t.Error("the error shows the secret")
				}
			}
		})
	}
}
