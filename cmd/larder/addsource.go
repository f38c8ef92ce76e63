package main

import (
	"bufio"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/fault"
)

func (p *program) addSourceCommand() *cobra.Command {
	var s app.NewSource
	var settings, says []string
	cmd := &cobra.Command{
		Use:   "add SOURCE",
		Short: "Write sources/SOURCE.yml, with the columns the source shows",
		Long: `Describes a new source: writes sources/SOURCE.yml from the settings given, connects,
and declares the columns the first records show. What is needed and not given is
asked for. When the source does not answer, or a setting is wrong, it says so and
there is no file. Write secrets as ${NAME}: they come from the environment.`,
		Example: `  larder source add erp --kind files --set path=data/erp --table invoices --says files=by-day/*.csv
  larder source add shop --kind postgres --set 'url=${SHOP_URL}' --table orders --says table=public.orders`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			s.Name = args[0]
			if s.Settings, err = settingsOf("--set", settings); err != nil {
				return err
			}
			if s.TableSays, err = settingsOf("--says", says); err != nil {
				return err
			}
			if err := p.askSource(&s); err != nil {
				return err
			}
			path, tried, err := app.AddSource(cmd.Context(), app.Options{Dir: p.dir, Target: p.target, Version: version()}, s)
			if err != nil {
				return err
			}
			if p.json {
				return p.answer(map[string]any{"file": path, "tables": tried})
			}
			for _, t := range tried {
				p.showTried(t)
			}
			p.printf("Written to %s. Land it with: larder run --select source:%s\n", filepath.Join("sources", filepath.Base(path)), s.Name)
			return nil
		},
	}
	cmd.Flags().StringVar(&s.Kind, "kind", "", "what kind of source it is, such as files or postgres")
	cmd.Flags().StringArrayVar(&settings, "set", nil, "a setting of the source, key=value; may be repeated")
	cmd.Flags().StringVar(&s.Table, "table", "", "the name of its first table")
	cmd.Flags().StringArrayVar(&says, "says", nil, "a setting of the table, key=value; may be repeated")
	return cmd
}

// settingsOf reads key=value pairs.
func settingsOf(flag string, pairs []string) ([]app.Setting, error) {
	var out []app.Setting
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, fault.New(fault.Invalid, "%s is written %s key=value, not %s", flag, flag, pair)
		}
		out = append(out, app.Setting{Key: key, Value: value})
	}
	return out, nil
}

// askSource asks for what is needed and was not given.
func (p *program) askSource(s *app.NewSource) error {
	answers := bufio.NewReader(p.in)
	ask := func(question, flag string) (string, error) {
		fmt.Fprintf(p.err, "%s: ", question)
		line, err := answers.ReadString('\n')
		if text := strings.TrimSpace(line); text != "" {
			return text, nil
		}
		if err != nil {
			fmt.Fprintln(p.err)
		}
		return "", fault.New(fault.Invalid, "%s is needed", question).WithHint("give it with %s", flag)
	}
	kinds := app.SourceKinds()
	var err error
	if s.Kind == "" {
		if s.Kind, err = ask("kind ("+strings.Join(slices.Sorted(maps.Keys(kinds)), ", ")+")", "--kind"); err != nil {
			return err
		}
	}
	need := func(keys []string, given *[]app.Setting, flag string) error {
		for _, key := range keys {
			if slices.ContainsFunc(*given, func(g app.Setting) bool { return g.Key == key }) {
				continue
			}
			value, err := ask(key, flag+" "+key+"=...")
			if err != nil {
				return err
			}
			*given = append(*given, app.Setting{Key: key, Value: value})
		}
		return nil
	}
	if err := need(kinds[s.Kind][0], &s.Settings, "--set"); err != nil {
		return err
	}
	if s.Table == "" {
		if s.Table, err = ask("table", "--table"); err != nil {
			return err
		}
	}
	return need(kinds[s.Kind][1], &s.TableSays, "--says")
}
