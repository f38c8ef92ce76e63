package build

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/compile"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// Action is what a step does.
type Action string

// The actions.
const (
	Ingest Action = "ingest" // land what is new in the lake
	Build  Action = "build"  // stage, check, publish
	Check  Action = "check"  // judge what is published by changed rules
	// Rollback publishes an earlier version again; see PlanRollback.
	Rollback Action = "rollback"
)

// Cause is why a step is in the plan.
type Cause string

// The causes, strongest first.
const (
	New           Cause = "new"
	NeverFinished Cause = "never finished"
	FailedBefore  Cause = "failed before"
	SQLChanged    Cause = "SQL changed"
	NewData       Cause = "new data"
	InputChanged  Cause = "input changed"
	ChecksChanged Cause = "checks changed"
	AskedFor      Cause = "asked for"
)

// Reason is one cause with its particulars.
type Reason struct {
	Cause  Cause  `json:"cause"`
	Detail string `json:"detail,omitempty"` // e.g. the inputs that changed
}

// String returns the reason in words.
func (r Reason) String() string {
	if r.Detail == "" {
		return string(r.Cause)
	}
	return string(r.Cause) + ": " + r.Detail
}

// Step is one thing to do to one dataset.
type Step struct {
	Dataset string   `json:"dataset"`
	Action  Action   `json:"action"`
	Reasons []Reason `json:"reasons"`
	After   []string `json:"after,omitempty"`  // planned datasets it is built from
	Beside  []string `json:"beside,omitempty"` // planned datasets only its checks read
	Owner   string   `json:"owner,omitempty"`
}

// Why returns the reasons in one line.
func (s Step) Why() string {
	words := make([]string, len(s.Reasons))
	for i, r := range s.Reasons {
		words[i] = r.String()
	}
	return strings.Join(words, "; ")
}

func (s Step) has(causes ...Cause) bool {
	return slices.ContainsFunc(s.Reasons, func(r Reason) bool { return slices.Contains(causes, r.Cause) })
}

// Plan is the difference between the project and the ledger.
type Plan struct {
	Env   string    `json:"env"`
	AsOf  time.Time `json:"as_of"`
	Steps []Step    `json:"steps"`          // upstream first
	Kept  []string  `json:"kept"`           // selected datasets that are up to date
	Held  []Hold    `json:"held,omitempty"` // selected datasets that stay as they are
	// Gone is what is published but no longer in the project; it is left alone.
	Gone []string `json:"gone,omitempty"`

	current     map[string]state.Entry
	restoration *Restoration // of the step that is a Rollback
}

// Request narrows or widens a plan.
type Request struct {
	Selected map[string]bool // nil: everything
	Full     bool            // rebuild the selected models even when nothing changed
	AsOf     time.Time
}

// planner holds what one planning looks things up in.
type planner struct {
	b       *Builder
	request Request
	current map[string]state.Entry // production's where the environment has none of its own
	latest  map[string]state.Step  // the newest recorded step of each dataset
	held    map[string]Hold        // what the environment itself holds
	news    map[string]string
	planned map[string]Action
}

// Plan compares the project with the ledger. It reads and changes nothing in
// the warehouse; call Reconcile first.
func (b *Builder) Plan(ctx context.Context, r Request) (Plan, error) {
	p := planner{b: b, request: r, news: map[string]string{}, planned: map[string]Action{}}
	if err := p.recall(ctx); err != nil {
		return Plan{}, err
	}
	plan := Plan{Env: b.Env, AsOf: r.AsOf, Steps: []Step{}, Kept: []string{}, current: p.current}
	for _, dataset := range b.Graph.Order {
		if r.Selected != nil && !r.Selected[dataset] {
			continue
		}
		step, err := p.step(ctx, b.Graph.Nodes[dataset])
		if err != nil {
			return Plan{}, err
		}
		hold, held := p.held[dataset]
		if held {
			plan.Held = append(plan.Held, hold)
		} else if step == nil {
			plan.Kept = append(plan.Kept, dataset)
		}
		if step == nil {
			continue
		}
		p.planned[dataset] = step.Action
		plan.Steps = append(plan.Steps, *step)
	}
	for dataset, entry := range p.current {
		if b.Graph.Nodes[dataset] == nil && !b.borrowed(entry) {
			plan.Gone = append(plan.Gone, dataset)
		}
	}
	slices.Sort(plan.Gone)
	p.beside(plan.Steps)
	return plan, p.missing(plan)
}

// recall reads the ledger and how each dataset's newest step ended.
func (p *planner) recall(ctx context.Context) error {
	var err error
	if p.current, err = p.b.Current(ctx); err != nil {
		return err
	}
	if p.latest, err = p.b.Store.LatestSteps(ctx, p.b.Env); err != nil {
		return fault.Wrap("journal", err)
	}
	p.held, err = p.b.held(ctx, p.current)
	maps.DeleteFunc(p.held, func(_ string, h Hold) bool { return h.Rollback.Env != p.b.Env })
	return err
}

// step decides what is to be done about one dataset, nil for nothing.
func (p *planner) step(ctx context.Context, node *compile.Node) (*Step, error) {
	if !node.Model {
		return p.ingestStep(ctx, node)
	}
	reasons, err := p.reasons(ctx, node)
	if err != nil {
		return nil, err
	}
	step := Step{Dataset: node.Dataset, Action: Build, Reasons: reasons, Owner: p.b.Models[node.Dataset].Owner}
	if len(reasons) == 0 {
		entry, published := p.current[node.Dataset]
		if !published || entry.CheckVersion == p.b.Checker.Version(node.Dataset) {
			return nil, nil
		}
		step.Action = Check
		step.Reasons = []Reason{{Cause: ChecksChanged}}
	}
	step.After = p.plannedOf(node.DependsOn)
	return &step, nil
}

func (p *planner) ingestStep(ctx context.Context, node *compile.Node) (*Step, error) {
	if p.b.Ingester == nil {
		return nil, nil
	}
	news, err := p.b.Ingester.News(ctx, node.Dataset)
	if err != nil {
		return nil, err
	}
	step := Step{Dataset: node.Dataset, Action: Ingest, Owner: p.b.Models[node.Dataset].Owner}
	entry, published := p.current[node.Dataset]
	switch {
	case !published:
		step.Reasons = append(p.unfinished(node.Dataset), Reason{Cause: NewData, Detail: news})
	case news != "":
		step.Reasons = append(p.unfinished(node.Dataset), Reason{Cause: NewData, Detail: news})
	case entry.CheckVersion != p.b.Checker.Version(node.Dataset):
		step.Action = Check
		step.Reasons = []Reason{{Cause: ChecksChanged}}
	default:
		return nil, nil
	}
	return &step, nil
}

// reasons returns why a model must be built, none when it is up to date or held.
func (p *planner) reasons(ctx context.Context, node *compile.Node) ([]Reason, error) {
	if _, held := p.held[node.Dataset]; held {
		return nil, nil
	}
	var reasons []Reason
	entry, published := p.current[node.Dataset]
	reasons = append(reasons, p.unfinished(node.Dataset)...)
	if !published && len(reasons) == 0 {
		reasons = append(reasons, Reason{Cause: New})
	}
	if published {
		changed, err := p.meaningChanged(ctx, node, entry)
		if err != nil {
			return nil, err
		}
		if changed {
			reasons = append(reasons, Reason{Cause: SQLChanged})
		}
		if inputs := p.changedInputs(node, entry); len(inputs) > 0 {
			reasons = append(reasons, Reason{Cause: InputChanged, Detail: strings.Join(inputs, ", ")})
		}
	}
	if p.request.Full && len(reasons) == 0 {
		reasons = append(reasons, Reason{Cause: AskedFor})
	}
	return reasons, nil
}

// unfinished tells how the dataset's newest step ended, when it did not end well.
func (p *planner) unfinished(dataset string) []Reason {
	last, ok := p.latest[dataset]
	if !ok || last.Action == string(Check) {
		return nil
	}
	switch last.Outcome {
	case state.Running, state.Interrupted:
		return []Reason{{Cause: NeverFinished}}
	case state.Errored, state.HeldBack:
		return []Reason{{Cause: FailedBefore, Detail: last.Kind}}
	default:
		return nil
	}
}

// meaningChanged reports whether the model means something else than what was
// published. When the engine that binds SQL was upgraded in between, the
// stored text is bound again, so that an upgrade alone rebuilds nothing.
func (p *planner) meaningChanged(ctx context.Context, node *compile.Node, entry state.Entry) (bool, error) {
	if entry.DataVersion == node.Fingerprint {
		return false, nil
	}
	if entry.Engine == p.b.Dialect || p.b.Binder == nil {
		return true, nil
	}
	whole, err := p.b.Store.Entry(ctx, entry.Env, entry.Dataset, entry.Version)
	if err != nil {
		return false, fault.Wrap("ledger", err)
	}
	rebound, err := p.b.Binder.Rebind(ctx, whole)
	if err != nil {
		// A text the new engine does not bind any more has changed its meaning.
		return true, nil //nolint:nilerr // the model itself compiled, so building it anew is the answer
	}
	return rebound != node.Fingerprint, nil
}

// changedInputs returns the direct inputs that are newer than what the entry
// was built from, or are about to be.
func (p *planner) changedInputs(node *compile.Node, entry state.Entry) []string {
	read := make(map[string]state.Input, len(entry.Inputs))
	for _, input := range entry.Inputs {
		read[input.Dataset] = input
	}
	var changed []string
	for _, input := range node.DependsOn {
		action, planned := p.planned[input]
		was, known := read[input]
		newer := known && p.as(entry, p.current[input]) != was
		if p.b.borrowed(entry) {
			newer = known && !p.b.borrowed(p.current[input]) // whether production is up to date is production's business
		}
		if newer || (planned && action != Check) {
			changed = append(changed, input)
		}
	}
	return changed
}

// as is an entry as the input of another one: by its version alone when both
// are of one environment.
func (p *planner) as(reader, read state.Entry) state.Input {
	in := state.Input{Dataset: read.Dataset, Version: read.Version}
	if read.Env != reader.Env {
		in.Env = read.Env
	}
	return in
}

func (p *planner) plannedOf(datasets []string) []string {
	var after []string
	for _, d := range datasets {
		if _, ok := p.planned[d]; ok {
			after = append(after, d)
		}
	}
	return after
}

// beside lets a step wait for what its checks compare with, one edge after the
// other as long as no circle closes; where one would, the check sees what is
// published.
func (p *planner) beside(steps []Step) {
	waits := make(map[string][]string, len(steps))
	for _, s := range steps {
		waits[s.Dataset] = s.After
	}
	for i := range steps {
		step := &steps[i]
		for _, read := range p.plannedOf(p.b.CheckReads[step.Dataset]) {
			if slices.Contains(waits[step.Dataset], read) || waitsFor(waits, read, step.Dataset) {
				continue
			}
			step.Beside = append(step.Beside, read)
			waits[step.Dataset] = append(slices.Clip(waits[step.Dataset]), read)
		}
	}
}

// waitsFor reports whether a step waits for another, directly or through others.
func waitsFor(waits map[string][]string, dataset, other string) bool {
	seen := map[string]bool{}
	var look func(string) bool
	look = func(at string) bool {
		if at == other {
			return true
		}
		if seen[at] {
			return false
		}
		seen[at] = true
		return slices.ContainsFunc(waits[at], look)
	}
	return look(dataset)
}

// missing reports selected models whose inputs are neither published nor in
// the plan.
func (p *planner) missing(plan Plan) error {
	var faults fault.List
	for _, step := range plan.Steps {
		if step.Action != Build {
			continue
		}
		for _, input := range p.b.Graph.Nodes[step.Dataset].DependsOn {
			_, published := p.current[input]
			if _, planned := p.planned[input]; !published && !planned {
				problem := fault.New(fault.Invalid, "%s reads %s, which was never built and is not selected", step.Dataset, input).
					WithHint("select it too: --select +%s", step.Dataset)
				if p.b.Env != Production && !p.b.Graph.Nodes[input].Model {
					problem = fault.New(fault.Invalid, "%s reads %s, which production has not landed", step.Dataset, input).
						WithHint("environments read production's lake: larder run lands it there")
				}
				faults.Add(problem)
			}
		}
	}
	return faults.Err()
}

// Describe returns the plan's size in words.
func (p Plan) Describe() string {
	count := map[Action]int{}
	for _, s := range p.Steps {
		count[s.Action]++
	}
	text := fmt.Sprintf("%d to ingest, %d to build, %d to check, %d up to date",
		count[Ingest], count[Build], count[Check], len(p.Kept))
	if len(p.Held) > 0 {
		text += fmt.Sprintf(", %d held", len(p.Held))
	}
	return text
}
