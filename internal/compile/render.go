package compile

import (
	"strings"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Renderer puts values in the place of a model's parameters, just as they were
// put there for binding. Its methods may be called by several goroutines.
type Renderer struct{ zone *time.Location }

// NewRenderer returns a Renderer for a project's time zone, an IANA name.
func NewRenderer(timeZone string) (*Renderer, error) {
	zone, err := time.LoadLocation(timeZone)
	if err != nil {
		return nil, fault.New(fault.Invalid, "time zone %q is not known", timeZone).
			WithHint("use an IANA name such as Europe/London")
	}
	return &Renderer{zone}, nil
}

// Close gives back what the Renderer holds.
func (r *Renderer) Close() error { return nil }

// Render returns sql with every $name replaced by its value as a typed cast,
// without the semicolons and comments behind its end. A parameter without a
// value is an error. Instants keep meaning the same in a session of any time
// zone.
func (r *Renderer) Render(sql string, params map[string]Param) (string, error) {
	tokens := scan(sql)
	for len(tokens) > 0 && tokens[len(tokens)-1].is(";") {
		tokens = tokens[:len(tokens)-1]
	}
	var b strings.Builder
	done := 0
	for _, t := range tokens {
		if t.kind != parameterToken {
			continue
		}
		_, param, ok := findParam(params, strings.TrimPrefix(t.text, "$"))
		if !ok || t.text[0] != '$' {
			return "", fault.New(fault.Invalid, "the parameter %s has no value", t.text).
				WithHint("%s", fault.DidYouMean(t.text, paramNames(params)))
		}
		b.WriteString(sql[done:t.at])
		b.WriteString(castText(r.exact(param)))
		done = t.end()
	}
	if len(tokens) > 0 {
		b.WriteString(sql[done:tokens[len(tokens)-1].end()])
	}
	return b.String(), nil
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
