package format

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/fault"
)

// mostColumns is how many a sheet has.
const mostColumns = 16384

// sheetReader reads the rows of a worksheet as texts.
type sheetReader struct {
	book  *workbook
	name  string
	part  io.ReadCloser
	xml   *xml.Decoder
	row   int // its number in the sheet, from 1
	cells []string
}

// rows opens a worksheet. The caller closes the reader's part.
func (w *workbook) rows(s sheet) (*sheetReader, error) {
	part, err := w.part(s.part)
	if err == nil && part == nil {
		err = fault.New(fault.Held, "it is damaged: the sheet %s is missing", s.name).WithHint("ask for the file again")
	}
	if err != nil {
		return nil, err
	}
	return &sheetReader{book: w, name: s.name, part: part, xml: xml.NewDecoder(part)}, nil
}

// next reads the next row that stands in the file; its number and cells are
// in the reader then, good until the next call. It returns false after the last.
func (r *sheetReader) next() (bool, error) {
	for {
		token, err := r.xml.Token()
		if errors.Is(err, io.EOF) {
			return false, nil
		} else if err != nil {
			return false, malformed(r.name, err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "row" {
			return true, malformedOr(r.name, r.read(e))
		}
	}
}

func malformedOr(part string, err error) error {
	if err == nil {
		return nil
	}
	return malformed(part, err)
}

// read reads the cells of a row that began.
func (r *sheetReader) read(row xml.StartElement) error {
	r.cells = r.cells[:0]
	number := r.row + 1
	if told := attr(row, "r"); told != "" {
		var err error
		if number, err = strconv.Atoi(told); err != nil || number <= r.row {
			return fault.New(fault.Held, "it is damaged: the row %s comes after row %d of %s", told, r.row, r.name).WithHint("ask for the file again")
		}
	}
	r.row = number
	for {
		token, err := r.xml.Token()
		if err != nil {
			return cutOff(err)
		}
		switch token := token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if token.Name.Local != "c" {
				if err := r.xml.Skip(); err != nil {
					return err
				}
			} else if err := r.cell(token); err != nil {
				return err
			}
		}
	}
}

// cell reads a cell that began, to its place in the row.
func (r *sheetReader) cell(c xml.StartElement) error {
	column := len(r.cells)
	if told := attr(c, "r"); told != "" {
		if column = columnOf(told); column < 0 || column >= mostColumns {
			return fault.New(fault.Held, "it is damaged: there is no cell %s", told).WithHint("ask for the file again")
		}
	}
	text, err := r.value(c, column)
	if err != nil {
		return err
	}
	for len(r.cells) <= column {
		r.cells = append(r.cells, "")
	}
	r.cells[column] = text
	return nil
}

// columnOf is the column, from 0, of a cell such as B7; -1 for no such name.
func columnOf(name string) int {
	column := 0
	for i := range len(name) {
		switch letter := name[i]; {
		case letter >= 'A' && letter <= 'Z':
			if column = column*26 + int(letter-'A') + 1; column > mostColumns {
				return -1
			}
		case letter >= '0' && letter <= '9':
			return column - 1
		default:
			return -1
		}
	}
	return column - 1
}

// value reads the text of a cell that began.
func (r *sheetReader) value(c xml.StartElement, column int) (string, error) {
	kind, stored, computed, has := attr(c, "t"), "", false, false
	for {
		token, err := r.xml.Token()
		if err != nil {
			return "", cutOff(err)
		}
		switch token := token.(type) {
		case xml.EndElement:
			if computed && !has {
				return "", fault.New(fault.Held, "the cell %s of %s holds a formula without its value", cellName(column, r.row), r.name).
					WithHint("the program that wrote it computed nothing: open it in a spreadsheet program, save it and bring it again")
			}
			if !has {
				return "", nil
			}
			return r.text(kind, stored, attr(c, "s"))
		case xml.StartElement:
			switch token.Name.Local {
			case "v":
				stored, err = characters(r.xml)
				has = true
			case "is":
				stored, err = richText(r.xml)
				has = true
			case "f":
				computed = true
				err = r.xml.Skip()
			default:
				err = r.xml.Skip()
			}
			if err != nil {
				return "", cutOff(err)
			}
		}
	}
}

// characters reads the text of an element that began.
func characters(d *xml.Decoder) (string, error) {
	var text strings.Builder
	for {
		token, err := d.Token()
		if err != nil {
			return "", cutOff(err)
		}
		switch token := token.(type) {
		case xml.CharData:
			text.Write(token)
		case xml.StartElement:
			if err := d.Skip(); err != nil {
				return "", cutOff(err)
			}
		case xml.EndElement:
			return text.String(), nil
		}
	}
}

// text is a stored value as it is meant, by the cell's type and style.
func (r *sheetReader) text(kind, stored, style string) (string, error) {
	switch kind {
	case "s":
		at, err := strconv.Atoi(strings.TrimSpace(stored))
		if err != nil || at < 0 || at >= len(r.book.strings) {
			return "", fault.New(fault.Held, "it is damaged: row %d of %s has the text %q, of %d", r.row, r.name, stored, len(r.book.strings)).
				WithHint("ask for the file again")
		}
		return r.book.strings[at], nil
	case "b":
		switch strings.TrimSpace(stored) {
		case "1":
			return "true", nil
		case "0":
			return "false", nil
		}
		return stored, nil
	case "inlineStr", "e":
		return stored, nil
	case "str":
		return unescaped(stored), nil
	case "d": // an ISO date
		return strings.Replace(strings.TrimSpace(stored), "T", " ", 1), nil
	}
	if at, err := strconv.Atoi(style); err == nil && at >= 0 && at < len(r.book.styles) && r.book.styles[at] != noTime {
		return moment(stored, r.book.styles[at], r.book.from), nil
	}
	return number(stored), nil
}
