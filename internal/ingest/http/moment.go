package http

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
)

// moment is a position in a table: a time, a number, or text that sorts.
type moment struct {
	text   string // as the service writes it
	at     time.Time
	number *big.Rat
}

// layouts are the ways times are written, and how they are written back.
var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02T15:04:05.999999999Z0700", time.DateOnly,
}

// parseTime reads a time; one without a zone is in UTC.
func parseTime(written string) (time.Time, bool) {
	_, at, ok := layoutOf(written)
	return at, ok
}

func layoutOf(written string) (string, time.Time, bool) {
	for _, layout := range layouts {
		if at, err := time.Parse(layout, written); err == nil {
			return layout, at, true
		}
	}
	return "", time.Time{}, false
}

// momentOf reads a position, and returns false when there is none.
func momentOf(value any) (moment, bool) {
	m := moment{text: words(value)}
	switch value.(type) {
	case string, json.Number:
	default:
		return m, false
	}
	if m.text == "" {
		return m, false
	}
	if at, ok := parseTime(m.text); ok {
		m.at = at
	} else if number, ok := rational(m.text); ok && !strings.ContainsAny(m.text, "/_xXbBoOpP") {
		m.number = number
	}
	return m, true
}

// compare orders positions of one table.
func (m moment) compare(o moment) int {
	switch {
	case !m.at.IsZero() && !o.at.IsZero():
		return m.at.Compare(o.at)
	case m.number != nil && o.number != nil:
		return m.number.Cmp(o.number)
	}
	return strings.Compare(m.text, o.text)
}

// shift returns the position a lookback earlier.
func shift(lookback string, m moment) (moment, error) {
	if lookback == "" {
		return m, nil
	}
	if number, ok := rational(lookback); ok {
		if m.number != nil {
			m.number = new(big.Rat).Sub(m.number, number)
			m.text = m.number.FloatString(places(m.text))
		}
		return m, nil
	}
	length, err := project.ParseDuration(lookback)
	if err != nil || m.text == "" {
		return m, err
	}
	switch {
	case !m.at.IsZero():
		layout, _, _ := layoutOf(m.text)
		m.at = m.at.Add(-length)
		m.text = m.at.Format(layout)
	case m.number != nil && len(strings.TrimLeft(strings.SplitN(m.text, ".", 2)[0], "-")) >= 12: // milliseconds
		m.number = new(big.Rat).Sub(m.number, big.NewRat(length.Milliseconds(), 1))
		m.text = m.number.FloatString(places(m.text))
	case m.number != nil: // seconds
		m.number = new(big.Rat).Sub(m.number, big.NewRat(int64(length/time.Second), 1))
		m.text = m.number.FloatString(places(m.text))
	default:
		return m, fault.New(fault.Held, "the position %q is no time to look back from", m.text).WithHint("leave lookback out, or choose another column")
	}
	// What is written may be coarser than what was computed.
	again, _ := momentOf(m.text)
	return again, nil
}

// places is how many digits a number has after its point.
func places(number string) int {
	_, fraction, _ := strings.Cut(number, ".")
	return min(len(fraction), 18)
}

// as writes the position as the service wants it, and returns it as coarse
// as it is then.
func (m moment) as(form string) (moment, error) {
	if form == "" || form == "same" {
		return m, nil
	}
	at := m.at
	if at.IsZero() && m.number != nil {
		seconds, _ := m.number.Float64()
		if at = time.Unix(int64(seconds), 0); seconds >= 1e11 {
			at = time.UnixMilli(int64(seconds))
		}
	}
	if at.IsZero() {
		return m, fault.New(fault.Held, "the position %q is no time: it cannot be written as %s", m.text, form).WithHint("leave as: out")
	}
	text := written(at, form)
	if form == "unix" || form == "unix_ms" {
		// It is compared with times of records.
		if form == "unix" {
			at = time.Unix(at.Unix(), 0)
		} else {
			at = time.UnixMilli(at.UnixMilli())
		}
		return moment{text: text, at: at.UTC(), number: m.number}, nil
	}
	coarse, _ := momentOf(text)
	coarse.number = m.number
	return coarse, nil
}

// written writes a time in a form.
func written(at time.Time, form string) string {
	switch form {
	case "date":
		return at.Format(time.DateOnly)
	case "unix":
		return strconv.FormatInt(at.Unix(), 10)
	case "unix_ms":
		return strconv.FormatInt(at.UnixMilli(), 10)
	}
	return at.Format(time.RFC3339)
}
