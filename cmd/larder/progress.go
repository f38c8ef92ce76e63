package main

import (
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/state"
)

// progress shows a run while it goes: a moving bar on a terminal, one plain
// line per finished step everywhere.
type progress struct {
	p    *program
	wide int
	bars *mpb.Progress
	bar  *mpb.Bar
}

func (p *program) newProgress(plan build.Plan) *progress {
	g := &progress{p: p}
	for _, s := range plan.Steps {
		g.wide = max(g.wide, len(s.Dataset))
	}
	if p.tty && !p.quiet && !p.json {
		g.bars = mpb.New(mpb.WithOutput(p.err), mpb.WithWidth(40), mpb.WithRefreshRate(100*time.Millisecond))
		g.bar = g.bars.AddBar(int64(len(plan.Steps)),
			mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.CountersNoUnit("%d of %d")),
			mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_GO)))
	}
	return g
}

// observe receives events one at a time.
func (g *progress) observe(e build.Event) {
	if e.Kind != build.StepFinished || g.p.quiet || g.p.json {
		return
	}
	text := g.line(e)
	if g.bars == nil {
		g.p.say("%s", text)
		return
	}
	// A bar that is shutting down refuses lines; they are told in the report.
	_, _ = g.bars.Write([]byte(text))
	g.bar.Increment()
}

func (g *progress) stop() {
	if g.bars == nil {
		return
	}
	g.bar.Abort(true)
	g.bars.Wait()
}

// line is what is said about a finished step.
func (g *progress) line(e build.Event) string {
	p := g.p
	var b strings.Builder
	b.WriteString("  " + p.verb(e.Step.Action, e.Record.Outcome) + "  " + pad(e.Step.Dataset, g.wide))
	switch e.Record.Outcome {
	case state.Done:
		if count := rows(e.Record.Rows); count != "" {
			b.WriteString("  " + pad(count, 14))
		}
		if r, ok := build.Rejected(e.Record); ok {
			b.WriteString("  " + p.paint(warn, number(r.Rejected)+" rejected: see "+r.In))
		}
		b.WriteString("  " + p.paint(faint, took(e.Record.Finished.Sub(e.Record.Started))))
	case state.Blocked:
		b.WriteString("  " + p.paint(faint, e.Record.Error))
	default:
		b.WriteString("  " + firstLine(strings.TrimPrefix(e.Record.Error, e.Step.Dataset+": ")))
	}
	b.WriteString("\n")
	for _, note := range e.Notes {
		b.WriteString("          " + p.paint(faint, note) + "\n")
	}
	for _, r := range e.Results {
		switch r.Status {
		case state.Warn:
			b.WriteString("          " + p.paint(warn, "warning") + " " + r.Check + ": " + r.Message + "\n")
		case state.Rejected:
			b.WriteString("          " + p.paint(warn, "rejected") + " " + r.Check + ": " + r.Message + "\n")
		case state.Accepted:
			b.WriteString("          " + p.paint(warn, "accepted") + " " + r.Check + ": " + r.Message + "\n")
		}
	}
	return b.String()
}

// verb names in six letters what became of a step.
func (p *program) verb(action build.Action, outcome state.Outcome) string {
	switch outcome {
	case state.Done:
		return p.paint(good, pad(map[build.Action]string{build.Ingest: "landed", build.Build: "built", build.Check: "judged", build.Rollback: "rolled"}[action], 6))
	case state.HeldBack:
		return p.paint(bad, pad("held", 6))
	case state.Blocked:
		return p.paint(faint, pad("waits", 6))
	case state.Interrupted:
		return p.paint(warn, pad("stopped", 6))
	default:
		return p.paint(bad, pad("failed", 6))
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return shorten(line, 200)
}
