package compile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// chain is three models on top of each other.
func chain() []Model {
	return []Model{
		model("mart.top", "select store_id, sum(net) as net from mart.middle group by store_id"),
		model("mart.middle", "select store_id, net * 2 as net from mart.base where net > $big_order"),
		model("mart.base", "select order_id, store_id, net from shop.orders"),
	}
}

func TestGraph(t *testing.T) {
	r, err := compileAll(t, input(t, chain()...), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"shop.categories", "shop.customers", "shop.lines", "shop.orders", "mart.base", "mart.middle", "mart.top",
		"shop.prices", "shop.products", "shop.returns", "shop.sessions", "shop.stores",
	}
	if diff := cmp.Diff(want, r.Graph.Order); diff != "" {
		t.Error(diff)
	}
	middle := r.Graph.Nodes["mart.middle"]
	if diff := cmp.Diff([]string{"mart.base"}, middle.DependsOn); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"mart.top"}, middle.UsedBy); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"big_order"}, middle.Params); diff != "" {
		t.Error(diff)
	}
	wantReads := map[string][]table.Column{"mart.base": columns(t, "store_id integer, net decimal(18,2)")}
	if diff := cmp.Diff(wantReads, middle.Reads); diff != "" {
		t.Error(diff)
	}
}

// TestOrderOfInputDoesNotMatter compiles shuffled inputs with any number of
// workers and wants the same graph each time.
func TestOrderOfInputDoesNotMatter(t *testing.T) {
	in := manyModels(t, 40, tinySQL)
	first, err := compileAll(t, in, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for workers := range 4 {
		random.Shuffle(len(in.Models), func(i, j int) { in.Models[i], in.Models[j] = in.Models[j], in.Models[i] })
		again, err := compileAll(t, in, Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first.Graph, again.Graph); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestBindRefuses(t *testing.T) {
	r, err := compileAll(t, input(t, chain()...), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]string{
		"select nett from mart.base":      "there is no column nett",
		"select 1 from mart.bse":          "there is no dataset mart.bse",
		"select 1; select 2":              "there is more than one statement",
		"select net > $big from mart.top": "the parameter $big is not known",
	} {
		_, err := r.Bind(context.Background(), sql)
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v", sql, err)
		}
		var e *fault.Error
		if !errors.As(err, &e) || e.Hint == "" || !e.Where.IsZero() {
			t.Errorf("%s: hint %q, place %s", sql, e.Hint, e.Where)
		}
	}
}

func TestBindFromManyGoroutines(t *testing.T) {
	r, err := compileAll(t, input(t, chain()...), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			sql := []string{"select net from mart.middle", "select store_id, net from mart.top"}[i%2]
			got, err := r.Bind(context.Background(), sql)
			if err != nil || len(got) != 1+i%2 {
				t.Errorf("%v %v", got, err)
			}
		})
	}
	wg.Wait()
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r, err := Compile(ctx, input(t, chain()...), Options{})
	if r != nil || fault.KindOf(err) != fault.Interrupted {
		t.Errorf("%v %v", r, err)
	}
}

// TestRebindAgrees holds that a stored text over the stored columns, which are
// only those that were read, has the fingerprint it had when it was compiled.
func TestRebindAgrees(t *testing.T) {
	in := input(t, append(constructModels(t), chain()...)...)
	r, err := compileAll(t, in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	names := constructs(t)
	for i, m := range in.Models {
		n := r.Graph.Nodes[m.Dataset]
		got, err := r.Rebind(context.Background(), m, m.SQL, n.Reads)
		if err != nil {
			// A star without a column needs that column to be there, though it is not read.
			if i < len(names) && strings.Contains(m.SQL, "exclude") {
				continue
			}
			t.Errorf("%v\n%s", err, m.SQL)
			continue
		}
		if got != n.Fingerprint {
			t.Errorf("%s became %s\n%s", n.Fingerprint, got, m.SQL)
		}
	}
	if _, err := r.Rebind(context.Background(), chain()[0], "select nope from shop.orders", r.Graph.Nodes["mart.base"].Reads); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a text that does not bind gave %v", err)
	}
}

func TestCloseTwice(t *testing.T) {
	r, err := Compile(context.Background(), input(t, chain()...), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Close(), r.Close()); err != nil {
		t.Error(err)
	}
}

func TestDialectNamesTheEngine(t *testing.T) {
	r, err := compileAll(t, input(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var version string
	if err := bare(t).QueryRow("select version()").Scan(&version); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(r.Dialect(), "duckdb "+version) {
		t.Errorf("dialect %q of engine %q", r.Dialect(), version)
	}
}

// counting is a Cache that counts what is bound.
type counting struct {
	*FileCache
	mu   sync.Mutex
	puts int
}

func (c *counting) Put(key string, value []byte) {
	c.mu.Lock()
	c.puts++
	c.mu.Unlock()
	c.FileCache.Put(key, value)
}

func TestCacheBindsWhatChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "compiled")
	in := input(t, chain()...)
	var before *Graph
	for _, c := range []struct {
		name   string
		change func(*Input)
		bound  int
	}{
		{"everything is new", func(*Input) {}, 3},
		{"nothing changed", func(*Input) {}, 0},
		{"a comment in one", func(in *Input) { in.Models[2] = model("mart.base", in.Models[2].SQL+" -- why") }, 1},
		{"an edit that keeps the columns", func(in *Input) { in.Models[1] = model("mart.middle", strings.Replace(in.Models[1].SQL, "2", "3", 1)) }, 1},
		{"an edit that changes a type", func(in *Input) {
			in.Models[2] = model("mart.base", "select order_id, store_id::bigint as store_id, net from shop.orders")
		}, 3},
		{"a variable that one uses", func(in *Input) {
			in.Params["big_order"] = Param{Type: in.Params["big_order"].Type, Value: "5"}
		}, 1},
		{"a variable that none uses", func(in *Input) { in.Params["home"] = Param{Type: in.Params["home"].Type, Value: "FR"} }, 0},
		{"a table that none reads", func(in *Input) {
			changeColumns(in, "shop.stores", func(c []table.Column) []table.Column { return c[:1] })
		}, 0},
		{"settings", func(in *Input) { in.Models[0].Settings = "build=view" }, 1},
		{"declared columns", func(in *Input) { in.Models[0].Columns = []Declared{{Name: "net", Currency: "GBP"}} }, 1},
		{"time zone", func(in *Input) { in.TimeZone = "UTC" }, 3},
	} {
		c.change(&in)
		file, err := OpenCache(path)
		if err != nil {
			t.Fatal(err)
		}
		cache := &counting{FileCache: file}
		r, err := compileAll(t, in, Options{Cache: cache})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if cache.puts != c.bound {
			t.Errorf("%s: %d models were bound, want %d", c.name, cache.puts, c.bound)
		}
		fresh, err := compileAll(t, in, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fresh.Graph, r.Graph); diff != "" {
			t.Errorf("%s: the cache gives another graph (-fresh +cached):\n%s", c.name, diff)
		}
		before = r.Graph
	}
	if len(before.Order) == 0 {
		t.Error("nothing was compiled")
	}
}

func TestDamagedCache(t *testing.T) {
	path := filepath.Join(t.TempDir(), "compiled")
	in := input(t, chain()...)
	fill(t, path, in)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := compileAll(t, in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		damaged := append([]byte(nil), whole...)
		switch random.IntN(3) {
		case 0:
			damaged = damaged[:random.IntN(len(damaged))]
		case 1:
			damaged[random.IntN(len(damaged))] ^= byte(1 + random.IntN(255))
		default:
			damaged = append(damaged, "more"...)
		}
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		cache, err := OpenCache(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := compileAll(t, in, Options{Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Graph, r.Graph); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestNilCache(t *testing.T) {
	var cache *FileCache
	if _, err := compileAll(t, input(t, chain()...), Options{Cache: cache}); err != nil {
		t.Error(err)
	}
	cache.Put("a", nil)
	if _, ok := cache.Get("a"); ok {
		t.Error("a nil cache remembers")
	}
	if err := cache.Flush(); err != nil {
		t.Error(err)
	}
}

// TestLineageOfAQuery: what a query calls a column does not hide where its
// values come from.
func TestLineageOfAQuery(t *testing.T) {
	r, err := compileAll(t, input(t, chain()...), Options{})
	if err != nil {
		t.Fatal(err)
	}
	edges, err := r.Lineage(context.Background(), "with x(other) as (select net from mart.top) select other as store, count(*) as n from x group by 1")
	if err != nil {
		t.Fatal(err)
	}
	want := []Edge{{Column: "store", From: []ColumnRef{{"mart.top", "net"}}, Direct: true}, {Column: "n"}}
	if diff := cmp.Diff(want, edges, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if _, err := r.Lineage(context.Background(), "select nett from mart.base"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v", err)
	}
}
