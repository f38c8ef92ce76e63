package sqlite

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// micros is how an instant is stored. The zero time survives as itself.
func micros(t time.Time) int64 { return t.UnixMicro() }

func instant(us int64) time.Time { return time.UnixMicro(us).UTC() }

// What follows spells and reads JSON by hand where it happens for every model
// of a run: reflection would cost more than the database does. Whatever is not
// in the plain spelling used here is left to encoding/json.

func encodeColumns(columns []table.Column) string {
	if len(columns) == 0 {
		return ""
	}
	return string(appendColumns(make([]byte, 0, 40*len(columns)), columns))
}

func appendColumns(out []byte, columns []table.Column) []byte {
	out = append(out, '[')
	for i, c := range columns {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"name":`...)
		out = appendString(out, c.Name)
		out = append(out, `,"type":`...)
		out = appendString(out, c.Type.String())
		out = append(out, '}')
	}
	return append(out, ']')
}

func encodeUpstream(upstream map[string][]table.Column) string {
	if len(upstream) == 0 {
		return ""
	}
	out := []byte{'{'}
	for i, dataset := range slices.Sorted(maps.Keys(upstream)) {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendString(out, dataset)
		out = append(out, ':')
		out = appendColumns(out, upstream[dataset])
	}
	return string(append(out, '}'))
}

func encodeInputs(inputs []state.Input) string {
	if len(inputs) == 0 {
		return ""
	}
	out := []byte{'['}
	for i, input := range inputs {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"dataset":`...)
		out = appendString(out, input.Dataset)
		out = append(out, `,"version":`...)
		out = strconv.AppendInt(out, input.Version, 10)
		if input.Env != "" {
			out = append(out, `,"env":`...)
			out = appendString(out, input.Env)
		}
		out = append(out, '}')
	}
	return string(append(out, ']'))
}

// appendString writes a JSON string. Nearly every name is plain.
func appendString(out []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			// Marshalling a string cannot fail.
			quoted, _ := json.Marshal(s)
			return append(out, quoted...)
		}
	}
	out = append(out, '"')
	out = append(out, s...)
	return append(out, '"')
}

// decode reads JSON; "" leaves the destination as it is.
func decode(text string, into any) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), into)
}

func decodeColumns(text string) ([]table.Column, error) {
	if columns, ok := plainColumns(text); ok {
		return columns, nil
	}
	var columns []table.Column
	err := decode(text, &columns)
	return columns, err
}

// plainColumns reads what appendColumns writes when no name needs an escape.
func plainColumns(text string) ([]table.Column, bool) {
	const open, between, end = `{"name":"`, `","type":"`, `"}`
	if !strings.HasPrefix(text, "[") || strings.IndexByte(text, '\\') >= 0 {
		return nil, false
	}
	rest := text[1:]
	columns := make([]table.Column, 0, strings.Count(text, open))
	for strings.HasPrefix(rest, open) {
		name, after, ok := strings.Cut(rest[len(open):], between)
		spelled, after, closed := strings.Cut(after, end)
		of, err := table.ParseType(spelled)
		if !ok || !closed || err != nil {
			return nil, false
		}
		columns = append(columns, table.Column{Name: name, Type: of})
		rest = strings.TrimPrefix(after, ",")
	}
	return columns, rest == "]"
}
