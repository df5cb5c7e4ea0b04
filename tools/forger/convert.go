package main

import (
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
)

func convertCommand() *cli.Command {
	return &cli.Command{
		Name:      "convert",
		Usage:     "write a run's checkpoint as a .pth file for Python, or the tensors of a .pth file as safetensors",
		ArgsUsage: "FROM TO",
		Description: "forger convert runs/digits digits.pth      networks, optimisers, latents, step: torch.load reads it,\n" +
			"                                         forger train --init digits.pth begins from it\n" +
			"forger convert netG.pth netG.safetensors  tensors with dotted names",
		Flags: []cli.Flag{jsonFlag},
		Action: func(c *cli.Context) error {
			if c.NArg() != 2 {
				return usage("convert takes a file to read and one to write; see forger convert --help")
			}
			from, err := train.FindCheckpoint(c.Args().Get(0))
			if err != nil {
				return err
			}
			to := c.Args().Get(1)
			switch filepath.Ext(to) {
			case ".pth", ".pt":
				err = train.Export(from, to)
			case ".safetensors":
				err = flatten(from, to)
			default:
				return usage("%s must end in .pth or .safetensors, which says what to write", to)
			}
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return printJSON(c, map[string]any{"from": from, "to": to})
			}
			_, err = fmt.Fprintf(c.App.Writer, "%s, from %s\n", to, from)
			return err
		},
	}
}

// flatten writes the tensors of a file as a safetensors file.
func flatten(from, to string) (err error) {
	torch.Scope(func() {
		state, e := checkpoint.Load(from)
		if err = e; err != nil {
			return
		}
		if len(state) == 0 {
			err = fmt.Errorf("%s holds no tensors", from)
			return
		}
		err = checkpoint.Save(to, checkpoint.FromState(state), nil)
	})
	return err
}
