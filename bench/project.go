package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// tiny is a model in chains of ten; the first of each makes its rows itself.
func tiny(i int) string {
	if i%10 == 0 {
		return "select range as id, range % 7 as kind, range * 1.5 as amount from range(1000)"
	}
	return fmt.Sprintf("select id, kind, amount + %d as amount from mart.m%05d where id >= 0", i, i-1)
}

// realistic has four common table expressions, windows and ten columns.
func realistic(i int) string {
	from := "mart.m00000"
	if i > 0 {
		from = fmt.Sprintf("mart.m%05d", (i-1)/2)
	}
	if i == 0 {
		return `select range as id, range % 7 as kind, date '2026-01-01' + (range % 90)::integer as day, (range * 1.5)::decimal(18,2) as amount,
  'c' || range as customer, 0 as pieces, 0.0::decimal(18,2) as running, 1 as place, 0 as before, 0 as share from range(1000)`
	}
	return fmt.Sprintf(`with base as (select id, kind, day, amount, customer, pieces from %s where amount > %d or amount is null),
by_kind as (select kind, sum(amount) as kind_amount, count(*) as rows from base group by kind),
by_day as (select day, max(amount) as top from base group by day),
joined as (select b.*, k.kind_amount, k.rows, d.top from base b join by_kind k using (kind) left join by_day d using (day))
select id, kind, day, amount, customer, pieces + 1 as pieces,
  sum(amount) over (partition by kind order by id) as running,
  row_number() over (partition by day order by amount desc, id) as place,
  lag(id, 1, 0) over (order by id) as before,
  case when top > 0 then 1 else 0 end as share
from joined`, from, -i)
}

// rules are the checks of one model, and what they are as one statement.
const (
	rules = `/* larder
checks:
  - required(id)
  - unique(id)
  - range(kind, 0, 6)
  - row_count > 0
*/
`
	fused = `select count(*) filter (id is null), count(*) - count(distinct id), count(*) filter (kind < 0 or kind > 6), count(*) from %s`
)

// write makes a project of n models, and a file with the same statements.
func write(dir string, n, checks int, model func(int) string) (statements string, err error) {
	head := ""
	if checks > 0 {
		head = rules
	}
	var b strings.Builder
	b.WriteString("create schema mart;\n")
	files := map[string]string{"larder.yml": "name: bench\n"}
	for i := range n {
		name := fmt.Sprintf("m%05d", i)
		files["models/mart/"+name+".sql"] = head + model(i) + "\n"
		fmt.Fprintf(&b, "create table mart.%s as %s;\n", name, model(i))
		if checks > 0 {
			fmt.Fprintf(&b, fused+";\n", "mart."+name)
		}
	}
	statements = filepath.Join(dir, "..", filepath.Base(dir)+".sql")
	files[filepath.Join("..", filepath.Base(dir)+".sql")] = b.String()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	return statements, nil
}
