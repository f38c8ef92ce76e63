package app

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/compile"
	"github.com/larder-data/larder/internal/fault"
)

// chain is lake.erp_orders -> warehouse.orders -> {finance.sales, marketing.sales} -> finance.report.
func chain() (*compile.Graph, map[string]Facts) {
	edges := map[string][]string{
		"lake.erp_orders":  nil,
		"warehouse.orders": {"lake.erp_orders"},
		"finance.sales":    {"warehouse.orders"},
		"marketing.sales":  {"warehouse.orders"},
		"finance.report":   {"finance.sales"},
	}
	graph := &compile.Graph{Nodes: map[string]*compile.Node{}}
	for dataset, from := range edges {
		graph.Nodes[dataset] = &compile.Node{Dataset: dataset, DependsOn: from}
		graph.Order = append(graph.Order, dataset)
	}
	for dataset, from := range edges {
		for _, d := range from {
			graph.Nodes[d].UsedBy = append(graph.Nodes[d].UsedBy, dataset)
		}
	}
	facts := map[string]Facts{}
	for _, f := range []Facts{
		{Dataset: "lake.erp_orders", Layer: "lake", Owner: "data", Source: "erp", Path: "sources/erp.yml"},
		{Dataset: "warehouse.orders", Layer: "warehouse", Owner: "data", Path: "models/warehouse/orders.sql", Tags: []string{"core"}},
		{Dataset: "finance.sales", Layer: "marts", Owner: "finance", Path: "models/marts/finance/sales.sql", Tags: []string{"core", "daily"}},
		{Dataset: "finance.report", Layer: "marts", Owner: "finance", Path: "models/marts/finance/report.sql"},
		{Dataset: "marketing.sales", Layer: "marts", Owner: "marketing", Path: "models/marts/marketing/sales.sql", Tags: []string{"daily"}},
	} {
		facts[f.Dataset] = f
	}
	return graph, facts
}

func TestSelectNamesDatasets(t *testing.T) {
	graph, facts := chain()
	for expression, want := range map[string]string{
		"finance.sales":                  "finance.sales",
		"FINANCE.Sales":                  "finance.sales",
		"sales":                          "finance.sales marketing.sales",
		"finance.*":                      "finance.report finance.sales",
		"+finance.sales":                 "finance.sales lake.erp_orders warehouse.orders",
		"1+finance.sales":                "finance.sales warehouse.orders",
		"orders+":                        "finance.report finance.sales marketing.sales warehouse.orders",
		"orders+1":                       "finance.sales marketing.sales warehouse.orders",
		"+finance.sales+":                "finance.report finance.sales lake.erp_orders warehouse.orders",
		"1+report 1+orders":              "finance.report finance.sales lake.erp_orders warehouse.orders",
		"layer:marts":                    "finance.report finance.sales marketing.sales",
		"owner:finance":                  "finance.report finance.sales",
		"source:erp":                     "lake.erp_orders",
		"tag:core":                       "finance.sales warehouse.orders",
		"tag:core,owner:finance":         "finance.sales",
		"tag:core,layer:lake":            "",
		"models/marts/finance/":          "finance.report finance.sales",
		"./models/marts":                 "finance.report finance.sales marketing.sales",
		"models/marts/fin/":              "error",
		"models/marts/finance/sales.sql": "finance.sales",
		"path:sources/erp.yml":           "lake.erp_orders",
	} {
		t.Run(expression, func(t *testing.T) {
			selected, err := Select(graph, facts, []string{expression})
			got := strings.Join(slices.Sorted(maps.Keys(selected)), " ")
			if err != nil {
				got = "error"
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSelectUnknownNamesTheNearest(t *testing.T) {
	graph, facts := chain()
	for expression, hint := range map[string]string{
		"finance.sale":  "did you mean finance.sales?",
		"owner:finanze": "did you mean finance?",
		"tag:dialy":     "did you mean daily?",
		"colour:red":    "known: layer:, owner:, source:, tag:, path:",
	} {
		_, err := Select(graph, facts, []string{expression})
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.NotFound || f.Hint != hint {
			t.Errorf("%s: got %v, want a NotFound with the hint %q", expression, err, hint)
		}
	}
}
