package http

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/larder-data/larder/internal/fault"
)

// csvDialect is how delimited text is written.
type csvDialect struct {
	delimiter rune
	encoding  string
	skip      int
}

func (s *settings) dialect() csvDialect {
	d := csvDialect{encoding: s.Encoding.Value, skip: s.Skip.Value}
	for _, r := range strings.ReplaceAll(s.Delimiter, `\t`, "\t") {
		d.delimiter = r
		break
	}
	return d
}

// walkCSV reads delimited text with a header and hands out each record.
func walkCSV(from io.Reader, d csvDialect, columns func([]string) error, take func(record) error) error {
	from, err := d.decoded(from)
	if err != nil {
		return err
	}
	buffered := bufio.NewReaderSize(from, 1<<16)
	if mark, _ := buffered.Peek(3); string(mark) == "\ufeff" {
		_, _ = buffered.Discard(3)
	}
	for range d.skip {
		if _, err := buffered.ReadString('\n'); err != nil {
			return fault.New(fault.Broken, "the answer ends within the %d lines to skip", d.skip).WithHint("check format:, records: and skip: against an answer of the service")
		}
	}
	rows := csv.NewReader(buffered)
	rows.ReuseRecord, rows.FieldsPerRecord = false, -1
	if d.delimiter != 0 {
		rows.Comma = d.delimiter
	}
	header, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return fault.New(fault.Broken, "the answer is no CSV: %w", err).WithHint("check format:, records: and skip: against an answer of the service")
	}
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	if err := columns(header); err != nil {
		return err
	}
	for {
		fields, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fault.New(fault.Broken, "the answer is no CSV: %w", err).WithHint("check format:, records: and skip: against an answer of the service")
		}
		if len(fields) != len(header) {
			line, _ := rows.FieldPos(0)
			return fault.New(fault.Broken, "line %d of the answer has %d fields, the header has %d", line, len(fields), len(header)).WithHint("check format:, records: and skip: against an answer of the service")
		}
		r := record{fields: fields, value: make(map[string]any, len(fields))}
		for i, name := range header {
			r.value[name] = fields[i]
		}
		if r.line, err = encodeJSON(r.value); err != nil {
			return err
		}
		if err := take(r); err != nil {
			return err
		}
	}
}

// decoded reads text in another encoding than UTF-8.
func (d csvDialect) decoded(from io.Reader) (io.Reader, error) {
	name := strings.ToLower(d.encoding)
	switch name {
	case "", "utf-8", "utf8":
		return from, nil
	case "utf-16", "utf16":
		return transform.NewReader(from, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()), nil
	case "latin-1", "latin1":
		name = "iso-8859-1"
	}
	found, err := htmlindex.Get(name)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the encoding %q is not known", d.encoding)
	}
	return transform.NewReader(from, found.NewDecoder()), nil
}
