package compile

import (
	"database/sql"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Renderer makes of a model's text what an engine runs: with values in the
// place of its parameters, and the datasets it reads where they stand. It may
// be used by several goroutines; they take turns.
type Renderer struct {
	zone *time.Location

	mu        sync.Mutex
	db        *sql.DB // opened by the first text that is looked into
	serialize *sql.Stmt
	doc       document
}

// NewRenderer returns a Renderer for a project's time zone, an IANA name.
func NewRenderer(timeZone string) (*Renderer, error) {
	zone, err := time.LoadLocation(timeZone)
	if err != nil {
		return nil, fault.New(fault.Invalid, "time zone %q is not known", timeZone).
			WithHint("use an IANA name such as Europe/London")
	}
	return &Renderer{zone: zone}, nil
}

func (r *Renderer) open() error {
	if r.db != nil {
		return nil
	}
	connector, err := duckdb.NewConnector(dsn, nil)
	if err != nil {
		return fault.Wrap("open the renderer", err)
	}
	db := sql.OpenDB(connector)
	if r.serialize, err = db.Prepare("select json_serialize_sql($1::varchar)::varchar"); err != nil {
		return errors.Join(fault.Wrap("open the renderer", err), db.Close())
	}
	r.db = db
	return nil
}

// Close gives back what the Renderer holds. It is safe to call twice.
func (r *Renderer) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.db == nil {
		return nil
	}
	db := r.db
	r.db = nil
	return db.Close()
}

// Render returns a text with each $name replaced, at its place, by a cast of its
// value to its type as an engine spells it. Everything else stays as it is
// written, to the byte, but for semicolons and comments behind its end. An
// instant becomes one of UTC: one that is written without an offset is read in
// the renderer's time zone, whatever the session that runs the text. A parameter
// that has no value in params, or no name, is an Invalid error, and so is one
// whose type the engine does not have.
func (r *Renderer) Render(sql, engine string, params map[string]Param) (string, error) {
	var failed error
	st := readAs(sql, engine, params, func(p Param) string {
		of, ok := spellingFor(engine, p.Type)
		if !ok {
			failed = fault.New(fault.Invalid, "%s has no type %s", engineTitle(engine), p.Type)
		}
		return cast(r.exact(p), of)
	})
	for _, t := range st.tokens {
		if _, _, ok := findParam(params, strings.TrimPrefix(t.text, "$")); t.kind == parameterToken && !ok {
			st.problem(t.at, "the parameter "+t.text+" has no value", "")
		}
	}
	if len(st.problems) > 0 {
		return "", st.problems[0].plain()
	}
	return st.text, failed
}

// read fills the document with the syntax tree of a text of DuckDB's.
func (r *Renderer) read(sql string) error {
	var answer string
	if err := r.serialize.QueryRow(sql).Scan(&answer); err != nil {
		return fault.Wrap("render", err)
	}
	tree, err := r.doc.parse(answer)
	if err == nil && tree.get("error").yes() {
		err = fault.New(fault.Invalid, "%s", firstLine(tree.get("error_message").text()))
	}
	return err
}

// instants are the ways of writing an instant that every engine would not read
// alike, without the offset that may stand behind.
var instants = []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"}

// exact makes an instant one of UTC.
func (r *Renderer) exact(p Param) Param {
	if p.Null || p.Type.Kind != table.TimestampTZ {
		return p
	}
	for _, layout := range instants {
		for _, offset := range []string{"", "Z07:00", "Z07", " Z07:00", " Z07"} {
			if at, err := time.ParseInLocation(layout+offset, strings.TrimSpace(p.Value), r.zone); err == nil {
				p.Value = at.UTC().Format("2006-01-02 15:04:05.999999+00")
				return p
			}
		}
	}
	return p
}
