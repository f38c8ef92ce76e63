package mysql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/mariadbtest"
)

func TestWhatIsWrongIsTold(t *testing.T) {
	server := mariadbtest.Start(t)
	y := newYard(t, server, "table: order")
	y.client("CREATE TABLE orders (id integer, changed_at text)", "CREATE USER guest IDENTIFIED BY 'hush'", "CREATE USER idle IDENTIFIED BY 'hush'",
		"GRANT SELECT (changed_at) ON "+y.base+".orders TO idle", "CREATE TABLE other (id int)", "GRANT SELECT ON "+y.base+".other TO idle")
	y.refused(fault.NotFound, "sources/db.yml:5:12: lake.db_rows: the server says: Table '"+y.base+".order' doesn't exist")
	y.advised("did you mean orders?")
	y.describe("table: orders\nkey: [id]\nsince: {column: changed_on}")
	y.refused(fault.Invalid, "orders has no column changed_on")
	y.advised("did you mean changed_at?")
	y.describe("table: orders\nkey: [id]\nsince: {column: changed_at}")
	y.refused(fault.Invalid, "changed_at is text: what changed is told by a time, a day or a whole number")
	y.describe("table: orders\nkey: [id]\nsince: {column: id, lookback: 1 hour}")
	y.refused(fault.Invalid, "id is a number: a lookback of time means nothing")
	y.describe("table: orders\nsince: {column: id}")
	y.refused(fault.Invalid, "rows that are read again need a key")
	y.describe("table: orders\nreread: 1 day")
	y.refused(fault.Invalid, "without since: everything is read each time")
	y.describe("table: orders\nquery: select 1")
	y.refused(fault.Invalid, "one of them")
	y.describe("table: orders\ncolumns: {idd: integer}")
	y.refused(fault.Held, "orders has no column idd any more")
	y.describe("query: SELECT id FROM orders WHERE")
	y.refused(fault.Invalid, "sources/db.yml:5:12: lake.db_rows: the server says: You have an error in your SQL syntax")
	y.describe("query: SELECT nothing FROM orders")
	y.refused(fault.Invalid, "Unknown column 'nothing'")
	there := server.URLAs("guest", "hush", "")
	for url, want := range map[string]struct {
		kind       fault.Kind
		says, hint string
	}{
		server.URLAs("guest", "wrong-hush", y.base):             {fault.Denied, "Access denied for user 'guest'", "check the user and the password"},
		server.URLAs("guest", "hush", y.base):                   {fault.Denied, "Access denied for user 'guest'", "GRANT SELECT"},
		server.URLAs("idle", "hush", y.base):                    {fault.Denied, "command denied to user 'idle'", "GRANT SELECT"},
		server.URL("tset1"):                                     {fault.NotFound, "Unknown database 'tset1'", "did you mean test1?"},
		"mysql://shop:hush@no-such-host.invalid/shop":           {fault.Unreachable, "there is no host no-such-host.invalid", ""},
		"mysql://shop:hush@127.0.0.1:1/shop":                    {fault.Unreachable, "does not answer", ""},
		"mysql://shop:hush@[/shop":                              {fault.Invalid, "is no address", "%40"},
		"postgres://shop:hush@127.0.0.1/shop":                   {fault.Invalid, "is no address", ""},
		there:                                                   {fault.Invalid, "names no database", ""},
		there + "shop?ssl=hush":                                 {fault.Invalid, "ssl means nothing here", "did you mean tls?"},
		there + "shop?tls=yes":                                  {fault.Invalid, "tls=yes means nothing", "verify"},
		there + "shop?ca=/tmp/none":                             {fault.Invalid, "without tls=verify", ""},
		there + "shop?tls=verify&ca=/nowhere/ca.pem":            {fault.Invalid, "cannot be read", ""},
		server.URLAs("root", "", y.base) + "?tls=required":      {fault.Unreachable, "no secure connection", "check tls="},
		"mysql://root:hush@localhost/shop?socket=/nowhere/hush": {fault.Unreachable, "does not answer", ""},
	} {
		y.describe("table: orders")
		y.source = sourceAt(y, url)
		_, err := y.land()
		if fault.KindOf(err) != want.kind || !strings.Contains(fmt.Sprint(err), want.says) || !strings.Contains(fault.HintOf(err), want.hint) {
			t.Errorf("%s: got %v (%s; %s), want %s saying %q; %s", url, err, fault.KindOf(err), fault.HintOf(err), want.kind, want.says, want.hint)
		}
		if strings.Contains(strings.ReplaceAll(fmt.Sprintf("%+v %s", err, fault.HintOf(err)), "/nowhere/hush", ""), "hush") {
			t.Errorf("the password is told: %v", err)
		}
	}
	y.same(y.loads())
}

// advised says that the last refusal came with a hint.
func (y *yard) advised(hint string) {
	y.Helper()
	_, err := y.land()
	if fault.HintOf(err) != hint {
		y.Errorf("the hint is %q, want %q", fault.HintOf(err), hint)
	}
}
