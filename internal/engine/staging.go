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
	tail := stagingMark + run
	return Relation{Schema: target.Schema, Name: fitting(target.Name, longest, len(tail)) + tail}
}

// The relations a preview is made of stand beside it, under its name with these
// endings.
const (
	partNew  = "+new"
	partGone = "+gone"
)

// PreviewOf names the staging relation of a landing's preview, with room for
// what it is made of.
func PreviewOf(target Relation, run string, longest int) Relation {
	return StagingOf(target, run, longest-len(partGone))
}

// PartsOf names what a preview may be made of: the rows that enter, and what
// tells which rows leave. They can be dropped in this order after it.
func PartsOf(preview Relation) (entering, leaving Relation) {
	return Relation{preview.Schema, preview.Name + partNew}, Relation{preview.Schema, preview.Name + partGone}
}

// StagedBy returns the run a staging relation belongs to, or what a preview is
// made of; false when the name is neither's.
func StagedBy(name string) (run string, ok bool) {
	if _, _, past := PastBy(name); past {
		return "", false
	}
	_, run, ok = strings.Cut(name, stagingMark)
	return strings.TrimSuffix(strings.TrimSuffix(run, partNew), partGone), ok
}

// Hidden reports whether a relation is Larder's own and no dataset: its own
// tables, staging relations, versions that are kept.
func Hidden(r Relation) bool {
	return r.Schema == OwnSchema || strings.Contains(r.Name, stagingMark)
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

// fitting is a name cut, and told apart by a hash, where it would be longer
// than longest bytes with a tail behind it.
func fitting(name string, longest, tail int) string {
	if longest <= 0 || len(name)+tail <= longest {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	hash := "_" + hex.EncodeToString(sum[:4])
	return cut(name, longest-tail-len(hash)) + hash
}

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
