// Package pgtest starts real PostgreSQL servers for tests.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Server is a PostgreSQL of its own, on a socket in a temporary folder. Nothing
// listens on the network.
type Server struct {
	folder, bin string
	settings    []string
	process     *exec.Cmd
	ended       chan error
	log         bytes.Buffer
	databases   atomic.Int64
}

// Start starts a server that ends with the test; settings are written name=value.
// Its business zone is Europe/London, its user postgres, and texts are compared
// as people of English do. A test on a machine without PostgreSQL is skipped,
// and fails where CI is set.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	bin := installed(t)
	folder, err := os.MkdirTemp("", "larder-pg") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	s := &Server{folder: folder, bin: bin, settings: settings}
	if id := owner(t); id != nil {
		if err := os.Chown(folder, int(id.Uid), int(id.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	initdb := s.command("initdb", "-D", s.data(), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
		"--locale-provider=icu", "--icu-locale=en-US", "--no-sync")
	asOwner(t, initdb)
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.Run(t)
	t.Cleanup(func() { s.Stop(t, syscall.SIGQUIT) })
	return s
}

// installed finds the newest server's programs.
func installed(t testing.TB) string {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		lacking(t, "there is no PostgreSQL server under /usr/lib/postgresql")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1])
}

// lacking skips a test, and fails it where everything has to be there.
func lacking(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// Run starts the server's process, again after a Stop.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	args := []string{"-D", s.data(), "-k", s.folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "timezone=Europe/London"}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	s.process = s.command("postgres", args...)
	s.process.Stdout, s.process.Stderr = &s.log, &s.log
	asOwner(t, s.process)
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	s.ended = make(chan error, 1)
	go func(p *exec.Cmd, ended chan error) { ended <- p.Wait() }(s.process, s.ended)
	s.await(t)
}

// Stop ends the server with a signal, SIGKILL as if the machine had failed, and
// waits until all its processes are gone.
func (s *Server) Stop(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if s.process == nil {
		return
	}
	_ = s.process.Process.Signal(signal)
	select {
	case <-s.ended:
	case <-time.After(time.Minute):
		t.Fatalf("PostgreSQL does not stop:\n%s", &s.log)
	}
	s.process = nil
}

// await waits until the server answers. One that was killed leaves children
// that hold its memory for a moment: until they are gone a new one ends at once
// and is started again.
func (s *Server) await(t testing.TB) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	for exec.CommandContext(ctx, filepath.Join(s.bin, "pg_isready"), "-q", "-h", s.folder).Run() != nil {
		select {
		case <-s.ended:
			s.process = nil
			if ctx.Err() == nil && strings.Contains(s.log.String(), "pre-existing shared memory") {
				s.log.Reset()
				s.Run(t)
				return
			}
			t.Fatalf("PostgreSQL does not start:\n%s", &s.log)
		case <-ctx.Done():
			t.Fatalf("PostgreSQL does not answer:\n%s", &s.log)
		default:
		}
	}
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, name), args...)
	c.Dir = s.folder
	return c
}

// owner is who runs the server: it refuses root.
func owner(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		lacking(t, "PostgreSQL does not run as root, and there is no user postgres")
	}
	uid, badUID := strconv.ParseUint(who.Uid, 10, 32)
	gid, badGID := strconv.ParseUint(who.Gid, 10, 32)
	if err := errors.Join(badUID, badGID); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func asOwner(t testing.TB, c *exec.Cmd) {
	t.Helper()
	// Should the test die, the server must not outlive it.
	c.SysProcAttr = &syscall.SysProcAttr{Credential: owner(t), Pdeathsig: syscall.SIGQUIT}
}

// CPU is the processor time the server's processes have taken so far, those
// included that have ended.
func (s *Server) CPU(t testing.TB) time.Duration {
	t.Helper()
	own := strconv.Itoa(s.process.Process.Pid)
	ticks := int64(0)
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range all {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		// The name, in parentheses, may hold anything; the fields behind it are
		// the state, the parent, and from the 12th on the ticks.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		pid := filepath.Base(filepath.Dir(path))
		if len(fields) < 15 || pid != own && fields[1] != own {
			continue
		}
		for _, field := range fields[11:15] {
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			ticks += n
		}
	}
	const perSecond = 100 // USER_HZ, the same on every Linux Go runs on
	return time.Duration(ticks) * time.Second / perSecond
}

// URL is the address of a database on the server, as the user postgres.
func (s *Server) URL(database string) string { return s.URLAs("postgres", database) }

// URLAs is the address of a database on the server, as a user.
func (s *Server) URLAs(user, database string) string {
	return "postgres://" + url.PathEscape(user) + "@/" + url.PathEscape(database) + "?host=" + url.QueryEscape(s.folder)
}

// Database creates a database and returns its name.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	if _, err := s.Psql("postgres", "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return name
}

// Psql runs statements in one session of psql, as anybody would, and returns
// the lines they print; the error holds what the server said.
func (s *Server) Psql(database string, statements ...string) ([]string, error) {
	c := s.command("psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", s.folder, "-U", "postgres", database)
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
