package compile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

// promises holds what a file declares of columns against the columns there are.
// The place stands for declarations that have none.
func promises(op string, declared []Declared, columns []table.Column, place fault.Place) (list fault.List) {
	add := func(where fault.Place, hint, format string, args ...any) {
		if where.IsZero() {
			where = place
		}
		list = append(list, &fault.Error{Op: op, Kind: fault.Invalid, Where: where, Hint: hint, Err: fmt.Errorf(format, args...)})
	}
	for _, d := range declared {
		c, ok := table.Find(columns, d.Name)
		if !ok {
			add(d.Where, fault.DidYouMean(d.Name, table.Names(columns)), "the column %s is declared, but the result has none of that name", d.Name)
			continue
		}
		if d.Type != (table.Type{}) && !sameType(d.Type, c.Type) {
			where := d.TypeWhere
			if where.IsZero() {
				where = d.Where
			}
			add(where, fmt.Sprintf("declare %s, or write cast(... as %s) as %s", c.Type, strings.ToLower(d.Type.String()), c.Name),
				"the column %s is declared as %s and is %s", d.Name, d.Type, c.Type)
		}
		if _, isColumn := table.Find(columns, d.Currency); d.Currency != "" && !isColumn && !currencyCode.MatchString(d.Currency) {
			add(d.Where, fault.DidYouMean(d.Currency, table.Names(columns)),
				"the currency %s of %s is neither a code such as GBP nor a column", d.Currency, d.Name)
		}
	}
	return list
}

// grains checks that the columns which name a row exist.
func grains(m *Model, columns []table.Column) (list fault.List) {
	for _, g := range m.Grain {
		if _, ok := table.Find(columns, g.Name); ok {
			continue
		}
		where := g.Where
		if where.IsZero() {
			where = m.Where
		}
		list = append(list, &fault.Error{
			Op: "model " + m.Dataset, Kind: fault.Invalid, Where: where, Hint: fault.DidYouMean(g.Name, table.Names(columns)),
			Err: fmt.Errorf("the grain names %s, but the result has no such column", g.Name),
		})
	}
	return list
}

// sameType compares types; the spelling of nested ones ignores case, space and quotes.
func sameType(a, b table.Type) bool {
	if a.Kind != table.Nested || b.Kind != table.Nested {
		return a == b
	}
	plain := func(t table.Type) string {
		return strings.ToUpper(strings.NewReplacer(" ", "", `"`, "").Replace(t.Spelling))
	}
	return plain(a) == plain(b)
}

// moneyOf returns the money columns of a dataset by lower-case name: those that
// are declared, and for the rest those in inherited.
func moneyOf(declared []Declared, inherited map[string]string) map[string]string {
	out := inherited
	for _, d := range declared {
		if d.Currency != "" {
			if out == nil {
				out = map[string]string{}
			}
			out[strings.ToLower(d.Name)] = d.Currency
		}
	}
	return out
}

// inherit finds the money columns that come unchanged, or added up, from money
// columns of upstream datasets. A currency that is a column must come along.
func (b *bound) inherit(upstreams map[string]upstream) map[string]string {
	var out map[string]string
	for i, unit := range b.units {
		if unit.Dataset == "" || !b.columns[i].Type.IsNumeric() {
			continue
		}
		source := upstreams[strings.ToLower(unit.Dataset)]
		currency := source.money[strings.ToLower(unit.Column)]
		if c, isColumn := table.Find(source.columns, currency); isColumn {
			want := []ColumnRef{{source.dataset, c.Name}}
			at := slices.IndexFunc(b.lineage, func(e Edge) bool { return e.Direct && slices.Equal(e.From, want) })
			if at < 0 {
				continue
			}
			currency = b.columns[at].Name
		}
		if out == nil {
			out = map[string]string{}
		}
		out[strings.ToLower(b.columns[i].Name)] = currency
	}
	return out
}

// money checks a bound model's money: a float declared as money is refused, and
// so is a sum over a column whose currency is another column that neither
// groups the rows nor chooses them. Money that becomes a float undeclared is
// worth a warning.
func (b *bound) money(st *statement, declared []Declared) (refused, warned []problem) {
	for i, c := range b.columns {
		if !c.Type.IsFloat() {
			continue
		}
		at := slices.IndexFunc(declared, func(d Declared) bool { return d.Currency != "" && strings.EqualFold(d.Name, c.Name) })
		left := b.left[i]
		switch {
		case at >= 0:
			refused = append(refused, floatMoney(st, c, left))
		case left != nil && b.isMoney(left.from) && !b.isMoney(left.others):
			warned = append(warned, floatMoney(st, c, left))
		}
	}
	return append(refused, b.mixed(st)...), warned
}

func (b *bound) isMoney(sources []int32) bool {
	return slices.ContainsFunc(sources, func(n int32) bool {
		ref := b.walker.refs[n]
		return b.walker.upstreams[strings.ToLower(ref.Dataset)].money[strings.ToLower(ref.Column)] != ""
	})
}

func floatMoney(st *statement, c table.Column, left *departure) problem {
	p := problem{at: -1, name: c.Name, message: fmt.Sprintf("the money column %s is %s, a float: pennies get lost", c.Name, c.Type)}
	p.hint = "cast it: cast(... as decimal(18,2)) as " + c.Name
	if left == nil {
		p.at = st.second(c.Name)
		return p
	}
	p.at, p.name = left.at, left.what
	switch left.what {
	case "cast":
		p.message += "; it leaves DECIMAL at a cast"
		p.hint = "cast to decimal(18,2) instead"
	case "/":
		p.message += "; DECIMAL / x is DOUBLE"
		p.hint = "cast the quotient: cast(a / b as decimal(18,2)) as " + c.Name
	default:
		p.message += fmt.Sprintf("; %s(DECIMAL) is DOUBLE", left.what)
		p.hint = fmt.Sprintf("cast the result: cast(%s(...) as decimal(18,2)) as %s", left.what, c.Name)
	}
	return st.placed(p)
}

// mixed finds sums over several currencies. It stays silent when the currency
// column is looked at by any filter or join: that may be what makes it one.
func (b *bound) mixed(st *statement) []problem {
	var out []problem
	w := b.walker
	for _, sum := range w.sums {
		ref := w.refs[sum.unit]
		source := w.upstreams[strings.ToLower(ref.Dataset)]
		c, isColumn := table.Find(source.columns, source.money[strings.ToLower(ref.Column)])
		if !isColumn {
			continue
		}
		currency, isRead := w.numbers[ColumnRef{source.dataset, c.Name}]
		if isRead && (slices.Contains(sum.keys, currency) || slices.Contains(w.conditions, currency)) {
			continue
		}
		p := st.placed(problem{
			sum.at, sum.name, fmt.Sprintf("%s(%s) adds up several currencies: the currency is in %s.%s", sum.name, ref.Column, source.dataset, c.Name),
			"group by " + c.Name + ", choose one currency with where, or convert first",
		})
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}
