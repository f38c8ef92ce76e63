package bucket

import (
	"testing"

	"github.com/larder-data/larder/internal/fault"
)

// ParseManifest returns the names a manifest lists.
func ParseManifest(t *testing.T, text []byte) (names []string) {
	t.Helper()
	list, err := parseManifest(text)
	if err != nil && fault.KindOf(err) != fault.Held {
		t.Errorf("%q: %v", text, err)
	}
	for _, l := range list {
		names = append(names, l.Name)
	}
	return names
}
