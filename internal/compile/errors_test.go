package compile

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/larder-data/larder/internal/fault"
)

// pictureOfErrors is a list of errors as a person sees it.
func pictureOfErrors(err error) string {
	var list fault.List
	if !errors.As(err, &list) {
		return fmt.Sprint(err)
	}
	var b strings.Builder
	for _, e := range list {
		fmt.Fprintf(&b, "%s\n", e)
		if e.Where.Text != "" {
			before := e.Where.Text[:min(max(e.Where.Column-1, 0), len(e.Where.Text))]
			fmt.Fprintf(&b, "    %s\n    %s^\n", e.Where.Text, strings.Repeat(" ", len([]rune(before))))
		}
		if e.Hint != "" {
			fmt.Fprintf(&b, "    hint: %s\n", e.Hint)
		}
	}
	return b.String()
}

// TestErrors holds what is said about each mistake against a golden file.
func TestErrors(t *testing.T) {
	data, err := os.ReadFile("testdata/errors.sql")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, part := range strings.Split("\n"+string(data), "\n-- ")[1:] {
		name, sql, _ := strings.Cut(part, "\n")
		_, err := compileAll(t, input(t, model("mart.m", strings.TrimRight(sql, "\n"))), Options{})
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v is %v", name, err, fault.KindOf(err))
		}
		fmt.Fprintf(&got, "%s\n%s\n", name, pictureOfErrors(err))
	}
	golden(t, "testdata/errors.golden", got.String())
}
