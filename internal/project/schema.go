package project

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/invopop/jsonschema"

	"github.com/larder-data/larder/internal/fault"
)

// Schemas returns a JSON Schema (draft 2020-12) for each file a user writes,
// by the schema's file name: larder.json, local.json (larder.local.yml),
// source.json, model.json (the header of a model), defaults.json
// (_defaults.yml), squad.json, checks.json and test.json. They come from the same structs
// the files are read into; opts says which kinds and engines there are.
func Schemas(opts Options) (map[string][]byte, error) {
	w := &schemaWriter{opts: opts}
	local := w.object(settingsSpec{}, "larder.local.yml: one person's settings, laid over larder.yml")
	local.Required = nil
	checks, test := w.object(datasetChecks{}, ""), w.object(testSpec{}, "")
	w.variables = false
	schemas := map[string]*jsonschema.Schema{
		"squad.json":    w.object(squadSpec{}, "A file in squads/: who owns datasets"),
		"model.json":    w.object(headerSpec{}, "The header of a model: what is known of the dataset"),
		"defaults.json": w.object(defaults{}, "A _defaults.yml: what holds for all models below its folder"),
		"checks.json": {
			Description: "A file in checks/: checks apart from the models",
			AnyOf:       []*jsonschema.Schema{checks, {Type: "array", Items: checks}},
		},
		"test.json": {
			Description: "A file in tests/: trials of models' SQL",
			AnyOf:       []*jsonschema.Schema{test, {Type: "array", Items: test}},
		},
	}
	w.variables = true
	schemas["larder.json"] = w.object(settingsSpec{}, "larder.yml: the project's settings")
	schemas["local.json"] = local
	schemas["source.json"] = w.source()
	out := make(map[string][]byte, len(schemas))
	for name, schema := range schemas {
		schema.Version = jsonschema.Version
		text, err := json.MarshalIndent(schema, "", "  ")
		if err != nil {
			return nil, fault.New(fault.Internal, "the schema %s cannot be written: %w", name, err)
		}
		out[name] = append(text, '\n')
	}
	return out, nil
}

// schemaWriter turns setting structs into schemas.
type schemaWriter struct {
	opts      Options
	variables bool // ${NAME} may stand for numbers, true and false
	columns   []any
}

// holder is a generic type of this package that holds values of another.
type holder interface{ holds() reflect.Type }

func (Placed[T]) holds() reflect.Type { return reflect.TypeFor[T]() }
func (Map[T]) holds() reflect.Type    { return reflect.TypeFor[T]() }

// ordered is a holder with keys of the user's choice.
type ordered interface{ Keys() []string }

var (
	orderedType = reflect.TypeFor[ordered]()
	textType    = reflect.TypeFor[encoding.TextUnmarshaler]()
	nodesType   = reflect.TypeFor[NodeDecoder]()
	customType  = reflect.TypeFor[interface{ JSONSchema() *jsonschema.Schema }]()
)

// object returns the schema of a struct, with what others add to it.
func (w *schemaWriter) object(spec any, description string, more ...any) *jsonschema.Schema {
	schema := w.of(reflect.TypeOf(spec))
	if description != "" {
		schema.Description = description
	}
	for _, settings := range more {
		if settings == nil {
			continue
		}
		extra := w.of(reflect.TypeOf(settings))
		for _, key := range Keys(settings) {
			if property, ok := extra.Properties.Get(key); ok {
				schema.Properties.Set(key, property)
			}
		}
		if len(more) == 1 {
			schema.Required = append(schema.Required, extra.Required...)
		}
	}
	return schema
}

// of returns the schema of any type settings have.
func (w *schemaWriter) of(t reflect.Type) *jsonschema.Schema {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if schema := w.own(t); schema != nil {
		return schema
	}
	return w.reflected(t, w.own)
}

func (w *schemaWriter) reflected(t reflect.Type, mapper func(reflect.Type) *jsonschema.Schema) *jsonschema.Schema {
	reflector := &jsonschema.Reflector{
		FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true, DoNotReference: true, Anonymous: true, Mapper: mapper,
	}
	schema := reflector.ReflectFromType(t)
	schema.Version = ""
	return schema
}

// structure returns the schema of a struct: the keys it reads and no others.
func (w *schemaWriter) structure(t reflect.Type) *jsonschema.Schema {
	schema := w.reflected(t, func(inner reflect.Type) *jsonschema.Schema {
		if inner == t {
			return nil
		}
		return w.own(inner)
	})
	all := schema.Properties
	schema.Properties = jsonschema.NewProperties()
	for _, field := range (&decoder{}).shape(t).fields {
		property, ok := all.Get(field.key)
		if !ok {
			continue
		}
		if property.Description == "" {
			property.Description = field.doc
		}
		if field.enum != nil {
			property = oneOfWords(field.enum, property)
		}
		schema.Properties.Set(field.key, property)
	}
	return schema
}

// oneOfWords narrows a property, or the entries of its list, to known words.
func oneOfWords(words []string, of *jsonschema.Schema) *jsonschema.Schema {
	word := &jsonschema.Schema{Type: "string"}
	for _, w := range words {
		word.Enum = append(word.Enum, w)
	}
	if len(of.AnyOf) > 0 && of.AnyOf[0].Type == "array" {
		list := &jsonschema.Schema{Type: "array", Items: word}
		return &jsonschema.Schema{Description: of.Description, AnyOf: []*jsonschema.Schema{list, word}}
	}
	word.Description = of.Description
	return word
}

// own returns the schema of a type that is read in a way of its own, nil for
// one the reflector knows.
func (w *schemaWriter) own(t reflect.Type) *jsonschema.Schema {
	pointer := reflect.PointerTo(t)
	zero := reflect.New(t).Interface()
	if own, ok := zero.(schemaOwner); ok {
		return own.schema(w)
	}
	if held, ok := zero.(holder); ok {
		inner := w.of(held.holds())
		if pointer.Implements(orderedType) {
			return &jsonschema.Schema{Type: "object", AdditionalProperties: inner}
		}
		return inner
	}
	switch {
	case t == nodeType:
		return &jsonschema.Schema{}
	case t == durationType:
		return &jsonschema.Schema{Type: "string", Examples: []any{"15 minutes", "1 hour", "3 days"}}
	case t.Implements(customType):
		return nil
	case pointer.Implements(nodesType):
		return &jsonschema.Schema{}
	case pointer.Implements(textType):
		return scalarSchema()
	case t.Kind() == reflect.Struct:
		return w.structure(t)
	}
	switch t.Kind() {
	case reflect.String:
		return scalarSchema()
	case reflect.Slice:
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "array", Items: w.of(t.Elem())}, w.of(t.Elem())}}
	case reflect.Bool:
		return w.orVariable("boolean")
	case reflect.Int, reflect.Int64:
		return w.orVariable("integer")
	case reflect.Float64:
		return w.orVariable("number")
	}
	return nil
}

// scalarSchema is any single value: text need not be in quotes.
func scalarSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Extras: map[string]any{"type": []string{"string", "number", "boolean"}}}
}

// orVariable is a value of the type, or a variable that holds one.
func (w *schemaWriter) orVariable(kind string) *jsonschema.Schema {
	if !w.variables {
		return &jsonschema.Schema{Type: kind}
	}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: kind}, {Type: "string", Pattern: `\$\{`}}}
}

// schemaOwner is a type of this package with forms of its own.
type schemaOwner interface {
	schema(w *schemaWriter) *jsonschema.Schema
}

func (*columnNode) schema(w *schemaWriter) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string", Description: "The SQL type, such as decimal(18,2)"},
		w.object(columnSpec{}, "", w.columns...),
		{Type: "null"},
	}}
}

func (*varSpec) schema(w *schemaWriter) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{scalarSchema(), w.of(reflect.TypeFor[varMapping]())}}
}

func (*buildSpec) schema(*schemaWriter) *jsonschema.Schema {
	kinds := &jsonschema.Schema{Type: "string"}
	for _, kind := range builds {
		kinds.Enum = append(kinds.Enum, kind)
	}
	mapping := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), Required: []string{"kind"}, AdditionalProperties: jsonschema.FalseSchema}
	mapping.Properties.Set("kind", kinds)
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{kinds, mapping}}
}

func (*checkSpec) schema(w *schemaWriter) *jsonschema.Schema {
	one := uint64(1)
	line := &jsonschema.Schema{Type: "string", Description: "A rule, such as row_count > 0"}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{line, {
		Type: "object", MinProperties: &one, MaxProperties: &one, PropertyNames: &jsonschema.Schema{Pattern: "^[A-Za-z0-9_-]{1,100}$"},
		AdditionalProperties: &jsonschema.Schema{AnyOf: []*jsonschema.Schema{line, w.of(reflect.TypeFor[checkMapping]())}},
	}}}
}

func (*targetParts) schema(w *schemaWriter) *jsonschema.Schema {
	var settings []any
	for _, name := range sortedKeys(w.opts.Engines) {
		settings = append(settings, w.opts.Engines[name])
	}
	schema := w.object(targetSpec{}, "", settings...)
	schema.Required = nil // larder.local.yml may say only a part
	return schema
}

func (*tableNode) schema(w *schemaWriter) *jsonschema.Schema {
	return w.object(tableSpec{}, "", w.settings(func(k Kind) any { return k.Table })...)
}

// source is the schema of sources/, with the settings of every kind.
func (w *schemaWriter) source() *jsonschema.Schema {
	w.columns = w.settings(func(k Kind) any { return k.Column })
	schema := w.object(sourceSpec{}, "A file in sources/: a connection and the tables it lands", w.settings(func(k Kind) any { return k.Source })...)
	w.columns = nil
	if kind, ok := schema.Properties.Get("kind"); ok {
		for _, name := range sortedKeys(w.opts.Kinds) {
			kind.Enum = append(kind.Enum, name)
		}
	}
	return schema
}

func (w *schemaWriter) settings(of func(Kind) any) []any {
	var out []any
	for _, name := range sortedKeys(w.opts.Kinds) {
		if settings := of(w.opts.Kinds[name]); settings != nil {
			out = append(out, settings)
		}
	}
	return slices.Clip(out)
}
