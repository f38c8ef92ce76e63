package completejourney_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/larder-data/larder/examples/publictest"
)

// sample writes a tenth of the files, whole in itself: the households whose
// number ends in 1, two weeks of promotions, the coupons of three campaigns, and
// the articles in any of them. It returns the folder of data.
func sample(t *testing.T, data string) string {
	t.Helper()
	to, articles := t.TempDir(), map[string]bool{}
	household := func(id string) bool { return strings.HasSuffix(id, "1") }
	campaign := func(id string) bool { return slices.Contains([]string{"9", "16", "17"}, id) }
	all := func([]string) bool { return true }
	for _, file := range []struct {
		name string
		keep func(v []string) bool
	}{
		{"transactions_sample.csv.gz", func(v []string) bool { return household(v[0]) && note(articles, v[3]) }},
		{"promotions_sample.csv.gz", func(v []string) bool { return (v[4] == "9" || v[4] == "10") && note(articles, v[0]) }},
		{"coupons.csv.gz", func(v []string) bool { return campaign(v[2]) && note(articles, v[1]) }},
		{"products.csv.gz", func(v []string) bool { return articles[v[0]] }},
		{"coupon_redemptions.csv", func(v []string) bool { return household(v[0]) && campaign(v[2]) }},
		{"demographics.csv", all},
		{"campaign_descriptions.csv", all},
		{"campaigns.csv", all},
	} {
		publictest.Filter(t, filepath.Join(data, folder, file.name), filepath.Join(to, folder, file.name), file.keep)
	}
	return to
}

func note(articles map[string]bool, id string) bool {
	articles[id] = true
	return true
}
