package mysql_test

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"syscall"
	"testing"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/mariadbtest"
)

// passage hands on what client and server say, and calls then once after the
// server has said so many bytes. It returns the address to connect to.
func passage(t *testing.T, to string, bytes int64, then func()) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var once sync.Once
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				_ = client.Close()
				continue
			}
			go func() {
				_, _ = io.Copy(server, client)
				_ = server.Close()
			}()
			go func() {
				if _, err := io.CopyN(client, server, bytes); err == nil {
					once.Do(then)
					_, _ = io.Copy(client, server)
				}
				_ = client.Close()
			}()
		}
	}()
	return listener.Addr().String()
}

// through is a database's address by way of a passage.
func through(t *testing.T, address string, bytes int64, then func()) string {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	at.Host = passage(t, at.Host, bytes, then)
	return at.String()
}

// A server that dies in the middle of the rows leaves nothing in the lake, and
// the next run reads everything.
func TestAServerThatDiesLeavesNothingHalf(t *testing.T) {
	server := mariadbtest.Start(t)
	y := newYard(t, server, "table: goods")
	y.client("CREATE TABLE goods (id int, name varchar(100)) SELECT seq AS id, repeat('x', 100) AS name FROM seq_1_to_200000")
	y.source = sourceAt(y, through(t, server.URL(y.base), 5<<20, func() { server.Stop(t, syscall.SIGKILL) }))
	y.refused(fault.Unreachable, "does not answer")
	y.same(y.loads())
	server.Run(t)
	y.source = sourceAt(y, server.URL(y.base))
	y.landed()
	y.same(y.loads(), "snapshot: 200000 rows, count 200000 of 200000")
	y.same(y.rows("SELECT count(*), count(DISTINCT id), count(DISTINCT _row), max(_row) FROM lake.db_rows"), "200000|200000|200000|200000")
}

// A connection that is ended at the server is told as what it is.
func TestAConnectionThatIsEndedIsTold(t *testing.T) {
	server := mariadbtest.Start(t)
	y := newYard(t, server, "table: goods")
	y.client("CREATE TABLE goods (id int, name varchar(100)) SELECT seq AS id, repeat('x', 100) AS name FROM seq_1_to_200000", "CREATE USER shop", "GRANT ALL ON *.* TO shop")
	y.source = sourceAt(y, through(t, server.URLAs("shop", "", y.base), 5<<20, func() {
		if _, err := server.Client("", "KILL USER shop"); err != nil {
			t.Error(err)
		}
	}))
	y.refused(fault.Unreachable, "")
	y.same(y.loads())
}

// While money moves between two tables, what is read of both in one query is
// one state: the sum stays.
func TestAQueryReadsOneState(t *testing.T) {
	server := mariadbtest.Start(t)
	y := newYard(t, server, "query: SELECT id, cents FROM purse UNION ALL SELECT -id, cents FROM bank")
	y.client("CREATE TABLE purse (id int PRIMARY KEY, cents bigint) SELECT seq AS id, 100 AS cents FROM seq_1_to_2000",
		"CREATE TABLE bank (id int PRIMARY KEY, cents bigint) SELECT seq AS id, 100 AS cents FROM seq_1_to_2000")
	moved := moveMoney(t, y)
	for range 5 {
		<-moved // somebody is at work
		y.landed()
		y.same(y.rows("SELECT count(*), sum(cents) FROM lake.db_rows"), "4000|400000")
	}
}

// moveMoney moves money between purse and bank until the test ends; what it
// returns is ready again and again while it works.
func moveMoney(t *testing.T, y *yard) <-chan struct{} {
	t.Helper()
	moved, stop, stopped := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 1; ; n++ {
			id := n*7919%2000 + 1
			if _, err := y.server.Client(y.base, "START TRANSACTION", fmt.Sprintf("UPDATE purse SET cents = cents - %d WHERE id = %d", n, id),
				fmt.Sprintf("UPDATE bank SET cents = cents + %d WHERE id = %d", n, 2001-id), "COMMIT"); err != nil {
				t.Error(err)
				return
			}
			select {
			case moved <- struct{}{}:
			case <-stop:
				return
			default:
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped })
	return moved
}
