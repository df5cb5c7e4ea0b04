package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/gan/train"
)

// trainHelp is the help of a system: its presets, then the flags in the order given, of which the first are those of
// every training. The cli package's own template would sort them.
func trainHelp(s train.System, every int) string {
	var presets strings.Builder
	for _, name := range s.PresetNames() {
		what := differences(s, s.Presets[name])
		if what == "" {
			what = "the defaults"
		}
		var sets []string
		for _, set := range slices.Sorted(maps.Keys(s.DataPresets)) {
			if s.DataPresets[set] == name {
				sets = append(sets, set)
			}
		}
		if sets != nil {
			what += "; taken for " + strings.Join(sets, " and ")
		}
		fmt.Fprintf(&presets, "   %s\t%s\n", name, what)
	}
	return fmt.Sprintf(`NAME:
   {{.HelpName}} - {{.Usage}}

USAGE:
   {{.HelpName}} [options]

   {{.Description}}

PRESETS:
%s
OPTIONS:{{range $i, $f := .VisibleFlags}}{{if eq $i %d}}

SETTINGS OF %s:{{end}}{{if ne (index $f.Names 0) "help"}}
   {{$f}}{{end}}{{end}}
`, presets.String(), every, strings.ToUpper(s.Name))
}

// differences lists how settings differ from the defaults: "size 32, width 32".
func differences(s train.System, settings any) string {
	defaults, given := s.NewConfig(), s.NewConfig()
	config.SetDefaults(defaults)
	if err := config.Unmarshal(config.Marshal(settings), given); err != nil {
		panic(err) // a struct that does not read back what it wrote
	}
	var out []string
	for _, d := range config.Diff(defaults, given) {
		out = append(out, d.Name+" "+d.Is)
	}
	return strings.Join(out, ", ")
}
