package main

import (
	"strings"

	"charm.land/lipgloss/v2"
	grid "charm.land/lipgloss/v2/table"

	"github.com/larder-data/larder/internal/table"
)

// grid draws rows as a table, numbers to the right, each line after the indent.
func (p *program) grid(b table.Batch, indent string) string {
	t := grid.New().Headers(table.Names(b.Columns)...).Border(lipgloss.NormalBorder()).
		BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderColumn(false)
	for _, row := range b.Rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = p.cell(v, b.Columns[i].Type)
		}
		t.Row(cells...)
	}
	t.StyleFunc(func(row, column int) lipgloss.Style {
		style := lipgloss.NewStyle().PaddingRight(2)
		if b.Columns[column].Type.IsNumeric() {
			style = style.Align(lipgloss.Right)
		}
		if row == grid.HeaderRow && p.color {
			style = style.Bold(true)
		}
		return style
	})
	text := t.String()
	if !p.color {
		text = lipgloss.NewStyle().UnsetBold().Render(text)
	}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	var out strings.Builder
	for _, line := range lines {
		out.WriteString(indent + strings.TrimRight(line, " ") + "\n")
	}
	return out.String()
}

// cell writes a value on one line; NULL is told apart from an empty text.
func (p *program) cell(value any, of table.Type) string {
	if value == nil {
		return p.paint(faint, "NULL")
	}
	text := table.Format(value, of)
	text = strings.NewReplacer("\n", "\\n", "\r", "\\r", "\t", "\\t", "\x1b", "\\e").Replace(text)
	return shorten(text, 80)
}
