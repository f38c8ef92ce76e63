package project

import (
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/fault"
)

// passwords are the ways of writing one into the address of a database:
// scheme://user:password@host, and password=... among words.
var passwords = []*regexp.Regexp{
	regexp.MustCompile(`^[a-z][a-z0-9+]*://[^/@\s:]*:([^@\s]+)@`),
	regexp.MustCompile(`(?:^|\s|[?&])password\s*=\s*([^\s&]+)`),
}

// refuseSecrets finds passwords in targets of larder.yml and in sources, which
// are committed: they come from the environment or, a target's, stand in a
// person's own file.
func (l *loader) refuseSecrets(file *File, target ast.Node) {
	hint := "write ${NAME} and set it in the environment; then change the password"
	switch file.Path {
	case localFile:
		return
	case SettingsFile:
		hint = "write ${NAME} and set it in the environment, or write it into " + localFile + "; then change the password"
	}
	for _, pair := range pairsOf(target) {
		text, ok := scalarText(pair.Value)
		if !ok {
			continue
		}
		for _, pattern := range passwords {
			if found := pattern.FindStringSubmatch(text); found != nil && !strings.Contains(found[1], "${") {
				where := file.At(pair.Value)
				where.Text = "" // it would show the password
				l.faults = append(l.faults, fault.At(where, fault.Invalid, "%s holds a password, and this file is committed", keyText(pair.Key)).
					WithHint("%s", hint))
			}
		}
	}
}

// Committed returns the fault of a secret that stands in a committed file: a
// value that does not come from the environment as a whole. It is nil when the
// setting is not given, refers to a variable, or stands in a person's own file.
func Committed(name string, setting Placed[string]) *fault.Error {
	if !setting.Given() || setting.Value == "" || setting.File != nil && setting.File.Path == localFile {
		return nil
	}
	written := setting.Value
	if setting.Node != nil && setting.Node.GetToken() != nil {
		written = setting.Node.GetToken().Value // before variables were replaced
	}
	if referenceOnly.MatchString(strings.TrimSpace(written)) {
		return nil
	}
	where := setting.Where
	where.Text = "" // it would show the secret
	return fault.At(where, fault.Invalid, "%s holds a secret, and this file is committed", name).
		WithHint("write ${NAME} and set it in the environment; then change the secret")
}

// referenceOnly is a value that is nothing but a variable, without a default
// that would be the secret.
var referenceOnly = regexp.MustCompile(`^\$\{[A-Za-z_][A-Za-z0-9_]*(:-)?\}$`)
