package compile

import (
	"slices"
	"strings"
)

// typeWords are type names that PostgreSQL does not know, as written.
var typeWords = map[string]string{
	"double": "double precision", "string": "varchar", "hugeint": "decimal(38,0)", "tinyint": "smallint", "datetime": "timestamp", "int1": "smallint", "int16": "smallint",
	"int32": "integer", "int64": "bigint", "int128": "decimal(38,0)", "long": "bigint", "short": "smallint", "signed": "integer", "logical": "boolean", "blob": "bytea in an override",
}

// reserved are words that PostgreSQL keeps for itself and DuckDB does not.
var reserved = []string{"user", "analyse", "authorization", "binary", "freeze", "verbose", "session_user", "current_role", "tablesample", "concurrently"}

// words looks at what only the text shows: spellings the syntax tree has
// already made one.
func (l *lint) words() {
	tokens := l.st.tokens
	for i, t := range tokens {
		previous, next := neighbour(tokens, i-1), neighbour(tokens, i+1)
		word := strings.ToLower(t.text)
		switch {
		case t.kind == wordToken && isTypePlace(tokens, i):
			l.typeName(word, t.at, next)
		case t.kind == wordToken && slices.Contains(reserved, word) && !next.is("(") && !next.is("'"):
			l.written(t.at, word+" is a word of PostgreSQL's own", "quote it: "+quoted(word)+", or take another name")
		case t.kind == numberToken && strings.Contains(t.text, "_"), t.kind == numberToken && strings.HasPrefix(word, "0x"):
			l.written(t.at, "PostgreSQL 15 reads no number like "+t.text, "plain digits")
		case t.kind == numberToken && strings.ContainsRune(word, 'e'):
			l.writtenDiffers(floatDigits, t.at, "a number with an exponent is a float in DuckDB and numeric in PostgreSQL", "cast it, or write it out")
		case t.is(",") && (next.is(")") || next.kind == wordToken && slices.Contains([]string{"from", "where", "group", "order", "having", "limit"}, strings.ToLower(next.text)) || next.text == "" || next.is("]")):
			l.written(t.at, "a comma behind the last of a list is DuckDB's own", "remove it")
		case t.kind == wordToken && next.is("(") && (word == "if" || word == "ifnull"):
			l.written(t.at, word+" is DuckDB's own", spellings[word])
		case t.kind == wordToken && word == "filter" && next.is("(") && !strings.EqualFold(neighbour(tokens, i+2).text, "where"):
			l.written(t.at, "FILTER without WHERE is DuckDB's own", "filter (where x)")
		case t.kind == wordToken && word == "count" && next.is("(") && neighbour(tokens, i+2).is(")"):
			l.written(t.at, "count() is DuckDB's own", "count(*)")
		case t.kind == quotedToken && t.text != strings.ToLower(t.text):
			l.quotedName(t)
		case t.is("=") && next.is("=") && next.at == t.end() && !previous.is("="):
			l.written(t.at, "== is DuckDB's own", "=")
		case t.is("[") && !(previous.kind == wordToken && strings.EqualFold(previous.text, "array")):
			l.bracket(i)
		case t.is("{"):
			l.written(t.at, "structs in {} are DuckDB's own", "keep the fields as columns")
		case t.is(":") && !next.is(":") && !previous.is(":") && next.at != t.end() && previous.kind != symbolToken:
			l.written(t.at, "a name in front of a colon is DuckDB's own", "x as name")
		}
	}
	l.capitals()
}

func neighbour(tokens []token, i int) token {
	if i < 0 || i >= len(tokens) {
		return token{kind: symbolToken}
	}
	return tokens[i]
}

// written notes what breaks at an offset of the written text.
func (l *lint) written(at int, what, instead string) { l.tell("", at, what, instead) }

func (l *lint) writtenDiffers(rule string, at int, what, instead string) {
	l.tell(rule, at, what, instead)
}

// isTypePlace reports whether a type stands here: behind :: or in cast(x as t).
func isTypePlace(tokens []token, i int) bool {
	if neighbour(tokens, i-1).is(":") && neighbour(tokens, i-2).is(":") {
		return true
	}
	if !strings.EqualFold(neighbour(tokens, i-1).text, "as") {
		return false
	}
	depth := 0
	for j := i - 2; j > 0; j-- {
		switch {
		case tokens[j].is(")"):
			depth++
		case tokens[j].is("(") && depth > 0:
			depth--
		case tokens[j].is("("):
			return strings.EqualFold(tokens[j-1].text, "cast") || strings.EqualFold(tokens[j-1].text, "try_cast")
		}
	}
	return false
}

func (l *lint) typeName(word string, at int, next token) {
	if instead, ok := typeWords[word]; ok && !(word == "double" && strings.EqualFold(next.text, "precision")) {
		l.written(at, "PostgreSQL has no type "+word, instead)
	}
	switch {
	case word == "float" && !next.is("("):
		l.writtenDiffers(floatWidth, at, "float has 4 bytes in DuckDB and 8 in PostgreSQL", "real or double precision")
	case (word == "decimal" || word == "numeric") && !next.is("("):
		l.writtenDiffers(bareDecimal, at, word+" alone has 3 digits behind the point in DuckDB and any number in PostgreSQL", word+"(18,2)")
	case (word == "varchar" || word == "char" || word == "bpchar" || word == "character") && next.is("("), word == "char" || word == "bpchar":
		l.writtenDiffers(textLength, at, "DuckDB ignores the length of a text, PostgreSQL cuts at it", "varchar, and left(x, n)")
	}
}

// quotedName finds a quoted name that is written otherwise elsewhere:
// PostgreSQL tells capitals apart there.
func (l *lint) quotedName(t token) {
	name, _ := t.identifier()
	if l.hasColumn(name) || l.inReference(t) {
		return // what else is called so is looked at by folded
	}
	other := l.columnKind(strings.ToLower(name)) != ""
	for _, o := range l.st.tokens {
		word, ok := o.identifier()
		other = other || ok && strings.EqualFold(word, name) && (o.kind == wordToken || word != name)
	}
	if other {
		l.written(t.at, "PostgreSQL tells capitals apart in quotes: "+t.text+" is another name than "+strings.ToLower(name), "write the name the same everywhere, best in small letters without quotes")
	}
}

// inReference reports whether a token is part of a dataset's name.
func (l *lint) inReference(t token) bool {
	for _, r := range references(l.st.tokens) {
		if _, known := l.upstreams[r.key()]; known && (t.at == r.at || t.at == neighbour(l.st.tokens, l.tokenAt(r.at)+2).at) {
			return true
		}
	}
	return false
}

func (l *lint) hasColumn(name string) bool {
	for _, up := range l.upstreams {
		for _, c := range up.columns {
			if c.Name == name {
				return true
			}
		}
	}
	return false
}

// bracket looks at f(x)[1].
func (l *lint) bracket(i int) {
	tokens := l.st.tokens
	if !neighbour(tokens, i-1).is(")") {
		return
	}
	depth, j := 0, i-1
	for ; j >= 0; j-- {
		if tokens[j].is(")") {
			depth++
		} else if tokens[j].is("(") {
			if depth--; depth == 0 {
				break
			}
		}
	}
	if j > 0 && tokens[j-1].kind == wordToken {
		l.written(tokens[i].at, "PostgreSQL wants brackets around a call before [", "("+tokens[j-1].text+"(...))[1]")
	}
}

// capitals finds names of the result that PostgreSQL would fold to small letters.
func (l *lint) capitals() {
	for _, c := range l.columns {
		if c.Name == strings.ToLower(c.Name) {
			continue
		}
		for i, t := range l.st.tokens {
			if _, told := l.columnWith(i); t.kind == wordToken && t.text == c.Name && !told {
				l.written(t.at, "PostgreSQL makes small letters of the column's name "+c.Name, "write it small, or quote it: as "+quoted(c.Name))
				break
			}
		}
	}
}
