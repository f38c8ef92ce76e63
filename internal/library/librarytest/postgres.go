// Package librarytest runs SQL on a real PostgreSQL and on DuckDB, for tests
// that hold one against the other.
package librarytest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Postgres is a server of its own on a socket in a temporary folder.
type Postgres struct{ folder, bin string }

// StartPostgres starts a server that ends with the test. A test on a machine
// without PostgreSQL is skipped and says so.
func StartPostgres(t testing.TB) *Postgres {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		t.Skip("there is no PostgreSQL server under /usr/lib/postgresql")
	}
	slices.Sort(found)
	folder, err := os.MkdirTemp("", "larder-pg") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	p := &Postgres{folder: folder, bin: filepath.Dir(found[len(found)-1])}
	if id := server(t); id != nil {
		if err := os.Chown(folder, int(id.Uid), int(id.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(folder, "data")
	p.must(t, p.command("initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US", "--no-sync"))
	run := p.command("postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "timezone=Europe/London")
	var log bytes.Buffer
	run.Stdout, run.Stderr = &log, &log
	asServer(t, run)
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = run.Process.Signal(syscall.SIGQUIT)
		_ = run.Wait()
	})
	p.await(t, &log)
	return p
}

// await waits until the server answers.
func (p *Postgres) await(t testing.TB, log *bytes.Buffer) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	for {
		if exec.CommandContext(ctx, filepath.Join(p.bin, "pg_isready"), "-q", "-h", p.folder).Run() == nil {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("PostgreSQL does not start:\n%s", log)
		}
	}
}

func (p *Postgres) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(p.bin, name), args...)
	c.Dir = p.folder
	return c
}

func (p *Postgres) must(t testing.TB, c *exec.Cmd) {
	t.Helper()
	asServer(t, c)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", c.Path, err, out)
	}
}

// server is who runs the server: initdb refuses root.
func server(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		t.Skip("PostgreSQL does not run as root, and there is no user postgres")
	}
	uid, _ := strconv.ParseUint(who.Uid, 10, 32)
	gid, _ := strconv.ParseUint(who.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func asServer(t testing.TB, c *exec.Cmd) {
	if id := server(t); id != nil {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: id}
	}
}

// Run runs statements in one session and returns the lines they print; the
// error holds what the server said.
func (p *Postgres) Run(statements ...string) ([]string, error) {
	c := p.command("psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", p.folder, "-U", "postgres")
	c.Env = append(os.Environ(), "PGCLIENTENCODING=UTF8", "PGOPTIONS=-c client_min_messages=warning")
	c.Stdin = strings.NewReader(strings.Join(statements, ";\n") + ";\n")
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	if out.Len() == 0 {
		return nil, nil
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"), nil
}
