package main

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/check"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// mostReplayed is the longest past a replay looks at: ten years.
const mostReplayed = 3660

// replayFlags are the flags of check that look at the past.
type replayFlags struct {
	days  string
	until string
	over  string
	rules []string
}

var daysText = regexp.MustCompile(`^([0-9]+) ?d(ays?)?$`)

func (f *replayFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.days, "replay", "", "hold the rules of DATASET against so many past days, such as 90d")
	cmd.Flags().StringArrayVar(&f.rules, "rule", nil, "with --replay: only the rule of this name; repeat for more")
	cmd.Flags().StringVar(&f.until, "until", "", "with --replay: the last day, such as 2026-03-31 (default: yesterday)")
	cmd.Flags().StringVar(&f.over, "over", "", "with --replay: the column that tells the day of a row (default: the only one that can)")
}

func (f *replayFlags) asked(cmd *cobra.Command) bool {
	flags := cmd.Flags()
	return flags.Changed("replay") || flags.Changed("rule") || flags.Changed("until") || flags.Changed("over")
}

// request turns flags and arguments into what is asked for.
func (f *replayFlags) request(cmd *cobra.Command, args []string) (app.ReplayRequest, error) {
	request := app.ReplayRequest{Rules: f.rules, Over: f.over}
	for _, other := range []string{"select", "exclude", "explain", "all"} {
		if cmd.Flags().Changed(other) {
			return request, fault.New(fault.Invalid, "--%s means nothing to a replay", other).WithHint("larder check DATASET --replay 90d")
		}
	}
	if !cmd.Flags().Changed("replay") || len(args) != 1 {
		return request, fault.New(fault.Invalid, "a replay is of one dataset and of a number of days").WithHint("larder check DATASET --replay 90d")
	}
	digits := daysText.FindStringSubmatch(f.days)
	if digits == nil {
		digits = []string{"", ""}
	}
	days, err := strconv.Atoi(digits[1])
	if err != nil || days < 1 || days > mostReplayed {
		return request, fault.New(fault.Invalid, "--replay wants a number of days from 1 to %d, not %q", mostReplayed, f.days).WithHint("write 90d")
	}
	if request.Until, err = time.Parse(time.DateOnly, f.until); err != nil && f.until != "" {
		return request, fault.New(fault.Invalid, "--until wants a day, not %q", f.until).WithHint("write 2026-03-31")
	}
	request.Dataset, request.Days = args[0], days
	return request, nil
}

// replay shows on which past days rules would have warned or held.
func (p *program) replay(cmd *cobra.Command, args []string, flags replayFlags) (err error) {
	request, err := flags.request(cmd, args)
	if err != nil {
		return err
	}
	a, err := p.load(cmd.Context())
	if err != nil {
		return err
	}
	defer closing(a, &err)
	found, err := a.Replay(cmd.Context(), request)
	if err != nil {
		return err
	}
	if p.json {
		return p.answer(found)
	}
	p.showReplay(found)
	return nil
}

func (p *program) showReplay(r app.Replay) {
	p.printf("%s, %s to %s (%s)\n", p.paint(strong, r.Dataset), r.First, r.Last, r.TimeZone)
	if summary := replaySummary(r.Rules); len(summary.Rows) > 0 {
		p.printf("%s\n", p.grid(summary, "  "))
	}
	for _, rule := range r.Rules {
		if len(rule.Days) > 0 {
			p.printf("%s  %s\n%s\n", p.paint(strong, rule.Check), p.paint(faint, rule.Rule), p.grid(replayedDays(rule), "  "))
		}
	}
	p.showNotReplayed(r.Rules)
	if !slices.ContainsFunc(r.Rules, func(rule check.Replayed) bool { return rule.Evaluated+rule.Learning > 0 }) {
		p.printf("%s there is nothing to judge on these days; --until names another last day\n", p.paint(warn, "note:"))
	}
	if r.Undated > 0 {
		p.printf("%s %s without %s: of no day, and not judged\n", p.paint(warn, "note:"), rows(r.Undated), r.Over)
	}
	p.printf("%s %s\n", p.paint(warn, "note:"), r.Note)
}

// showNotReplayed names the rules that could not be replayed, by the reason.
func (p *program) showNotReplayed(rules []check.Replayed) {
	told := map[string]bool{"": true}
	for _, rule := range rules {
		if told[rule.NotReplayed] {
			continue
		}
		told[rule.NotReplayed] = true
		var names []string
		for _, other := range rules {
			if other.NotReplayed == rule.NotReplayed {
				names = append(names, other.Check)
			}
		}
		p.printf("%s %s: %s\n", p.paint(warn, "not replayed"), list(names), rule.NotReplayed)
		if rule.Hint != "" {
			p.printf("  %s %s\n", p.paint(good, "hint:"), rule.Hint)
		}
	}
}

// replaySummary is a line for each rule.
func replaySummary(rules []check.Replayed) table.Batch {
	text, count := table.Type{Kind: table.Varchar}, table.Type{Kind: table.BigInt}
	out := table.Batch{Columns: []table.Column{
		{Name: "rule", Type: text},
		{Name: "days of", Type: text},
		{Name: "evaluated", Type: count},
		{Name: "would have warned", Type: count},
		{Name: "would have held", Type: count},
		{Name: "would have rejected", Type: count},
		{Name: "learning", Type: count},
		{Name: "no rows", Type: count},
	}}
	for _, r := range rules {
		if r.NotReplayed == "" {
			out.Rows = append(out.Rows, []any{
				r.Check, r.Over, int64(r.Evaluated), int64(r.Warned), int64(r.Held), int64(r.Rejected), int64(r.Learning), int64(r.Empty),
			})
		}
	}
	return out
}

// replayedDays is a line for each day a rule would not have passed.
func replayedDays(r check.Replayed) table.Batch {
	text := table.Type{Kind: table.Varchar}
	out := table.Batch{Columns: []table.Column{{Name: "day", Type: text}, {Name: "would have", Type: text}, {Name: "measured", Type: text}, {Name: "limit", Type: text}}}
	segmented := slices.ContainsFunc(r.Days, func(d check.ReplayedDay) bool { return d.Segment != "" })
	if segmented {
		out.Columns = append(out.Columns, table.Column{Name: "where", Type: text})
	}
	for _, d := range r.Days {
		word, measured, limit := "warned", d.Value, d.Expected
		if d.Of >= 0 {
			measured += " of " + rows(d.Of)
		}
		if d.Held {
			word = "held"
		}
		if d.Status == state.Rejected {
			word = "rejected"
		}
		if d.Status == state.Unevaluated {
			limit = d.Message
		}
		row := []any{d.Day, word, measured, limit}
		if segmented {
			row = append(row, d.Segment)
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}
