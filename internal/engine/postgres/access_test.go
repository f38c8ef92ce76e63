package postgres_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/postgres"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/pgtest"
)

func (p *place) as(user string) func(*postgres.Settings) {
	return func(s *postgres.Settings) { s.URL = p.server.URLAs(user, p.database) }
}

func TestTooFewPrivileges(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	p.psql(t, "CREATE ROLE larder LOGIN", "CREATE ROLE ada LOGIN")
	_, err := postgres.Open(t.Context(), p.settings(p.as("larder")))
	refused(t, err, fault.Denied, "GRANT CREATE ON DATABASE")

	p.psql(t, "CREATE SCHEMA larder AUTHORIZATION larder", "CREATE SCHEMA finance AUTHORIZATION ada")
	e := p.open(t, p.as("larder"))
	_, err = e.Stage(t.Context(), build("a.b", "SELECT 1 AS n"))
	refused(t, err, fault.Denied, "GRANT CREATE ON DATABASE")
	_, err = e.Stage(t.Context(), build("finance.b", "SELECT 1 AS n"))
	refused(t, err, fault.Denied, "finance", "GRANT USAGE, CREATE ON SCHEMA")

	p.psql(t, "GRANT USAGE, CREATE ON SCHEMA finance TO larder", "CREATE TABLE finance.b AS SELECT 1 AS n, 2 AS other", "ALTER TABLE finance.b OWNER TO ada")
	before := picture(t, p.open(t))
	refused(t, put(t.Context(), e, build("finance.b", "SELECT 1 AS n"), 1), fault.Denied, "OWNER TO")
	refused(t, put(t.Context(), e, build("finance.b", "SELECT 1 AS n, 2 AS other"), 1), fault.Denied, "GRANT")
	if diff := cmp.Diff(before, picture(t, p.open(t))); diff != "" {
		t.Error(diff)
	}
	p.psql(t, "ALTER TABLE finance.b OWNER TO larder")
	must(t, put(t.Context(), e, build("finance.b", "SELECT 1 AS n"), 1))
	if _, err := e.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	if l := left(t, e); len(l) > 0 {
		t.Errorf("%v is left", l)
	}
}

func TestAReaderCannotWrite(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	e := p.open(t)
	must(t, put(t.Context(), e, table1, 1))
	p.psql(t, "CREATE FUNCTION a.writes() RETURNS int LANGUAGE sql AS 'INSERT INTO a.b VALUES (7) RETURNING n'",
		"CREATE FUNCTION a.opens() RETURNS int LANGUAGE plpgsql AS $$ BEGIN SET TRANSACTION READ WRITE; INSERT INTO a.b VALUES (7); RETURN 1; END $$",
		"CREATE PROCEDURE a.commits(INOUT n int) LANGUAGE plpgsql AS $$ BEGIN COMMIT; INSERT INTO a.b VALUES (7); END $$",
		"CREATE SEQUENCE a.counts")
	reader := p.open(t, func(s *postgres.Settings) { s.ReadOnly = true })
	before := picture(t, e)
	for _, sql := range []string{
		"INSERT INTO a.b VALUES (7) RETURNING n", "WITH w AS (DELETE FROM a.b RETURNING n) SELECT * FROM w", "UPDATE a.b SET n = 7 RETURNING n",
		"SELECT set_config('transaction_read_only', 'off', true)", "SELECT set_config('transaction_read_only', 'off', false)",
		"SELECT a.writes()", "SELECT a.opens()", "SELECT nextval('a.counts')", "EXPLAIN ANALYZE INSERT INTO a.b VALUES (7)",
		"SELECT n FROM a.b FOR UPDATE",
	} {
		_, err := engine.ReadAll(t.Context(), reader, sql, 0)
		if fault.KindOf(err) != fault.Denied {
			t.Errorf("%s: got %v (%v), want Denied", sql, err, fault.KindOf(err))
		}
	}
	for _, sql := range []string{
		"CREATE TABLE a.c (n int)", "INSERT INTO a.b VALUES (7)", "SET transaction_read_only = off", "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
		"COMMIT", "ROLLBACK", "BEGIN READ WRITE", "SELECT 1 AS n INTO a.c", "COPY a.b FROM PROGRAM 'echo 7'", "CALL a.commits(1)", "DO $$ BEGIN END $$",
		"SELECT * FROM query_to_xml('INSERT INTO a.b VALUES (7) RETURNING n', true, true, '')",
	} {
		if _, err := engine.ReadAll(t.Context(), reader, sql, 0); err == nil {
			t.Errorf("%s: no error", sql)
		}
	}
	// What the server lets a reader do is undone with its question.
	for _, sql := range []string{"SELECT set_config('default_transaction_read_only', 'off', false)", "SELECT lo_create(0)"} {
		_, err := engine.ReadAll(t.Context(), reader, sql, 0)
		t.Logf("%s: %v", sql, err)
	}
	if got := read(t, e, "SELECT count(*) FROM pg_largeobject_metadata"); got[0] != "0" {
		t.Errorf("a reader made %s large objects", got[0])
	}
	for range 4 {
		if _, err := engine.ReadAll(t.Context(), reader, "INSERT INTO a.b VALUES (7) RETURNING n", 0); fault.KindOf(err) != fault.Denied {
			t.Errorf("after a setting was changed: got %v, want Denied", err)
		}
	}
	_, staged := reader.Stage(t.Context(), table1)
	_, direct := reader.BuildAndPublish(t.Context(), table1, marker("a.b", 2))
	for name, err := range map[string]error{
		"stage": staged, "direct": direct, "drop": reader.Drop(t.Context(), "a.b", table1.Target),
	} {
		if fault.KindOf(err) != fault.Denied {
			t.Errorf("%s: got %v, want Denied", name, err)
		}
	}
	if diff := cmp.Diff(before, picture(t, reader)); diff != "" {
		t.Error(diff)
	}
	if got := read(t, reader, "SELECT n FROM a.b"); !cmp.Equal(got, []string{"1"}) {
		t.Errorf("the reader sees %v", got)
	}
}

func TestWhoCannotConnectIsToldWhy(t *testing.T) {
	server := pgtest.Start(t, "max_connections=12", "superuser_reserved_connections=0")
	p := placeOn(t, server)
	opens := func(url string) error {
		_, err := postgres.Open(t.Context(), p.settings(func(s *postgres.Settings) { s.URL = url }))
		return err
	}
	refused(t, opens(server.URL("nowhere")), fault.NotFound, "nowhere", "create the database")
	p.psql(t, "CREATE ROLE ada LOGIN PASSWORD 'right'", "CREATE ROLE few LOGIN CONNECTION LIMIT 0")
	refused(t, opens(server.URLAs("few", p.database)), fault.Busy, "few")

	hba := p.psql(t, "SHOW hba_file")[0]
	rules, err := os.ReadFile(hba)
	must(t, err)
	must(t, os.WriteFile(hba, append([]byte("local all ada scram-sha-256\nlocal all bob reject\n"), rules...), 0o600))
	server.Stop(t, syscall.SIGINT)
	server.Run(t)
	asAda := func(password string) string {
		return strings.Replace(server.URLAs("ada", p.database), "ada@", "ada:"+password+"@", 1)
	}
	const wrong = "wr0ng-secret"
	for _, user := range []string{"ada:" + wrong, "bob:" + wrong, "nobody:" + wrong} {
		err := opens(strings.Replace(asAda(""), "ada:", user, 1))
		refused(t, err, fault.Denied, "user")
		silent(t, err, wrong)
	}
	p.psql(t, "GRANT CREATE ON DATABASE "+p.database+" TO ada")
	must(t, opens(asAda("right")))

	var held []*postgres.Engine
	for {
		e, err := postgres.Open(t.Context(), p.settings(p.as("postgres")))
		if err != nil {
			refused(t, err, fault.Busy, "too many")
			break
		}
		t.Cleanup(func() { _ = e.Close() })
		held = append(held, e)
		if len(held) > 20 {
			t.Fatal("there is no end to connections")
		}
	}
	server.Stop(t, syscall.SIGINT)
	_, err = held[0].Published(t.Context())
	refused(t, err, fault.Unreachable)
	_, err = held[0].Published(t.Context())
	refused(t, err, fault.Unreachable, "does not answer", "check that the server runs")
	refused(t, opens(server.URL(p.database)), fault.Unreachable, "does not answer")
	server.Run(t)
	_, err = held[0].Published(t.Context())
	must(t, err)
}

// silent fails the test when an error tells a secret.
func silent(t *testing.T, err error, secret string) {
	t.Helper()
	if text := fmt.Sprintf("%v %+v %s", err, err, fault.HintOf(err)); strings.Contains(text, secret) {
		t.Errorf("%s tells %s", text, secret)
	}
}

// TestNoPasswordIsTold: what is wrong with a URL is said without it, even when a
// password that was not escaped falls apart into other parts of the URL.
func TestNoPasswordIsTold(t *testing.T) {
	const first, second = "Sup3r", "53cret"
	for _, url := range []string{
		"postgres://ada:%sX%s@localhost:port/d", "postgres://ada:%s/%s@localhost/d", "postgres://ada:%s#%s@localhost/d", "postgres://ada:%s?%s@localhost/d",
		"postgres://ada:%s%%zz%s@localhost/d", "postgres://ada:%s %s@localhost/d", "postgres://ada:%s[%s@localhost/d", "postgres://ada:%s@%s@/d?sslmode=odd",
		"postgres://ada:12/%s%s@localhost/d", "postgres://ada:12?%s%s@localhost/d", "postgres://ada:12#%s%s@localhost/d",
		"host=localhost password=%s %s", "host=localhost sslmode=odd password='%s%s'", "ada:%s%s@localhost/d", "%s%s",
		"mysql://ada:%s%s@localhost/d", "postgres://ada:%s%s@localhost:99999/d", "postgres://ada:%s%s@localhost/d?connect_timeout=soon",
	} {
		url = fmt.Sprintf(url, first, second)
		_, err := postgres.Open(t.Context(), postgres.Settings{URL: url})
		if fault.KindOf(err) != fault.Invalid && fault.KindOf(err) != fault.Unreachable || fault.HintOf(err) == "" {
			t.Errorf("%s: got %v (%v), want Invalid or Unreachable and a hint", url, err, fault.KindOf(err))
		}
		silent(t, err, first)
		silent(t, err, second)
	}
}
