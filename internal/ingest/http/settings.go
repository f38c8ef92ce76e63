// Package http asks services on the web for records: JSON, JSON lines, CSV or
// XML, in pages, since a position, by windows of time, or as reports that are
// made first and fetched later.
//
// It brings complete answers to local disk, one record a line, or asks again;
// what a repeated or corrected answer means is the lake's business, how its
// records become columns format's.
package http

import (
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/project"
)

// Source is what a source of kind http says beside what every source says.
type Source struct {
	URL      project.Placed[string]        `yaml:"url" jsonschema:"required" jsonschema_description:"Where the service is, such as https://api.example.com/v2; paths of tables are below it"`
	Auth     *Auth                         `yaml:"auth" jsonschema_description:"How it is told who asks: one of bearer, basic, key, oauth2"`
	Headers  project.Map[text]             `yaml:"headers" jsonschema_description:"Headers of every request, by name"`
	Rate     project.Placed[string]        `yaml:"rate" jsonschema_description:"How often it may be asked, such as 2 per second or 100 per minute; no limit when not given"`
	Timeout  project.Placed[time.Duration] `yaml:"timeout" jsonschema_description:"How long to wait for the next byte of an answer; 1 minute when not given"`
	Attempts project.Placed[int]           `yaml:"attempts" jsonschema:"minimum=1" jsonschema_description:"How often a request is made that fails for a passing reason; 5 when not given"`
	MaxSize  project.Placed[string]        `yaml:"max_size" jsonschema_description:"How large the answers for one load may be together, unpacked; 2 GB when not given"`
	CAFile   string                        `yaml:"ca_file" jsonschema_description:"A PEM file, relative to the project, with certificates to trust beside the system's"`
}

// Auth says how a service is told who asks.
type Auth struct {
	Bearer *text   `yaml:"bearer" jsonschema_description:"A token sent as Authorization: Bearer, as ${NAME}"`
	Basic  *Basic  `yaml:"basic" jsonschema_description:"A user and a password"`
	Key    *Key    `yaml:"key" jsonschema_description:"A key in a header or a parameter"`
	OAuth2 *OAuth2 `yaml:"oauth2" jsonschema_description:"A token asked for first, with client credentials or a refresh token"`
}

// Basic is a user with a password.
type Basic struct {
	User     text `yaml:"user" jsonschema:"required" jsonschema_description:"The user"`
	Password text `yaml:"password" jsonschema_description:"The password, as ${NAME}"`
}

// Key is a key in a header or a parameter of the address.
type Key struct {
	Header string `yaml:"header" jsonschema_description:"The header it is sent in, such as X-Api-Key"`
	Query  string `yaml:"query" jsonschema_description:"The parameter it is sent in, such as api_key"`
	Value  text   `yaml:"value" jsonschema:"required" jsonschema_description:"The key, as ${NAME}"`
}

// OAuth2 is where a token comes from.
type OAuth2 struct {
	TokenURL     project.Placed[string] `yaml:"token_url" jsonschema:"required" jsonschema_description:"Where tokens are given"`
	ClientID     text                   `yaml:"client_id" jsonschema:"required" jsonschema_description:"The client's name"`
	ClientSecret text                   `yaml:"client_secret" jsonschema_description:"The client's secret, as ${NAME}"`
	RefreshToken text                   `yaml:"refresh_token" jsonschema_description:"A refresh token, as ${NAME}; client credentials are used without one"`
	Scopes       []string               `yaml:"scopes" jsonschema_description:"What the token is to allow"`
}

// Table is what a table of such a source says.
type Table struct {
	Path    project.Placed[string]        `yaml:"path" jsonschema_description:"Its path below url, or a whole address"`
	Method  project.Placed[string]        `yaml:"method" jsonschema:"enum=GET,enum=POST,enum=PUT" jsonschema_description:"GET when not given, POST with body"`
	Params  project.Map[text]             `yaml:"params" jsonschema_description:"Parameters of the address, by name"`
	Body    ast.Node                      `yaml:"body" jsonschema_description:"What is sent, as JSON: for GraphQL, query and variables"`
	Format  project.Placed[string]        `yaml:"format" jsonschema:"enum=json,enum=jsonl,enum=csv,enum=xml" jsonschema_description:"How answers are written; json when not given"`
	Records project.Placed[string]        `yaml:"records" jsonschema_description:"Where the records are in an answer, such as data.items; the whole answer when not given"`
	Page    *Page                         `yaml:"page" jsonschema_description:"How the next page is asked for; one answer holds all when not given"`
	Total   project.Placed[string]        `yaml:"total" jsonschema_description:"Where the service says how many records there are: a path such as meta.total, or header:X-Total-Count"`
	Since   *Since                        `yaml:"since" jsonschema_description:"Only what changed is asked for; needs key"`
	Windows *Windows                      `yaml:"windows" jsonschema_description:"Spans of time are asked for, each a load of its own"`
	Report  *Report                       `yaml:"report" jsonschema_description:"A report is asked for, waited for and fetched"`
	ForEach *Each                         `yaml:"for_each" jsonschema_description:"It is asked once for each record of another table of the source"`
	Reread  project.Placed[time.Duration] `yaml:"reread" jsonschema_description:"How often everything is asked for again, whatever since or windows say, such as 7 days"`

	Delimiter       string                 `yaml:"delimiter" jsonschema_description:"With format csv: what stands between fields; default a comma"`
	Encoding        project.Placed[string] `yaml:"encoding" jsonschema_description:"With format csv: utf-8 (default), utf-16, latin-1, windows-1252 and others by their IANA name"`
	Decimal         string                 `yaml:"decimal" jsonschema_description:"With format csv: the decimal separator; default a point"`
	Null            []string               `yaml:"null" jsonschema_description:"With format csv: texts that mean no value; default the empty one"`
	Skip            project.Placed[int]    `yaml:"skip" jsonschema:"minimum=0" jsonschema_description:"With format csv: lines before the header"`
	DateFormat      string                 `yaml:"date_format" jsonschema_description:"How dates are written, such as %d/%m/%Y"`
	TimestampFormat string                 `yaml:"timestamp_format" jsonschema_description:"How timestamps are written, such as %m/%d/%Y %H:%M"`
	Quarantine      project.Placed[string] `yaml:"quarantine" jsonschema_description:"How many unreadable records a load may have, such as 10 or 0.1 %; default none"`
}

// Page says how the next page is asked for.
type Page struct {
	Kind      project.Placed[string] `yaml:"kind" jsonschema:"required,enum=page,enum=offset,enum=cursor,enum=link,enum=next" jsonschema_description:"page: by number; offset: by how many records were had; cursor: by what the answer names; link: a Link header; next: an address in the answer"`
	Param     project.Placed[string] `yaml:"param" jsonschema_description:"The parameter of the number, offset or cursor; body:variables.after sets it in the body"`
	SizeParam string                 `yaml:"size_param" jsonschema_description:"The parameter of the size"`
	Size      project.Placed[int]    `yaml:"size" jsonschema:"minimum=1" jsonschema_description:"How many records a page is to have"`
	From      project.Placed[string] `yaml:"from" jsonschema_description:"Where the next cursor or address is: a path such as meta.next_cursor, header:X-Next, or last:id for a key of the last record"`
	More      project.Placed[string] `yaml:"more" jsonschema_description:"Where the answer says whether there is more, such as has_more"`
	First     project.Placed[string] `yaml:"first" jsonschema_description:"The number, offset or cursor of the first page; 1 for page, 0 for offset, none for cursor when not given"`
	Ends      project.Placed[string] `yaml:"ends" jsonschema:"enum=empty,enum=short" jsonschema_description:"With page and offset and without total, what the last page is: empty (default), or short, with fewer records than size"`
}

// Since says how what changed is asked for.
type Since struct {
	Param    project.Placed[string] `yaml:"param" jsonschema:"required" jsonschema_description:"The parameter that takes the position"`
	Column   project.Placed[string] `yaml:"column" jsonschema:"required" jsonschema_description:"Where in a record its position is, such as updated_at"`
	Lookback project.Placed[string] `yaml:"lookback" jsonschema_description:"How far before the position to ask again: 2 days, or a number for a column of numbers"`
	Start    project.Placed[string] `yaml:"start" jsonschema_description:"The position of the first run; without one nothing is sent"`
	As       project.Placed[string] `yaml:"as" jsonschema:"enum=same,enum=rfc3339,enum=date,enum=unix,enum=unix_ms" jsonschema_description:"How the position is written in the parameter; as in the records when not given"`
}

// Windows says how spans of time are asked for.
type Windows struct {
	Of        project.Placed[time.Duration] `yaml:"of" jsonschema:"required" jsonschema_description:"How long a span is, such as 1 day"`
	FromParam project.Placed[string]        `yaml:"from_param" jsonschema:"required" jsonschema_description:"The parameter that takes a span's start"`
	ToParam   project.Placed[string]        `yaml:"to_param" jsonschema_description:"The parameter that takes a span's end"`
	To        project.Placed[string]        `yaml:"to" jsonschema:"enum=exclusive,enum=inclusive" jsonschema_description:"inclusive: the end is the last day of the span, exclusive (default): the first one after it"`
	Start     project.Placed[string]        `yaml:"start" jsonschema:"required" jsonschema_description:"The start of the first span, such as 2025-01-01"`
	Lookback  project.Placed[time.Duration] `yaml:"lookback" jsonschema_description:"How long after its end a span is asked for again"`
	As        project.Placed[string]        `yaml:"as" jsonschema:"enum=rfc3339,enum=date,enum=unix,enum=unix_ms" jsonschema_description:"How start and end are written; date for spans of whole days, else rfc3339"`
}

// Report says how a report is asked for, waited for and fetched.
type Report struct {
	Request Step                   `yaml:"request" jsonschema:"required" jsonschema_description:"The request that has the report made; parameters of windows and since go here"`
	ID      project.Placed[string] `yaml:"id" jsonschema_description:"Where the answer names the report; {report} stands for it in the paths below"`
	Poll    *Poll                  `yaml:"poll" jsonschema_description:"How it is known that the report is ready; it is ready at once when not given"`
	Fetch   Step                   `yaml:"download" jsonschema:"required" jsonschema_description:"Where the report is fetched"`
}

// Step is a request of a report.
type Step struct {
	Path   project.Placed[string] `yaml:"path" jsonschema_description:"Its path below url, with {report} for the report's name"`
	From   project.Placed[string] `yaml:"from" jsonschema_description:"Of download: where the answer to the poll (or the request) has the address"`
	Method project.Placed[string] `yaml:"method" jsonschema:"enum=GET,enum=POST,enum=PUT" jsonschema_description:"GET when not given, POST with body"`
	Params project.Map[text]      `yaml:"params" jsonschema_description:"Parameters of the address, by name"`
	Body   ast.Node               `yaml:"body" jsonschema_description:"What is sent, as JSON"`
}

// Poll says how it is known that a report is ready.
type Poll struct {
	Path   project.Placed[string]        `yaml:"path" jsonschema:"required" jsonschema_description:"Its path below url, with {report} for the report's name"`
	Status project.Placed[string]        `yaml:"status" jsonschema:"required" jsonschema_description:"Where the answer says how far it is"`
	Done   []string                      `yaml:"done" jsonschema:"required" jsonschema_description:"The words that mean it is ready"`
	Failed []string                      `yaml:"failed" jsonschema_description:"The words that mean it will never be"`
	Every  project.Placed[time.Duration] `yaml:"every" jsonschema_description:"How long to wait between two looks; 5 seconds when not given"`
	AtMost project.Placed[time.Duration] `yaml:"at_most" jsonschema_description:"How long to wait in all; 1 hour when not given"`
}

// Each says for which records of another table this one is asked.
type Each struct {
	Table  project.Placed[string] `yaml:"table" jsonschema:"required" jsonschema_description:"The other table, of the same source"`
	Column project.Placed[string] `yaml:"column" jsonschema:"required" jsonschema_description:"Where in its records the value is"`
	As     project.Placed[string] `yaml:"as" jsonschema_description:"The name the value has in {...} of path, params and body; the column's when not given"`
	Into   project.Placed[string] `yaml:"into" jsonschema_description:"The key each record gets the value under, unless it has it; the other table's name and the column's when not given, such as orders_id"`
}
