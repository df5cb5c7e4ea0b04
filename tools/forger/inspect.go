package main

import (
	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch/checkpoint"
)

func inspectCommand() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "list the tensors of a safetensors or .pth file; the last line is a hash of all names, shapes and values",
		ArgsUsage: "FILE|RUN-DIR",
		Flags:     []cli.Flag{jsonFlag},
		Action: func(c *cli.Context) error {
			path, err := oneArg(c, "file")
			if err != nil {
				return err
			}
			if path, err = train.FindCheckpoint(path); err != nil {
				return err
			}
			r, err := checkpoint.Inspect(path)
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return printJSON(c, r)
			}
			return r.WriteTable(c.App.Writer)
		},
	}
}
