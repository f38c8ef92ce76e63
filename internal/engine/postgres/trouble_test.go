package postgres_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/postgres"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/pgtest"
)

// session is somebody else's connection, in which statements were run.
func (p *place) session(t *testing.T, user string, statements ...string) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), p.server.URLAs(user, p.database)+"&application_name=reports")
	must(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	for _, s := range statements {
		must(t, conn.Exec(t.Context(), s).Close())
	}
	return conn
}

// refused fails the test unless the error is of the kind, says all that is
// wanted, and has a hint.
func refused(t *testing.T, err error, kind fault.Kind, says ...string) {
	t.Helper()
	if fault.KindOf(err) != kind || err == nil || fault.HintOf(err) == "" {
		t.Fatalf("got %v (%v, hint %q), want %v and a hint", err, fault.KindOf(err), fault.HintOf(err), kind)
	}
	for _, s := range says {
		if !strings.Contains(err.Error()+"\n"+fault.HintOf(err), s) {
			t.Errorf("%v (hint %q) does not say %q", err, fault.HintOf(err), s)
		}
	}
}

// impatient waits a moment only for what others hold.
func impatient(s *postgres.Settings) { s.LockTimeout = 100 * time.Millisecond }

func TestALongReaderIsPassedByFillingAndNamedByExchange(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	e := p.open(t, impatient)
	must(t, put(t.Context(), e, table1, 1))
	p.psql(t, "CREATE ROLE ada LOGIN", "GRANT USAGE ON SCHEMA a TO ada", "GRANT SELECT ON a.b TO ada")
	reader := p.session(t, "ada", "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT * FROM a.b")
	must(t, put(t.Context(), e, build("a.b", "SELECT 2 AS n"), 2))
	if got := reader.ExecParams(t.Context(), "SELECT n FROM a.b", nil, nil, nil, nil).Read(); got.Err != nil || string(got.Rows[0][0]) != "1" {
		t.Errorf("the reader sees %v", got)
	}
	before := picture(t, e)
	refused(t, put(t.Context(), e, wider, 3), fault.Busy, "ada", "reports", strconv.Itoa(int(reader.PID())), "idle in transaction")
	if diff := cmp.Diff(before, picture(t, e)); diff != "" {
		t.Error(diff)
	}
	must(t, reader.Exec(t.Context(), "COMMIT").Close())
	must(t, put(t.Context(), e, wider, 3))
}

// TestManyThatWaitAreAllTold: who is in the way is asked when every connection
// may be waiting already.
func TestManyThatWaitAreAllTold(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	e := p.open(t, impatient, func(s *postgres.Settings) { s.Connections = 2 })
	datasets := []string{"a.b", "a.c", "a.d", "a.e"}
	var staged []engine.Staged
	for _, d := range datasets {
		must(t, put(t.Context(), e, build(d, "SELECT 1 AS n"), 1))
		s, err := e.Stage(t.Context(), build(d, "SELECT 2 AS n"))
		must(t, err)
		staged = append(staged, s)
	}
	holder := p.session(t, "postgres", "BEGIN", "LOCK TABLE a.b, a.c, a.d, a.e IN ACCESS EXCLUSIVE MODE")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	errs := make([]error, len(datasets)+1)
	var g errgroup.Group
	for i, d := range datasets {
		g.Go(func() error {
			errs[i] = e.Publish(ctx, engine.Publication{Staged: staged[i], Marker: marker(d, 2)})
			return nil
		})
	}
	g.Go(func() error {
		errs[len(datasets)] = e.Drop(ctx, "a.b", engine.ParseRelation("a.b"))
		return nil
	})
	must(t, g.Wait())
	for _, err := range errs {
		refused(t, err, fault.Busy, "reports", strconv.Itoa(int(holder.PID())))
	}
	must(t, holder.Exec(t.Context(), "COMMIT").Close())
	for i, d := range datasets {
		must(t, e.Publish(t.Context(), engine.Publication{Staged: staged[i], Marker: marker(d, 2)}))
	}
}

func TestWhatHangsOnATable(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	e := p.open(t)
	p.psql(t, "CREATE ROLE ada LOGIN", "CREATE ROLE bob LOGIN")
	reset := func(t *testing.T) {
		t.Helper()
		p.empty(t)
		must(t, put(t.Context(), e, build("a.b", "SELECT 1 AS n, 2 AS other"), 1))
		p.psql(t, "CREATE SCHEMA people", "GRANT ALL ON SCHEMA people, a TO ada, bob", "GRANT SELECT ON a.b TO ada WITH GRANT OPTION", "GRANT INSERT ON a.b TO PUBLIC")
	}
	narrower := build("a.b", "SELECT 1 AS n")
	keeps := func(t *testing.T, conflict ...string) {
		t.Helper()
		before := picture(t, e)
		refused(t, put(t.Context(), e, narrower, 2), fault.Conflict, conflict...)
		if diff := cmp.Diff(before, picture(t, e)); diff != "" {
			t.Error(diff)
		}
		must(t, put(t.Context(), e, build("a.b", "SELECT 3 AS n, 4 AS other"), 2))
	}
	t.Run("a view that reads a column that goes", func(t *testing.T) {
		reset(t)
		p.psql(t, "CREATE VIEW people.reads AS SELECT other FROM a.b")
		keeps(t, "people.reads", "other")
	})
	t.Run("a view on such a view", func(t *testing.T) {
		reset(t)
		p.psql(t, "CREATE VIEW people.first AS SELECT * FROM a.b", "CREATE VIEW people.second AS SELECT n FROM people.first")
		keeps(t, "people.first", "other")
	})
	t.Run("a materialized view", func(t *testing.T) {
		reset(t)
		p.psql(t, "CREATE MATERIALIZED VIEW people.kept AS SELECT n FROM a.b")
		keeps(t, "people.kept")
	})
	t.Run("a policy that keeps rows from people", func(t *testing.T) {
		reset(t)
		p.psql(t, "CREATE POLICY secret ON a.b USING (n = 0)", "ALTER TABLE a.b ENABLE ROW LEVEL SECURITY")
		keeps(t, "secret")
	})
	privileges := func(t *testing.T) []string {
		t.Helper()
		return read(t, e, "SELECT relname, relacl::text FROM pg_class WHERE relname IN ('b', 'reads') AND relacl IS NOT NULL ORDER BY 1")
	}
	t.Run("grants", func(t *testing.T) {
		reset(t)
		before := privileges(t)
		must(t, put(t.Context(), e, build("a.b", "SELECT 3 AS n, 4 AS other"), 2))
		if diff := cmp.Diff(before, privileges(t)); diff != "" {
			t.Errorf("after it was filled: %s", diff)
		}
		must(t, put(t.Context(), e, narrower, 3))
		if diff := cmp.Diff(before, privileges(t)); diff != "" {
			t.Errorf("after an exchange: %s", diff)
		}
	})
	t.Run("somebody's view", func(t *testing.T) {
		reset(t)
		p.session(t, "ada", "CREATE VIEW people.reads WITH (security_barrier = true) AS SELECT n FROM a.b", "GRANT SELECT ON people.reads TO bob",
			"COMMENT ON VIEW people.reads IS 'what ada reads'")
		const about = `SELECT pg_get_userbyid(relowner), reloptions::text, relacl::text, obj_description(oid) FROM pg_class WHERE relname = 'reads'`
		before := read(t, e, about)
		must(t, put(t.Context(), e, narrower, 2))
		if diff := cmp.Diff(before, read(t, e, about)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestAnAdministratorIntervenes: a statement is cancelled, its session ended.
func TestAnAdministratorIntervenes(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	e := p.open(t)
	must(t, put(t.Context(), e, table1, 1))
	before := picture(t, e)
	for how, kind := range map[string]fault.Kind{"pg_cancel_backend": fault.Interrupted, "pg_terminate_backend": fault.Unreachable} {
		for name, work := range map[string]func() error{
			"query": func() error { _, err := engine.ReadAll(t.Context(), e, dialect.SlowQuery, 0); return err },
			"stage": func() error { _, err := e.Stage(t.Context(), build("a.b", dialect.SlowQuery)); return err },
			"direct": func() error {
				_, err := e.BuildAndPublish(t.Context(), build("a.b", dialect.SlowQuery), marker("a.b", 2))
				return err
			},
		} {
			t.Run(how+"/"+name, func(t *testing.T) {
				done := make(chan error, 1)
				go func() { done <- work() }()
				var err error
				await(t, "the statement to end", func() bool { // it is active for a moment before it runs, too
					p.psql(t, "SELECT "+how+"(pid) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%100000) AS b%' AND pid <> pg_backend_pid()")
					select {
					case err = <-done:
						return true
					default:
						return false
					}
				})
				refused(t, err, kind)
				if diff := cmp.Diff(before, picture(t, e)); diff != "" {
					t.Error(diff)
				}
				if l := left(t, e); len(l) > 0 {
					t.Errorf("%v is left", l)
				}
			})
		}
	}
	must(t, put(t.Context(), e, wider, 3))
}
