package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/train"
)

func clusterCommand() *cli.Command {
	return &cli.Command{
		Name:      "cluster",
		Usage:     "group what the encoder of a trained system sees in its training set, for translations with random looks",
		ArgsUsage: "RUN-DIR",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "k", Usage: "most clusters of a label", Value: 10},
			rawFlag, threadsFlag, deviceFlag,
			jsonFlag,
		},
		Action: cluster,
	}
}

func cluster(c *cli.Context) error {
	k := c.Int("k")
	if k < 1 {
		return usage("--k must be at least 1, not %d", k)
	}
	path, device, err := trainedModel(c)
	if err != nil {
		return err
	}
	saved, s, err := systemOf(path)
	if err != nil {
		return err
	}
	setThreads(c)
	model, err := loadModel(path, device, c.Bool("raw"))
	if err != nil {
		return err
	}
	clusterer, ok := model.(train.Clusterer)
	if !ok {
		return fmt.Errorf("%s has no encoder whose features could be grouped", s.Name)
	}
	set, err := openData(c, s, model.Config(), train.DataRequest{Name: saved.Data, Plain: true}, "")
	if err != nil {
		return err
	}
	told, err := clusterer.Cluster(c.Context, train.RunOf(path), set, k)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return printJSON(c, map[string]string{"clusters": told})
	}
	fmt.Fprintln(c.App.Writer, told)
	return nil
}
