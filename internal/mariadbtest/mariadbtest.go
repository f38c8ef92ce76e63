// Package mariadbtest starts real MariaDB servers for tests of what speaks to
// MySQL.
package mariadbtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Server is a MariaDB of its own in a temporary folder. It listens on loopback.
type Server struct {
	folder    string
	port      int
	settings  []string
	process   *exec.Cmd
	ended     chan error
	log       bytes.Buffer
	databases atomic.Int64
}

// Start starts a server that ends with the test; settings are written name=value
// as on its command line. Its user is root, without a password, and its time
// zone is not UTC, so that what forgets to say which zone it wants is noticed. A
// test on a machine without MariaDB is skipped, and fails where CI is set.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	for _, program := range []string{"mariadb-install-db", "mariadb", "mariadb-admin"} {
		if _, err := exec.LookPath(program); err != nil {
			lacking(t, "there is no MariaDB server: "+program+" is not installed")
		}
	}
	folder, err := os.MkdirTemp("", "larder-my") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	s := &Server{folder: folder, settings: settings}
	if id := owner(t); id != nil {
		if err := os.Chown(folder, int(id.Uid), int(id.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	install := s.command("mariadb-install-db", "--no-defaults", "--datadir="+s.data(), "--auth-root-authentication-method=normal",
		"--skip-test-db", "--skip-name-resolve", "--innodb-flush-method=nosync")
	asOwner(t, install)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
	s.Run(t)
	t.Cleanup(func() { s.Stop(t, syscall.SIGKILL) })
	return s
}

// lacking skips a test, and fails it where everything has to be there.
func lacking(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

func (s *Server) data() string   { return filepath.Join(s.folder, "data") }
func (s *Server) socket() string { return filepath.Join(s.folder, "s") }

// Run starts the server's process, again after a Stop, on the same port.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	if s.port == 0 {
		s.port = freePort(t)
	}
	args := []string{
		"--no-defaults", "--datadir=" + s.data(), "--socket=" + s.socket(), "--pid-file=" + filepath.Join(s.folder, "pid"),
		"--bind-address=127.0.0.1", "--port=" + strconv.Itoa(s.port), "--skip-name-resolve", "--default-time-zone=+05:30",
		"--character-set-server=utf8mb4", "--innodb-flush-method=nosync", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=256M",
	}
	for _, setting := range s.settings {
		args = append(args, "--"+setting)
	}
	s.process = s.command(daemon(), args...)
	s.process.Stdout, s.process.Stderr = &s.log, &s.log
	asOwner(t, s.process)
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	s.ended = make(chan error, 1)
	go func(p *exec.Cmd, ended chan error) { ended <- p.Wait() }(s.process, s.ended)
	s.await(t)
}

// daemon is the server's program, which is not on everybody's path.
func daemon() string {
	if path, err := exec.LookPath("mariadbd"); err == nil {
		return path
	}
	return "/usr/sbin/mariadbd"
}

// freePort is a port nobody listens on now.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Stop ends the server with a signal, SIGKILL as if the machine had failed, and
// waits until it is gone.
func (s *Server) Stop(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if s.process == nil {
		return
	}
	_ = s.process.Process.Signal(signal)
	select {
	case <-s.ended:
	case <-time.After(time.Minute):
		t.Fatalf("MariaDB does not stop:\n%s", &s.log)
	}
	s.process = nil
}

// await waits until the server answers. Where somebody else took the port
// meanwhile, another is tried.
func (s *Server) await(t testing.TB) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	for exec.CommandContext(ctx, "mariadb-admin", "--no-defaults", "--user=root", "--socket="+s.socket(), "ping").Run() != nil {
		select {
		case <-s.ended:
			s.process = nil
			if ctx.Err() == nil && strings.Contains(s.log.String(), "Address already in use") {
				s.log.Reset()
				s.port = 0
				s.Run(t)
				return
			}
			t.Fatalf("MariaDB does not start:\n%s", &s.log)
		case <-ctx.Done():
			t.Fatalf("MariaDB does not answer:\n%s", &s.log)
		default:
		}
	}
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = s.folder
	return c
}

// owner is who runs the server: it refuses root.
func owner(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	who, err := user.Lookup("mysql")
	if err != nil {
		lacking(t, "MariaDB does not run as root, and there is no user mysql")
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
	c.SysProcAttr = &syscall.SysProcAttr{Credential: owner(t), Pdeathsig: syscall.SIGKILL}
}

// CPU is the processor time the server has taken so far.
func (s *Server) CPU(t testing.TB) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	// The name, in parentheses, may hold anything; of the fields behind it the
	// 12th and 13th are ticks in programs and in the kernel.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	ticks := int64(0)
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	const perSecond = 100 // USER_HZ, the same on every Linux Go runs on
	return time.Duration(ticks) * time.Second / perSecond
}

// URL is the address of a database on the server, as root.
func (s *Server) URL(database string) string { return s.URLAs("root", "", database) }

// URLAs is the address of a database on the server, as a user with a password,
// "" for none.
func (s *Server) URLAs(name, password, database string) string {
	as := url.User(name)
	if password != "" {
		as = url.UserPassword(name, password)
	}
	return fmt.Sprintf("mysql://%s@127.0.0.1:%d/%s", as, s.port, url.PathEscape(database))
}

// Database creates a database and returns its name.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	if _, err := s.Client("", "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return name
}

// Client runs statements in one session of the server's own client, as anybody
// would, and returns the lines they print, values parted by tabs; the error
// holds what the server said.
func (s *Server) Client(database string, statements ...string) ([]string, error) {
	c := s.command("mariadb", "--no-defaults", "--user=root", "--socket="+s.socket(), "--batch", "--skip-column-names",
		"--default-character-set=utf8mb4", database)
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
