package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/library"
	"github.com/larder-data/larder/internal/table"
)

// wrap makes DuckDB say the output names of a query: its plan has them only
// where the query is read from.
const wrapHead, wrapTail = "select * from (\n", "\n)"

// builtIn are the parameters every model has. They are NULL while compiling:
// what a run puts in for them is no part of a model's meaning.
var builtIn = map[string]Param{
	"now":   {Type: table.Type{Kind: table.TimestampTZ}, Null: true},
	"start": {Type: table.Type{Kind: table.TimestampTZ}, Null: true},
	"end":   {Type: table.Type{Kind: table.TimestampTZ}, Null: true},
}

// statement is one SELECT made ready for binding: parameters replaced by typed
// casts, with a way back to the places in the text the user wrote.
type statement struct {
	written  string // what the user wrote
	text     string // what DuckDB binds, without the wrapping
	params   []string
	moments  []string // built-in parameters in the order of their uses: bound as NULL, a plan cannot tell them apart
	patches  []patch
	hopeless bool    // there is nothing to bind
	tokens   []token // of written
	problems []problem
	spell    func(Param) string // how a parameter is written in text
}

// patch says that written[from:to] became longer or shorter text ending at end.
type patch struct{ from, to, start, end int }

// readStatement reads a text of DuckDB's for binding it.
func readStatement(sql string, params map[string]Param) *statement {
	return readAs(sql, library.DuckDB, params, castText)
}

// readAs checks what can be seen of an engine's SQL without binding, and puts
// what spell says in the place of its parameters. Problems are placed by offsets
// into the written text.
func readAs(sql, engine string, params map[string]Param, spell func(Param) string) *statement {
	s := &statement{written: sql, tokens: scanAs(engine, sql), spell: spell}
	last := len(s.tokens)
	for last > 0 && s.tokens[last-1].is(";") {
		last--
	}
	body := s.tokens[:last]
	if len(body) == 0 {
		s.problem(0, "there is no SQL", "write one SELECT")
	}
	if len(body) == 0 || !s.isSelect(body[0]) || !s.isOne(body) {
		s.hopeless = true
		return s
	}
	s.substitute(body, params)
	return s
}

func (s *statement) problem(at int, message, hint string) {
	s.problems = append(s.problems, problem{at: at, message: message, hint: hint})
}

func (s *statement) isSelect(first token) bool {
	switch word := strings.ToLower(first.text); word {
	case "select", "with", "from", "values", "table", "pivot", "unpivot", "(":
		return true
	case "describe", "show", "summarize", "explain":
		s.problem(first.at, word+" tells about tables, it is no SELECT", "a model is one SELECT")
	default:
		s.problem(first.at, fmt.Sprintf("%s is no SELECT", quoted(first.text)), "a model is one SELECT; Larder creates and fills the table itself")
	}
	return false
}

// isOne checks that nothing ends the statement early: a second one, or a
// parenthesis that closes more than was opened.
func (s *statement) isOne(body []token) bool {
	var open []int
	for _, t := range body {
		switch {
		case t.is(";"):
			s.problem(t.at, "there is more than one statement", "a model is one SELECT; move the others to models of their own")
			return false
		case t.is("("):
			open = append(open, t.at)
		case t.is(")") && len(open) == 0:
			s.problem(t.at, "this parenthesis closes nothing", "remove it, or open one before")
			return false
		case t.is(")"):
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		s.problem(open[len(open)-1], "this parenthesis is never closed", "close it with )")
		return false
	}
	return true
}

// substitute replaces parameters. The replaced text is bound, and shows the
// same positions as the written one through patches.
func (s *statement) substitute(body []token, params map[string]Param) {
	var b strings.Builder
	done := 0
	for _, t := range body {
		if t.kind != parameterToken {
			continue
		}
		name, param, ok := s.parameter(t, params)
		b.WriteString(s.written[done:t.at])
		start := b.Len()
		if ok {
			b.WriteString(s.spell(param))
		} else {
			b.WriteString("NULL") // so that the rest can be looked at too
		}
		done = t.end()
		s.patches = append(s.patches, patch{t.at, done, start, b.Len()})
		if _, moment := builtIn[name]; moment {
			s.moments = append(s.moments, name)
		}
		if ok && !slices.Contains(s.params, name) {
			s.params = append(s.params, name)
		}
	}
	slices.Sort(s.params)
	end := body[len(body)-1].end()
	if done == 0 {
		s.text = s.written[:end]
		return
	}
	b.WriteString(s.written[done:end])
	s.text = b.String()
}

// parameter finds what a parameter stands for.
func (s *statement) parameter(t token, params map[string]Param) (string, Param, bool) {
	name := strings.ToLower(strings.TrimPrefix(t.text, "$"))
	if t.text[0] != '$' || name[0] >= '0' && name[0] <= '9' {
		s.problem(t.at, "the parameter "+t.text+" has no name", "write $name; known: "+strings.Join(paramNames(params), ", "))
		return "", Param{}, false
	}
	if known, p, ok := findParam(params, name); ok {
		return known, p, true
	}
	if p, ok := builtIn[name]; ok {
		return name, p, true
	}
	hint := fault.DidYouMean(t.text, paramNames(params))
	if hint == "" {
		hint = "variables are declared under vars: in larder.yml"
	}
	s.problem(t.at, "the parameter "+t.text+" is not known", hint)
	return "", Param{}, false
}

// findParam looks a parameter up, ignoring case as DuckDB does.
func findParam(params map[string]Param, name string) (string, Param, bool) {
	if p, ok := params[name]; ok {
		return name, p, true
	}
	for _, known := range sortedKeys(params) {
		if strings.EqualFold(known, name) {
			return known, params[known], true
		}
	}
	return "", Param{}, false
}

func paramNames(params map[string]Param) []string {
	var out []string
	for _, known := range []map[string]Param{builtIn, params} {
		for _, name := range sortedKeys(known) {
			out = append(out, "$"+name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// wrapped is the text DuckDB binds.
func (s *statement) wrapped() string { return wrapHead + s.text + wrapTail }

// origin turns a byte offset in the wrapped text into one in the written text;
// -1 stays -1.
func (s *statement) origin(at int) int {
	if at < 0 {
		return -1
	}
	at -= len(wrapHead)
	shift := 0
	for _, p := range s.patches {
		switch {
		case at < p.start:
			return max(at+shift, 0)
		case at < p.end:
			return p.from
		}
		shift = p.to - p.end
	}
	return min(max(at+shift, 0), len(s.written))
}

// locate finds a name in the written text: its first use as a function when
// there is one, else its first use at all; -1 when it is not there.
func (s *statement) locate(name string) int {
	found := -1
	for i, t := range s.tokens {
		word, ok := t.identifier()
		if t.kind == symbolToken && t.text == name {
			word, ok = name, true
		}
		if !ok || !strings.EqualFold(word, name) {
			continue
		}
		if i+1 < len(s.tokens) && s.tokens[i+1].is("(") {
			return t.at
		}
		if found < 0 {
			found = t.at
		}
	}
	return found
}

func quoted(text string) string { return `"` + text + `"` }
