package adplatforms_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/examples/publictest"
	"github.com/larder-data/larder/internal/app/apptest"
	"github.com/larder-data/larder/internal/pgtest"
)

var now = time.Date(2023, 7, 1, 6, 0, 0, 0, time.UTC)

// warnings are what is wrong with the data and stays so.
var warnings = []string{
	"lake.amazon_campaign_report.budget_type_is_a_word warn: budget_type is none of DAILY_BUDGET, LIFETIME_BUDGET in 1 of 10 rows",
	"lake.amazon_campaign_report.impressions_given warn: impressions is empty in 9 of 10 rows",
	"lake.facebook_ad_actions.of_a_known_ad warn: ad_id is not found in lake.facebook_ad_report in 10 of 10 rows",
	"lake.google_campaign_stats.row_ids_are_ids warn: row_id does not match ^[A-Za-z0-9+/]{27}=$ in 1 of 16 rows",
	"lake.linkedin_campaign_report.impressions_given warn: impressions is empty in 9 of 20 rows",
	"lake.microsoft_campaign_report.clicks_were_seen warn: 1 of 2,630 rows break clicks <= impressions",
	"lake.microsoft_campaign_report.conversions_were_clicked warn: 1 of 2,630 rows break conversions = 0 or clicks > 0",
	"lake.pinterest_campaign_report.of_a_known_campaign warn: campaign_id is not found in lake.pinterest_campaigns in 5 of 5 rows",
	"lake.reddit_conversions.of_a_known_campaign warn: campaign_id is not found in lake.reddit_campaigns in 8 of 8 rows",
	"lake.snapchat_campaign_report.of_a_known_campaign warn: campaign_id is not found in lake.snapchat_campaigns in 10 of 10 rows",
	"lake.tiktok_advertisers.currency_is_a_code warn: currency is none of USD, CAD, EUR, GBP in 1 of 2 rows",
	"lake.tiktok_campaign_report.spend_is_cost_per_click warn: 4 of 4 rows break abs(cpc * clicks - spend) < 0.01 * clicks + 0.01",
	"lake.tiktok_campaigns.of_a_known_advertiser warn: account_id is not found in lake.tiktok_advertisers in 2 of 4 rows",
	"lake.twitter_campaign_report.of_a_known_campaign warn: campaign_id is not found in lake.twitter_campaigns in 4 of 4 rows",
	"marketing.spend.campaign_known warn: campaign_name is empty in 9 of 564 rows",
	"marketing.spend.currency_known warn: currency is empty in 17 of 564 rows",
}

func TestEveryPlatformsSpend(t *testing.T) {
	data := publictest.Data(t, publicFiles()...)
	p := publictest.Copy(t, data, now)
	plan, report := p.Run()
	steps, results := publictest.Unwell(report)
	if len(steps) > 0 || len(report.Steps) != len(plan.Steps) {
		t.Errorf("everything should be published:\n%s", strings.Join(steps, "\n"))
	}
	slices.Sort(results)
	if diff := cmp.Diff(warnings, results); diff != "" {
		t.Errorf("known to be wrong with the data (-), found (+):\n%s", diff)
	}
	built := p.Ask(`select platform, campaign_id, spent_on, impressions, clicks, spend from marketing.spend order by 1, 2, 3`)
	if diff := cmp.Diff(expected(t, data), built); diff != "" {
		t.Errorf("from the files (-), built (+):\n%s", diff)
	}
	if again, _ := p.Run(); len(again.Steps) != 0 {
		t.Errorf("nothing arrived, and yet: %v", again.Steps)
	}
	t.Run("names, currencies and conversions", func(t *testing.T) { whatElse(t, p) })
	t.Run("a platform in the wrong unit", func(t *testing.T) { wrongUnit(t, p) })
}

// whatElse is what the histories beside the reports add, counted by hand.
func whatElse(t *testing.T, p *publictest.Project) {
	built := p.Ask(`select platform, currency, count(*), count(account_name), count(campaign_name), count(impressions), sum(conversions),
		sum(spend) from marketing.spend group by 1, 2 order by 1, 2`)
	want := strings.Join([]string{
		"amazon | USD | 10 | 10 | 10 | 1 | 201.000000 | 1.670000",
		"apple | USD | 12 | 12 | 12 | 12 | 25.000000 | 100.000000",
		"facebook | - | 10 | 10 | 10 | 10 | - | 643.630000",
		"google | USD | 16 | 0 | 16 | 16 | 0.000000 | 231.330000",
		"linkedin | USD | 20 | 20 | 20 | 11 | 0.000000 | 530.620000",
		"microsoft | USD | 403 | 403 | 403 | 403 | 2.000000 | 946.340000",
		"pinterest | USD | 5 | 0 | 5 | 5 | 248.000000 | 12.375000",
		"reddit | USD | 79 | 0 | 79 | 79 | - | 12970.777467",
		"snapchat | - | 1 | 0 | 0 | 1 | 1.000000 | 1.013488",
		"tiktok | CAD | 1 | 1 | 0 | 1 | 0.000000 | 0.220000",
		"tiktok | USD | 1 | 1 | 0 | 1 | 0.000000 | 222.120000",
		"tiktok | - | 2 | 0 | 0 | 2 | 2.000000 | 222.452000",
		"twitter | - | 4 | 4 | 0 | 4 | 0.000000 | 138.535734",
	}, "\n")
	if diff := cmp.Diff(want, built); diff != "" {
		t.Errorf("want (-), built (+):\n%s", diff)
	}
}

// wrongUnit forgets that Reddit's money is in micros. The checks hold Reddit
// back, and the mart keeps its last good figures.
func wrongUnit(t *testing.T, p *publictest.Project) {
	before := p.Ask(`select sum(spend) from marketing.spend where platform = 'reddit'`)
	p.Replace("models/warehouse/reddit_spend.sql", "r.spend_micros * 0.000001", "r.spend_micros")
	_, report := p.Run()
	steps, results := publictest.Unwell(report)
	if len(steps) != 3 || !strings.Contains(strings.Join(results, "\n"), "warehouse.reddit_spend.spend_ties_to_lake block") {
		t.Errorf("Reddit and the marts should be held:\n%s", strings.Join(append(steps, results...), "\n"))
	}
	if after := p.Ask(`select sum(spend) from marketing.spend where platform = 'reddit'`); after != before {
		t.Errorf("the mart says %s, before it was %s", after, before)
	}
}

// TestBothEnginesBuildTheSame builds the project on DuckDB and on PostgreSQL. No
// model has a file of its own for PostgreSQL.
func TestBothEnginesBuildTheSame(t *testing.T) {
	server := pgtest.Start(t)
	p := publictest.Copy(t, publictest.Data(t, publicFiles()...), now)
	one := apptest.Build(t, p.Dir, apptest.Target{Name: "local", Settings: "{engine: duckdb}"}, now)
	other := apptest.Build(t, p.Dir, apptest.Target{
		Name: "postgres", Settings: fmt.Sprintf("{engine: postgres, url: %q}", server.URL(server.Database(t))),
	}, now)
	if rows := apptest.Same(t, one, other); rows < 1000 {
		t.Errorf("only %d rows were compared", rows)
	}
}
