package compile
import ("testing";"errors";"github.com/larder-data/larder/internal/fault")
func TestSmoke(t *testing.T) {
	n := compiled(t, "select o.customer_id, sum(l.quantity * l.unit_price) as gross, $now as at, o.address.city from shop.orders o join shop.lines l using (order_id) where o.ordered_at >= $start group by all")
	t.Logf("%+v", n)
	r, err := compileAll(t, input(t, model("a.b", "select x from shop.order"), model("a.c", "select nett, now() from shop.orders where status = $hom"), model("a.d", "select * from a.b"), model("a.e", "select * from a.f"), model("a.f", "select * from a.e"),
	 model("a.g","select 1 as x; select 2 as y"), model("a.h", "select order_id, line_no from shop.lines l join shop.returns r using (order_id)"), model("a.i","select status + 1 from shop.orders"), model("a.j","from 'x.csv'")), Options{})
	var l fault.List
	errors.As(err, &l)
	for _, e := range l { t.Logf("%s | %s | %s", e, e.Where.Text, e.Hint) }
	t.Log(r.Graph.Order)
}
