package compile

import (
	"container/heap"
	"context"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/fault"
)

// untangle finds cycles. A text may mention a dataset it does not read (a
// column can be called like one), so before models are accused their syntax
// tree is asked.
func (c *compiler) untangle(ctx context.Context) error {
	refined := map[string]bool{}
	for _, cycle := range c.cycles() {
		for _, key := range cycle {
			refined[key] = true
			if err := c.refine(ctx, c.jobs[key]); err != nil {
				return err
			}
		}
	}
	if len(refined) == 0 {
		return nil
	}
	for _, cycle := range c.cycles() {
		c.accuse(cycle)
	}
	return nil
}

// refine narrows what a model mentions to what its syntax tree reads. A text
// without a tree keeps its mentions.
func (c *compiler) refine(ctx context.Context, j *job) error {
	if j.model.Dialect != "" {
		return nil // told by its text already
	}
	st := readStatement(j.model.SQL, c.in.Params)
	if st.hopeless {
		return nil
	}
	s, err := c.session(ctx)
	if err != nil {
		return err
	}
	tree, err := s.serialize(ctx, s.syntax, st.text)
	if err != nil || tree.get("error").yes() {
		return err
	}
	read := c.withModels(append(tablesRead(&s.doc), j.model.needs()...))
	j.candidates = slices.DeleteFunc(j.candidates, func(k string) bool { return !slices.Contains(read, k) })
	return nil
}

// accuse reports a cycle with its path, at the place where its first model
// reads the next one.
func (c *compiler) accuse(cycle []string) {
	path := c.path(cycle)
	names := make([]string, len(path))
	for i, key := range path {
		names[i] = c.jobs[key].model.Dataset
	}
	first := c.jobs[path[0]].model
	e := &fault.Error{Op: "model " + first.Dataset, Kind: fault.Invalid, Where: mention(first, path[min(1, len(path)-1)])}
	e.Err = errCycle(append(names, names[0]))
	e.Hint = "one of them must not read the next; move what both need into a model of its own"
	if len(names) == 1 {
		e.Hint = "a model cannot read its own result"
	}
	for _, key := range cycle {
		c.jobs[key].failed, c.jobs[key].accused = true, true
	}
	c.fail(e)
}

// path is a shortest way round the cycle from its first model by name.
func (c *compiler) path(cycle []string) []string {
	start := slices.Min(cycle)
	before := map[string]string{}
	queue := []string{start}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		next := slices.Clone(c.jobs[at].candidates)
		slices.Sort(next)
		for _, to := range next {
			if to == start {
				path := []string{at}
				for at != start {
					at = before[at]
					path = append(path, at)
				}
				slices.Reverse(path)
				return path
			}
			if _, seen := before[to]; !seen && slices.Contains(cycle, to) {
				before[to] = at
				queue = append(queue, to)
			}
		}
	}
	return []string{start}
}

// mention is the place where a model's text names a dataset.
func mention(m *Model, key string) fault.Place {
	tokens := scan(m.SQL)
	for i := 0; i+2 < len(tokens); i++ {
		schema, _ := tokens[i].identifier()
		name, _ := tokens[i+2].identifier()
		if tokens[i+1].is(".") && strings.EqualFold(schema+"."+name, key) {
			return m.place(tokens[i].at)
		}
	}
	return m.Where
}

// cycles returns the groups of models that mention each other in a circle
// (Tarjan's strongly connected components), each sorted, in order of name.
func (c *compiler) cycles() [][]string {
	t := &tarjan{c: c, index: map[string]int{}, low: map[string]int{}, on: map[string]bool{}}
	for _, key := range sortedKeys(c.jobs) {
		if t.index[key] == 0 {
			t.visit(key)
		}
	}
	slices.SortFunc(t.found, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return t.found
}

type tarjan struct {
	c          *compiler
	index, low map[string]int
	on         map[string]bool
	stack      []string
	found      [][]string
}

func (t *tarjan) visit(key string) {
	t.index[key] = len(t.index) + 1
	t.low[key] = t.index[key]
	t.stack, t.on[key] = append(t.stack, key), true
	for _, to := range t.c.jobs[key].candidates {
		switch {
		case t.c.jobs[to] == nil:
		case t.index[to] == 0:
			t.visit(to)
			t.low[key] = min(t.low[key], t.low[to])
		case t.on[to]:
			t.low[key] = min(t.low[key], t.index[to])
		}
	}
	if t.low[key] != t.index[key] {
		return
	}
	from := slices.Index(t.stack, key)
	group := slices.Clone(t.stack[from:])
	t.stack = t.stack[:from]
	for _, k := range group {
		t.on[k] = false
	}
	if len(group) > 1 || slices.Contains(t.c.jobs[key].candidates, key) {
		slices.Sort(group)
		t.found = append(t.found, group)
	}
}

// nameHeap gives the smallest name first.
type nameHeap []string

func (h nameHeap) Len() int           { return len(h) }
func (h nameHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h nameHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *nameHeap) Push(x any)        { *h = append(*h, x.(string)) }
func (h *nameHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// arrange puts all nodes upstream first, ties by name, and fills UsedBy.
func arrange(nodes map[string]*Node) *Graph {
	g := &Graph{Nodes: nodes, Order: make([]string, 0, len(nodes))}
	waits := make(map[string]int, len(nodes))
	ready := &nameHeap{}
	for name, n := range nodes {
		waits[name] = len(n.DependsOn)
		if len(n.DependsOn) == 0 {
			*ready = append(*ready, name)
		}
		for _, up := range n.DependsOn {
			nodes[up].UsedBy = append(nodes[up].UsedBy, name)
		}
	}
	heap.Init(ready)
	for ready.Len() > 0 {
		name := heap.Pop(ready).(string)
		g.Order = append(g.Order, name)
		slices.Sort(nodes[name].UsedBy)
		for _, down := range nodes[name].UsedBy {
			if waits[down]--; waits[down] == 0 {
				heap.Push(ready, down)
			}
		}
	}
	return g
}
