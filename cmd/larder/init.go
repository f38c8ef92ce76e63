package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/fault"
)

// The files of a new project: the smallest that runs, each with one comment
// that teaches.
var starter = map[string]string{
	"larder.yml": `# The project: its name, the time zone of a business day, the currency of money.
name: NAME
time_zone: UTC
currency: EUR
`,
	"sources/shop.yml": `# A source lands tables in the lake: this one lands lake.shop_orders.
kind: files
path: data
tables:
  orders:
    description: Orders as the shop exports them
    files: orders*.csv
    columns:
      order_id: {type: varchar, required: true, description: The order's number}
      ordered_on: date
      country: varchar
      amount: {type: "decimal(18,2)", currency: EUR}
`,
	"data/orders.csv": `order_id,ordered_on,country,amount
1001,2024-01-05,DE,19.90
1002,2024-01-05,FR,5.00
1003,2024-01-06,DE,42.10
`,
	"models/marts/sales_daily.sql": `/* larder
description: Sales a day and country
grain: [ordered_on, country]
columns:
  sales:
    description: What was ordered
    currency: EUR
checks:
  - row_count > 0
  - ties_to_lake:
      that: sum(sales)
      equals:
        from: lake.shop_orders
        that: sum(amount)
        within: 0.00
*/
select
  ordered_on,
  country,
  cast(sum(amount) as decimal(18,2)) as sales,
  count(*) as orders
from lake.shop_orders
group by ordered_on, country
`,
	".gitignore": ".larder/\nlarder.local.yml\n",
}

func (p *program) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Begin a project: a source, a model and a check that run as they are",
		Example: `  larder init shop
  cd shop && larder run`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			root, err := filepath.Abs(dir)
			if err != nil {
				return fault.New(fault.Invalid, "%w", err)
			}
			if _, err := os.Stat(filepath.Join(root, "larder.yml")); err == nil {
				return fault.New(fault.Invalid, "%s is a project already", root).WithHint("change it, or name another folder")
			}
			for name, text := range starter {
				if err := writeNew(filepath.Join(root, filepath.FromSlash(name)), strings.ReplaceAll(text, "NAME", projectName(root))); err != nil {
					return err
				}
			}
			if p.json {
				return p.answer(map[string]any{"project": root, "files": slices.Sorted(maps.Keys(starter))})
			}
			p.printf("A project is in %s. Next:\n\n", root)
			if dir != "." {
				p.printf("  cd %s\n", dir)
			}
			p.printf("  larder run\n  larder query \"select * from marts.sales_daily\"\n")
			return nil
		},
	}
}

// writeNew writes a file, never over one that exists.
func writeNew(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fault.New(fault.Denied, "%w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if os.IsExist(err) {
		return nil
	}
	if err != nil {
		return fault.New(fault.Denied, "%w", err)
	}
	if _, err := file.WriteString(text); err != nil {
		_ = file.Close() // the first error is the one to tell
		return fault.New(fault.OutOfRoom, "%w", err)
	}
	return file.Close()
}

// projectName makes a name from the folder's.
func projectName(root string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(filepath.Base(root)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		default:
			b.WriteByte('-')
		}
	}
	if name := strings.Trim(b.String(), "-"); name != "" {
		return name
	}
	return "shop"
}
