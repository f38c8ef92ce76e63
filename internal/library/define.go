package library

import (
	"fmt"
	"strings"
)

// body is the function's text for an engine.
func (f Function) body(engine string) string {
	switch {
	case engine == DuckDB && f.duckdb != "":
		return f.duckdb
	case engine == Postgres && f.postgres != "":
		return f.postgres
	case engine == Postgres:
		return strings.ReplaceAll(f.both, "//", "/") // between whole numbers, PostgreSQL's / is DuckDB's //
	}
	return f.both
}

func (f Function) params(engine string) string {
	var out []string
	for _, p := range f.Params {
		out = append(out, strings.TrimSpace(p.Name+" "+types[p.Type][engine]))
	}
	return strings.Join(out, ", ")
}

// duckdbDefinitions are the macros, one per name: a macro of a name is replaced
// as a whole.
func duckdbDefinitions() []string {
	var names []string
	forms := map[string][]string{}
	for _, f := range all() {
		if forms[f.Name] == nil {
			names = append(names, f.Name)
		}
		forms[f.Name] = append(forms[f.Name], f.macro())
	}
	var out []string
	for _, name := range names {
		out = append(out, "create or replace macro "+Schema+"."+name+" "+strings.Join(forms[name], ",\n"))
	}
	return out
}

// macro is one form of a macro. The result is cast, so that its type does not
// hang on how the body computes it.
func (f Function) macro() string {
	body := f.body(DuckDB)
	switch returns := types[f.Returns][DuckDB]; {
	case f.Form == Rows:
		body = "table " + body
	case returns != "":
		body = "(" + body + ")::" + returns
	}
	return "(" + f.params(DuckDB) + ") as " + body
}

func duckdbStatements() []string {
	out := append([]string{"create schema if not exists " + Schema}, duckdbDefinitions()...)
	return append(out, fmt.Sprintf("create or replace macro %s.library_version() as '%s'", Schema, Version()))
}

// postgresDefinitions are the functions and aggregates. They are replaced in
// place, so that views which use them stay.
func postgresDefinitions() []string {
	out := []string{refuse}
	for _, f := range all() {
		if f.raw {
			out = append(out, strings.Split(f.postgres, "\n;\n")...)
			continue
		}
		out = append(out, fmt.Sprintf("create or replace function %s.%s(%s) returns %s language sql immutable parallel safe\nas $body$ select %s $body$",
			Schema, f.Name, f.params(Postgres), types[f.Returns][Postgres], f.result()))
	}
	return out
}

// result is the body as PostgreSQL's function returns it.
func (f Function) result() string {
	body := f.body(Postgres)
	if returns := types[f.Returns][Postgres]; f.Form == Scalar && f.Returns != "any" {
		return "(" + body + ")::" + returns
	}
	return body
}

// refuse raises an error from inside an expression. What is wrong is an argument
// of the call, or PostgreSQL would raise the error while it plans.
const refuse = `create or replace function larder.refuse(message text, of anyelement) returns numeric language plpgsql immutable parallel safe
as $body$ begin raise exception 'larder: %, not %', message, of using errcode = 'invalid_parameter_value'; end $body$`

func postgresStatements() []string {
	out := append([]string{"create schema if not exists " + Schema}, postgresDefinitions()...)
	return append(out, fmt.Sprintf("create or replace function %s.library_version() returns text language sql immutable parallel safe\nas $body$ select '%s'::text $body$", Schema, Version()))
}
