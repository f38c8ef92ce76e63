//go:build linux

package duckdb

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// smallDisk mounts a disk of a few megabytes, which only root may. Elsewhere
// the test is skipped, and says so; in CI it must not be.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("CI has to run this as root, to mount a small disk: %v", err)
		}
		t.Skipf("a small disk cannot be mounted here (only root may): %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

func TestAFullDiskLeavesWhatWasPublished(t *testing.T) {
	dir := smallDisk(t)
	e := openAt(t, dir, nil)
	if err := stageAndPublish(t.Context(), e, engine.Table, "select 1 as n"); err != nil {
		t.Fatal(err)
	}
	// Text that does not compress, more than the disk holds.
	const huge = "select md5(range::varchar) || md5((range + 1)::varchar) as t from range(2000000)"
	for range 2 {
		if err := stageAndPublish(t.Context(), e, engine.Table, huge); fault.KindOf(err) != fault.OutOfRoom || fault.HintOf(err) == "" {
			t.Fatalf("got %v, want OutOfRoom with a hint", err)
		}
		if diff := cmp.Diff([][]string{{"a.b", "1"}, {"1"}}, lookPublished(t, e)); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := e.BuildAndPublish(t.Context(), engine.Build{Target: engine.ParseRelation("a.c"), Form: engine.Table, SQL: huge, Run: "r1"}, marker("a.c", 1)); fault.KindOf(err) != fault.OutOfRoom {
		t.Fatalf("got %v, want OutOfRoom", err)
	}
	if err := stageAndPublish(t.Context(), e, engine.Table, "select 2 as n"); err != nil {
		t.Errorf("a small publish after the failure: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	e = openAt(t, dir, nil)
	if got := answer(t, e, "select n from a.b"); !cmp.Equal(got, [][]string{{"2"}}) {
		t.Errorf("after opening again: %v", got)
	}
}

// TestADiskWithoutAnyRoomRefusesAndRecovers fills the disk to the last byte.
func TestADiskWithoutAnyRoomRefusesAndRecovers(t *testing.T) {
	dir := smallDisk(t)
	e := openAt(t, dir, nil)
	if err := stageAndPublish(t.Context(), e, engine.Table, "select 1 as n"); err != nil {
		t.Fatal(err)
	}
	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	var failed error
	for range 50 {
		if failed = stageAndPublish(t.Context(), e, engine.Table, "select range as n, md5(range::varchar) as t from range(3000)"); failed != nil {
			break
		}
	}
	if fault.KindOf(failed) != fault.OutOfRoom {
		t.Fatalf("got %v, want OutOfRoom", failed)
	}
	_ = e.Close() // it may not be able to write its last checkpoint
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	e = openAt(t, dir, nil)
	markers, err := e.Published(t.Context())
	if err != nil || len(markers) != 1 {
		t.Fatalf("markers %v, %v", markers, err)
	}
	want := "1"
	if markers[0].Version > 1 {
		want = "3000"
	}
	if got := answer(t, e, "select count(*) from a.b"); got[0][0] != want {
		t.Errorf("version %d has %v rows, want %s", markers[0].Version, got, want)
	}
	if err := stageAndPublish(t.Context(), e, engine.Table, "select 5 as n"); err != nil {
		t.Error(err)
	}
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for size := 1 << 20; size >= 1; size /= 2 {
		for {
			if _, err := file.Write(make([]byte, size)); err != nil {
				break
			}
		}
	}
}
