package compile

import (
	"slices"
	"strings"
)

// otherEachTimeToo are functions of other engines beside those of otherEachTime.
var otherEachTimeToo = map[string]string{
	"clock_timestamp": now, "statement_timestamp": now, "timeofday": now,
	"uuid_generate_v1": chance, "uuid_generate_v4": chance, "random_normal": chance, "lastval": count,
	"pg_backend_pid": ofSession, "inet_client_addr": ofSession, "pg_sleep": ofSession, "current_role": ofSession,
	"query_to_xml": dynamic, "table_to_xml": dynamic,
}

// withoutBrackets are those that are called by their bare name.
var withoutBrackets = []string{
	"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp",
	"current_user", "session_user", "current_role", "user", "current_catalog", "current_schema",
}

// outside are functions of other engines that read what is no dataset.
var outside = []string{"pg_read_file", "pg_read_binary_file", "pg_ls_dir", "pg_stat_file", "lo_get", "dblink"}

// writing begins a query that changes something.
var writing = []string{"insert", "update", "delete", "merge"}

// refuseWords finds, in a text that is not bound, what no model may use.
func (f *foreign) refuseWords() {
	for i, t := range f.tokens {
		before, behind := neighbour(f.tokens, i-1), neighbour(f.tokens, i+1)
		name, ok := t.identifier()
		if !ok {
			continue
		}
		name = strings.ToLower(name)
		hint := otherEachTime[name]
		if hint == "" {
			hint = otherEachTimeToo[name]
		}
		bare := t.kind == wordToken && slices.Contains(withoutBrackets, name) && !before.is(".") && !behind.is(".") && !isWord(before, "as")
		switch {
		case hint != "" && (bare || behind.is("(")):
			f.problems = append(f.problems, otherwise(t.at, name, hint))
		case behind.is("(") && slices.Contains(outside, name):
			f.problems = append(f.problems, notADataset(t.at, name))
		case behind.is("(") && name == "age" && f.arguments(i+1) == 1:
			f.problems = append(f.problems, ageOfToday(t.at))
		case before.is("(") && isWord(t, writing...) && !behind.is("(") && !behind.is(",") && !behind.is(")"):
			f.problem(t.at, name+" changes data, and a model only reads", "a model is one SELECT")
		}
	}
}

// arguments counts what stands between an opening bracket and its closing one.
func (f *foreign) arguments(open int) int {
	depth, commas := 0, 0
	for i, t := range f.tokens[open:] {
		switch {
		case t.is("("), t.is("["):
			depth++
		case t.is(")"), t.is("]"):
			if depth--; depth == 0 && i == 1 {
				return 0
			} else if depth == 0 {
				return commas + 1
			}
		case t.is(",") && depth == 1:
			commas++
		}
	}
	return commas + 1
}
