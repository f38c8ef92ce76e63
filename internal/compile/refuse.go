package compile

import (
	"context"
	"slices"
	"strings"
)

// otherEachTime are functions whose result depends on when, where or by whom
// they are called. A test holds the list against the engine's own catalog.
var otherEachTime = map[string]string{
	"now": now, "today": now, "current_date": now, "current_time": now, "current_timestamp": now,
	"get_current_time": now, "get_current_timestamp": now, "transaction_timestamp": now,
	"localtime": now, "localtimestamp": now, "current_localtime": now, "current_localtimestamp": now,
	"random": chance, "setseed": chance, "uuid": chance, "uuidv4": chance, "uuidv7": chance, "gen_random_uuid": chance,
	"nextval": count, "currval": count,
	"getvariable": setting, "current_setting": setting, "getenv": setting,
	"current_database": ofSession, "current_schema": ofSession, "current_schemas": ofSession, "current_catalog": ofSession,
	"current_query": ofSession, "current_query_id": ofSession, "current_connection_id": ofSession,
	"current_transaction_id": ofSession, "txid_current": ofSession, "in_search_path": ofSession,
	"current_user": ofSession, "session_user": ofSession, "user": ofSession, "version": ofSession, "pg_postmaster_start_time": ofSession,
	"pg_conf_load_time": ofSession, "stats": ofSession, "write_log": ofSession, "sleep_ms": ofSession,
	"query": dynamic, "query_table": dynamic,
}

const (
	now       = "use $now, the run's as-of time; its day is ($now)::date"
	chance    = "derive it from a column, e.g. hash(id) or md5(id::varchar)"
	count     = "number rows with row_number() over (order by ...)"
	setting   = "declare a variable under vars: in larder.yml and write $name"
	ofSession = "a model may depend on its inputs only"
	dynamic   = "write the dataset's name where it is read"
)

// files are functions that read what is no dataset. They fail without access
// to files anyway; this says it better, with the place.
var files = []string{
	"read_csv", "read_csv_auto", "read_parquet", "parquet_scan", "read_json", "read_json_auto", "read_ndjson",
	"read_ndjson_auto", "read_json_objects", "read_json_objects_auto", "read_ndjson_objects", "read_text", "read_blob",
	"sniff_csv", "glob", "parquet_metadata", "parquet_schema", "parquet_file_metadata", "parquet_kv_metadata", "arrow_scan",
}

// refusedCalls returns the calls of functions that no model may use, as far as
// the text shows them. A name in the text is only a suspicion: the engine's
// syntax tree decides whether it is a call.
func (s *statement) refusedCalls(ctx context.Context, session *session) ([]problem, error) {
	var suspects []problem
	for i, t := range s.tokens {
		name, ok := t.identifier()
		if !ok || i+1 >= len(s.tokens) || !s.tokens[i+1].is("(") {
			continue
		}
		name = strings.ToLower(name)
		if hint, ok := otherEachTime[name]; ok {
			suspects = append(suspects, otherwise(t.at, name, hint))
		} else if slices.Contains(files, name) {
			suspects = append(suspects, notADataset(t.at, name))
		}
	}
	if len(suspects) == 0 {
		return nil, nil
	}
	tree, err := session.serialize(ctx, session.syntax, s.text)
	if err != nil || tree.get("error").yes() {
		return nil, err // binding tells what is wrong with the syntax
	}
	calls := map[string]bool{}
	for i := range session.doc.nodes {
		if v := (value{&session.doc, int32(i)}); v.key() == "function_name" {
			calls[strings.ToLower(v.text())] = true
		}
	}
	return slices.DeleteFunc(suspects, func(p problem) bool { return !calls[p.name] && !calls["get_"+p.name] }), nil
}

func otherwise(at int, name, hint string) problem {
	written := strings.TrimPrefix(name, "get_") // CURRENT_DATE and its kin are called get_current_date in a plan
	if hint == dynamic {
		return problem{at, name, written + " reads what the text does not name, so it cannot be known beforehand", hint}
	}
	return problem{at, written, written + " gives another answer each time, so the same inputs would not give the same rows", hint}
}

// refuseCalls looks for functions in a bound plan that no model may use, also
// those that are written without parentheses or stand inside a macro.
func (w *walker) refuseCalls(name string, arguments, at int) {
	switch hint, ok := otherEachTime[name]; {
	case ok:
		w.refuse(otherwise(at, strings.Clone(name), hint))
	case name == "age" && arguments == 1:
		w.refuse(ageOfToday(at))
	}
}

func ageOfToday(at int) problem {
	return otherwise(at, "age", "age(x) counts from today; write age($now, x)")
}
