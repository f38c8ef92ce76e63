package library

import (
	"fmt"
	"strings"
)

const head = `# Functions

What every retailer writes again, with one meaning on every engine. They stand in the schema ` + "`larder`" + ` and are always
written with it: ` + "`larder.divide(amount, 3, 2)`" + `. Larder installs them in the warehouse; models, checks and people's own queries can use them.

- Every function is tried with more than a thousand values on DuckDB and PostgreSQL, and must give the same: NULLs, zero,
  half pennies, leap days, year ends, empty and foreign texts.
- Where nothing else is said, a NULL argument gives NULL.
- Money is exact: arguments are ` + "`decimal(27,10)`" + `, a float is refused (cast it, and you have said that you mean it). Results
  have ten digits behind the point whatever the scale; cast to the column's type: ` + "`larder.divide(amount, 3, 2)::decimal(18,2)`" + `.
- Days are dates: cast a timestamp in the time zone you mean before, ` + "`(placed_at at time zone 'Europe/London')::date`" + `.
- A list of holidays is written ` + "`array[date '2024-12-25']`" + ` or ` + "`(select array_agg(day) from warehouse.holidays)`" + `.
- Aggregates stand in SELECT with GROUP BY, not with OVER or FILTER.

This page is generated from the definitions (` + "`go test ./internal/library -run Documented -update`" + `).
`

// Document is docs/functions.md.
func Document() string {
	var b strings.Builder
	b.WriteString(head)
	group := ""
	done := map[string]bool{}
	functions := all()
	for i, f := range functions {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(&b, "\n## %s\n\n| function | what it returns | example |\n|---|---|---|\n", group)
		}
		key := f.Name + f.Doc
		if done[key] {
			continue
		}
		done[key] = true
		example := ""
		if f.Example != "" {
			example = fmt.Sprintf("`%s` → %s", f.Example, gives(f.Gives))
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", signatures(functions[i:], key), cell(f.Doc), cell(example))
	}
	b.WriteString("\n## Patterns\n\nWhat no function can do, in SQL that every engine reads alike.\n")
	for _, p := range Patterns() {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n```sql\n%s\n```\n\n```\n%s\n```\n", p.Name, p.Doc, p.SQL, p.Gives)
	}
	return b.String()
}

func gives(text string) string {
	if text == "" {
		return "NULL"
	}
	return "`" + text + "`"
}

// signatures are the forms of one name and meaning.
func signatures(from []Function, key string) string {
	var out []string
	for _, f := range from {
		if f.Name+f.Doc == key {
			out = append(out, "`"+f.Signature()+"`")
		}
	}
	return strings.Join(out, "<br>")
}

// Signature is the function as it is called, with its types.
func (f Function) Signature() string {
	var params []string
	for _, p := range f.Params {
		params = append(params, strings.Trim(p.Name, `"`)+" "+p.Type)
	}
	return fmt.Sprintf("%s(%s) %s", f.Name, strings.Join(params, ", "), f.Returns)
}

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
