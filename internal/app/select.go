package app

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/compile"
	"github.com/larder-data/larder/internal/fault"
)

// Facts is what a selection can ask of a dataset.
type Facts struct {
	Dataset string
	Layer   string // "lake", or the model's first folder
	Owner   string
	Source  string // of a lake table
	Path    string // of the file that describes it, relative to the project
	Tags    []string
}

// Select returns the datasets that any of the expressions names, nil for no
// expression at all. An expression is
//
//	name, schema.name, finance.*   a dataset, with or without its schema, * for any characters
//	+name, 2+name                  and everything it is built from, or two steps of it
//	name+, name+2                  and everything built from it
//	layer:marts owner:finance      by layer, owner, tag:x, source:erp
//	models/marts/                  everything described by files below a folder, or by one file
//	a,b                            what both name
//
// The error is NotFound, with the nearest name as its hint, when an
// expression names nothing.
func Select(graph *compile.Graph, facts map[string]Facts, expressions []string) (map[string]bool, error) {
	if len(expressions) == 0 {
		return nil, nil
	}
	selected := map[string]bool{}
	for _, expression := range expressions {
		for _, term := range strings.Fields(expression) {
			found, err := intersection(graph, facts, term)
			if err != nil {
				return nil, err
			}
			for dataset := range found {
				selected[dataset] = true
			}
		}
	}
	return selected, nil
}

func intersection(graph *compile.Graph, facts map[string]Facts, term string) (map[string]bool, error) {
	var all map[string]bool
	for part := range strings.SplitSeq(term, ",") {
		found, err := selectOne(graph, facts, part)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = found
			continue
		}
		for dataset := range all {
			if !found[dataset] {
				delete(all, dataset)
			}
		}
	}
	return all, nil
}

// selectOne finds what a term without commas names, with its ups and downs.
func selectOne(graph *compile.Graph, facts map[string]Facts, term string) (map[string]bool, error) {
	up, core, down := steps(term)
	found := map[string]bool{}
	for _, f := range facts {
		if matches(f, core) {
			found[f.Dataset] = true
		}
	}
	if len(found) == 0 {
		return nil, unknownSelection(facts, core)
	}
	upstream := reach(found, up, func(d string) []string { return graph.Nodes[d].DependsOn })
	downstream := reach(found, down, func(d string) []string { return graph.Nodes[d].UsedBy })
	maps.Copy(found, upstream)
	maps.Copy(found, downstream)
	return found, nil
}

// steps splits "2+name+" into 2, name and -1: how far up and down to go, 0
// for not at all and -1 for all the way.
func steps(term string) (up int, core string, down int) {
	core = term
	if before, after, ok := strings.Cut(core, "+"); ok && isCount(before) {
		up, core = count(before), after
	}
	if i := strings.LastIndex(core, "+"); i >= 0 && isCount(core[i+1:]) {
		down, core = count(core[i+1:]), core[:i]
	}
	return up, core, down
}

func isCount(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil
}

func count(text string) int {
	if text == "" {
		return -1
	}
	n, _ := strconv.Atoi(text) // isCount has vouched for it
	return n
}

// matches reports whether a dataset is what the core of a term names.
func matches(f Facts, core string) bool {
	if method, value, ok := strings.Cut(core, ":"); ok {
		switch method {
		case "layer":
			return strings.EqualFold(f.Layer, value)
		case "owner":
			return strings.EqualFold(f.Owner, value)
		case "source":
			return f.Source != "" && strings.EqualFold(f.Source, value)
		case "tag":
			return slices.Contains(f.Tags, value)
		case "path":
			return under(f.Path, value)
		default:
			return false
		}
	}
	if strings.Contains(core, "/") || strings.HasSuffix(core, ".sql") || strings.HasSuffix(core, ".yml") {
		return under(f.Path, core)
	}
	_, bare, _ := strings.Cut(f.Dataset, ".")
	lower := strings.ToLower(core)
	whole, _ := path.Match(lower, strings.ToLower(f.Dataset))
	short, _ := path.Match(lower, strings.ToLower(bare))
	return whole || short
}

// under reports whether a file is the one named or lies below the folder named.
func under(file, folder string) bool {
	folder = strings.TrimSuffix(strings.TrimPrefix(folder, "./"), "/")
	return file == folder || strings.HasPrefix(file, folder+"/")
}

func unknownSelection(facts map[string]Facts, core string) error {
	err := fault.New(fault.NotFound, "the selection %q names no dataset", core)
	var names []string
	method, value, ok := strings.Cut(core, ":")
	for _, f := range facts {
		switch {
		case !ok:
			_, bare, _ := strings.Cut(f.Dataset, ".")
			names = append(names, f.Dataset, bare)
		case method == "layer":
			names = append(names, f.Layer)
		case method == "owner":
			names = append(names, f.Owner)
		case method == "source":
			names = append(names, f.Source)
		case method == "tag":
			names = append(names, f.Tags...)
		}
	}
	slices.Sort(names)
	if ok && len(names) == 0 {
		return err.WithHint("known: layer:, owner:, source:, tag:, path:")
	}
	if !ok {
		value = core
	}
	if hint := fault.DidYouMean(value, slices.DeleteFunc(slices.Compact(names), func(n string) bool { return n == "" })); hint != "" {
		return err.WithHint("%s", hint)
	}
	return err
}

// reach returns the datasets at most far steps away from any of the starts, the
// starts among them; a negative far is any distance.
func reach(starts map[string]bool, far int, next func(string) []string) map[string]bool {
	found := maps.Clone(starts)
	level := slices.Collect(maps.Keys(starts))
	for ; far != 0 && len(level) > 0; far-- {
		var further []string
		for _, dataset := range level {
			for _, n := range next(dataset) {
				if !found[n] {
					found[n] = true
					further = append(further, n)
				}
			}
		}
		level = further
	}
	return found
}
