package shop

import (
	"testing"

	"pgregory.net/rapid"
)

func TestAllocateLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(0, 100_000_00).Draw(t, "total")
		weights := rapid.SliceOfN(rapid.Int64Range(0, 100_000), 1, 30).Draw(t, "weights")
		parts := allocate(total, weights)
		var sum, all int64
		for i, part := range parts {
			sum += part
			all += weights[i]
		}
		if all == 0 {
			total = 0
		}
		if sum != total {
			t.Fatalf("the parts %v of %d sum to %d", parts, total, sum)
		}
		for i, part := range parts {
			if exact := total * weights[i]; all > 0 && (part*all < exact-all || part*all > exact+all) {
				t.Fatalf("part %d of %d is %d, more than one away from %d/%d", i, total, part, exact, all)
			}
		}
	})
}

func TestDivideRoundsHalfAwayFromZero(t *testing.T) {
	for _, c := range []struct{ a, b, want int64 }{
		{5, 2, 3}, {-5, 2, -3}, {4, 3, 1}, {-4, 3, -1}, {5, 3, 2}, {0, 7, 0}, {149, 100, 1}, {150, 100, 2}, {-150, 100, -2},
	} {
		if got := divide(c.a, c.b); got != c.want {
			t.Errorf("divide(%d, %d) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestMoney(t *testing.T) {
	for minor, want := range map[int64]string{0: "0.00", 5: "0.05", -5: "-0.05", 123456: "1234.56", -100: "-1.00"} {
		if got := Money(minor); got != want {
			t.Errorf("Money(%d) = %s, want %s", minor, got, want)
		}
	}
}

// An order's sums must follow from its lines whatever is in the basket.
func TestOrderClosesToThePenny(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := &order{}
		for range rapid.IntRange(1, 12).Draw(t, "lines") {
			p := &product{category: rapid.SampledFrom([]string{"Fruit", "Drinks", "Baby"}).Draw(t, "category")}
			p.tax = rapid.SampledFrom([]int64{0, 5, 20}).Draw(t, "tax")
			o.lines = append(o.lines, line{
				product: p, quantity: rapid.Int64Range(1, 4).Draw(t, "quantity"), price: rapid.Int64Range(5, 3000).Draw(t, "price"),
			})
		}
		offers := []*promotion{{id: "A", category: "Fruit", percent: rapid.Int64Range(0, 25).Draw(t, "percent")}}
		credit := rapid.Int64Range(0, 20000).Draw(t, "credit")
		o.settle(offers, rapid.Bool().Draw(t, "first"), credit)

		var goods, discount, tax, lines int64
		for i := range o.lines {
			l := &o.lines[i]
			if l.discount < 0 || l.net() <= 0 || l.tax < 0 {
				t.Fatalf("line %+v", *l)
			}
			goods, discount, tax, lines = goods+l.gross(), discount+l.discount, tax+l.tax, lines+l.total()
		}
		if goods != o.goods || discount != o.discount || tax != o.tax || lines != goods-discount+tax {
			t.Fatalf("order %+v has lines of %d, %d, %d", o, goods, discount, tax)
		}
		if o.total != lines+o.shipping-o.credit || o.total < 0 || o.credit < 0 || o.credit > credit {
			t.Fatalf("order %+v of lines %d", o, lines)
		}
	})
}
