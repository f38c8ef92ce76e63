package vendors

import (
	"maps"
	"slices"

	"github.com/larder-data/larder/internal/fault"
)

// Row is one record as it should land: values by the names the vendor uses,
// money as "12.50"; what has no value is not there.
type Row map[string]string

// Lists returns the names Truth knows, sorted: "ads/spend", "shop/orders" ...
func (w *World) Lists() []string {
	names := slices.Collect(maps.Keys(layouts))
	return slices.Sorted(slices.Values(append(names, "shop/order_lines", "web/events")))
}

// Truth returns, in full, the rows of a list as the vendors can tell them
// today, troubles apart, in the order of the time they are asked by. It fails
// with NotFound for a list that is not one of Lists.
//
// The lists' names are those of the endpoints. Those without one are
// "shop/order_lines", the lines within orders; "payments/settlements", all of
// the files in the bucket; "web/events", the same for the browser's events; and
// "catalogue/...", the tables of the suppliers' database.
func (w *World) Truth(list string) ([]Row, error) {
	v := w.viewNow()
	if list == "web/events" {
		return w.clicksTruth(v)
	}
	if list == "shop/order_lines" {
		var rows []Row
		columns := w.stock.feeds["shop/orders"].lines
		for _, order := range v.rows["shop/orders"] {
			for _, line := range order.lines {
				row := rowOf(columns, line.values)
				row["order_id"] = order.id
				rows = append(rows, row)
			}
		}
		return rows, nil
	}
	f, ok := w.stock.feeds[list]
	if !ok {
		return nil, fault.New(fault.NotFound, "the vendors have no list %q", list).WithHint("the lists are %v", w.Lists())
	}
	rows := make([]Row, 0, len(v.rows[list]))
	for _, r := range v.rows[list] {
		rows = append(rows, rowOf(f.columns, r.values))
	}
	return rows, nil
}

func (w *World) clicksTruth(v *view) ([]Row, error) {
	var rows []Row
	for _, hour := range w.stock.hours {
		if hour.day > v.today {
			continue
		}
		for _, line := range hour.lines {
			row, err := object(line)
			if err != nil {
				return nil, fault.New(fault.Internal, "the browser's events: %w", err)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func rowOf(columns []column, values []string) Row {
	row := Row{}
	for i, c := range columns {
		if values[i] != "" {
			row[c.name] = values[i]
		}
	}
	return row
}
