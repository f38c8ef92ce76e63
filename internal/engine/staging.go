package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/larder-data/larder/internal/fault"
)

// stagingMark stands in a staging relation's name between the dataset's and
// the run's. No dataset may have it in its name.
const stagingMark = "__larder_"

// StagingOf names the staging relation of a target in a run. It stands in the
// target's schema, where a rename can reach it. A name that would be longer
// than longest bytes is cut and told apart by a hash; 0 is no limit.
func StagingOf(target Relation, run string, longest int) Relation {
	name := target.Name
	tail := stagingMark + run
	if longest > 0 && len(name)+len(tail) > longest {
		sum := sha256.Sum256([]byte(name))
		hash := "_" + hex.EncodeToString(sum[:4])
		name = cut(name, longest-len(tail)-len(hash)) + hash
	}
	return Relation{Schema: target.Schema, Name: name + tail}
}

// StagedBy returns the run a staging relation belongs to, false when the name
// is no staging relation's.
func StagedBy(name string) (run string, ok bool) {
	_, run, ok = strings.Cut(name, stagingMark)
	return run, ok
}

// CheckTarget refuses, as Invalid, a name no dataset can have in a warehouse
// whose identifiers are at most longest bytes; 0 is no limit.
func CheckTarget(r Relation, longest int) error {
	invalid := func(why string) error {
		return fault.New(fault.Invalid, "%q cannot be a dataset's name: %s", r.Dataset(), why)
	}
	switch {
	case r.Schema == "" || r.Name == "":
		return invalid("it needs a schema and a name")
	case strings.EqualFold(r.Schema, OwnSchema):
		return invalid("the schema " + OwnSchema + " is Larder's own")
	case strings.Contains(strings.ToLower(r.Name), stagingMark):
		return invalid("names with " + stagingMark + " are Larder's own")
	case strings.ContainsRune(r.Schema+r.Name, 0) || !utf8.ValidString(r.Schema+r.Name):
		return invalid("it is not plain text")
	case longest > 0 && (len(r.Schema) > longest || len(r.Name) > longest):
		return invalid("it is too long for the warehouse")
	}
	return nil
}

// OwnSchema is the schema of Larder's own tables.
const OwnSchema = "larder"

// cut shortens text to at most length bytes without splitting a character.
func cut(text string, length int) string {
	if len(text) <= length {
		return text
	}
	length = max(length, 0)
	for length > 0 && !utf8.RuneStart(text[length]) {
		length--
	}
	return text[:length]
}
