package sftp

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/larder-data/larder/internal/fault"
)

// connection is a login that stands.
type connection struct {
	files *sftp.Client
	shell *ssh.Client
	once  sync.Once
}

func (c *connection) close() {
	c.once.Do(func() {
		_ = c.shell.Close() // first: the files' own goodbye waits for a server that may say nothing
		_ = c.files.Close() // what is wrong with a connection nobody uses any more is nobody's concern
	})
}

// greeting is how long connecting and logging in may take.
const greeting = 30 * time.Second

// connect logs in. The server is one that is known, or it is refused.
func (s settings) connect(ctx context.Context) (*connection, error) {
	trust, err := s.trusted()
	if err != nil {
		return nil, err
	}
	proof, err := s.proof()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, greeting)
	defer stop()
	line, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.login.address)
	if err != nil {
		return nil, s.unreached(err)
	}
	defer context.AfterFunc(ctx, func() { _ = line.Close() })() // a server that says nothing is left
	var refused error
	shell, channels, requests, err := ssh.NewClientConn(line, s.login.address, &ssh.ClientConfig{
		User: s.login.user, Auth: proof, HostKeyAlgorithms: trust.algorithms(s.login.address, line.RemoteAddr()),
		HostKeyCallback: func(address string, remote net.Addr, key ssh.PublicKey) error {
			refused = trust.judge(s, address, remote, key)
			return refused
		},
	})
	if err != nil {
		_ = line.Close() // the fault is what matters
		return nil, s.notIn(err, refused)
	}
	client := ssh.NewClient(shell, channels, requests)
	files, err := sftp.NewClient(client)
	if err != nil {
		_ = client.Close() // the fault is what matters
		return nil, s.fault(fault.Unreachable, "%s lets %s in, and has no SFTP: %w", s.login.address, s.login.user, err).
			WithHint("ask who runs the server to switch it on")
	}
	return &connection{files: files, shell: client}, nil
}

// proof is what the login shows.
func (s settings) proof() ([]ssh.AuthMethod, error) {
	l := s.login
	if l.password != "" {
		// Some servers ask the same by a dialogue.
		answer := func(_, _ string, questions []string, _ []bool) ([]string, error) {
			answers := make([]string, len(questions))
			for i := range answers {
				answers[i] = l.password
			}
			return answers, nil
		}
		return []ssh.AuthMethod{ssh.Password(l.password), ssh.KeyboardInteractive(answer)}, nil
	}
	text, where := []byte(l.key), "key"
	if l.keyFile != "" {
		var err error
		where = "key_file"
		if text, err = os.ReadFile(l.keyFile); err != nil {
			return nil, s.fault(fault.Denied, "the private key cannot be read: %w", err).WithHint("check key_file:, and who may read it")
		}
	}
	signer, err := ssh.ParsePrivateKey(text)
	if missing := (*ssh.PassphraseMissingError)(nil); errors.As(err, &missing) && l.passphrase != "" {
		signer, err = ssh.ParsePrivateKeyWithPassphrase(text, []byte(l.passphrase))
	}
	if err != nil {
		// Its words may repeat the key.
		hint := "write it as OpenSSH does, all lines of it"
		if missing := (*ssh.PassphraseMissingError)(nil); errors.As(err, &missing) {
			hint = "say passphrase: ${NAME}, which opens it"
		} else if l.passphrase != "" {
			hint = "check passphrase:"
		}
		return nil, s.fault(fault.Denied, "%s: is no private key that can be opened", where).WithHint("%s", hint)
	}
	return []ssh.AuthMethod{ssh.PublicKeys(signer)}, nil
}

// trust is the keys of servers that are known.
type trust struct {
	file  string
	known ssh.HostKeyCallback
}

func (s settings) trusted() (trust, error) {
	var files []string
	if _, err := os.Stat(s.login.knownHosts); err == nil {
		files = append(files, s.login.knownHosts)
	}
	known, err := knownhosts.New(files...)
	if err != nil {
		return trust{}, s.fault(fault.Invalid, "%s: %w", s.login.knownHosts, err).WithHint("mend the line; each is a host, a kind of key and a key")
	}
	return trust{s.login.knownHosts, known}, nil
}

// nobody is a key no server has, to learn which ones are known.
type nobody struct{}

func (nobody) Type() string                        { return "nobody" }
func (nobody) Marshal() []byte                     { return []byte("nobody") }
func (nobody) Verify([]byte, *ssh.Signature) error { return errors.New("nobody signs") }

// algorithms are those of the keys known of a server, so that it shows one of
// them; none when nothing is known of it.
func (t trust) algorithms(address string, remote net.Addr) []string {
	var unknown *knownhosts.KeyError
	if err := t.known(address, remote, nobody{}); err == nil || !errors.As(err, &unknown) {
		return nil
	}
	var out []string
	for _, known := range unknown.Want {
		if kind := known.Key.Type(); kind == ssh.KeyAlgoRSA {
			out = append(out, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		} else {
			out = append(out, kind)
		}
	}
	return out
}

// judge refuses a server whose key is not the one that is known.
func (t trust) judge(s settings, address string, remote net.Addr, key ssh.PublicKey) error {
	err := t.known(address, remote, key)
	var wrong *knownhosts.KeyError
	var revoked *knownhosts.RevokedError
	print := ssh.FingerprintSHA256(key)
	line := knownhosts.Line([]string{knownhosts.Normalize(address)}, key)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &revoked):
		return s.fault(fault.Denied, "the key of %s, %s, was revoked in %s", address, print, t.file).
			WithHint("do not connect; ask who runs the server for its new key")
	case errors.As(err, &wrong) && len(wrong.Want) > 0:
		return s.fault(fault.Denied, "%s shows the key %s, and %s knows another for it, in line %d", address, print, t.file, wrong.Want[0].Line).
			WithHint("somebody may stand between: ask who runs the server whether its key changed; if so, replace the line with: %s", line)
	}
	return s.fault(fault.Denied, "%s is not known; its key is %s", address, print).
		WithHint("ask who runs the server whether that is its key; if so, add this line to %s: %s", t.file, line)
}

// fault is a fault at the place the server is named.
func (s settings) fault(kind fault.Kind, format string, args ...any) *fault.Error {
	return fault.At(s.host.Where, kind, format, args...)
}

// unreached tells why there is no connection.
func (s settings) unreached(err error) error {
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return fault.New(fault.Interrupted, "stopped while connecting to %s", s.login.address)
	case errors.As(err, &dns):
		return s.fault(fault.Unreachable, "there is no host %s", dns.Name).WithHint("check host:, and that the name is known where Larder runs")
	case errors.Is(err, context.DeadlineExceeded):
		return s.fault(fault.Unreachable, "%s does not answer within %s", s.login.address, greeting).
			WithHint("check host: and its port, and that this machine's address is let through")
	}
	return s.fault(fault.Unreachable, "%s does not answer: %w", s.login.address, innermost(err)).
		WithHint("check host: and its port, that the server runs, and that it may be reached from here")
}

// notIn tells why a login did not work.
func (s settings) notIn(err, refused error) error {
	switch text := err.Error(); {
	case refused != nil:
		return refused
	case strings.Contains(text, "unable to authenticate"):
		with := "password"
		if s.login.password == "" {
			with = "key"
		}
		return s.fault(fault.Denied, "%s does not let %s in with this %s", s.login.address, s.login.user, with).
			WithHint("check user: and the variable %s: names; a new key must be entered at the server first", with)
	case errors.Is(err, context.Canceled), errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF), strings.Contains(text, "EOF"),
		strings.Contains(text, "closed network connection"), strings.Contains(text, "reset by peer"):
		return s.fault(fault.Unreachable, "%s hung up before it let anybody in", s.login.address).
			WithHint("check that host: and its port are those of SSH, and that this machine's address is let through; it may also have no time: run again")
	}
	return s.fault(fault.Unreachable, "no SSH with %s: %s", s.login.address, strings.TrimPrefix(err.Error(), "ssh: ")).
		WithHint("check that host: and its port are those of SSH")
}

func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
