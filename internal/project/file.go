package project

import (
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/fault"
)

// File is a text file of the project, kept for pointing into it.
type File struct {
	Path  string // relative to the project's root, slashes
	Text  string
	shift int // lines above the YAML that positions inside it do not count
}

// Place returns the position of a line and column, both from 1, with the line's text.
func (f *File) Place(line, column int) fault.Place {
	line += f.shift
	place := fault.Place{File: f.Path, Line: line, Column: column}
	if lines := strings.Split(f.Text, "\n"); line >= 1 && line <= len(lines) {
		place.Text = strings.TrimSuffix(lines[line-1], "\r")
	}
	return place
}

// At returns where a YAML node begins.
func (f *File) At(node ast.Node) fault.Place {
	if node == nil || node.GetToken() == nil {
		return fault.Place{File: f.Path}
	}
	position := node.GetToken().Position
	return f.Place(position.Line, position.Column)
}

// Offset returns the position of a byte offset into Text.
func (f *File) Offset(offset int) fault.Place {
	offset = min(max(offset, 0), len(f.Text))
	line := 1 + strings.Count(f.Text[:offset], "\n")
	column := offset - strings.LastIndex(f.Text[:offset], "\n")
	return (&File{Path: f.Path, Text: f.Text}).Place(line, column)
}
