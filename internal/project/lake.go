package project

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/invopop/jsonschema"

	"github.com/larder-data/larder/internal/fault"
)

// Lake is where raw loads are kept.
type Lake struct {
	Path    string         // absolute path of a folder; "" when it is elsewhere
	Address Placed[string] // where else it is, such as s3://bucket/prefix
	parts   []part
}

// Scheme is how the address of a lake that is elsewhere begins, such as "s3".
func (l Lake) Scheme() string {
	scheme, _, _ := strings.Cut(l.Address.Value, "://")
	return scheme
}

// Decode reads the settings of a lake that is elsewhere, what larder.local.yml
// says included.
func (l Lake) Decode(into any) fault.List {
	if len(l.parts) == 0 {
		return nil
	}
	return (&decoder{}).parts(l.parts, into, []string{lakeURL})
}

const lakeURL = "url"

// lakeSpec is lake: as it stands in one or both files: a place alone, or with
// settings. A later place alone replaces all before.
type lakeSpec struct {
	home  Placed[string]
	parts []part
}

func (s *lakeSpec) read(d *decoder, node ast.Node, key string) {
	pairs := pairsOf(node)
	if pairs == nil {
		s.parts = nil
		s.home.read(d, node, key)
		return
	}
	s.parts = append(s.parts, part{d.file, node})
	for _, pair := range pairs {
		if keyText(pair.Key) == lakeURL {
			s.home.read(d, pair.Value, lakeURL)
		}
	}
}

func (*lakeSpec) schema(w *schemaWriter) *jsonschema.Schema {
	var settings []any
	for _, scheme := range sortedKeys(w.opts.Lakes) {
		settings = append(settings, w.opts.Lakes[scheme])
	}
	mapping := w.object(lakeMapping{}, "", settings...)
	mapping.Required = nil // larder.local.yml may say only a part
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{scalarSchema(), mapping}}
}

// lakeMapping is what every lake that is elsewhere says; the rest is for who
// keeps it.
type lakeMapping struct {
	URL string `yaml:"url" jsonschema_description:"Where the lake is, such as s3://bucket/prefix"`
}

// lake is where raw loads are kept by the files.
func (l *loader) lake(spec lakeSpec) Lake {
	scheme, _, elsewhere := strings.Cut(spec.home.Value, "://")
	if !elsewhere {
		if len(spec.parts) > 0 {
			l.lakeWithoutAddress(spec)
		}
		return Lake{Path: l.path(cmp.Or(spec.home.Value, defaultLake))}
	}
	settings, ok := l.opts.Lakes[scheme]
	if !ok && l.opts.Lakes != nil {
		l.faults = append(l.faults, spec.home.Fault("there is no lake of the kind %s://", scheme).
			WithHint("write the path of a folder, or %s://BUCKET/PREFIX", strings.Join(sortedKeys(l.opts.Lakes), "://BUCKET/PREFIX, ")))
	}
	if settings != nil && len(spec.parts) > 0 {
		fresh := reflect.New(reflect.TypeOf(settings).Elem()).Interface()
		l.faults = append(l.faults, (&decoder{}).parts(spec.parts, fresh, []string{lakeURL})...)
	}
	return Lake{Address: spec.home, parts: slices.Clone(spec.parts)}
}

// lakeWithoutAddress tells why settings mean nothing.
func (l *loader) lakeWithoutAddress(spec lakeSpec) {
	if spec.home.Given() {
		l.faults = append(l.faults, spec.home.Fault("a lake in a folder has no settings").WithHint("write lake: %s", spec.home.Value))
		return
	}
	first := spec.parts[0]
	l.fail(first.file.At(first.node), "url is missing").WithHint("say where the lake is, such as url: s3://bucket/prefix")
}
