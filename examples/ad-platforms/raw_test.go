package adplatforms_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/larder-data/larder/examples/publictest"
)

const seeds = "fivetran_seeds/dbt_ad_reporting/integration_tests/seeds"

// report says where a platform's report has what the mart shows. Columns that
// are joined with + are added up.
type report struct {
	platform, file, campaign, day, impressions, clicks, spend string
	micros                                                    bool
}

var reports = []report{
	{"amazon", "amazon_ads_campaign_level_report_data.csv", "campaign_id", "date", "impressions", "clicks", "cost", false},
	{"apple", "apple_search_campaign_report_data.csv", "id", "date", "impressions", "taps", "local_spend_amount", false},
	{"facebook", "facebook_ads_basic_ad_data.csv", "ad_id", "date", "impressions", "inline_link_clicks", "spend", false},
	{"google", "google_ads_campaign_stats_data.csv", "id", "date", "impressions", "clicks", "cost_micros", true},
	{"linkedin", "linkedin_ad_analytics_by_campaign_data.csv", "campaign_id", "day", "impressions", "clicks", "cost_in_local_currency", false},
	{"microsoft", "microsoft_ads_campaign_performance_daily_report_data.csv.gz", "campaign_id", "date", "impressions", "clicks", "spend", false},
	{
		"pinterest", "pinterest_campaign_report_data.csv", "campaign_id", "date",
		"impression_1+impression_2", "clickthrough_1+clickthrough_2", "spend_in_micro_dollar", true,
	},
	{"reddit", "reddit_ads_campaign_report_data.csv", "campaign_id", "date", "impressions", "clicks", "spend", true},
	{"snapchat", "snapchat_campaign_hourly_report_data.csv", "campaign_id", "date", "impressions", "swipes", "spend", true},
	{"tiktok", "tiktok_campaign_report_hourly_data.csv", "CAMPAIGN_ID", "STAT_TIME_HOUR", "IMPRESSIONS", "CLICKS", "SPEND", false},
	{"twitter", "twitter_campaign_report_data.csv", "campaign_id", "date", "impressions", "clicks", "billed_charge_local_micro", true},
}

// publicFiles are the reports' places below the folder of public data.
func publicFiles() []string {
	var files []string
	for _, r := range reports {
		files = append(files, filepath.Join(seeds, r.file))
	}
	return files
}

type figures struct {
	impressions, clicks, micros int64
	impressionsGiven            bool
}

// expected is marketing.spend worked out from the reports alone: a line a
// platform, campaign and day.
func expected(t *testing.T, data string) string {
	t.Helper()
	days := map[string]figures{}
	campaigns := campaignsOfAds(t, data)
	for _, r := range reports {
		for _, row := range publictest.Rows(t, filepath.Join(data, seeds, r.file)) {
			campaign := row[r.campaign]
			if r.platform == "facebook" {
				campaign = campaigns[campaign]
			}
			// Twitter's days are 07:00 in UTC, midnight in Los Angeles in summer.
			key := strings.Join([]string{r.platform, campaign, row[r.day][:len("2006-01-02")]}, " | ")
			f := days[key]
			f.clicks += sum(t, row, r.clicks, 0)
			if row[strings.Split(r.impressions, "+")[0]] != "" {
				f.impressions += sum(t, row, r.impressions, 0)
				f.impressionsGiven = true
			}
			if r.micros {
				f.micros += sum(t, row, r.spend, 0)
			} else {
				f.micros += sum(t, row, r.spend, 6)
			}
			days[key] = f
		}
	}
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(days)) {
		f := days[key]
		impressions := "-"
		if f.impressionsGiven {
			impressions = fmt.Sprint(f.impressions)
		}
		lines = append(lines, fmt.Sprintf("%s | %s | %d | %s", key, impressions, f.clicks, publictest.Decimal(f.micros, 6)))
	}
	return strings.Join(lines, "\n")
}

func sum(t *testing.T, row publictest.Row, columns string, scale int) int64 {
	t.Helper()
	var n int64
	for _, column := range strings.Split(columns, "+") {
		n += publictest.Digits(t, row[column], scale)
	}
	return n
}

// campaignsOfAds says which campaign a Facebook ad belonged to last.
func campaignsOfAds(t *testing.T, data string) map[string]string {
	t.Helper()
	campaigns, newest := map[string]string{}, map[string]string{}
	for _, row := range publictest.Rows(t, filepath.Join(data, seeds, "facebook_ads_ad_history_data.csv")) {
		if ad := row["id"]; row["updated_time"] > newest[ad] {
			campaigns[ad], newest[ad] = row["campaign_id"], row["updated_time"]
		}
	}
	return campaigns
}
