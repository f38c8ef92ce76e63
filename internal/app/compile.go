package app

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/compile"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// compile binds every model against empty tables.
func (a *App) compile(ctx context.Context) error {
	columns, err := a.lakeColumns(ctx)
	if err != nil {
		return err
	}
	in := compile.Input{TimeZone: a.Project.TimeZone.String(), Engine: a.Project.Target.Engine, Params: a.params()}
	for _, t := range a.Project.Targets {
		in.Engines = append(in.Engines, t.Engine)
	}
	for _, dataset := range a.lakeDatasets() {
		in.Tables = append(in.Tables, compile.Table{Dataset: dataset, Columns: columns[dataset], Where: a.tables[dataset].Where})
	}
	for i := range a.Project.Models {
		in.Models = append(in.Models, a.compileModel(&a.Project.Models[i]))
	}
	cache, err := compile.OpenCache(filepath.Join(filepath.Dir(a.Project.State), "compiled"))
	if err != nil {
		cache = nil // without a cache everything is compiled anew, which is slower and just as right
	}
	compiled, faults := compile.Compile(ctx, in, compile.Options{Cache: cache, Version: a.options.Version})
	if compiled == nil {
		return faults
	}
	if a.renderer, err = compile.NewRenderer(in.TimeZone); err != nil {
		return errors.Join(err, compiled.Close())
	}
	a.compiled, a.Graph = compiled, compiled.Graph
	// A cache that cannot be written costs time at the next start, nothing else.
	_ = cache.Flush()
	return faults
}

func (a *App) lakeDatasets() []string {
	var out []string
	for _, s := range a.Project.Sources {
		for _, t := range s.Tables {
			out = append(out, t.Dataset)
		}
	}
	return out
}

func (a *App) compileModel(m *project.Model) compile.Model {
	out := compile.Model{
		Dataset: m.Dataset, SQL: m.SQL, View: m.Build == "view", Settings: "build=" + m.Build,
		Dialect: m.Dialect, Place: m.Text.Offset, Where: m.Where,
	}
	for _, o := range m.Overrides {
		out.Overrides = append(out.Overrides, compile.Override{Engine: o.Engine, SQL: o.SQL, Place: o.Text.Offset, Where: o.Where})
	}
	for _, c := range m.Columns {
		out.Columns = append(out.Columns, compile.Declared{
			Name: c.Name, Type: c.Type, Currency: c.Currency, Where: c.Where, TypeWhere: c.TypeWhere,
		})
	}
	for _, d := range m.Portable {
		out.Accepts = append(out.Accepts, compile.Accepted{Rule: d.Rule, Where: d.Where})
	}
	for i, g := range m.Grain {
		out.Grain = append(out.Grain, compile.GrainColumn{Name: g, Where: m.Places[grainKey(i)]})
	}
	a.setApart(&out)
	return out
}

// params are the values models may use as $name.
func (a *App) params() map[string]compile.Param {
	out := make(map[string]compile.Param, len(a.Project.Vars))
	for name, v := range a.Project.Vars {
		out[name] = compile.Param{Type: v.Type, Value: v.Value}
	}
	return out
}

// render replaces a model's parameters, $now among them, as the target's engine
// writes them, after moving the datasets it reads.
func (a *App) render(m build.Model, now time.Time, move func(string) (string, bool)) (string, error) {
	sql := m.SQL
	if move != nil && a.env != build.Production {
		moved, err := a.renderer.Relocate(sql, m.Dialect, move)
		if err != nil {
			return "", err
		}
		sql = moved
	}
	params := a.params()
	params["now"] = compile.Param{
		Type:  table.Type{Kind: table.TimestampTZ},
		Value: now.UTC().Format("2006-01-02 15:04:05.999999+00"),
	}
	return a.renderer.Render(sql, a.Project.Target.Engine, params)
}

// RunnableSQL returns a model's SQL with its parameters filled in as of now.
func (a *App) RunnableSQL(ctx context.Context, target string) (string, error) {
	dataset, _, err := a.resolve(target)
	if err != nil {
		return "", err
	}
	if _, ok := a.models[dataset]; !ok {
		return "", fault.New(fault.Invalid, "%s is landed, not built by SQL", dataset)
	}
	m := a.buildModel(dataset)
	text, err := a.render(m, a.options.Now(), nil)
	if err != nil {
		return "", err
	}
	text, err = a.relocated(ctx, text, m.Dialect)
	return strings.TrimSpace(text), err
}

// Rebind is the data version a stored text has under this engine.
func (a *App) Rebind(ctx context.Context, e state.Entry) (string, error) {
	m := a.models[e.Dataset]
	return a.compiled.Rebind(ctx, a.compileModel(m), e.SQL, e.Upstream)
}

// Warnings are things worth knowing that stop nothing.
func (a *App) Warnings() fault.List {
	var out fault.List
	for _, dataset := range a.Graph.Order {
		out = append(out, a.Graph.Nodes[dataset].Warnings...)
	}
	return out
}

// Portability tells what in the models an engine refuses or understands
// otherwise, upstream models first. The error is Invalid for an engine whose
// ways are not known.
func (a *App) Portability(ctx context.Context, engine string) ([]compile.Finding, error) {
	var out []compile.Finding
	for _, dataset := range a.Graph.Order {
		if _, ok := a.models[dataset]; !ok {
			continue
		}
		found, err := a.compiled.Portability(ctx, dataset, engine)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}
