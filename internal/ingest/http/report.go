package http

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/fault"
)

// fetchReport has a report made, waits for it and reads it.
func (w *walk) report(ctx context.Context) error {
	r := w.Report
	p := w.point
	requested, err := w.step(ctx, &r.Request, p)
	if err != nil {
		return err
	}
	p = point{vars: map[string]string{}}
	if r.ID.Given() {
		if p.vars["report"] = requested[r.ID.Value]; p.vars["report"] == "" {
			return w.Report.ID.Fault("the answer to the request does not name a report there").WithHint("id: is the path of the report's name, such as data.report_id")
		}
	}
	told := requested
	if r.Poll != nil {
		if told, err = w.poll(ctx, p); err != nil {
			return err
		}
	}
	step := r.Fetch
	if step.From.Given() {
		if step.Path.Value = told[step.From.Value]; step.Path.Value == "" {
			return oddly("the report is said to be ready, and has no address at %s", step.From.Value)
		}
	}
	a, err := w.stepAsk(&step, w.bodies[&r.Fetch], p)
	if err != nil {
		return err
	}
	if !sameOrigin(a.url, w.base) {
		a.header.Del("Content-Type")
	}
	got, err := w.do(ctx, a)
	if err != nil {
		return err
	}
	defer got.remove()
	page, err := w.judgedPage(a, got)
	if err != nil {
		return err
	}
	w.count, w.total = page.hash.count, page.total
	return w.complete()
}

func (w *walk) stepAsk(s *Step, body any, p point) (ask, error) {
	if s.From.Given() { // an address from an answer is taken as it is
		target, err := w.base.Parse(s.Path.Value)
		if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
			return ask{}, oddly("the report's address is none")
		}
		return ask{method: w.method(s.Method.Value, body), url: target, header: map[string][]string{"Accept": {"*/*"}}}, nil
	}
	return w.ask(s.Path.Value, s.Method.Value, body, s.Params.Entries, p)
}

// step makes a request of the report and returns what its answer has below the
// paths that matter.
func (w *walk) step(ctx context.Context, s *Step, p point) (map[string]string, error) {
	a, err := w.stepAsk(s, w.bodies[s], p)
	if err != nil {
		return nil, err
	}
	return w.told(ctx, a)
}

func (w *walk) told(ctx context.Context, a ask) (map[string]string, error) {
	got, err := w.do(ctx, a)
	if err != nil {
		return nil, err
	}
	defer got.remove()
	out := map[string]string{}
	var wants []want
	paths := []string{w.Report.ID.Value, w.Report.Fetch.From.Value}
	if w.Report.Poll != nil {
		paths = append(paths, w.Report.Poll.Status.Value)
	}
	for _, written := range paths {
		p, err := parsePath(written)
		if err != nil || len(p) == 0 {
			continue
		}
		wants = append(wants, want{p, false, func(raw []byte) error { out[written] = scalar(raw); return nil }})
	}
	if _, err := got.file.Seek(0, io.SeekStart); err != nil {
		return nil, fault.New(fault.Internal, "%w", err)
	}
	if err := walkJSON(unmarked(got.file), wants); err != nil {
		return nil, damaged{w.tell(a, fault.New(fault.Broken, "%w: %s", err, first(got.start())))}
	}
	return out, nil
}

// poll waits until the report is ready.
func (w *walk) poll(ctx context.Context, p point) (map[string]string, error) {
	poll := w.Report.Poll
	every, atMost := poll.Every.Value, poll.AtMost.Value
	if every == 0 {
		every = defaultEvery
	}
	if atMost == 0 {
		atMost = defaultAtMost
	}
	until := w.clock.Now().Add(atMost)
	a, err := w.ask(poll.Path.Value, "GET", nil, nil, p)
	if err != nil {
		return nil, err
	}
	a.header.Set("Accept", "application/json")
	for {
		told, err := w.told(ctx, a)
		if err != nil {
			return nil, err
		}
		is := func(word string) bool { return strings.EqualFold(word, told[poll.Status.Value]) }
		switch {
		case slices.ContainsFunc(poll.Done, is):
			return told, nil
		case slices.ContainsFunc(poll.Failed, is):
			return nil, w.tell(a, fault.New(fault.Held, "the report failed: %s is %s", poll.Status.Value, first(told[poll.Status.Value])).
				WithHint("nothing was loaded; the next run asks for it again"))
		case !w.clock.Now().Before(until):
			return nil, w.tell(a, fault.New(fault.Late, "the report is not ready in time: %s is %s", poll.Status.Value, first(told[poll.Status.Value])).
				WithHint("raise at_most:, or check done: against the words the service uses"))
		}
		if err := w.clock.Wait(ctx, every); err != nil {
			return nil, err
		}
	}
}
