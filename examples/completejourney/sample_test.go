package completejourney_test

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
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
		filter(t, filepath.Join(data, folder, file.name), filepath.Join(to, folder, file.name), file.keep)
	}
	return to
}

func note(articles map[string]bool, id string) bool {
	articles[id] = true
	return true
}

// filter copies the rows of a CSV file that are to be kept.
func filter(t *testing.T, from, to string, keep func(values []string) bool) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var into io.Writer = file
	if strings.HasSuffix(to, ".gz") {
		zipped := gzip.NewWriter(file)
		defer zipped.Close()
		into = zipped
	}
	writer := csv.NewWriter(into)
	began := false
	publictest.EachRow(t, from, func(names, values []string) {
		if !began {
			began = true
			_ = writer.Write(names)
		}
		if keep(values) {
			_ = writer.Write(values)
		}
	})
	writer.Flush()
	if err := writer.Error(); err != nil {
		t.Fatal(err)
	}
}
