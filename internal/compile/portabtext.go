package compile

import (
	"strings"

	"github.com/larder-data/larder/internal/table"
)

// languageOrder is what differs about a text that has no column's collation.
const languageOrder = "a text that comes of no text column goes by bytes in DuckDB, in PostgreSQL by the database's language"

// coded reports whether PostgreSQL compares a text by its code points, as DuckDB
// does: every column of text that Larder makes has a collation that does, and an
// expression has that of the columns in it.
func (l *lint) coded(v value) bool {
	switch v.get("class").text() {
	case "COLUMN_REF":
		return l.codedColumn(v)
	case "COLLATE":
		return true
	case "SUBQUERY":
		first := v.get("subquery").get("node").get("select_list").first()
		return first.ok() && l.coded(first)
	}
	if kind := l.kindOf(v); v.get("class").ok() && kind != "" && !isText(kind) {
		return false // its own collation, if any, ends here
	}
	for c := v.first(); c.ok(); c = c.next() {
		if (c.kind() == objectNode || c.kind() == arrayNode) && l.coded(c) {
			return true
		}
	}
	return false
}

// codedColumn looks a column up among the names the text gives and those of what
// it reads.
func (l *lint) codedColumn(v value) bool {
	name := ""
	for c := v.get("column_names").first(); c.ok(); c = c.next() {
		name = strings.ToLower(c.text())
	}
	if coded, given := l.codedNames[name]; given {
		return coded
	}
	for _, up := range l.upstreams {
		if c, ok := table.Find(up.columns, name); ok && c.Type.Kind == table.Varchar {
			return true
		}
	}
	return false
}

// given is an expression with the name that a select list gives it.
type given struct {
	name string
	of   value
}

// codes finds out which names given in select lists are coded. One that is given
// several times has to be so each time; names are made of names, so that what is
// found out about one is used until nothing changes.
func (l *lint) codes(tree *document) {
	var all []given
	l.codedNames = map[string]bool{}
	for i := range tree.nodes {
		list := value{tree, int32(i)}
		if list.key() != "select_list" {
			continue
		}
		for c := list.first(); c.ok(); c = c.next() {
			if alias := c.get("alias").text(); alias != "" {
				all = append(all, given{strings.ToLower(strings.Clone(alias)), c})
				l.codedNames[all[len(all)-1].name] = true
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, g := range all {
			if l.codedNames[g.name] && !l.coded(g.of) {
				l.codedNames[g.name], changed = false, true
			}
		}
	}
}

// ofText are calls that order texts.
func ofText(l *lint, u use) {
	if isText(u.kind(0)) && !l.coded(u.v.get("children")) {
		l.differs(textOrder, u.at, languageOrder, u.call.name+`(x collate "C")`)
	}
	if u.kind(0) == "BOOLEAN" && u.call.name != "greatest" && u.call.name != "least" {
		l.breaks(u.at, "PostgreSQL has no "+u.call.name+" of booleans", "bool_or(x), bool_and(x)")
	}
}

// ofLetters are calls that know small and large letters.
func ofLetters(l *lint, u use) {
	switch {
	case !l.coded(u.v.get("children")):
		l.differs(letters, u.at, u.call.name+" of letters beyond ASCII hangs on PostgreSQL's locale where the text comes of no column", "larder."+u.call.name+"_text(x)")
	case u.call.name == "upper":
		l.differs(letters, u.at, "upper makes ẞ of ß in DuckDB and leaves it in PostgreSQL", "larder.upper_text(x)")
	}
}

func ofCase(l *lint, u use) {
	if !l.coded(u.v.get("children")) {
		l.differs(letters, u.at, "ILIKE of letters beyond ASCII hangs on PostgreSQL's locale where the text comes of no column", "larder.lower_text(x) like 'a%'")
	}
}
