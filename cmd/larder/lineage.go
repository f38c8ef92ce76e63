package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/fault"
)

func (p *program) lineageCommand() *cobra.Command {
	var up, down, dot, svg bool
	var depth int
	cmd := &cobra.Command{
		Use:   "lineage DATASET[.COLUMN]",
		Short: "What a dataset or a column is made from, and what is made from it",
		Example: `  larder lineage finance.net_sales_daily
  larder lineage finance.net_sales_daily.net_sales --up
  larder lineage warehouse.order_lines --svg > lineage.svg`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if dot && svg {
				return fault.New(fault.Invalid, "--dot and --svg exclude each other")
			}
			a, err := p.load(cmd.Context())
			if err != nil {
				return err
			}
			defer closing(a, &err)
			both := up == down
			l, err := a.Lineage(args[0], app.LineageRequest{Up: up || both, Down: down || both, Depth: depth})
			if err != nil {
				return err
			}
			switch {
			case p.json:
				return p.answer(l)
			case dot:
				p.printf("%s", lineageDot(l))
			case svg:
				p.printf("%s", lineageSVG(l))
			default:
				p.lineageTrees(l, up || both, down || both)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&up, "up", false, "only what it is made from")
	cmd.Flags().BoolVar(&down, "down", false, "only what is made from it")
	cmd.Flags().IntVar(&depth, "depth", 0, "how many steps far; 0 is all the way")
	cmd.Flags().BoolVar(&dot, "dot", false, "write it for Graphviz")
	cmd.Flags().BoolVar(&svg, "svg", false, "draw it")
	return cmd
}

// lineageTrees draws the two trees, upstream and downstream. What was drawn
// once is not unfolded again.
func (p *program) lineageTrees(l app.Lineage, up, down bool) {
	ups, downs := map[string][]string{}, map[string][]string{}
	for _, e := range l.Edges {
		ups[e.To] = append(ups[e.To], e.From)
		downs[e.From] = append(downs[e.From], e.To)
	}
	if up {
		p.tree(l, "made from", ups)
	}
	if down {
		p.tree(l, "used by", downs)
	}
}

func (p *program) tree(l app.Lineage, title string, next map[string][]string) {
	about := map[string]app.LineageNode{}
	for _, n := range l.Nodes {
		about[n.ID] = n
	}
	p.printf("%s %s", p.paint(strong, l.Root), p.paint(faint, title))
	p.unknown(about[l.Root])
	p.printf("\n")
	if len(next[l.Root]) == 0 {
		p.printf("  nothing\n")
		return
	}
	seen := map[string]bool{}
	var branch func(at, indent string)
	branch = func(at, indent string) {
		for i, n := range next[at] {
			mark, deeper := "├─ ", "│  "
			if i == len(next[at])-1 {
				mark, deeper = "└─ ", "   "
			}
			p.printf("%s%s%s", indent, mark, n)
			if t := about[n].Type; t != "" {
				p.printf("  %s", p.paint(faint, t))
			}
			p.unknown(about[n])
			if seen[n] && len(next[n]) > 0 {
				p.printf("  %s\n", p.paint(faint, "(see above)"))
				continue
			}
			p.printf("\n")
			seen[n] = true
			branch(n, indent+deeper)
		}
	}
	branch(l.Root, "  ")
}

// unknown says why a column's origins are all that its model reads.
func (p *program) unknown(n app.LineageNode) {
	if n.Unknown != "" {
		p.printf("  %s", p.paint(faint, "("+n.Unknown+")"))
	}
}

func lineageDot(l app.Lineage) string {
	var b strings.Builder
	b.WriteString("digraph lineage {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n")
	for _, n := range l.Nodes {
		fmt.Fprintf(&b, "  %s", dotQuote(n.ID))
		if n.ID == l.Root {
			b.WriteString(" [penwidth=2]")
		}
		b.WriteString(";\n")
	}
	for _, e := range l.Edges {
		fmt.Fprintf(&b, "  %s -> %s;\n", dotQuote(e.From), dotQuote(e.To))
	}
	b.WriteString("}\n")
	return b.String()
}

func dotQuote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
