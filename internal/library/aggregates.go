package library

import "strings"

func aggregates() []Function {
	out := []Function{
		{
			Name: "median", Form: Aggregate, Returns: "decimal", Params: []Param{{"x", "decimal"}},
			duckdb: "(quantile_disc(x, 0.5) - quantile_disc(-x, 0.5)) * 0.5", postgres: medianPg, raw: true,
			Doc:     "The exact median: the middle value, or the mean of the two in the middle. NULLs do not count; NULL when nothing does.",
			Example: "(select larder.median(x) from (values (1.0), (2.0), (4.0), (9.0)) as t(x))", Gives: "3.0000000000",
		},
		{
			Name: "percentile", Form: Aggregate, Returns: "decimal", Params: []Param{{"x", "decimal"}, {"share", "decimal"}},
			duckdb: "case when share between 0 and 1 then list_sort(list(x) filter (where x is not null))[greatest(1, ceil(share * count(x))::bigint)] end", postgres: percentilePg, raw: true,
			Doc:     "The smallest value that at least this share (a constant, 0 to 1) of the values does not exceed: the nearest rank, always one of the values. NULLs do not count.",
			Example: "(select larder.percentile(x, 0.9) from (values (1.0), (2.0), (4.0), (9.0)) as t(x))", Gives: "9.0000000000",
		},
	}
	for _, by := range []string{"date", "timestamp", "timestamptz", "decimal"} {
		out = append(out, by1("first_by", by, "<"), by1("last_by", by, ">"))
	}
	return grouped("Aggregates", "any", out)
}

// by1 is one form of first_by or last_by.
func by1(name, by, before string) Function {
	f := Function{
		Name: name, Form: Aggregate, Returns: "any", Params: []Param{{"value", "any"}, {"sort_key", by}}, raw: true,
		duckdb: map[string]string{"<": "arg_min(value, case when sort_key is not null then row(sort_key, value) end)", ">": "arg_max(value, case when sort_key is not null then row(sort_key, value) end)"}[before],
		Doc: map[string]string{
			"<": "The value of the row with the smallest `sort_key`. Rows in which either is NULL do not count; of rows with the same `sort_key` the smallest value, so that the answer is always the same.",
			">": "The value of the row with the greatest `sort_key`. Rows in which either is NULL do not count; of rows with the same `sort_key` the greatest value, so that the answer is always the same.",
		}[before],
		Example: "(select larder." + name + "(v, d) from (values ('a', date '2024-01-02'), ('b', date '2024-01-01')) as t(v, d))",
		Gives:   map[string]string{"<": "b", ">": "a"}[before],
	}
	if by != "date" {
		f.Example = ""
	}
	f.postgres = strings.NewReplacer("NAME", name, "TYPE", types[by][Postgres], "BEFORE", before).Replace(byPg)
	return f
}

const medianPg = `create or replace function larder.median_of(numeric[]) returns numeric language sql immutable parallel safe
as $body$ select round((min(x) + max(x)) * 0.5, 10)::numeric(27,10) from (
	select x, row_number() over (order by x) as i, count(*) over () as n from unnest($1) as x where x is not null) as s
	where i in ((n + 1) / 2, n / 2 + 1) $body$
;
create or replace function larder.kept(numeric[], numeric) returns numeric[] language sql immutable parallel safe
as $body$ select array_append($1, $2::numeric(27,10)) $body$
;
create or replace aggregate larder.median(numeric) (sfunc = larder.kept, stype = numeric[], finalfunc = larder.median_of, parallel = safe)`

const percentilePg = `create or replace function larder.percentile_of(numeric[], numeric, numeric) returns numeric language sql immutable parallel safe
as $body$ select x::numeric(27,10) from (select x, row_number() over (order by x) as i, count(*) over () as n from unnest($1[2:]) as x where x is not null) as s
	where i = greatest(1, ceil($1[1] * n)) and $1[1] between 0 and 1 $body$
;
create or replace function larder.kept_share(numeric[], numeric, numeric) returns numeric[] language sql immutable parallel safe
as $body$ select array_append(coalesce($1, array[$3]), $2::numeric(27,10)) $body$
;
create or replace aggregate larder.percentile(numeric, numeric) (sfunc = larder.kept_share, stype = numeric[], finalfunc = larder.percentile_of, finalfunc_extra, parallel = safe)`

// byPg keeps the time and value of the best row so far as texts that read back
// exactly. Texts are compared byte by byte, as DuckDB does.
const byPg = `create or replace function larder.NAME_state(kept text[], value anyelement, at TYPE) returns text[] language plpgsql stable parallel safe
as $body$
declare
	old value%type;
begin
	if value is null or at is null then return kept; end if;
	if kept is null or at BEFORE kept[1]::TYPE then return array[at::text, value::text]; end if;
	if at <> kept[1]::TYPE then return kept; end if;
	old := kept[2];
	if pg_typeof(value) in ('text'::regtype, 'varchar'::regtype) then
		if value::text collate "C" BEFORE kept[2] collate "C" then return array[at::text, value::text]; end if;
	elsif value BEFORE old then
		return array[at::text, value::text];
	end if;
	return kept;
end $body$
;
create or replace function larder.NAME_value(kept text[], value anyelement, at TYPE) returns anyelement language plpgsql stable parallel safe
as $body$
declare
	found value%type;
begin
	found := kept[2];
	return found;
end $body$
;
create or replace aggregate larder.NAME(anyelement, TYPE) (sfunc = larder.NAME_state, stype = text[], finalfunc = larder.NAME_value, finalfunc_extra, parallel = safe)`
