package shop

// Summary is what a simulation came to.
type Summary struct {
	First, Last string // the first and last simulated day, "2025-01-01"
	Days        int
	Orders      int
	Members     int   // active at the end
	NewMembers  int   // joined since the first day
	NetSales    int64 // by order date, in pence; Money writes it
	Files       int
	Rows        int64
	Truth       Truth
}

// Truth is what the marts must say, kept apart from the files by the simulator
// itself. Amounts are minor units of the currency named, or pence for GBP.
type Truth struct {
	NetSales      map[DayCurrency]Sales // by order date
	ShippedSales  map[DayCurrency]Sales // by shipment date; Orders is not counted
	Cash          map[DayCurrency]Cash  // by order date
	Payouts       map[string]int64      // by payout, those paid
	Membership    map[DayCurrency]int64 // fees by the day they were charged
	Spend         map[string]int64      // pence, by campaign
	NewMembers    map[string]int        // by campaign that brought them, "" for none
	Funnel        map[string]Funnel     // by day
	Substitutions int                   // lines shipped as another product
	Shorts        int                   // lines out of stock
	Delivered     int                   // parcels
	Contacts      int                   // with member services
	Received      int64                 // units from vendors
}

// DayCurrency names a day, "2025-01-31", and a currency, "EUR".
type DayCurrency struct{ Day, Currency string }

// Sales are what order lines came to.
type Sales struct {
	Orders, Lines int
	Units         int64
	Gross         int64
	Discount      int64
	Net           int64 // gross - discount
	Tax           int64
	NetGBP        int64 // line by line, in pence
}

func (s *Sales) add(l *line, inPounds int64) {
	s.Lines++
	s.Units += l.quantity
	s.Gross += l.gross()
	s.Discount += l.discount
	s.Net += l.net()
	s.Tax += l.tax
	s.NetGBP += inPounds
}

// Cash is how far the orders of a day have turned into money. Shipped is what
// left less the store credit it used; it equals Captured.
type Cash struct {
	Ordered, Shipped, Captured, Refunded, ChargedBack, Fees int64
}

// Funnel counts a day's web sessions by how far they came.
type Funnel struct{ Sessions, Carted, Checkout, Purchased int }

func newTruth() Truth {
	return Truth{
		NetSales: map[DayCurrency]Sales{}, ShippedSales: map[DayCurrency]Sales{}, Cash: map[DayCurrency]Cash{},
		Payouts: map[string]int64{}, Membership: map[DayCurrency]int64{}, Spend: map[string]int64{},
		NewMembers: map[string]int{}, Funnel: map[string]Funnel{},
	}
}
