package duckdb

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// withLog makes a warehouse whose last publish is only in its write-ahead log,
// and returns its path.
func withLog(t *testing.T) string {
	t.Helper()
	first, second := t.TempDir(), t.TempDir()
	e := openAt(t, first, nil)
	if err := stageAndPublish(t.Context(), e, engine.Table, "select 1 as n"); err != nil {
		t.Fatal(err)
	}
	if err := e.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := stageAndPublish(t.Context(), e, engine.Table, "select 2 as n"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"w.duckdb", "w.duckdb.wal"} { // as a crash would leave them
		data, err := os.ReadFile(filepath.Join(first, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(second, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(second, "w.duckdb")
}

func TestAWriteAheadLogIsReplayed(t *testing.T) {
	e := openAt(t, filepath.Dir(withLog(t)), nil)
	if diff := cmp.Diff([][]string{{"2"}}, answer(t, e, "select n from a.b")); diff != "" {
		t.Error(diff)
	}
	if len(e.Notices()) > 0 {
		t.Errorf("notices: %v", e.Notices())
	}
}

func TestADamagedWriteAheadLogIsSetAsideAndTold(t *testing.T) {
	path := withLog(t)
	log, err := os.ReadFile(path + ".wal")
	if err != nil {
		t.Fatal(err)
	}
	for i := len(log) / 2; i < len(log)/2+64; i++ {
		log[i] ^= 0x5a
	}
	if err := os.WriteFile(path+".wal", log, 0o600); err != nil {
		t.Fatal(err)
	}
	e := openAt(t, filepath.Dir(path), nil)
	if len(e.Notices()) != 1 || !strings.Contains(e.Notices()[0], path+".wal.damaged-1") {
		t.Errorf("notices: %v", e.Notices())
	}
	kept, err := os.ReadFile(path + ".wal.damaged-1")
	if err != nil || !bytes.Equal(kept, log) {
		t.Errorf("the damaged log is not kept as it was: %v", err)
	}
	if diff := cmp.Diff([][]string{{"1"}}, answer(t, e, "select n from a.b")); diff != "" {
		t.Error(diff)
	}
	if err := stageAndPublish(t.Context(), e, engine.Table, "select 3 as n"); err != nil {
		t.Fatal(err)
	}
}

func TestALogCutShortLosesOnlyItsEnd(t *testing.T) {
	path := withLog(t)
	info, err := os.Stat(path + ".wal")
	if err != nil {
		t.Fatal(err)
	}
	for size := info.Size() - 1; size > 0; size = size * 3 / 4 {
		if err := os.Truncate(path+".wal", size); err != nil {
			t.Fatal(err)
		}
	}
	e := openAt(t, filepath.Dir(path), nil)
	if diff := cmp.Diff([][]string{{"1"}}, answer(t, e, "select n from a.b")); diff != "" {
		t.Error(diff)
	}
}

func TestAFileThatIsNoWarehouseIsBroken(t *testing.T) {
	sqlite := append([]byte("SQLite format 3\x00"), make([]byte, 8192)...)
	for name, data := range map[string][]byte{
		"text": []byte("id,name\n1,larder\n"), "zeros": make([]byte, 1<<16), "sqlite": sqlite,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "w.duckdb")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, readOnly := range []bool{false, true} {
				_, err := Open(t.Context(), Settings{Path: path, ReadOnly: readOnly})
				if fault.KindOf(err) != fault.Broken || fault.HintOf(err) == "" {
					t.Errorf("read only %v: %v, want Broken with a hint", readOnly, err)
				}
			}
			if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, data) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}

func TestAnEmptyFileBecomesAWarehouse(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "w.duckdb"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e := openAt(t, dir, nil)
	if err := stageAndPublish(t.Context(), e, engine.Table, "select 1 as n"); err != nil {
		t.Fatal(err)
	}
}

func TestAFolderInPlaceOfTheFileIsToldSo(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "w.duckdb"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Settings{Path: filepath.Join(dir, "w.duckdb")}); err == nil || fault.KindOf(err) == fault.Internal {
		t.Errorf("got %v", err)
	}
}

// TestFlippedBytesAreFound damages a published table's file byte by byte: it
// opens and answers as before, or says that it is broken, and never answers
// otherwise.
func TestFlippedBytesAreFound(t *testing.T) {
	dir := t.TempDir()
	e := openAt(t, dir, nil)
	if _, err := e.BuildAndPublish(t.Context(), engine.Build{
		Target: engine.ParseRelation("a.b"), Form: engine.Table, Run: "r1",
		SQL: "select range as n, 'text number ' || range as t from range(50000)",
	}, marker("a.b", 1)); err != nil {
		t.Fatal(err)
	}
	const sum = "select count(*)::varchar, sum(n)::varchar, md5(string_agg(t, ',' order by n)) from a.b"
	want := answer(t, e, sum)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "w.duckdb")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for i := range 24 {
		data := bytes.Clone(whole)
		data[4096*3+(len(data)-4096*3)/24*i+i*i] ^= 0x10
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		batch, err := func() (_ [][]string, err error) {
			e, err := Open(t.Context(), Settings{Path: path})
			if err != nil {
				return nil, err
			}
			defer e.Close()
			batch, err := engine.ReadAll(t.Context(), e, sum, 0)
			if err != nil {
				return nil, err
			}
			return [][]string{{text(batch.Rows[0][0]), text(batch.Rows[0][1]), text(batch.Rows[0][2])}}, nil
		}()
		switch {
		case err != nil && fault.KindOf(err) != fault.Broken:
			t.Errorf("byte %d: %v, want Broken", i, err)
		case err != nil:
			found++
		case !cmp.Equal(want, batch):
			t.Errorf("byte %d: a wrong answer: %v", i, batch)
		}
	}
	if found == 0 {
		t.Error("none of the damages was found")
	}
}

func TestTheSameProcessCannotOpenAFileTwice(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "w.duckdb")
	e := openAt(t, dir, nil)
	link := filepath.Join(t.TempDir(), "link.duckdb")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, s := range []Settings{{Path: path}, {Path: path, ReadOnly: true}, {Path: link}, {Path: dir + "/../" + filepath.Base(dir) + "/w.duckdb"}} {
		if _, err := Open(t.Context(), s); fault.KindOf(err) != fault.Busy {
			t.Errorf("%+v: %v, want Busy", s, err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	readers := []*Engine{}
	for range 2 {
		r, err := Open(t.Context(), Settings{Path: path, ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, r)
	}
	if _, err := Open(t.Context(), Settings{Path: path}); fault.KindOf(err) != fault.Busy {
		t.Errorf("to write what is being read: %v, want Busy", err)
	}
	for _, r := range readers {
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	openAt(t, dir, nil)
}

// TestHolder is the child of TestAnotherProcessIsNamed: it holds the file open
// until its input ends.
func TestHolder(t *testing.T) {
	dir := os.Getenv("LARDER_TEST_HOLD")
	if dir == "" {
		t.Skip("only a child of TestAnotherProcessIsNamed")
	}
	openAt(t, dir, nil)
	os.Stderr.WriteString("open\n")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
}

func TestAnotherProcessIsNamed(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestHolder$", "-test.timeout=60s")
	child.Env = append(os.Environ(), "LARDER_TEST_HOLD="+dir)
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	for _, readOnly := range []bool{false, true} {
		_, err = Open(context.Background(), Settings{Path: filepath.Join(dir, "w.duckdb"), ReadOnly: readOnly})
		if fault.KindOf(err) != fault.Busy || !strings.Contains(err.Error()+fault.HintOf(err), strconv.Itoa(child.Process.Pid)) {
			t.Errorf("got %v (%s), want Busy and the process %d", err, fault.HintOf(err), child.Process.Pid)
		}
	}
	_ = in.Close()
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	openAt(t, dir, nil)
}
