package sftp_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	served "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/ingest/listertest"
	"github.com/larder-data/larder/internal/ingest/sftp"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/lake/folder"
	"github.com/larder-data/larder/internal/project"
)

var kind = project.Kind{Source: &sftp.Source{}, Table: &sftp.Table{}, Column: &format.Column{}}

const password = "open-sesame-open"

// server is an SFTP server in this process, and what goes wrong with it.
type server struct {
	*testing.T
	dir     string // what it serves
	address string
	known   string // file with its key
	host    ssh.Signer
	user    ssh.Signer
	userPEM []byte
	clock   time.Time
	reads   atomic.Int64
	logins  atomic.Int64

	mu    sync.Mutex
	lines []net.Conn
	read  func(path string, from io.ReaderAt) io.ReaderAt // what is read instead
	list  func(path string, entries []os.FileInfo) ([]os.FileInfo, error)
}

func key(t *testing.T) (ssh.Signer, []byte) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return signer, pem.EncodeToMemory(block)
}

func serve(t *testing.T) *server {
	t.Helper()
	s := &server{T: t, dir: t.TempDir(), clock: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	s.host, _ = key(t)
	s.user, s.userPEM = key(t)
	config := &ssh.ServerConfig{
		PasswordCallback: func(c ssh.ConnMetadata, given []byte) (*ssh.Permissions, error) {
			if c.User() == "larder" && string(given) == password {
				return nil, nil
			}
			return nil, errors.New("no")
		},
		PublicKeyCallback: func(c ssh.ConnMetadata, given ssh.PublicKey) (*ssh.Permissions, error) {
			if c.User() == "larder" && string(given.Marshal()) == string(s.user.PublicKey().Marshal()) {
				return nil, nil
			}
			return nil, errors.New("no")
		},
	}
	config.AddHostKey(s.host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	s.known = filepath.Join(t.TempDir(), "known_hosts")
	s.knows(s.host.PublicKey())
	var open sync.WaitGroup
	open.Go(func() {
		for {
			line, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.lines = append(s.lines, line)
			s.mu.Unlock()
			open.Go(func() { s.talk(line, config) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		s.hangUp()
		open.Wait()
	})
	t.Setenv("DROP_PASSWORD", password)
	t.Setenv("DROP_KEY", string(s.userPEM))
	return s
}

// knows writes the key that is known of the server.
func (s *server) knows(key ssh.PublicKey) {
	s.Helper()
	line := knownhosts.Line([]string{knownhosts.Normalize(s.address)}, key)
	if err := os.WriteFile(s.known, []byte(line+"\n"), 0o600); err != nil {
		s.Fatal(err)
	}
}

func (s *server) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.lines {
		_ = line.Close()
	}
	s.lines = nil
}

func (s *server) talk(line net.Conn, config *ssh.ServerConfig) {
	defer line.Close()
	_, channels, requests, err := ssh.NewServerConn(line, config)
	if err != nil {
		return
	}
	s.logins.Add(1)
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		go func() {
			for request := range asked {
				_ = request.Reply(request.Type == "subsystem", nil)
			}
		}()
		_ = served.NewRequestServer(channel, served.Handlers{FileGet: s, FileList: s, FilePut: s, FileCmd: s}).Serve()
		_ = channel.Close()
	}
}

// Fileread opens a file.
func (s *server) Fileread(r *served.Request) (io.ReaderAt, error) {
	file, err := os.Open(filepath.Join(s.dir, r.Filepath))
	if err != nil {
		return nil, err
	}
	s.reads.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read != nil {
		return s.read(r.Filepath, file), nil
	}
	return file, nil
}

// Filewrite refuses.
func (s *server) Filewrite(*served.Request) (io.WriterAt, error) {
	return nil, served.ErrSSHFxPermissionDenied
}

// Filecmd refuses.
func (s *server) Filecmd(*served.Request) error { return served.ErrSSHFxPermissionDenied }

type entries []os.FileInfo

// ListAt copies what there is.
func (e entries) ListAt(to []os.FileInfo, from int64) (int, error) {
	if from >= int64(len(e)) {
		return 0, io.EOF
	}
	n := copy(to, e[from:])
	if n < len(to) {
		return n, io.EOF
	}
	return n, nil
}

// Filelist lists a folder, or one file.
func (s *server) Filelist(r *served.Request) (served.ListerAt, error) {
	at := filepath.Join(s.dir, r.Filepath)
	var out []os.FileInfo
	if r.Method == "List" {
		found, err := os.ReadDir(at)
		if err != nil && !s.spoilt() {
			return nil, err
		}
		for _, f := range found {
			info, err := f.Info()
			if err != nil {
				return nil, err
			}
			out = append(out, info)
		}
	} else {
		info, err := os.Stat(at)
		if err != nil {
			return nil, err
		}
		out = append(out, info)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list != nil {
		changed, err := s.list(r.Filepath, out)
		return entries(changed), err
	}
	return entries(out), nil
}

// spoilt reports whether the listing is another than that of the folder.
func (s *server) spoilt() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list != nil
}

func (s *server) put(name string, content []byte) {
	s.Helper()
	s.clock = s.clock.Add(time.Minute)
	s.putAt(name, content, s.clock)
}

func (s *server) putAt(name string, content []byte, at time.Time) {
	s.Helper()
	path := filepath.Join(s.dir, name)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err == nil {
		err = os.Chtimes(path, at, at)
	}
	if err != nil {
		s.Fatal(err)
	}
}

func (s *server) source(how string) string {
	return "kind: sftp\nhost: " + s.address + "\nuser: larder\npath: /in/erp\nknown_hosts: " + s.known + "\n" + how + "\n"
}

const byPassword = "password: ${DROP_PASSWORD}"

// now is long after the files were put.
func now() time.Time { return time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC) }

func (s *server) place() listertest.Place {
	s.Helper()
	if err := os.MkdirAll(filepath.Join(s.dir, "in/erp"), 0o755); err != nil {
		s.Fatal(err)
	}
	reader := sftp.NewReader(s.TempDir(), now)
	s.Cleanup(func() {
		if err := errors.Join(reader.Close(), reader.Close()); err != nil {
			s.Error(err)
		}
	})
	return listertest.Place{
		Reader: reader, Kind: kind, Source: s.source(byPassword),
		Put:     func(name string, content []byte) { s.put("in/erp/"+name, content) },
		Outside: func(name string, content []byte) { s.put("in/"+name, content); s.put("in/erp-too/"+name, content) },
		Reads:   func() int { return int(s.reads.Load()) },
	}
}

func archive(dir string) lake.Archive { return folder.Open(dir) }

func TestLister(t *testing.T) {
	listertest.Suite{Open: func(t *testing.T) listertest.Place { return serve(t).place() }, Archive: archive}.Run(t)
}

func (s *server) pier(place listertest.Place, more string) *listertest.Pier {
	return listertest.NewPier(s.T, place, archive(filepath.Join(s.TempDir(), "lake")), more)
}

func TestLoginsByKey(t *testing.T) {
	s := serve(t)
	file := filepath.Join(t.TempDir(), "id")
	if err := os.WriteFile(file, s.userPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	s.put("in/erp/1.csv", []byte("a,b\n1,x\n"))
	for _, how := range []string{"key: ${DROP_KEY}", "key_file: " + file} {
		place := s.place()
		place.Source = s.source(how)
		p := s.pier(place, "")
		p.Landed()
		p.Same("1.csv 1 x")
	}
}

func TestWhatGoesWrongIsTold(t *testing.T) {
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	go func() { // hangs up on everybody
		for {
			line, err := deaf.Accept()
			if err != nil {
				return
			}
			_ = line.Close()
		}
	}()
	for _, c := range []struct {
		name   string
		spoil  func(*server)
		source func(*server, string) string
		kind   fault.Kind
		says   string
		hint   string
	}{
		{
			name: "wrong password", source: swap("${DROP_PASSWORD}", "${OTHER}"), kind: fault.Denied, says: "does not let larder in with this password",
		},
		{name: "wrong user", source: swap("user: larder", "user: burglar"), kind: fault.Denied, says: "does not let burglar in"},
		{name: "wrong key", source: swap(byPassword, "key: ${OTHER_KEY}"), kind: fault.Denied, says: "does not let larder in with this key"},
		{name: "no key", source: swap(byPassword, "key: ${OTHER}"), kind: fault.Denied, says: "is no private key"},
		{name: "locked key", source: swap(byPassword, "key: ${LOCKED}"), kind: fault.Denied, says: "is no private key that can be opened", hint: "passphrase: ${NAME}"},
		{
			name: "unknown host", spoil: func(s *server) { _ = os.Remove(s.known) }, kind: fault.Denied, says: "is not known; its key is SHA256:",
			hint: "add this line to",
		},
		{
			name: "another host key", spoil: func(s *server) { other, _ := key(s.T); s.knows(other.PublicKey()) }, kind: fault.Denied, says: "knows another for it, in line 1",
			hint: "somebody may stand between",
		},
		{name: "revoked host key", spoil: func(s *server) { s.revoke() }, kind: fault.Denied, says: "was revoked"},
		{
			name: "broken known_hosts", spoil: func(s *server) { _ = os.WriteFile(s.known, []byte("what?\n"), 0o600) }, kind: fault.Invalid, says: "known_hosts",
		},
		{name: "no folder", source: swap("/in/erp", "/in/nowhere"), kind: fault.NotFound, says: "no folder /in/nowhere"},
		{
			name: "no permission", spoil: func(s *server) {
				s.listing(func(string, []os.FileInfo) ([]os.FileInfo, error) { return nil, served.ErrSSHFxPermissionDenied })
			}, kind: fault.Denied, says: "larder may not read there",
		},
		{
			name: "names that lead elsewhere", spoil: func(s *server) {
				s.listing(func(path string, found []os.FileInfo) ([]os.FileInfo, error) {
					for i := range found {
						if strings.HasSuffix(found[i].Name(), ".csv") {
							found[i] = renamed{found[i], "../secret.csv"}
						}
					}
					return found, nil
				})
			}, kind: fault.Busy, says: "days/secret.csv: it is gone again",
		},
		{
			name: "folders in a circle", spoil: func(s *server) {
				s.listing(func(path string, found []os.FileInfo) ([]os.FileInfo, error) {
					info, err := os.Stat(s.dir)
					return []os.FileInfo{renamed{info, "again"}}, err
				})
			}, kind: fault.Broken, says: "deep in one another",
		},
		{name: "no server", source: host("127.0.0.1:1"), kind: fault.Unreachable, says: "does not answer"},
		{name: "no host", source: host("nowhere.invalid"), kind: fault.Unreachable, says: "nowhere.invalid"},
		{name: "no SSH", source: host(deaf.Addr().String()), kind: fault.Unreachable, says: "hung up before it let anybody in"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t)
			_, other := key(t)
			t.Setenv("OTHER", "hunter2hunter2")
			t.Setenv("OTHER_KEY", string(other))
			t.Setenv("LOCKED", locked(t))
			s.put("in/erp/days/1.csv", []byte("a,b\n1,x\n"))
			place := s.place()
			if c.spoil != nil {
				c.spoil(s)
			}
			if c.source != nil {
				place.Source = c.source(s, place.Source)
			}
			p := s.pier(place, "")
			p.Held(c.kind, c.says)
			err := p.Run()
			if text := fmt.Sprint(err, fault.HintOf(err)); strings.Contains(text, password) || strings.Contains(text, "hunter2") || !strings.Contains(text, c.hint) {
				t.Errorf("%s", text)
			}
			p.Same()
			if c.source == nil {
				s.knows(s.host.PublicKey())
				s.listing(nil)
				p.Landed()
				p.Same("days/1.csv 1 x")
			}
		})
	}
}

// What the error says to add is what makes the host known.
func TestTheHintMakesAHostKnown(t *testing.T) {
	s := serve(t)
	p := s.pier(s.place(), "")
	if err := os.Remove(s.known); err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(fault.HintOf(p.Run()), s.known+": ")
	if err := os.WriteFile(s.known, []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Landed()
}

func (s *server) revoke() {
	line := "@revoked " + knownhosts.Line([]string{knownhosts.Normalize(s.address)}, s.host.PublicKey())
	if err := os.WriteFile(s.known, []byte(line+"\n"), 0o600); err != nil {
		s.Fatal(err)
	}
}

func (s *server) listing(by func(string, []os.FileInfo) ([]os.FileInfo, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = by
}

type renamed struct {
	os.FileInfo
	name string
}

// Name is another one.
func (r renamed) Name() string { return r.name }

func locked(t *testing.T) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("sesame"))
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

func swap(from, to string) func(*server, string) string {
	return func(_ *server, s string) string { return strings.Replace(s, from, to, 1) }
}

func host(address string) func(*server, string) string {
	return func(s *server, text string) string {
		return strings.Replace(text, "host: "+s.address, "host: "+address, 1)
	}
}

// cut ends every connection once so many bytes of a file were read.
type cut struct {
	*server
	once  *sync.Once
	from  io.ReaderAt
	after int64
}

// ReadAt reads, or hangs up.
func (c cut) ReadAt(p []byte, at int64) (int, error) {
	if at >= c.after {
		c.once.Do(c.hangUp)
		return 0, io.ErrUnexpectedEOF
	}
	return c.from.ReadAt(p, at)
}

// A download that is cut goes on where it was cut; one that brings nothing more
// is told, and nothing of it is loaded.
func TestCutDownloads(t *testing.T) {
	s := serve(t)
	s.put("in/erp/1.csv", []byte("a,b\n"+strings.Repeat("1,x\n", 100_000)))
	times := 0
	s.read = func(_ string, from io.ReaderAt) io.ReaderAt {
		if times++; times > 3 {
			return from
		}
		return cut{s, &sync.Once{}, from, int64(times) * 100_000}
	}
	p := s.pier(s.place(), "")
	p.Landed()
	if loads, err := p.Archive.Manifests(t.Context(), listertest.Dataset); err != nil || len(loads) != 1 || loads[0].Rows != 100_000 {
		t.Errorf("%+v %v", loads, err)
	}
	if times < 3 {
		t.Errorf("it was cut %d times", times)
	}
	s.mu.Lock()
	s.read = func(_ string, from io.ReaderAt) io.ReaderAt { return cut{s, &sync.Once{}, from, 0} }
	s.mu.Unlock()
	s.put("in/erp/2.csv", []byte("a,b\n2,y\n"))
	p.Held(fault.Unreachable, "cut off after 0 of 8 bytes")
	s.mu.Lock()
	s.read = nil
	s.mu.Unlock()
	p.Landed()
}

// A connection that broke while nobody used it is made again.
func TestAConnectionThatBroke(t *testing.T) {
	s := serve(t)
	p := s.pier(s.place(), "")
	s.put("in/erp/1.csv", []byte("a,b\n1,x\n"))
	p.Landed()
	if s.logins.Load() != 1 {
		t.Errorf("%d logins", s.logins.Load())
	}
	s.hangUp()
	s.put("in/erp/2.csv", []byte("a,b\n2,y\n"))
	p.Landed()
	p.Same("1.csv 1 x", "2.csv 2 y")
}

// silent says nothing until the test ends.
type silent struct{ until <-chan struct{} }

// ReadAt waits.
func (s silent) ReadAt([]byte, int64) (int, error) { <-s.until; return 0, io.EOF }

func TestAServerThatSaysNothing(t *testing.T) {
	s := serve(t)
	end := make(chan struct{})
	defer close(end)
	s.read = func(string, io.ReaderAt) io.ReaderAt { return silent{end} }
	s.put("in/erp/1.csv", []byte("a,b\n1,x\n"))
	place := s.place()
	place.Reader.(*sftp.Reader).Patient(50 * time.Millisecond)
	p := s.pier(place, "")
	p.Held(fault.Unreachable, "cut off after 0 of 8 bytes")
}

// A file that is still being uploaded is left for the next run.
func TestFilesBeingUploaded(t *testing.T) {
	s := serve(t)
	place := s.place()
	reader := place.Reader.(*sftp.Reader)
	waits := 0
	grow := true
	reader.Waiting(func(_ context.Context, long time.Duration) error {
		waits++
		if long != 5*time.Second {
			t.Errorf("waited %s", long)
		}
		if grow {
			s.putAt("in/erp/2.csv", []byte("a,b\n2,y\n3,z\n"), now())
		}
		return nil
	})
	place.Source += "settle: 5 seconds\n"
	p := s.pier(place, "")
	s.put("in/erp/1.csv", []byte("a,b\n1,x\n"))
	s.put("in/erp/.3.csv", []byte("a,b\n9,hidden\n"))
	s.put("in/erp/4.csv.part", []byte("a,b\n9,part\n"))
	p.Landed()
	if waits != 0 {
		t.Error("old files are not watched")
	}
	s.putAt("in/erp/2.csv", []byte("a,b\n2,y\n"), now().Add(-time.Second))
	p.Landed()
	p.Same("1.csv 1 x")
	grow = false
	p.Landed()
	p.Same("1.csv 1 x", "2.csv 2 y", "2.csv 3 z")
	if waits != 2 {
		t.Errorf("waited %d times, want 2", waits)
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	t.Setenv("DROP_PASSWORD", password)
	root := t.TempDir()
	const good = "kind: sftp\nhost: drop.example.com\nuser: larder\n"
	const files = "tables: {lines: {files: '*.csv'}}\n"
	for _, c := range []struct{ name, text, says string }{
		{"good", good + "password: ${DROP_PASSWORD}\n" + files, ""},
		{"no login", good + files, "one of them"},
		{"two logins", good + "password: ${DROP_PASSWORD}\nkey: ${DROP_PASSWORD}\n" + files, "one of them"},
		{"a literal password", good + "password: hunter2hunter2\n" + files, "password holds a secret, and this file is committed"},
		{"a key in the project", good + "key_file: keys/id\n" + files, "lies in the project"},
		{"a key beside the project", good + "key_file: ../id\n" + files, ""},
		{"a passphrase of nothing", good + "password: ${DROP_PASSWORD}\npassphrase: ${DROP_PASSWORD}\n" + files, "there is none"},
		{"glob goes up", good + "password: ${DROP_PASSWORD}\ntables: {lines: {files: '../*.csv'}}\n", "leaves the folder"},
		{"size", good + "password: ${DROP_PASSWORD}\ntables: {lines: {files: '*.csv', max_size: huge}}\n", "max_size is a size"},
	} {
		source, err := listertest.Load(t, kind, c.text)
		if err == nil {
			_, err = sftp.NewReader(root, now).Layout(ingest.Table{SourceTable: source.Tables[0], Source: source})
		}
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: got %v, want %q", c.name, err, c.says)
		case err != nil && strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%s: the error shows the secret", c.name)
		}
	}
}
