package main

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/app"
)

// Sizes of the drawing, in pixels.
const (
	boxHeight  = 34
	boxGap     = 14
	columnGap  = 70
	letter     = 7.3 // width of a letter of the 12 px font
	boxPadding = 24
	margin     = 20
)

// box is a node with its place in the drawing.
type box struct {
	node        app.LineageNode
	x, y, width float64
}

// lineageSVG draws a lineage from left to right: a column of boxes for each
// longest distance from the sources, ordered within it so that lines cross
// little (the barycentre heuristic of Sugiyama, Tagawa and Toda, 1981).
func lineageSVG(l app.Lineage) string {
	ranks := ranked(l)
	boxes, width, height := placed(ranks)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="Lineage of %s">`+"\n",
		width, height, width, height, html.EscapeString(l.Root))
	b.WriteString(`<style>
rect{fill:#f6f6f4;stroke:#8a8a85}rect.root{stroke:#b4532a;stroke-width:2.5}path{fill:none;stroke:#a5a59f;stroke-width:1.3}
text{font:12px ui-sans-serif,system-ui,sans-serif;fill:#222}
@media(prefers-color-scheme:dark){svg{background:#1b1b1a}rect{fill:#2a2a28;stroke:#74746e}text{fill:#e8e8e4}path{stroke:#6a6a64}}
</style>` + "\n")
	for _, e := range l.Edges {
		from, to := boxes[e.From], boxes[e.To]
		x1, y1, x2, y2 := from.x+from.width, from.y+boxHeight/2, to.x, to.y+boxHeight/2
		bend := (x2 - x1) / 2
		fmt.Fprintf(&b, `<path d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f"/>`+"\n", x1, y1, x1+bend, y1, x2-bend, y2, x2, y2)
	}
	for _, n := range l.Nodes {
		at, class := boxes[n.ID], ""
		if n.ID == l.Root {
			class = ` class="root"`
		}
		fmt.Fprintf(&b, `<g><title>%s</title><rect%s x="%.1f" y="%.1f" width="%.1f" height="%d" rx="6"/><text x="%.1f" y="%.1f">%s</text></g>`+"\n",
			html.EscapeString(tooltip(n)), class, at.x, at.y, at.width, boxHeight, at.x+boxPadding/2, at.y+boxHeight/2+4, html.EscapeString(n.ID))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func tooltip(n app.LineageNode) string {
	parts := []string{n.ID, n.Layer}
	if n.Type != "" {
		parts = append(parts, n.Type)
	}
	if n.Owner != "" {
		parts = append(parts, "owner "+n.Owner)
	}
	return strings.Join(parts, ", ")
}

// ranked puts the nodes in columns, every edge going to a later one.
func ranked(l app.Lineage) [][]app.LineageNode {
	above := map[string][]string{}
	for _, e := range l.Edges {
		above[e.To] = append(above[e.To], e.From)
	}
	rank := map[string]int{}
	var of func(id string) int
	of = func(id string) int {
		if r, ok := rank[id]; ok {
			return r
		}
		deepest := 0
		for _, from := range above[id] {
			deepest = max(deepest, of(from)+1)
		}
		rank[id] = deepest
		return deepest
	}
	var ranks [][]app.LineageNode
	for _, n := range l.Nodes {
		r := of(n.ID)
		for len(ranks) <= r {
			ranks = append(ranks, nil)
		}
		ranks[r] = append(ranks[r], n)
	}
	order(ranks, above)
	return ranks
}

// order sorts each column by the mean position of what its nodes are made from.
func order(ranks [][]app.LineageNode, above map[string][]string) {
	position := map[string]float64{}
	for r, column := range ranks {
		weight := map[string]float64{}
		for i, n := range column {
			weight[n.ID] = float64(i)
			if r > 0 && len(above[n.ID]) > 0 {
				sum := 0.0
				for _, from := range above[n.ID] {
					sum += position[from]
				}
				weight[n.ID] = sum / float64(len(above[n.ID]))
			}
		}
		slices.SortStableFunc(column, func(a, b app.LineageNode) int {
			switch {
			case weight[a.ID] < weight[b.ID]:
				return -1
			case weight[a.ID] > weight[b.ID]:
				return 1
			default:
				return strings.Compare(a.ID, b.ID)
			}
		})
		for i, n := range column {
			position[n.ID] = float64(i)
		}
	}
}

// placed gives every node its box, columns centred on the tallest.
func placed(ranks [][]app.LineageNode) (boxes map[string]box, width, height float64) {
	tallest := 0
	for _, column := range ranks {
		tallest = max(tallest, len(column))
	}
	height = float64(tallest*(boxHeight+boxGap)-boxGap) + 2*margin
	boxes = map[string]box{}
	x := float64(margin)
	for _, column := range ranks {
		widest := 0.0
		for _, n := range column {
			widest = max(widest, float64(len([]rune(n.ID)))*letter+boxPadding)
		}
		y := (height - float64(len(column)*(boxHeight+boxGap)-boxGap)) / 2
		for _, n := range column {
			boxes[n.ID] = box{node: n, x: x, y: y, width: widest}
			y += boxHeight + boxGap
		}
		x += widest + columnGap
	}
	return boxes, x - columnGap + margin, height
}
