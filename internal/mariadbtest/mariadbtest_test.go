package mariadbtest_test

import (
	"slices"
	"syscall"
	"testing"

	"github.com/larder-data/larder/internal/mariadbtest"
)

// What was committed is there again after a kill, on the same port.
func TestAServerIsStartedStoppedAndKilled(t *testing.T) {
	s := mariadbtest.Start(t)
	db := s.Database(t)
	if _, err := s.Client(db, "CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1), (2)"); err != nil {
		t.Fatal(err)
	}
	before := s.URL(db)
	s.Stop(t, syscall.SIGTERM)
	s.Run(t)
	s.Stop(t, syscall.SIGKILL)
	s.Run(t)
	got, err := s.Client(db, "SELECT a FROM t ORDER BY a")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, []string{"1", "2"}) || s.URL(db) != before {
		t.Errorf("got %q at %s, was at %s", got, s.URL(db), before)
	}
	if _, err := s.Client(db, "SELECT nonsense"); err == nil {
		t.Error("a mistake was not told")
	}
	if s.CPU(t) <= 0 {
		t.Error("the server took no time")
	}
}
