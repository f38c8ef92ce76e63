package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/state/sqlite"
	"github.com/larder-data/larder/internal/state/statetest"
)

func TestConformance(t *testing.T) {
	statetest.Run(t, func(t *testing.T, place string) state.Store {
		return open(t, filepath.Join(place, "state.db"))
	})
}

// open opens a store; the test closes it.
func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
