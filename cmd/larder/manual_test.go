package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// docs/commands.md is the help of every command on one page; UPDATE=1 writes it
// anew.
func TestTheManualIsTrue(t *testing.T) {
	const path = "../../docs/commands.md"
	p := command(newTerminal(nil, &bytes.Buffer{}, &bytes.Buffer{}))
	var b strings.Builder
	b.WriteString("# Commands\n\n" + strings.TrimSpace(p.root.Long) + "\n\nEvery command takes\n\n```\n" +
		flagsOf(p.root.PersistentFlags()) + "```\n\n```\n" + exitHelp + "```\n")
	for _, c := range p.root.Commands() {
		if c.Name() != "help" {
			manual(&b, c)
		}
	}
	want := b.String()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/commands.md is out of date; UPDATE=1 go test ./cmd/larder -run Manual\n%s", diff)
	}
}

func manual(b *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(b, "\n## %s\n%s.\n", c.CommandPath(), c.Short)
	if c.Long != "" && c.Name() != "completion" {
		fmt.Fprintf(b, "\n%s\n", strings.TrimSpace(c.Long))
	}
	fmt.Fprintf(b, "\n```\n%s\n", c.UseLine())
	if c.HasAvailableLocalFlags() {
		b.WriteString("\n" + flagsOf(c.LocalNonPersistentFlags()))
	}
	b.WriteString("```\n")
	if c.Example != "" {
		fmt.Fprintf(b, "\n```\n%s\n```\n", undented(c.Example))
	}
	for _, sub := range c.Commands() {
		if c.Name() != "completion" {
			manual(b, sub)
		}
	}
}

func flagsOf(flags *pflag.FlagSet) string {
	flags.SortFlags = true
	return flags.FlagUsagesWrapped(110)
}

func undented(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimPrefix(strings.TrimRight(line, "\n"), "  "))
	}
	return strings.Join(lines, "\n")
}
