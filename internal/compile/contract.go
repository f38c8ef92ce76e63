package compile

import (
	"fmt"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/library"
	"github.com/larder-data/larder/internal/table"
)

// Described reports whether the target's engine has to say what the SQL returns:
// it is written for that engine, and the Node's columns are its contract.
func (n *Node) Described() bool { return n.Dialect != "" }

// Hold holds what the engine says the SQL returns against the contract: the same
// columns in the same order, of the same names and types. The error is Invalid
// and lists every difference. A type the engine lacks is the one it has instead.
func (n *Node) Hold(described []table.Column) error {
	var differences []string
	note := func(format string, args ...any) { differences = append(differences, fmt.Sprintf(format, args...)) }
	for i := range max(len(n.Columns), len(described)) {
		switch {
		case i >= len(described):
			note("the column %s is missing", n.Columns[i].Name)
		case i >= len(n.Columns):
			note("the column %s is one too many", described[i].Name)
		case described[i].Name != n.Columns[i].Name:
			note("column %d is %s, not %s", i+1, described[i].Name, n.Columns[i].Name)
		case !n.sameOnEngine(n.Columns[i].Type, described[i].Type):
			note("%s is %s, not %s", n.Columns[i].Name, got(described[i].Type), n.spelled(n.Columns[i].Type))
		}
	}
	if len(differences) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "the SQL for %s returns something else than %s promises: %s",
		engineTitle(n.Dialect), n.Dataset, strings.Join(differences, "; ")).
		WithHint("name, order and cast its columns as the contract has them")
}

// got is a type as the engine has it: a decimal without a size says so.
func got(t table.Type) string {
	if t.Kind == table.Decimal && t.Spelling != "" {
		return t.Spelling + " without a size"
	}
	return t.String()
}

// spelled is a type as a person writes it for the engine.
func (n *Node) spelled(t table.Type) string {
	if of, ok := spellingFor(n.Dialect, t); ok {
		return of
	}
	return t.String()
}

// sameOnEngine reports whether an engine's type is what a promised one is there.
func (n *Node) sameOnEngine(promised, got table.Type) bool {
	if sameType(promised, got) {
		return true
	}
	if promised.Kind == table.Nested && got.Kind == table.Nested {
		a, isList := elementOf(promised)
		b, both := elementOf(got)
		return isList && both && n.sameOnEngine(a, b)
	}
	of, other := postgresTypes[promised.Kind]
	if n.Dialect != library.Postgres || !other || of == "" {
		return false
	}
	there, err := table.ParseType(of)
	return err == nil && there == got
}

// elementOf is the type of a list's values.
func elementOf(t table.Type) (table.Type, bool) {
	element, isList := strings.CutSuffix(t.Spelling, "[]")
	if !isList {
		return table.Type{}, false
	}
	of, err := table.ParseType(element)
	return of, err == nil
}
