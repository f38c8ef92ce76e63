// Package sftp brings files of a server that is reached by SSH, as partners and
// banks have them.
package sftp

import (
	"net"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/project"
)

// Source is what a source of kind sftp says beside what every source says.
type Source struct {
	Host       project.Placed[string]        `yaml:"host" jsonschema:"required" jsonschema_description:"The server, with its port when that is not 22"`
	User       project.Placed[string]        `yaml:"user" jsonschema:"required" jsonschema_description:"Whom to log in as"`
	Path       project.Placed[string]        `yaml:"path" jsonschema_description:"The folder its files lie in; relative to where the login leads, and that when not given"`
	Password   project.Placed[string]        `yaml:"password" jsonschema_description:"Such as ${DROP_PASSWORD}"`
	Key        project.Placed[string]        `yaml:"key" jsonschema_description:"Or a private key itself, such as ${DROP_KEY}"`
	KeyFile    project.Placed[string]        `yaml:"key_file" jsonschema_description:"Or the file a private key is in, outside of the project, such as ~/.ssh/id_ed25519"`
	Passphrase project.Placed[string]        `yaml:"passphrase" jsonschema_description:"What opens the private key, such as ${DROP_PASSPHRASE}"`
	KnownHosts project.Placed[string]        `yaml:"known_hosts" jsonschema_description:"The file with the keys of servers that are trusted; ~/.ssh/known_hosts when not given"`
	Settle     project.Placed[time.Duration] `yaml:"settle" jsonschema_description:"How long a fresh file is watched before it is taken, such as 10 seconds; 2 seconds when not given"`
}

// Table is what a table of such a source says.
type Table struct {
	Files   project.Placed[[]string] `yaml:"files" jsonschema:"required" jsonschema_description:"Globs below path, ** crosses folders; a single one may stand alone"`
	MaxSize project.Placed[string]   `yaml:"max_size" jsonschema_description:"How large a file may be; 10 GB when not given"`
	format.Settings
}

// settings are a table's settings, decoded.
type settings struct {
	Table
	login   login
	host    project.Placed[string]
	root    string
	maxSize int64
	settle  time.Duration
}

// login is who goes where, with what.
type login struct {
	address, user, password, key, keyFile, passphrase, knownHosts string
}

const (
	defaultPort    = "22"
	defaultMaxSize = 10_000_000_000
	defaultSettle  = 2 * time.Second
)

func (r *Reader) decode(t ingest.Table) (settings, error) {
	var s settings
	var source Source
	faults := t.Source.Decode(&source)
	faults = append(faults, t.Source.DecodeTable(t.SourceTable, &s.Table)...)
	if len(faults) > 0 {
		return s, faults.Err()
	}
	s.host, s.maxSize, s.settle = source.Host, defaultMaxSize, defaultSettle
	if source.Settle.Given() {
		s.settle = source.Settle.Value
	}
	for i, glob := range s.Files.Value {
		if goesUp(glob) {
			faults.Add(s.Files.Fault("files: %s leaves the folder", glob).WithHint("globs go below path:, without .."))
		}
		s.Files.Value[i] = strings.TrimPrefix(path.Clean("/"+glob), "/")
	}
	if s.MaxSize.Given() {
		size, ok := project.ParseSize(s.MaxSize.Value)
		if s.maxSize = size; !ok {
			faults.Add(s.MaxSize.Fault("max_size is a size, not %q", s.MaxSize.Value).WithHint("such as 500 MB or 2 GB"))
		}
	}
	if s.root = "."; source.Path.Value != "" {
		s.root = path.Clean(source.Path.Value)
	}
	s.login = login{
		address: address(source.Host.Value), user: source.User.Value, password: source.Password.Value, key: source.Key.Value,
		passphrase: source.Passphrase.Value, keyFile: r.file(source.KeyFile.Value), knownHosts: r.file(source.KnownHosts.Value),
	}
	if !source.KnownHosts.Given() {
		s.login.knownHosts = r.file("~/.ssh/known_hosts")
	}
	faults = append(faults, r.secrets(source, s.login)...)
	return s, faults.Err()
}

// secrets finds secrets that stand in the project, and logins that have none or
// two.
func (r *Reader) secrets(s Source, l login) fault.List {
	var faults fault.List
	for _, secret := range []struct {
		name string
		is   project.Placed[string]
	}{{"password", s.Password}, {"key", s.Key}, {"passphrase", s.Passphrase}} {
		if f := project.Committed(secret.name, secret.is); f != nil {
			faults = append(faults, f)
		}
	}
	ways := 0
	for _, way := range []project.Placed[string]{s.Password, s.Key, s.KeyFile} {
		if way.Given() {
			ways++
		}
	}
	switch {
	case ways != 1:
		faults.Add(fault.At(s.Host.Where, fault.Invalid, "a login has a password, a key or a key_file, one of them").
			WithHint("password: ${NAME}, key: ${NAME}, or key_file: a path outside of the project"))
	case s.Passphrase.Given() && s.Password.Given():
		faults.Add(s.Passphrase.Fault("a passphrase opens a private key, and there is none").WithHint("take it out, or say key: or key_file:"))
	case s.KeyFile.Given() && within(r.root, l.keyFile):
		faults.Add(s.KeyFile.Fault("the private key lies in the project, which is committed").WithHint("move it elsewhere, such as to ~/.ssh, and make a new key if it was ever committed"))
	}
	return faults
}

// file is a path of the user's, as this machine knows it.
func (r *Reader) file(written string) string {
	if written == "" {
		return ""
	}
	if below, ok := strings.CutPrefix(written, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, below)
		}
	}
	if filepath.IsAbs(written) {
		return filepath.Clean(written)
	}
	return filepath.Join(r.root, filepath.FromSlash(written))
}

func within(root, file string) bool {
	rest, err := filepath.Rel(root, file)
	return err == nil && rest != ".." && !strings.HasPrefix(rest, ".."+string(filepath.Separator))
}

// address adds the port when it is not said.
func address(host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), defaultPort)
}

// goesUp reports whether a name leads above the folder it is in.
func goesUp(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return true
		}
	}
	return strings.ContainsRune(name, 0)
}
