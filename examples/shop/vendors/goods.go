package vendors

import (
	"strconv"
	"strings"
)

// storage is how each category is kept; what is not named is kept at room
// temperature.
var storage = map[string]string{
	"Fruit": "chilled", "Vegetables": "chilled", "Dairy": "chilled", "Meat and fish": "chilled", "Frozen": "frozen",
}

// item enters a product into the suppliers' catalogue: what they charge for
// it, not what the shop asks. Columns of other kinds than numbers and texts
// (an array, a document) are in PostgreSQL's own spelling.
func (s *stock) item(product []string) {
	id, name, category, vendor, cost, at := product[0], product[1], product[2], product[3], product[6], product[8]
	what, size, _ := strings.Cut(name, ", ")
	kept := storage[category]
	if kept == "" {
		kept = "ambient"
	}
	sizes := "{" + size + "}"
	if strings.Contains(size, " ") {
		sizes = `{"` + size + `"}`
	}
	details := `{"item": "` + what + `", "size": "` + size + `"}`
	s.keep("catalogue/items", id, at, []string{id, vendor, name, category, cost, kept, sizes, details, at})
}

// goods reads what was received at the warehouse door, and who supplies.
func (s *stock) goods(from *folder) {
	from.rows("vendors/receipts", '\t', false, func(v []string) {
		if v[10] == `\N` {
			v[10] = ""
		}
		s.keep("catalogue/receipts", v[0]+"-"+padded(v[1]), v[6], v)
	})
	names, items := map[string]string{}, map[string]map[string]bool{}
	for _, r := range s.feeds["shop/products"].records {
		vendor := r.values[3]
		names[vendor] = r.values[4]
		if items[vendor] == nil {
			items[vendor] = map[string]bool{}
		}
		items[vendor][r.id] = true
	}
	for vendor, name := range names {
		s.keep("catalogue/suppliers", vendor, s.summary.First, []string{vendor, name, strconv.Itoa(len(items[vendor]))})
	}
}
