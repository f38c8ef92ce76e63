package duckdb

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The parent tells its child by the environment which deed to do, where, and
// at which step to be killed.
const (
	childDeed = "LARDER_TEST_DEED"
	childDir  = "LARDER_TEST_DIR"
	childStep = "LARDER_TEST_STEP"
)

// TestKilled is the child of TestAKilledProcessLeavesTheOldOrTheNew: it does a
// deed, says when it is at the step, and waits there to be killed.
func TestKilled(t *testing.T) {
	name := os.Getenv(childDeed)
	if name == "" {
		t.Skip("only a child of TestAKilledProcessLeavesTheOldOrTheNew")
	}
	last, err := strconv.Atoi(os.Getenv(childStep))
	if err != nil {
		t.Fatal(err)
	}
	dir, armed, n := os.Getenv(childDir), false, 0
	out := os.NewFile(3, "to the parent")
	e := openAt(t, dir, func(step string) error {
		if !armed {
			return nil
		}
		if n++; n == last {
			if _, err := out.WriteString(step + "\n"); err != nil {
				t.Fatal(err)
			}
			select {}
		}
		return nil
	})
	for _, d := range deeds {
		if d.name == name {
			d.before(t, e, dir)
			armed = true
			if err := d.do(t.Context(), e, dir); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAKilledProcessLeavesTheOldOrTheNew(t *testing.T) {
	for _, d := range deeds {
		t.Run(d.name, func(t *testing.T) {
			steps, before, after := d.outcome(t)
			for i, step := range steps {
				dir := ownDir(t)
				if at := killed(t, d.name, dir, i+1); at != step {
					t.Fatalf("killed at %q, want %q", at, step)
				}
				e := openAt(t, dir, nil)
				want := before
				if i == len(steps)-1 {
					want = after
				}
				if diff := cmp.Diff(want, d.look(t, e)); diff != "" {
					t.Errorf("killed at step %d, %s: %s", i+1, step, diff)
				}
				if n := e.Notices(); len(n) > 0 {
					t.Errorf("killed at step %d, %s: %v", i+1, step, n)
				}
				if _, err := e.Sweep(t.Context()); err != nil {
					t.Error(err)
				}
				if err := d.do(t.Context(), e, dir); err != nil {
					t.Errorf("killed at step %d, %s: again: %v", i+1, step, err)
				}
				if err := e.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// killed runs a deed in a process of its own, kills it at the nth step, and
// returns the step's name.
func killed(t *testing.T, name, dir string, n int) string {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	child := exec.Command(os.Args[0], "-test.run=^TestKilled$", "-test.timeout=60s")
	child.Env = append(os.Environ(), childDeed+"="+name, childDir+"="+dir, childStep+"="+strconv.Itoa(n))
	child.ExtraFiles = []*os.File{write}
	var said strings.Builder
	child.Stdout, child.Stderr = &said, &said
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close()
	step, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		_ = child.Wait()
		t.Fatalf("the child never came to step %d: %s", n, said.String())
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the child ended well")
	}
	if _, err := os.Stat(filepath.Join(dir, "w.duckdb")); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(step, "\n")
}
