package folder_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/lake/folder"
	"github.com/larder-data/larder/internal/lake/laketest"
)

func TestConformance(t *testing.T) {
	laketest.Run(t, func(_ *testing.T, place string) lake.Archive { return folder.Open(place) })
}

func committed(t *testing.T, home, id string, sequence int64) {
	t.Helper()
	f := folder.Open(home)
	draft, err := f.Begin(t.Context(), "lake.a", id)
	if err != nil {
		t.Fatal(err)
	}
	if err := draft.Commit(t.Context(), lake.Manifest{Format: 1, ID: id, Dataset: "lake.a", Sequence: sequence}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func ids(t *testing.T, home string) string {
	t.Helper()
	found, err := folder.Open(home).Manifests(t.Context(), "lake.a")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range found {
		out = append(out, m.ID)
	}
	return strings.Join(out, " ")
}

// The index only spares reading: lost, cut off or scribbled over, the loads are
// the same.
func TestADamagedIndexLosesNothing(t *testing.T) {
	for name, damage := range map[string]func(text []byte) []byte{
		"lost":     func([]byte) []byte { return nil },
		"cut off":  func(text []byte) []byte { return text[:len(text)/2] },
		"scribble": func(text []byte) []byte { return append([]byte("\x00\xff{\"format\":1}\n"), text...) },
		"stale":    func([]byte) []byte { return []byte("{\"format\":1,\"id\":\"gone\",\"dataset\":\"lake.a\"}\n") },
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			committed(t, home, "1-a", 1)
			committed(t, home, "2-b", 2)
			index := filepath.Join(home, "lake.a", "index.jsonl")
			text, err := os.ReadFile(index)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(index, damage(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if got := ids(t, home); got != "1-a 2-b" {
				t.Errorf("the loads are %q", got)
			}
		})
	}
}

func TestADamagedManifestIsTold(t *testing.T) {
	home := t.TempDir()
	committed(t, home, "1-a", 1)
	if err := os.Remove(filepath.Join(home, "lake.a", "index.jsonl")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "lake.a", "1-a", "manifest.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := folder.Open(home).Manifests(t.Context(), "lake.a")
	if fault.KindOf(err) != fault.Broken || !strings.Contains(err.Error(), "manifest.json") || fault.HintOf(err) == "" {
		t.Errorf("got %v, hint %q", err, fault.HintOf(err))
	}
}

func TestAHomeThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := folder.Open(filepath.Join(file, "lake")).Begin(t.Context(), "lake.a", "1-a")
	if err == nil || fault.KindOf(err) == fault.Internal {
		t.Errorf("got %v", err)
	}
}

// TestMain lets the test's own program be the process that is killed.
func TestMain(m *testing.M) {
	if home := os.Getenv("LARDER_TEST_DRAFTS"); home != "" {
		writeUntilKilled(home)
	}
	os.Exit(m.Run())
}

// writeUntilKilled begins a draft, says where it is, and waits.
func writeUntilKilled(home string) {
	f := folder.Open(home)
	draft, err := f.Begin(context.Background(), "lake.a", "9-z")
	if err == nil {
		err = os.WriteFile(draft.RowsPath(), []byte("half a load"), 0o644)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(draft.RowsPath())
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
}

// A killed process leaves a draft nobody reads, and the next one sweeps it.
func TestDraftsOfTheDeadAreSwept(t *testing.T) {
	home := t.TempDir()
	committed(t, home, "1-a", 1)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "LARDER_TEST_DRAFTS="+home)
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var path string
	if err := json.NewDecoder(out).Decode(&path); err != nil {
		t.Fatal(err)
	}
	f := folder.Open(home)
	if swept, err := f.Sweep(t.Context()); err != nil || swept != 0 {
		t.Errorf("while it lives %d are swept, %v", swept, err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	if swept, err := f.Sweep(t.Context()); err != nil || swept != 1 {
		t.Errorf("afterwards %d are swept, %v", swept, err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the draft is still there: %v", err)
	}
	if got := ids(t, home); got != "1-a" {
		t.Errorf("the loads are %q", got)
	}
}
