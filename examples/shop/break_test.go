package shop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/fault"
)

func TestBreakAndMend(t *testing.T) {
	dir := t.TempDir()
	simulate(t, dir, Options{Days: 3, Scale: 0.2})
	before := tree(t, dir)
	broken, err := Break(dir)
	if err != nil {
		t.Fatal(err)
	}
	after := tree(t, dir)
	const file = "data/shop/order_lines/order_lines-2025-01-03.csv"
	if broken.File != file {
		t.Errorf("broke %s, want the newest", broken.File)
	}
	was, is := strings.Split(before[file], "\n"), strings.Split(after[file], "\n")
	for n := range was {
		if changed := was[n] != is[n]; changed != (n == broken.Line-1) {
			t.Errorf("line %d changed: %v", n+1, changed)
		}
	}
	if got := strings.Replace(was[broken.Line-1], broken.Before, broken.After, 1); got != is[broken.Line-1] {
		t.Errorf("line %d is %s, told was %s to %s", broken.Line, is[broken.Line-1], broken.Before, broken.After)
	}
	if r := (record{"was": broken.Before, "is": broken.After}); r.cents(t, "is") != 100*r.cents(t, "was") {
		t.Errorf("%s is not a hundred times %s", broken.After, broken.Before)
	}
	delete(before, file)
	delete(after, file)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error("another file changed")
	}

	if err := broken.Mend(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(was, "\n"); got != tree(t, dir)[file] {
		t.Error("mending did not put the file back")
	}
	if err := broken.Mend(); fault.KindOf(err) != fault.Conflict {
		t.Errorf("mending twice: got %v, want a Conflict", err)
	}
}

func TestMendLeavesOthersWorkAlone(t *testing.T) {
	dir := t.TempDir()
	simulate(t, dir, Options{Days: 1, Scale: 0.2})
	broken, err := Break(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, filepath.FromSlash(broken.File))
	if err := os.WriteFile(path, []byte("somebody's own\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := broken.Mend(); fault.KindOf(err) != fault.Conflict {
		t.Errorf("got %v, want a Conflict", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "somebody's own\n" {
		t.Errorf("the file holds %q, %v", text, err)
	}
}

func TestBreakNothing(t *testing.T) {
	if _, err := Break(t.TempDir()); fault.KindOf(err) != fault.NotFound {
		t.Errorf("got %v, want NotFound", err)
	}
}
