package format

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/fault"
)

// workbook is an opened spreadsheet file: a zip of XML parts, as ECMA-376
// describes it. Only what cells need is read, and the sheet itself as a stream.
//
// A damaged part is told, never read as far as it goes: half of a sheet would
// be a load that looks complete.
type workbook struct {
	file    *os.File
	zip     *zip.Reader
	left    int64 // bytes that may still be unzipped
	sheets  []sheet
	strings []string   // shared ones
	styles  []timeKind // of cells, by style
	from    epoch
}

// sheet is one of a workbook's worksheets.
type sheet struct {
	name   string
	part   string
	hidden bool
}

// The most that is unzipped: of all parts together, of the shared strings,
// which are kept in memory, and how many times more than the file itself.
const (
	mostUnzipped = 8 << 30
	mostStrings  = 256 << 20
	freeUnzipped = 64 << 20
	mostRatio    = 250
)

// openWorkbook opens a spreadsheet of so many bytes. The caller closes it.
func openWorkbook(name, path string) (*workbook, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, Opening(name, err)
	}
	w := &workbook{file: file}
	if err := w.open(); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *workbook) close() { _ = w.file.Close() } // only read

func (w *workbook) open() error {
	info, err := w.file.Stat()
	if err != nil {
		return fault.New(fault.Unreachable, "%w", err)
	}
	if err := w.known(); err != nil {
		return err
	}
	if w.zip, err = zip.NewReader(w.file, info.Size()); err != nil {
		return damaged(err)
	}
	w.left = min(mostUnzipped, max(freeUnzipped, info.Size()*mostRatio))
	if err := w.sheetList(); err != nil {
		return err
	}
	if err := w.styleList(); err != nil {
		return err
	}
	return w.stringList()
}

// known tells files that are no zip apart by their first bytes.
func (w *workbook) known() error {
	start := make([]byte, 8)
	n, err := w.file.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fault.New(fault.Unreachable, "%w", err)
	}
	switch start = start[:n]; {
	case bytes.HasPrefix(start, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return fault.New(fault.Held, "it is protected by a password, or an .xls of before 2007").
			WithHint("save it as .xlsx without a password and bring it again")
	case !bytes.HasPrefix(start, []byte("PK")):
		return fault.New(fault.Held, "it is no spreadsheet: an .xlsx is a zip, and this begins with %q", start).
			WithHint("check format:; text with such a name needs format: csv")
	}
	return nil
}

// part opens a part of the zip; nil when there is none of the name.
func (w *workbook) part(name string) (io.ReadCloser, error) {
	for _, f := range w.zip.File {
		if !strings.EqualFold(strings.TrimPrefix(f.Name, "/"), name) {
			continue
		}
		from, err := f.Open()
		if err != nil {
			return nil, damaged(err)
		}
		return &unzipped{from: from, book: w, name: name}, nil
	}
	return nil, nil
}

// unzipped reads a part and stops when more comes out than a workbook holds.
type unzipped struct {
	from io.ReadCloser
	book *workbook
	name string
}

func (u *unzipped) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	if u.book.left -= int64(n); u.book.left < 0 {
		return 0, fault.New(fault.Held, "it unzips to far more than a spreadsheet holds, in %s", u.name).
			WithHint("it looks like a zip bomb: ask who sent it; a sheet that is really so large is better sent as CSV")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(err)
	}
	return n, err
}

func (u *unzipped) Close() error { return u.from.Close() }

// elements calls visit for every element of a part that begins.
func (w *workbook) elements(name string, visit func(*xml.Decoder, xml.StartElement) error) (found bool, err error) {
	from, err := w.part(name)
	if err != nil || from == nil {
		return false, err
	}
	defer from.Close()
	d := xml.NewDecoder(from)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return true, nil
		} else if err != nil {
			return true, malformed(name, err)
		}
		if start, ok := token.(xml.StartElement); ok {
			if err := visit(d, start); err != nil {
				return true, malformed(name, err)
			}
		}
	}
}

// malformed turns what the XML of a part is wrong with into a fault.
func malformed(part string, err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return known
	}
	return fault.New(fault.Held, "it is damaged, in its part %s: %w", part, err).
		WithHint("open it in a spreadsheet program, save it and bring it again")
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// relation returns an attribute that points to another part, r:id.
func relation(e xml.StartElement) string {
	for _, a := range e.Attr {
		if a.Name.Local == "id" && a.Name.Space != "" {
			return a.Value
		}
	}
	return ""
}

const bookPart = "xl/workbook.xml"

// sheetList reads which worksheets there are, in the order of their tabs.
func (w *workbook) sheetList() error {
	parts := map[string]string{}
	_, err := w.elements("xl/_rels/workbook.xml.rels", func(_ *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local == "Relationship" && strings.HasSuffix(attr(e, "Type"), "/worksheet") {
			target := attr(e, "Target")
			if !strings.HasPrefix(target, "/") {
				target = path.Join("xl", target)
			}
			parts[attr(e, "Id")] = strings.TrimPrefix(target, "/")
		}
		return nil
	})
	if err != nil {
		return err
	}
	found, err := w.elements(bookPart, func(_ *xml.Decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			if date := attr(e, "date1904"); date == "1" || date == "true" {
				w.from = since1904
			}
		case "sheet":
			if part, ok := parts[relation(e)]; ok { // charts have tabs too
				state := attr(e, "state")
				w.sheets = append(w.sheets, sheet{name: attr(e, "name"), part: part, hidden: state == "hidden" || state == "veryHidden"})
			}
		}
		return nil
	})
	if err == nil && !found {
		return fault.New(fault.Held, "it is a zip, but no spreadsheet: it has no %s", bookPart).WithHint("check format:")
	}
	return err
}

// styleList reads which styles show dates and times.
func (w *workbook) styleList() error {
	codes := map[string]string{}
	inCells := false
	_, err := w.elements("xl/styles.xml", func(_ *xml.Decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmt":
			if !inCells { // differential formats have some too, with ids of their own
				codes[attr(e, "numFmtId")] = attr(e, "formatCode")
			}
		case "cellXfs":
			inCells = true
		case "cellStyles", "dxfs":
			inCells = false
		case "xf":
			if inCells {
				id := attr(e, "numFmtId")
				w.styles = append(w.styles, timesOf(id, codes[id]))
			}
		}
		return nil
	})
	return err
}

// stringList reads the shared strings.
func (w *workbook) stringList() error {
	const part = "xl/sharedStrings.xml"
	size := 0
	_, err := w.elements(part, func(d *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		text, err := richText(d)
		if size += len(text) + 16; size > mostStrings {
			return fault.New(fault.Held, "its texts take more than %d MB", mostStrings>>20).WithHint("send a table of this size as CSV or Parquet")
		}
		w.strings = append(w.strings, text)
		return err
	})
	return err
}

// richText reads the text of an element that began, without what says how it
// is pronounced.
func richText(d *xml.Decoder) (string, error) {
	var text strings.Builder
	depth, inText, spoken := 1, 0, 0
	for depth > 0 {
		token, err := d.Token()
		if err != nil {
			return "", cutOff(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			switch {
			case spoken > 0 || token.Name.Local == "rPh":
				spoken++
			case token.Name.Local == "t" || inText > 0:
				inText++
			}
		case xml.EndElement:
			depth--
			spoken, inText = max(0, spoken-1), max(0, inText-1)
		case xml.CharData:
			if inText > 0 && spoken == 0 {
				text.Write(token)
			}
		}
	}
	return unescaped(text.String()), nil
}

// cutOff is the end of a part before its elements end.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// choose returns the sheet a table names, by name or number, or the only one.
func (w *workbook) choose(l Layout) (sheet, error) {
	var names, shown []string
	visible := sheet{}
	for _, s := range w.sheets {
		names = append(names, s.name)
		if !s.hidden {
			visible, shown = s, append(shown, s.name)
		}
	}
	if len(names) == 0 {
		return sheet{}, fault.New(fault.Held, "it has no worksheet").WithHint("ask for the file again")
	}
	if !l.Sheet.Given() {
		if len(shown) != 1 {
			return sheet{}, fault.New(fault.Held, "it has %d sheets: %s", len(names), strings.Join(names, ", ")).
				WithHint("say which is the table: sheet: %s", names[0])
		}
		return visible, nil
	}
	want := l.Sheet.Value
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		for _, s := range w.sheets {
			if same(s.name, want) {
				return s, nil
			}
		}
	}
	if at, err := strconv.Atoi(want); err == nil && at >= 1 && at <= len(w.sheets) {
		return w.sheets[at-1], nil
	}
	return sheet{}, fault.New(fault.Held, "it has no sheet %s; it has %s", want, strings.Join(names, ", ")).
		WithHint("%s", fault.DidYouMean(want, names))
}

// cellName is a cell's name as people know it, such as B7.
func cellName(column, row int) string {
	letters := ""
	for column++; column > 0; column = (column - 1) / 26 {
		letters = string(rune('A'+(column-1)%26)) + letters
	}
	return fmt.Sprintf("%s%d", letters, row)
}
