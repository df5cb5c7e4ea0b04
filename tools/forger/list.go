package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/zoo"
)

// systemReport is one system of `forger list --json`.
type systemReport struct {
	Name     string          `json:"name"`
	Title    string          `json:"title"`
	Paper    string          `json:"paper"`
	Data     string          `json:"data"`
	Presets  []string        `json:"presets"`
	Settings []settingReport `json:"settings"`
}

type settingReport struct {
	Name    string   `json:"name"`
	Help    string   `json:"help"`
	Default string   `json:"default"`
	Choices []string `json:"choices,omitempty"`
}

func listCommand() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list the systems that can be trained",
		Flags: []cli.Flag{jsonFlag},
		Action: func(c *cli.Context) error {
			var all []systemReport
			for _, s := range zoo.Systems {
				r := systemReport{Name: s.Name, Title: s.Title, Paper: s.Paper, Data: s.Data, Presets: s.PresetNames()}
				for _, f := range config.Fields(s.NewConfig()) {
					r.Settings = append(r.Settings, settingReport{f.Name, f.Help, f.Default, f.Choices})
				}
				all = append(all, r)
			}
			if c.Bool("json") {
				return printJSON(c, all)
			}
			for _, r := range all {
				fmt.Fprintf(c.App.Writer, "%s\n  %s\n  %s\n  default data %s; presets %s; all settings: forger train %s --help\n",
					r.Name, r.Title, r.Paper, r.Data, strings.Join(r.Presets, ", "), r.Name)
			}
			return nil
		},
	}
}
