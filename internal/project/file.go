package project

import (
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/fault"
)

// File is a text file of the project, kept for pointing into it.
type File struct {
	Path  string // relative to the project's root, slashes
	Text  string // without a byte order mark, lines ending in "\n"
	lines []int  // where each line begins in Text; nil until newFile
}

// newFile returns a File that finds its lines without searching.
func newFile(path, text string) *File {
	lines := make([]int, 1, 1+strings.Count(text, "\n"))
	for i := range len(text) {
		if text[i] == '\n' {
			lines = append(lines, i+1)
		}
	}
	return &File{Path: path, Text: text, lines: lines}
}

// Line returns a line's text, counted from 1, and false when there is none.
func (f *File) Line(line int) (string, bool) {
	start, ok := f.start(line)
	if !ok {
		return "", false
	}
	text, _, _ := strings.Cut(f.Text[start:], "\n")
	return strings.TrimSuffix(text, "\r"), true
}

// start returns the offset at which a line begins.
func (f *File) start(line int) (int, bool) {
	if f.lines != nil {
		if line < 1 || line > len(f.lines) {
			return 0, false
		}
		return f.lines[line-1], true
	}
	offset := 0
	for ; line > 1; line-- {
		next := strings.IndexByte(f.Text[offset:], '\n')
		if next < 0 {
			return 0, false
		}
		offset += next + 1
	}
	return offset, line == 1
}

// Place returns the position of a line and column, both from 1 and the column
// in characters, with the line's text.
func (f *File) Place(line, column int) fault.Place {
	text, _ := f.Line(line)
	return fault.Place{File: f.Path, Line: line, Column: column, Text: text}
}

// At returns where a YAML node begins.
func (f *File) At(node ast.Node) fault.Place {
	if mapping, ok := node.(*ast.MappingNode); ok && !mapping.IsFlowStyle && len(mapping.Values) > 0 {
		node = mapping.Values[0].Key
	}
	if node == nil || node.GetToken() == nil || node.GetToken().Position == nil {
		return fault.Place{File: f.Path}
	}
	position := node.GetToken().Position
	return f.Place(position.Line, position.Column)
}

// Within returns the position of a byte offset into the text of a scalar node.
// It is exact when the text stands on one line as it is, with or without
// quotes; otherwise it is where the node begins.
func (f *File) Within(node ast.Node, text string, offset int) fault.Place {
	begin := f.At(node)
	if offset > len(text) {
		return begin
	}
	rest, place := skip(begin.Text, begin.Column-1), begin
	if strings.HasPrefix(rest, `"`) || strings.HasPrefix(rest, "'") {
		rest = rest[1:]
		place.Column++
	}
	if !strings.HasPrefix(rest, text) {
		return begin
	}
	place.Column += utf8.RuneCountInString(text[:offset])
	return place
}

// skip returns text without its first n characters.
func skip(text string, n int) string {
	for ; n > 0 && text != ""; n-- {
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
	return text
}

// Offset returns the position of a byte offset into Text.
func (f *File) Offset(offset int) fault.Place {
	offset = min(max(offset, 0), len(f.Text))
	line := 1 + strings.Count(f.Text[:offset], "\n")
	start := strings.LastIndexByte(f.Text[:offset], '\n') + 1
	return f.Place(line, 1+utf8.RuneCountInString(f.Text[start:offset]))
}
