package main

import (
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	pics "github.com/forgergan/forger/gan/pictures"
)

func timelapseCommand() *cli.Command {
	return &cli.Command{
		Name:      "timelapse",
		Usage:     "make a film of a run's sample grids",
		ArgsUsage: "RUN-DIR",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "file to write: .gif, or .mp4 where ffmpeg is installed", DefaultText: "RUN-DIR/timelapse.gif"},
			&cli.Float64Flag{Name: "fps", Usage: "grids a second", Value: 5},
			jsonFlag,
		},
		Action: func(c *cli.Context) error {
			run, err := oneArg(c, "run folder")
			if err != nil {
				return err
			}
			if fps := c.Float64("fps"); !(fps >= 0.1 && fps <= 50) {
				return usage("--fps must be from 0.1 to 50, not %v", fps)
			}
			out := c.String("out")
			if out == "" {
				out = filepath.Join(run, "timelapse.gif")
			}
			if err := pics.CheckName(out); err != nil {
				return err
			}
			film, err := pics.Timelapse(run)
			if err != nil {
				return err
			}
			film.PerSecond = c.Float64("fps")
			if err := film.Save(c.Context, out); err != nil {
				return err
			}
			if c.Bool("json") {
				return printJSON(c, map[string]any{"film": out, "frames": len(film.Frames)})
			}
			fmt.Fprintf(c.App.Writer, "%d grids in %s\n", len(film.Frames), out)
			return nil
		},
	}
}
