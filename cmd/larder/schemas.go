package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
	"github.com/larder-data/larder/internal/fault"
)

func (p *program) schemasCommand() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "schemas DIR",
		Short: "Write the JSON Schemas of the project's files, for editors to complete and validate by",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			schemas, err := app.Schemas()
			if err != nil {
				return err
			}
			for _, name := range slices.Sorted(maps.Keys(schemas)) {
				path := filepath.Join(args[0], name)
				if check {
					there, err := os.ReadFile(path)
					if err != nil || !bytes.Equal(there, schemas[name]) {
						return fault.New(fault.Invalid, "%s is not what the program says now", path).WithHint("larder schemas %s", args[0])
					}
					continue
				}
				if err := os.MkdirAll(args[0], 0o755); err != nil {
					return fault.New(fault.Denied, "%w", err)
				}
				if err := os.WriteFile(path, schemas[name], 0o644); err != nil {
					return fault.New(fault.Denied, "%w", err)
				}
				p.say("%s\n", path)
			}
			if p.json {
				return p.answer(map[string]any{"folder": args[0], "files": slices.Sorted(maps.Keys(schemas))})
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "only tell whether the files there are up to date")
	return cmd
}
