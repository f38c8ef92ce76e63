package publictest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/examples/publictest"
)

func TestDigitsAreExact(t *testing.T) {
	for _, c := range []struct {
		text  string
		scale int
		n     int64
		told  string
	}{
		{"1.5", 2, 150, "1.50"},
		{"144.", 2, 14400, "144.00"},
		{"-0.05", 2, -5, "-0.05"},
		{"36150000", 0, 36150000, "36150000"},
		{"0.100000", 1, 1, "0.1"},
	} {
		n := publictest.Digits(t, c.text, c.scale)
		if n != c.n || publictest.Decimal(n, c.scale) != c.told {
			t.Errorf("%s: %d told as %s, want %d and %s", c.text, n, publictest.Decimal(n, c.scale), c.n, c.told)
		}
	}
}

func TestRowsLoseTheByteOrderMark(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(path, []byte("\ufeffid,name\n1,\"A, B\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []publictest.Row{{"id": "1", "name": "A, B"}}
	if diff := cmp.Diff(want, publictest.Rows(t, path)); diff != "" {
		t.Error(diff)
	}
}

func TestFilterKeepsRows(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "a.csv"), filepath.Join(dir, "b", "a.csv.gz")
	if err := os.WriteFile(from, []byte("id,name\n1,A\n2,\"B, C\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	publictest.Filter(t, from, to, func(values []string) bool { return values[0] == "2" })
	want := []publictest.Row{{"id": "2", "name": "B, C"}}
	if diff := cmp.Diff(want, publictest.Rows(t, to)); diff != "" {
		t.Error(diff)
	}
}
