package shop

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/fault"
)

func TestWriteGivesTheWholeProject(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "shop")
	if err := Write(dir); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tree(t, "project"), tree(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestWriteIntoEmptyFolder(t *testing.T) {
	if err := Write(t.TempDir()); err != nil {
		t.Error(err)
	}
}

func TestWriteRefusesWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine.txt"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := Write(dir)
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v, want an Invalid error", err)
	}
	if diff := cmp.Diff(map[string]string{"mine.txt": "mine"}, tree(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestWriteOverFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(path); err == nil {
		t.Error("a file was taken for a folder")
	}
}

// tree reads all files below dir, by path.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		found[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
