//go:build unix

package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/state/sqlite"
)

// The test binary plays the process that is killed, or that lacks a privilege,
// when this names its part.
const part = "LARDER_TEST_PART"

func TestMain(m *testing.M) {
	switch os.Getenv(part) {
	case "writer":
		writeUntilKilled(os.Args[1], os.Args[2])
	case "stranger":
		tellKind(os.Args[1])
	default:
		goleak.VerifyTestMain(m)
	}
}

// child is this binary playing a part.
func child(t *testing.T, plays string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), part+"="+plays)
	cmd.Stderr = os.Stderr
	return cmd
}

// writeUntilKilled publishes two datasets in step, each version with a result,
// and says so after each pair is durable.
func writeUntilKilled(path, run string) {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	check(err)
	check(s.StartRun(ctx, state.Run{ID: run, Env: "prod", Outcome: state.Running, Process: state.ThisProcess()}))
	for {
		b := state.Batch{Intend: []state.Entry{
			{Env: "prod", Dataset: "left", SQL: "select 1"}, {Env: "prod", Dataset: "right", SQL: "select 1"},
		}}
		check(s.Commit(ctx, &b))
		version := b.Intend[0].Version
		after := state.Batch{}
		for _, e := range b.Intend {
			after.Settlements = append(after.Settlements, state.Settlement{Entry: e, State: state.Published})
			after.Steps = append(after.Steps, state.Step{Run: run, Dataset: e.Dataset, Action: "build", Outcome: state.Running, Version: version})
			after.Results = append(after.Results, state.Result{
				Env: "prod", Run: run, Dataset: e.Dataset, Check: "c", Status: state.Pass, Value: strconv.FormatInt(version, 10),
			})
		}
		check(s.Commit(ctx, &after))
		fmt.Println(version)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A process killed while it writes loses nothing it was told is durable and
// leaves nothing half done.
func TestKilledWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	acknowledged := int64(0)
	for n := range 20 {
		acknowledged = max(acknowledged, killedAfter(t, path, fmt.Sprintf("r%02d", n), 1+rand.IntN(25)))
		agrees(t, path, acknowledged)
	}
}

// killedAfter kills a writer once it has said so many versions, and returns
// the last one it said.
func killedAfter(t *testing.T, path, run string, versions int) int64 {
	t.Helper()
	cmd := child(t, "writer", path, run)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	last := int64(0)
	read := func() {
		if last, err = strconv.ParseInt(lines.Text(), 10, 64); err != nil {
			t.Error(err)
		}
	}
	for range versions {
		if !lines.Scan() {
			t.Fatal("the writer ended by itself")
		}
		read()
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		read()
	}
	if cmd.Wait() == nil {
		t.Fatal("the writer was not killed")
	}
	return last
}

func agrees(t *testing.T, path string, acknowledged int64) {
	t.Helper()
	s := open(t, path)
	defer s.Close()
	current, err := s.Current(t.Context(), "prod")
	if err != nil || len(current) != 2 || current[0].Version != current[1].Version || current[0].Version < acknowledged {
		t.Fatalf("%d was acknowledged, current are %v, %v", acknowledged, current, err)
	}
	latest, err := s.Latest(t.Context(), "prod")
	version := strconv.FormatInt(current[0].Version, 10)
	if err != nil || len(latest) != 2 || latest[0].Value != version || latest[1].Value != version {
		t.Fatalf("version %s is current, results are %v, %v", version, latest, err)
	}
	intended, err := s.Intended(t.Context(), "prod")
	if err != nil || len(intended) != 0 && len(intended) != 2 {
		t.Fatalf("half a batch was intended: %v, %v", intended, err)
	}
	for _, e := range intended {
		if err := s.Settle(t.Context(), e, state.Failed, "killed"); err != nil {
			t.Fatal(err)
		}
	}
	dead, err := s.Abandon(t.Context(), "prod", func(r state.Run) bool {
		alive, known := state.ProcessAlive(r.Process)
		return alive || !known
	})
	if err != nil || len(dead) != 1 || dead[0].Outcome != state.Interrupted {
		t.Fatalf("abandoned %v, %v", dead, err)
	}
	sound(t, path)
}

// sound lets SQLite look through the whole file.
func sound(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Fatal(verdict, err)
	}
}

// tellKind opens a store and says what kind of error came of it.
func tellKind(path string) {
	s, err := sqlite.Open(context.Background(), path, sqlite.Options{})
	if err == nil {
		check(s.Close())
		fmt.Print("none")
		return
	}
	fmt.Print(fault.KindOf(err), ": ", err)
}

// A folder or a file we may not write is Denied before a run begins.
func TestReadOnlyPlaces(t *testing.T) {
	dir := t.TempDir()
	// The folder above it is the test's alone; others need to pass through it.
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	existing := filepath.Join(dir, "folder", "state.db")
	s := open(t, existing)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{filepath.Dir(existing): 0o555, existing: 0o444} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		// A folder that may not be written may not be emptied either.
		t.Cleanup(func() { check(os.Chmod(path, 0o755)) })
	}
	for _, path := range []string{
		existing, filepath.Join(filepath.Dir(existing), "new.db"), filepath.Join(filepath.Dir(existing), "below", "new.db"),
	} {
		cmd := child(t, "stranger", path)
		withoutPrivileges(t, cmd, dir)
		out, err := cmd.Output()
		if err != nil || !strings.HasPrefix(string(out), "denied: ") || !strings.Contains(string(out), path) {
			t.Errorf("%s: %s, %v", path, out, err)
		}
	}
}

// withoutPrivileges makes the child nobody in particular when we are root,
// whom no permission stops, from a copy of the binary that anybody may run.
func withoutPrivileges(t *testing.T, cmd *exec.Cmd, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	from, err := os.Open(cmd.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	cmd.Path = filepath.Join(dir, "stranger")
	to, err := os.OpenFile(cmd.Path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}
