package compile

import (
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Renderer fills in the parameters of models. It may be used by several
// goroutines; they take turns.
type Renderer struct {
	zone *time.Location

	mu          sync.Mutex
	db          *sql.DB // opened by the first text that has parameters
	serialize   *sql.Stmt
	deserialize *sql.Stmt
	doc         document
	casts       map[string]string // by the text of a cast: its node in a syntax tree
}

// keptCasts bounds the memory of a Renderer that lives for many runs.
const keptCasts = 1000

// NewRenderer returns a Renderer for a project's time zone, an IANA name.
func NewRenderer(timeZone string) (*Renderer, error) {
	zone, err := time.LoadLocation(timeZone)
	if err != nil {
		return nil, fault.New(fault.Invalid, "time zone %q is not known", timeZone).
			WithHint("use an IANA name such as Europe/London")
	}
	return &Renderer{zone: zone, casts: map[string]string{}}, nil
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
	r.serialize, err = db.Prepare("select json_serialize_sql($1::varchar)::varchar")
	if err == nil {
		r.deserialize, err = db.Prepare("select json_deserialize_sql($1::json)")
	}
	if err != nil {
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

// Render replaces each $name by a cast of its value to its type, inside
// DuckDB's own syntax tree, so that it stands wherever a value can. An instant
// written without an offset is one of the renderer's time zone, whatever the
// session that runs the text. A text without parameters comes back as it is,
// but for semicolons and comments behind its end. A parameter that has no value
// in params, or no name, is an Invalid error.
func (r *Renderer) Render(sql string, params map[string]Param) (string, error) {
	st := readStatement(sql, params)
	for _, t := range st.tokens {
		if _, _, ok := findParam(params, strings.TrimPrefix(t.text, "$")); t.kind == parameterToken && !ok {
			st.problem(t.at, "the parameter "+t.text+" has no value", "")
		}
	}
	if len(st.problems) > 0 {
		return "", st.problems[0].plain()
	}
	if len(st.patches) == 0 {
		return st.text, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.open(); err != nil {
		return "", err
	}
	tree, err := r.tree(sql)
	if err != nil {
		return "", err
	}
	filled, err := r.fill(tree, params)
	if err != nil {
		return "", err
	}
	var out string
	if err := r.deserialize.QueryRow(filled).Scan(&out); err != nil {
		return "", fault.Wrap("render", err)
	}
	return out, nil
}

func (r *Renderer) tree(sql string) (value, error) {
	var answer string
	if err := r.serialize.QueryRow(sql).Scan(&answer); err != nil {
		return value{}, fault.Wrap("render", err)
	}
	tree, err := r.doc.parse(answer)
	if err == nil && tree.get("error").yes() {
		err = fault.New(fault.Invalid, "%s", firstLine(tree.get("error_message").text()))
	}
	return tree, err
}

// fill replaces the parameters of a tree, and empties its list of them. Nodes
// are in the order of the text, and no parameter stands inside another.
func (r *Renderer) fill(tree value, params map[string]Param) (string, error) {
	text := r.doc.text
	var b strings.Builder
	done, filled := 0, 0
	for i := int(tree.id); i < len(r.doc.nodes); i++ {
		v := value{&r.doc, int32(i)}
		n := v.node()
		replacement := "[]"
		switch {
		case n.kind == objectNode && v.get("class").text() == "PARAMETER":
			_, p, _ := findParam(params, v.get("identifier").text())
			var err error
			if replacement, err = r.cast(p, v.get("alias").raw()); err != nil {
				return "", err
			}
			filled++
		case n.key != "named_param_map":
			continue
		}
		b.WriteString(text[done:n.at])
		b.WriteString(replacement)
		done = int(n.end)
	}
	b.WriteString(text[done:])
	if filled == 0 {
		return "", fault.New(fault.Internal, "the syntax tree of %s has no parameters", Dialect())
	}
	return b.String(), nil
}

// cast returns the syntax tree of a parameter's cast under an alias (as JSON).
// DuckDB writes it, so that any type is spelled as this version wants it.
func (r *Renderer) cast(p Param, alias string) (string, error) {
	text := castText(r.exact(p))
	cast, ok := r.casts[text]
	if !ok {
		var d document
		var answer string
		if err := r.serialize.QueryRow("select " + text).Scan(&answer); err != nil {
			return "", fault.Wrap("render", err)
		}
		tree, err := d.parse(answer)
		if err != nil {
			return "", err
		}
		cast = tree.get("statements").first().get("node").get("select_list").first().raw()
		if cast == "" {
			return "", fault.New(fault.Invalid, "%s cannot be cast to %s", strconv.Quote(p.Value), p.Type)
		}
		if len(r.casts) >= keptCasts {
			clear(r.casts)
		}
		r.casts[text] = cast
	}
	if alias == "" || alias == `""` {
		return cast, nil
	}
	return strings.Replace(cast, `"alias":""`, `"alias":`+alias, 1), nil
}

// exact adds the offset to an instant that is written without one.
func (r *Renderer) exact(p Param) Param {
	if p.Null || p.Type.Kind != table.TimestampTZ {
		return p
	}
	for _, layout := range []string{"2006-01-02 15:04:05.999999", "2006-01-02T15:04:05.999999", "2006-01-02 15:04", "2006-01-02"} {
		if at, err := time.ParseInLocation(layout, strings.TrimSpace(p.Value), r.zone); err == nil {
			p.Value = at.Format("2006-01-02 15:04:05.999999Z07:00")
			return p
		}
	}
	return p
}

// Render is Renderer.Render for a single text.
func Render(sql string, params map[string]Param, timeZone string) (string, error) {
	r, err := NewRenderer(timeZone)
	if err != nil {
		return "", err
	}
	text, err := r.Render(sql, params)
	return text, errors.Join(err, r.Close())
}
