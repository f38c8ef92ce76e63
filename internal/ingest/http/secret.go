package http

import (
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
)

// text is a setting's value that may be a secret: what came from the
// environment is never shown, and where only a secret makes sense it must.
type text struct {
	value string
	wrote string // as it stands in the file, before variables are replaced
	where fault.Place
}

// DecodeNode reads a single value.
func (t *text) DecodeNode(file *project.File, node ast.Node) fault.List {
	t.where, t.wrote = file.At(node), node.GetToken().Value
	switch n := node.(type) {
	case *ast.StringNode:
		t.value = n.Value
	case *ast.LiteralNode:
		t.value, t.wrote = n.Value.Value, n.Value.GetToken().Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		t.value = n.GetToken().Value
	default:
		return fault.List{fault.At(t.where, fault.Invalid, "want a single value")}
	}
	return nil
}

func (t text) given() bool { return !t.where.IsZero() }

// secret reports whether the value came from outside the file.
func (t text) secret() bool { return strings.Contains(t.wrote, "${") && t.wrote != t.value }

// committed is the fault of a secret that stands in the file, nil when it does
// not. A service on this machine needs no secrecy: examples have one.
func (t text) committed(what string, local bool) *fault.Error {
	if !t.given() || t.value == "" || local {
		return nil
	}
	rest := t.wrote
	for {
		start := strings.Index(rest, "${")
		if start < 0 {
			break
		}
		end := strings.IndexByte(rest[start:], '}')
		if end < 0 || strings.Contains(rest[start:start+end], ":-") {
			break
		}
		if rest = rest[:start] + rest[start+end+1:]; strings.Trim(rest, " ") == "" || strings.EqualFold(strings.Trim(rest, " "), "bearer") {
			return nil
		}
	}
	where := t.where
	where.Text = "" // it would show the secret
	return fault.At(where, fault.Invalid, "%s holds a secret, and this file is committed", what).
		WithHint("write ${NAME} and set it in the environment; then change the secret")
}

// telltale reports whether the name of a header or parameter tells that its
// value is a secret.
func telltale(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"authorization", "token", "secret", "password", "api-key", "apikey", "api_key", "cookie"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
