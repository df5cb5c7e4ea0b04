package main

import (
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/zoo"
)

func resumeCommand() *cli.Command {
	return &cli.Command{
		Name:      "resume",
		Usage:     "go on with a run where its last checkpoint was made",
		ArgsUsage: "DIR",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "steps", Usage: "training steps in all", DefaultText: "as before"},
			&cli.StringFlag{Name: "device", Usage: "auto, cpu, cuda or cuda:N", DefaultText: "as before"},
			&cli.IntFlag{Name: "threads", Usage: "threads of one operator on the CPU; another number may change the last bits", DefaultText: "as before"},
			&cli.IntFlag{Name: "every", Usage: "steps between checkpoints", DefaultText: "as before"},
			jsonFlag,
		},
		Action: func(c *cli.Context) error {
			dir, err := oneArg(c, "run folder")
			if err != nil {
				return err
			}
			saved, err := train.ReadSettings(dir)
			if err != nil {
				return err
			}
			s, err := zoo.Find(saved.System)
			if err != nil {
				return err
			}
			settings := s.NewConfig()
			if err := config.Unmarshal(saved.Config, settings); err != nil {
				return fmt.Errorf("%s: %w", filepath.Join(dir, "config.json"), err)
			}
			o := saved.Options
			for name, field := range map[string]*int{"steps": &o.Steps, "threads": &o.Threads, "every": &o.Every} {
				if c.IsSet(name) {
					if *field = c.Int(name); *field < 1 {
						return usage("--%s must be at least 1, not %d", name, *field)
					}
				}
			}
			device := saved.Device
			if c.IsSet("device") {
				device = c.String("device")
			}
			if o.Device, err = torch.ParseDevice(device); err != nil {
				return err
			}
			return training{c, s, fmt.Sprintf("%s on %s", s.Name, o.Data), settings, dir, o, 0}.run()
		},
	}
}
