package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/config"
	pics "github.com/forgergan/forger/gan/pictures"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/vision"
)

// A look shows a trained model of a checkpoint in one picture.
type look func(checkpoint string, m train.Sampler) error

// readLook reads the flags of sample that ask for something else than samples; nil where none does.
func readLook(c *cli.Context) (look, error) {
	var looks []look
	var names []string
	for _, l := range []struct {
		name string
		read func(c *cli.Context) (look, error)
	}{{"interpolate", readWalk}, {"truncate", readTruncation}, {"classes", readClasses}, {"mix", readMixtures}, {"text", readText}, {"neighbours", readNeighbours}} {
		if c.IsSet(l.name) || l.name == "text" && c.IsSet("sentences") {
			f, err := l.read(c)
			if err != nil {
				return nil, err
			}
			looks, names = append(looks, f), append(names, "--"+l.name)
		}
	}
	switch {
	case len(looks) > 1:
		return nil, usage("%s make different pictures: give one of them", strings.Join(names, " and "))
	case c.Bool("straight") && !c.IsSet("interpolate"):
		return nil, usage("--straight says how --interpolate walks, and that is not given")
	case c.IsSet("between") && !c.IsSet("text") && !c.IsSet("sentences"):
		return nil, usage("--between says how many pictures lead from one --text to the next, and that is not given")
	case len(looks) == 0:
		return nil, nil
	}
	return looks[0], nil
}

// A drawer draws what its pictures are made of.
type drawer interface {
	train.Sampler
	Latents(n int) *torch.Tensor
}

// latents is m as a model of latents, or of latents and classes.
func latents(m train.Sampler, flag string) (drawer, error) {
	switch m := m.(type) {
	case train.Latent:
		return m, nil
	case train.ClassLatent:
		return m, nil
	}
	return nil, fmt.Errorf("--%s needs a system that makes pictures of latents alone or with a class, and %s does not", flag, m.System())
}

func readWalk(c *cli.Context) (look, error) {
	steps := c.Int("interpolate")
	if steps < 2 {
		return nil, usage("--interpolate must be at least 2, not %d", steps)
	}
	return func(_ string, m train.Sampler) error {
		l, err := latents(m, "interpolate")
		if err != nil {
			return err
		}
		walk, rows := pics.Slerp, max(1, c.Int("n")/steps)
		if c.Bool("straight") {
			walk = pics.Lerp
		}
		x, err := generate(c, l, walk(l.Latents(rows), l.Latents(rows), steps), func(i int) int { return i / steps })
		if err != nil {
			return err
		}
		return saveLook(c, "interpolation", pics.Grid(x, steps), rows, steps)
	}, nil
}

func readTruncation(c *cli.Context) (look, error) {
	var thresholds []float64
	for _, text := range strings.Split(c.String("truncate"), ",") {
		t, err := strconv.ParseFloat(text, 64)
		if err != nil || !(t >= 0.01) {
			return nil, usage("--truncate takes thresholds of at least 0.01 as in 2,1,0.5, not %q", text)
		}
		thresholds = append(thresholds, t)
	}
	return func(_ string, m train.Sampler) error {
		l, err := latents(m, "truncate")
		if err != nil {
			return err
		}
		columns := max(1, c.Int("n")/len(thresholds))
		var rows []*torch.Tensor
		for _, t := range thresholds { // made apart, so that batch norm does not join them
			torch.ManualSeed(c.Int64("seed")) // the same latents, but for what is drawn anew
			z := pics.Truncated(func() *torch.Tensor { return l.Latents(columns) }, t)
			x, err := generate(c, l, z, func(i int) int { return i })
			if err != nil {
				return err
			}
			rows = append(rows, x)
		}
		return saveLook(c, "truncation", pics.Grid(torch.Cat(rows), columns), len(thresholds), columns)
	}, nil
}

// generate makes the pictures of latents. Where the model has classes picture i is of class(i), counted round.
func generate(c *cli.Context, m drawer, z *torch.Tensor, class func(i int) int) (*torch.Tensor, error) {
	return collect(c, z.Size(0), func(from, k int) *torch.Tensor {
		z := z.Narrow(0, from, k)
		l, ok := m.(train.ClassLatent)
		if !ok {
			return m.(train.Latent).Generate(z)
		}
		labels := make([]int64, k)
		for i := range labels {
			labels[i] = int64(class(from+i) % l.Classes())
		}
		return l.GenerateClasses(z, torch.FromSlice(labels))
	})
}

func readClasses(c *cli.Context) (look, error) {
	return func(_ string, m train.Sampler) error {
		l, ok := m.(train.Conditional)
		if !ok {
			return fmt.Errorf("--classes needs a system that makes pictures of a class, and %s does not", m.System())
		}
		classes := l.Classes()
		columns := max(1, c.Int("n")/classes)
		labels := make([]int64, classes*columns)
		for i := range labels {
			labels[i] = int64(i / columns)
		}
		x, err := collect(c, len(labels), func(from, k int) *torch.Tensor { return l.SampleClasses(torch.FromSlice(labels[from : from+k])) })
		if err != nil {
			return err
		}
		return saveLook(c, "classes", pics.ByClass(x, labels, classes, columns), classes, columns)
	}, nil
}

func readMixtures(c *cli.Context) (look, error) {
	var mixtures [][]int
	most := 0
	for _, text := range strings.Split(c.String("mix"), ",") {
		var classes []int
		for _, class := range strings.Split(text, "+") {
			k, err := strconv.Atoi(class)
			if err != nil || k < 0 {
				return nil, usage("--mix takes numbers of classes as in 0,0+1,1, not %q", text)
			}
			classes, most = append(classes, k), max(most, k)
		}
		mixtures = append(mixtures, classes)
	}
	return func(_ string, m train.Sampler) error {
		mixer, ok := m.(train.Mixer)
		if !ok {
			return fmt.Errorf("--mix needs a system that makes pictures of mixtures of classes, and %s does not", m.System())
		}
		if most >= mixer.Classes() {
			return fmt.Errorf("--mix: there is no class %d, only 0 to %d", most, mixer.Classes()-1)
		}
		columns := max(1, c.Int("n")/len(mixtures))
		weights := gan.Mixtures(mixtures, mixer.Classes()).RepeatInterleave(columns, torch.RepeatInterleaveOptions{Dim: new(0)})
		x, err := collect(c, weights.Size(0), func(from, k int) *torch.Tensor { return mixer.SampleMixtures(weights.Narrow(0, from, k)) })
		if err != nil {
			return err
		}
		return saveLook(c, "mixtures", pics.Grid(x, columns), len(mixtures), columns)
	}, nil
}

func readNeighbours(c *cli.Context) (look, error) {
	k := c.Int("neighbours")
	if k < 1 {
		return nil, usage("--neighbours must be at least 1, not %d", k)
	}
	return func(checkpoint string, m train.Sampler) error {
		saved, s, err := systemOf(checkpoint)
		if err != nil {
			return err
		}
		settings := s.NewConfig()
		if err := config.Unmarshal(saved.Config, settings); err != nil {
			return fmt.Errorf("%s: %w", checkpoint, err)
		}
		set, err := openData(c, s, settings, train.DataRequest{Name: saved.Data, Plain: true}, saved.Labels)
		if err != nil {
			return err
		}
		x, err := collect(c, c.Int("n"), func(_, n int) *torch.Tensor { return m.Sample(n) })
		if err != nil {
			return err
		}
		found, err := pics.Nearest(c.Context, x, set, k, nil)
		if err != nil {
			return err
		}
		im, err := found.Picture(x, set)
		if err != nil {
			return err
		}
		return saveLook(c, "neighbours", im, c.Int("n"), 1+k)
	}, nil
}

// saveLook writes the picture and tells where it is.
func saveLook(c *cli.Context, name string, im *vision.Image, rows, columns int) error {
	if err := os.MkdirAll(c.String("out"), 0o777); err != nil {
		return err
	}
	path := filepath.Join(c.String("out"), name+".png")
	if err := vision.SavePNG(path, im); err != nil {
		return err
	}
	if c.Bool("json") {
		return printJSON(c, map[string]any{"picture": path, "rows": rows, "columns": columns})
	}
	fmt.Fprintf(c.App.Writer, "%d rows of %d pictures in %s\n", rows, columns, path)
	return nil
}
