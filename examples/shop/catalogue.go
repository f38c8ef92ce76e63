package shop

import "fmt"

// shelf is a category of products: who supplies it, how it is taxed, what is in it.
type shelf struct {
	name    string
	vendors []string
	tax     int64 // percent
	low     int   // cheapest price, in pence
	high    int
	items   []string
	sizes   []string
}

var shelves = []shelf{
	{"Fruit", []string{"Orchard Lane Growers", "Sunny Crate Imports"}, 0, 90, 420, []string{"Apples", "Pears", "Bananas", "Oranges", "Grapes", "Plums", "Blueberries", "Lemons", "Mangoes", "Kiwis"}, []string{"small", "family"}},
	{"Vegetables", []string{"Fenside Farms", "Sunny Crate Imports"}, 0, 60, 340, []string{"Carrots", "Potatoes", "Onions", "Tomatoes", "Spinach", "Broccoli", "Peppers", "Leeks", "Mushrooms", "Beetroot"}, []string{"500 g", "1 kg"}},
	{"Bakery", []string{"Stone Oven Bakers"}, 0, 110, 460, []string{"Sourdough", "Rye bread", "Baguette", "Crumpets", "Bagels", "Focaccia", "Scones", "Pitta", "Brioche", "Oatcakes"}, []string{"single", "twin pack"}},
	{"Dairy", []string{"Green Pail Dairy", "Hill & Churn"}, 0, 95, 620, []string{"Milk", "Oat drink", "Butter", "Cheddar", "Yoghurt", "Cream", "Brie", "Kefir", "Eggs", "Feta"}, []string{"regular", "large"}},
	{"Pantry", []string{"Mill & Merchant"}, 0, 80, 540, []string{"Penne", "Basmati rice", "Plain flour", "Porridge oats", "Chickpeas", "Red lentils", "Chopped tomatoes", "Olive oil", "Sea salt", "Couscous"}, []string{"500 g", "1 kg"}},
	{"Meat and fish", []string{"Drovers Butchery", "Harbour Nine"}, 0, 320, 1450, []string{"Chicken thighs", "Beef mince", "Pork sausages", "Smoked salmon", "Cod fillets", "Lamb chops", "Bacon", "Prawns", "Turkey breast", "Mackerel"}, []string{"for two", "for four"}},
	{"Drinks", []string{"Blue Kettle Tea", "Press House Juices"}, 20, 140, 880, []string{"Breakfast tea", "Ground coffee", "Apple juice", "Orange juice", "Sparkling water", "Ginger beer", "Lemonade", "Cold brew", "Green tea", "Tonic"}, []string{"regular", "large"}},
	{"Treats", []string{"Copper Spoon Sweets"}, 20, 120, 650, []string{"Dark chocolate", "Shortbread", "Salted crisps", "Fudge", "Ginger biscuits", "Popcorn", "Liquorice", "Cashews", "Flapjacks", "Truffles"}, []string{"bag", "sharing box"}},
	{"Frozen", []string{"North Larder Foods"}, 0, 180, 720, []string{"Garden peas", "Berry mix", "Fish fingers", "Potato wedges", "Vegetable dumplings", "Margherita pizza", "Sorbet", "Sweetcorn", "Veggie burgers", "Spinach cubes"}, []string{"regular", "large"}},
	{"Household", []string{"Clean Slate Supplies"}, 20, 150, 990, []string{"Washing liquid", "Dish soap", "Kitchen roll", "Bin bags", "Sponges", "Dishwasher tablets", "Foil", "Bleach", "Matches", "Candles"}, []string{"regular", "refill"}},
	{"Baby", []string{"Little Oak Goods"}, 5, 130, 1100, []string{"Carrot puree", "Apple puree", "Baby rice", "Wipes", "Bibs", "Rusks", "Milk powder", "Cotton wool", "Teething ring", "Bath wash"}, []string{"single", "multipack"}},
	{"Pets", []string{"Paw & Bowl"}, 20, 110, 980, []string{"Cat biscuits", "Dog biscuits", "Cat litter", "Bird seed", "Chicken pouches", "Fish pouches", "Hay", "Dental sticks", "Wild bird fat balls", "Puppy food"}, []string{"regular", "large"}},
}

// product is something on the shelves. Prices are in minor units.
type product struct {
	id, name, category string
	vendor             *vendor
	tax                int64 // percent
	price, cost        int64 // in pence; the price changes now and then
	changed            string
}

// vendor supplies products; a careless one is late and sends things back.
type vendor struct {
	id, name string
	late     int // receipts in a thousand that come late
	spoiled  int // receipts in a thousand with something rejected
	products []*product
}

// stock fills the shelves.
func (s *simulation) stock() {
	r := newRandom(s.seed, "catalogue", 0)
	since := dayText(s.first.AddDate(0, -2, 0)) + "T08:00:00Z"
	vendors := map[string]*vendor{}
	for _, shelf := range shelves {
		for _, name := range shelf.vendors {
			if vendors[name] == nil {
				v := &vendor{id: fmt.Sprintf("V%03d", len(s.vendors)+1), name: name, late: r.between(20, 220), spoiled: r.between(5, 90)}
				vendors[name] = v
				s.vendors = append(s.vendors, v)
			}
		}
		for _, item := range shelf.items {
			price := int64(r.between(shelf.low, shelf.high))
			for n, size := range shelf.sizes {
				p := &product{
					id: fmt.Sprintf("SKU%04d", len(s.products)+1), name: item + ", " + size, category: shelf.name,
					vendor: vendors[one(r, shelf.vendors)], tax: shelf.tax, changed: since,
				}
				p.price = roundPrice(price * int64(10+6*n) / 10)
				p.cost = divide(p.price*int64(r.between(58, 76)), 100)
				p.vendor.products = append(p.vendor.products, p)
				s.products = append(s.products, p)
			}
		}
	}
}

// roundPrice makes a price look like one: it ends in 5 or 0.
func roundPrice(pence int64) int64 { return max(5, divide(pence, 5)*5) }

// reprice moves some prices on the first of a month and writes the catalogue.
func (s *simulation) reprice() {
	if s.date.Day() != 1 && s.today != 0 {
		return
	}
	r := newRandom(s.seed, "prices", s.today)
	for _, p := range s.products {
		if s.today > 0 && r.chance(120) {
			p.price = roundPrice(p.price * int64(r.between(960, 1080)) / 1000)
			p.changed = s.day + "T05:00:00Z"
		}
		s.files.write(s.drops.products, s.row.csv().text(p.id).text(p.name).text(p.category).
			text(p.vendor.id).text(p.vendor.name).money(p.price).money(p.cost).number(p.tax).text(p.changed))
	}
}

// priceIn is the product's price in a currency, from the shop's own price
// lists rather than the day's rate.
func (p *product) priceIn(c currency) int64 {
	return divide(p.price*priceList[c], 100)
}
