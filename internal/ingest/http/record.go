package http

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/larder-data/larder/internal/fault"
)

// record is one record: as a line of JSON, decoded, and as fields when it came
// as delimited text.
type record struct {
	line   []byte
	value  map[string]any
	fields []string
}

// recordOf takes a record's JSON: numbers stay as they are written.
func recordOf(raw []byte) (record, error) {
	if len(raw) > longestRecord {
		return record{}, fault.New(fault.Broken, "a record has more than %d MB", longestRecord>>20).WithHint("is records: the path of the list, not of what holds it?")
	}
	if !utf8.Valid(raw) {
		return record{}, fault.New(fault.Broken, "a record is no valid UTF-8").WithHint("ask the service for UTF-8, or the vendor to mend it: nothing of the answer was loaded")
	}
	value, err := decodeJSON(raw)
	if err != nil {
		return record{}, broken(err)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return record{}, fault.New(fault.Broken, "a record is no object: %s", first(string(raw))).WithHint("is records: the path of the list of records?")
	}
	r := record{value: object}
	var line bytes.Buffer
	if err := json.Compact(&line, raw); err != nil {
		return r, broken(err)
	}
	r.line = line.Bytes()
	return r, nil
}

func decodeJSON(raw []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

// encodeJSON writes a value in one way only: keys in order, no spaces.
func encodeJSON(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fault.New(fault.Internal, "%w", err)
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

// rational reads a number whose exponent is not a trap.
func rational(number string) (*big.Rat, bool) {
	if at := strings.IndexAny(number, "eE"); at >= 0 {
		if power, err := strconv.Atoi(number[at+1:]); err != nil || power > 400 || power < -400 {
			return nil, false
		}
	}
	if len(number) > 1000 {
		return nil, false
	}
	return new(big.Rat).SetString(number)
}

// with returns the record with one more key, unless it has it.
func (r record) with(key, value string) (record, error) {
	if _, there := r.value[key]; there {
		return r, nil
	}
	name, err := encodeJSON(key)
	if err != nil {
		return r, err
	}
	text, err := encodeJSON(value)
	if err != nil {
		return r, err
	}
	line := append(append(append([]byte{'{'}, name...), ':'), text...)
	if len(r.value) > 0 {
		line = append(line, ',')
	}
	r.line = append(line, r.line[1:]...)
	r.value[key] = value
	if r.fields != nil {
		r.fields = append(r.fields[:len(r.fields):len(r.fields)], value)
	}
	return r, nil
}
