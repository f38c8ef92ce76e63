package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/larder-data/larder/internal/app"
)

// version returns the program's version: the module's when installed as one,
// the commit when built from a checkout.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "dev-" + s.Value[:12]
		}
	}
	return "dev"
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of larder and of the engine inside",
		Args:  cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			inside := app.EngineVersion()
			if p.json {
				return p.answer(map[string]string{"larder": version(), "engine": inside, "go": runtime.Version()})
			}
			p.printf("larder %s (%s, %s)\n", version(), inside, runtime.Version())
			return nil
		},
	}
}
