package mysql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/mariadbtest"
)

const money = "SELECT sum(cents) FROM (SELECT cents FROM lake.db_purse UNION ALL SELECT cents FROM lake.db_bank) AS all_of_it"

func twoTables(t *testing.T, snapshot string) *yard {
	t.Helper()
	y := newYard(t, mariadbtest.Start(t), "table: purse")
	y.write(snapshot + "tables:\n  purse: {table: purse}\n  bank: {table: bank, key: [id], since: {column: id}, reread: 1 second}\n")
	y.client("CREATE TABLE purse (id int PRIMARY KEY, cents bigint) SELECT seq AS id, 100 AS cents FROM seq_1_to_2000",
		"CREATE TABLE bank (id int PRIMARY KEY, cents bigint) SELECT seq AS id, 100 AS cents FROM seq_1_to_2000", "CREATE USER shop", "GRANT ALL ON *.* TO shop")
	return y
}

// all lands both tables in one run; between is called between them.
func (y *yard) all(between func()) error {
	y.Helper()
	land, end := y.run()
	defer end()
	if _, err := land("purse"); err != nil {
		return err
	}
	between()
	_, err := land("bank")
	return err
}

func (y *yard) move() {
	y.client("START TRANSACTION", "UPDATE purse SET cents = cents - 7 WHERE id = 1", "UPDATE bank SET cents = cents + 7 WHERE id = 2", "COMMIT")
}

// Money that moves from one table to another between their turns is in one of
// them, not in both: a run sees one moment, the next a later one.
func TestTablesOfARunAreOfOneMoment(t *testing.T) {
	y := twoTables(t, "snapshot: consistent\n")
	moved := moveMoney(t, y)
	for range 3 {
		if err := y.all(func() { y.move(); <-moved }); err != nil {
			t.Fatal(err)
		}
		y.same(y.rows(money), "400000")
	}
	if got := y.rows("SELECT cents < 100 - 7 FROM lake.db_purse WHERE id = 1"); got[0] != "true" {
		t.Error("the last run did not see what was before it")
	}
}

// Without it each table is as it was at its turn, which is what the test above
// would see if nothing were shared.
func TestTablesAreOfTheirOwnMoment(t *testing.T) {
	y := twoTables(t, "")
	if err := y.all(y.move); err != nil {
		t.Fatal(err)
	}
	y.same(y.rows(money), "400007")
}

// A transaction that broke after a table was read is not replaced by another
// one, which would see another moment; the next run begins anew.
func TestASnapshotThatBrokeIsNotPatched(t *testing.T) {
	y := twoTables(t, "snapshot: consistent\n")
	err := y.all(func() {
		if _, err := y.server.Client("", "SELECT concat('KILL ', id, ';') INTO @kill FROM information_schema.PROCESSLIST WHERE db = '"+y.base+"' LIMIT 1", "EXECUTE IMMEDIATE @kill"); err != nil {
			t.Error(err)
		}
	})
	if fault.KindOf(err) != fault.Unreachable {
		t.Fatal(err)
	}
	land, end := y.run()
	if _, err := land("purse"); err != nil {
		t.Fatal(err)
	}
	y.client(fmt.Sprintf("KILL %s", y.client("SELECT id FROM information_schema.PROCESSLIST WHERE id <> connection_id() AND db = '" + y.base + "'")[0]))
	for range 2 {
		_, err = land("bank")
		if fault.KindOf(err) != fault.Unreachable {
			t.Error(err)
		}
	}
	if !strings.Contains(err.Error(), "the connection broke after purse had been read") {
		t.Error(err)
	}
	end()
	if err := y.all(func() {}); err != nil {
		t.Fatal(err)
	}
	y.same(y.rows(money), "400000")
}
