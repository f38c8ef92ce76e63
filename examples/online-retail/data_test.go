package onlineretail_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	daysFolder   = "uci_online_retail/by-day"
	archiveFile  = "uci_online_retail_ii/online_retail_II.parquet"
	lastDay      = "2011-06-30" // the figures are pinned for the days up to here
	daysExpected = 167
)

// publicData returns a folder laid out as the project's sources expect it that
// holds the archive and the daily files the figures were worked out from, no
// matter how many more the reader has. Without the public files the test is
// skipped, except on CI, where they have to be there.
func publicData(t *testing.T) string {
	t.Helper()
	from := os.Getenv("LARDER_DATA")
	if from == "" {
		from = "../../../shared/data"
	}
	from, err := filepath.Abs(from)
	if err != nil {
		t.Fatal(err)
	}
	days := dailyFiles(t, filepath.Join(from, daysFolder))
	if _, err := os.Stat(filepath.Join(from, archiveFile)); err != nil || len(days) != daysExpected {
		message := "the public files are not in " + from + ": README.md says where to get them, LARDER_DATA where they are"
		if os.Getenv("CI") == "true" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	to := t.TempDir()
	link(t, filepath.Join(from, archiveFile), filepath.Join(to, archiveFile))
	for _, day := range days {
		link(t, filepath.Join(from, daysFolder, day), filepath.Join(to, daysFolder, day))
	}
	return to
}

// dailyFiles names the files of the days up to lastDay, compressed or not.
func dailyFiles(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		day, rest, _ := strings.Cut(entry.Name(), ".")
		if day <= lastDay && (rest == "csv" || rest == "csv.gz") {
			names = append(names, entry.Name())
		}
	}
	return names
}

func link(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(from, to); err != nil {
		t.Fatal(err)
	}
}
