package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/pgtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"larder": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
		"holder": holder, "othertool": othertool,
	})
}

// TestStories runs the stories in testdata. They are the manual of the command
// line: what a person types, and what comes back. UPDATE=1 writes what they
// compare with anew.
func TestStories(t *testing.T) {
	p := stories()
	p.Dir, p.UpdateScripts = "testdata", os.Getenv("UPDATE") != ""
	testscript.Run(t, p)
}

// TestStoriesOnPostgreSQL runs stories again, word for word, with a database of
// PostgreSQL for the project's only target.
func TestStoriesOnPostgreSQL(t *testing.T) {
	server := pgtest.Start(t)
	p := stories()
	for _, name := range []string{"accept", "env", "data", "currency", "rollback", "loads", "upload", "existing", "postgres/existing", "postgres/postgres"} {
		p.Files = append(p.Files, "testdata/"+name+".txtar")
	}
	setUp := p.Setup
	p.Setup = func(e *testscript.Env) error {
		e.Setenv("WAREHOUSE_URL", server.URL(server.Database(t)))
		target := "targets:\n  cloud: {engine: postgres, url: '${WAREHOUSE_URL}'}\ntarget: cloud\n"
		return errors.Join(setUp(e), os.WriteFile(filepath.Join(e.WorkDir, "larder.local.yml"), []byte(target), 0o600))
	}
	testscript.Run(t, p)
}

func stories() testscript.Params {
	return testscript.Params{
		RequireExplicitExec: true, RequireUniqueNames: true,
		Condition: mayMount,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "bytes": writeBytes, "hold": hold, "release": release, "interrupted": interrupted,
			"smalldisk": smallDisk, "readonly": readOnly, "jsonof": jsonOf, "remember": remember,
		},
	}
}

// exits runs a command and wants an exit code: exits 2 larder validate.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits code command [arg]...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// remember keeps what a pattern finds in the output of the last command as a
// variable: remember NAME pattern.
func remember(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(args[1]).FindString(ts.ReadFile("stdout"))
	if found == "" {
		ts.Fatalf("there is no %s", args[1])
	}
	ts.Setenv(args[0], found)
}

// writeBytes writes a file of bytes a story cannot hold: bytes NAME 0 255 10.
func writeBytes(ts *testscript.TestScript, _ bool, args []string) {
	var out []byte
	for _, arg := range args[1:] {
		b, err := strconv.ParseUint(arg, 10, 8)
		ts.Check(err)
		out = append(out, byte(b))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out, 0o644))
}

// hold opens a warehouse in another process, which keeps it until release.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.Command(os.Args[0])
	cmd.Args = []string{"holder", ts.MkAbs(args[0])}
	path, err := exec.LookPath("holder")
	ts.Check(err)
	cmd.Path = path
	in, err := cmd.StdinPipe()
	ts.Check(err)
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	if _, err := out.Read(make([]byte, 1)); err != nil { // it has the file
		ts.Fatalf("holder: %v", err)
	}
	held.Store(ts, func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	ts.Defer(func() { release(ts, false, nil) })
}

// held is, by story, what lets go of the warehouse its other process has open.
var held sync.Map

func release(ts *testscript.TestScript, _ bool, _ []string) {
	if letGo, ok := held.LoadAndDelete(ts); ok {
		letGo.(func())()
	}
}

// holder is the other process: it opens a warehouse, says so, and keeps it open
// until its input ends.
func holder() {
	e, err := duckdb.Open(context.Background(), duckdb.Settings{Path: os.Args[1]})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print("x")
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := e.Close(); err != nil {
		os.Exit(1)
	}
}

// interrupted starts a command, sends it an interrupt once a text has appeared on
// its standard error, and wants exit code 130: interrupted TEXT command [arg]...
func interrupted(ts *testscript.TestScript, _ bool, args []string) {
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	cmd := exec.Command(path, args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	errs, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	lines := bufio.NewScanner(errs)
	sent := false
	for lines.Scan() {
		ts.Logf("%s", lines.Text())
		if !sent && strings.Contains(lines.Text(), args[0]) {
			sent = true
			ts.Check(cmd.Process.Signal(os.Interrupt))
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
		ts.Fatalf("it ended with %v, want exit code %d", err, exitInterrupted)
	}
}

// mayMount is the condition under which a story may mount a disk: only root
// may, and CI must.
func mayMount(condition string) (bool, error) {
	if condition != "mount" {
		return false, fmt.Errorf("unknown condition %s", condition)
	}
	return os.Geteuid() == 0 || os.Getenv("CI") != "", nil
}

// smallDisk mounts a file system of a few megabytes, or gives one that is there
// another size: smalldisk DIR SIZE.
func smallDisk(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	if _, err := os.Stat(dir); err == nil {
		out, err := exec.Command("mount", "-o", "remount,size="+args[1], dir).CombinedOutput()
		if err != nil {
			ts.Fatalf("mount: %v %s", err, out)
		}
		return
	}
	ts.Check(os.MkdirAll(dir, 0o755))
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+args[1], "tmpfs", dir).CombinedOutput()
	if err != nil {
		ts.Fatalf("mount: %v %s", err, out)
	}
	ts.Defer(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			ts.Logf("umount: %v %s", err, out)
		}
	})
}

// jsonOf wants the last output to be JSON, an object with the keys named.
func jsonOf(ts *testscript.TestScript, _ bool, keys []string) {
	var answer any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &answer); err != nil {
		ts.Fatalf("the output is no JSON: %v", err)
	}
	object, _ := answer.(map[string]any)
	for _, key := range keys {
		if _, ok := object[key]; !ok {
			ts.Fatalf("the output has no %s", key)
		}
	}
}

// readOnly forbids writing to a disk that smalldisk mounted: readonly DIR.
func readOnly(ts *testscript.TestScript, _ bool, args []string) {
	if out, err := exec.Command("mount", "-o", "remount,ro", ts.MkAbs(args[0])).CombinedOutput(); err != nil {
		ts.Fatalf("mount: %v %s", err, out)
	}
}
