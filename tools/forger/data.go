package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/fetch"
	"github.com/forgergan/forger/torch/data/labels"
	"github.com/forgergan/forger/torch/data/pairs"
	"github.com/forgergan/forger/torch/data/video"
	"github.com/forgergan/forger/torch/vision"
)

var labelsFlag = &cli.StringFlag{
	Name:  "labels",
	Usage: "change labels: symmetric:RATE, symmetric-others:RATE, asymmetric:RATE or matrix:FILE noise, 10to5 or 7to3 overlap, items:SHARE, keep:SHARE or only:SHARE, seed:NUMBER, with commas; or file:PATH",
}

// openData opens data of a system, with its labels changed if text says so.
func openData(c *cli.Context, s train.System, settings any, r train.DataRequest, text string) (data.Dataset, error) {
	r.Log = func(line string) { fmt.Fprintln(c.App.ErrWriter, line) }
	set, err := s.OpenData(c.Context, settings, r)
	if err != nil {
		return nil, err
	}
	return changeLabels(set, text)
}

// changeLabels changes the labels of a set if text says so.
func changeLabels(set data.Dataset, text string) (data.Dataset, error) {
	if text == "" {
		return set, nil
	}
	change, err := labels.Parse(text)
	if err != nil {
		return nil, err
	}
	changed, err := labels.Apply(set, change)
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// openReal opens data to compare a run's pictures with: without augmentation, under their own labels, and where classes
// overlap those classes only.
func openReal(c *cli.Context, s train.System, settings any, o train.Options, split data.Split) (data.Dataset, error) {
	set, err := openData(c, s, settings, train.DataRequest{Name: o.Data, Split: split, Plain: true}, "")
	if err != nil {
		return nil, err
	}
	change, err := labels.Parse(o.Labels)
	if err != nil {
		return nil, err
	}
	known, ok := set.(data.Labelled)
	if !ok || change.Overlap == (labels.Overlap{}) || len(known.Classes()) == change.Overlap.Classes {
		return set, nil
	}
	overlapping, err := labels.Apply(set, labels.Options{Overlap: change.Overlap})
	if err != nil {
		return nil, err
	}
	return overlapping.Originals(), nil
}

// testName is what protocols call the test split that openReal opened.
func testName(name string, set data.Dataset) string {
	if part, ok := set.(*labels.Set); ok {
		return fmt.Sprintf("%s-test-%dclasses", name, len(part.Classes()))
	}
	return name + "-test"
}

func dataCommand() *cli.Command {
	return &cli.Command{
		Name:  "data",
		Usage: "fetch, check, label and pack data sets",
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usage("there is no command data %q; see forger data --help", c.Args().First())
			}
			return cli.ShowSubcommandHelp(c)
		},
		Subcommands: []*cli.Command{
			{Name: "list", Usage: "list the data sets that can be fetched", Flags: []cli.Flag{jsonFlag}, Action: listSets},
			{Name: "get", Usage: "fetch data sets by name", ArgsUsage: "NAME...", Flags: []cli.Flag{jsonFlag}, Action: getSets},
			{Name: "check", Usage: "read everything in a set and report what is there, what is broken, and what becomes of the labels", ArgsUsage: "DIR|NAME",
				Flags: []cli.Flag{labelsFlag, jsonFlag}, Action: checkSet},
			noiseCommand(),
			inferCommand(),
			{Name: "pack", Usage: "decode and resize a folder of pictures into one file that trains without decoding", ArgsUsage: "DIR OUT",
				Flags: []cli.Flag{
					&cli.IntFlag{Name: "size", Usage: "side of the pictures in the file; with a run's load size it has a border for crops at random"},
					&cli.IntFlag{Name: "channels", Usage: "1 grey, 3 colour", Value: 3},
					&cli.StringFlag{Name: "filter", Usage: "of resizing: bilinear, bicubic, lanczos, box, hamming, nearest", Value: "bilinear"},
					&cli.StringFlag{Name: "split", Usage: "train or test, where the folder has both", Value: string(data.Train)},
					&cli.BoolFlag{Name: "upright", Usage: "turn photographs upright by their EXIF orientation"},
					jsonFlag,
				}, Action: packSet},
		},
	}
}

func listSets(c *cli.Context) error {
	if c.Bool("json") {
		return printJSON(c, fetch.Sets())
	}
	for _, s := range fetch.Sets() {
		fmt.Fprintf(c.App.Writer, "%s\n  %s\n  licence %s; %s, %.0f MB\n", s.Name, s.Holds, s.Licence, s.Source, float64(s.Download)/1e6)
	}
	fmt.Fprintln(c.App.Writer, "emoji64 is labelled by category; emoji64:styles by style; emoji64:noto, :twemoji, :fluent or :openmoji is one style, emoji64:noto-fluent two, as domains")
	fmt.Fprintln(c.App.Writer, "openmoji, earth and mr have inputs and targets, for systems that translate pictures")
	fmt.Fprintln(c.App.Writer, "or a folder: pictures, folders of pictures by class, two folders trainA and trainB, train_label and train_img, or IDX files as MNIST names them (see forger data check)")
	return nil
}

func getSets(c *cli.Context) error {
	if !c.Args().Present() {
		return usage("get takes the names of data sets: %s", fetch.Names())
	}
	dirs := map[string]string{}
	for _, name := range c.Args().Slice() {
		dir, err := fetch.Get(c.Context, name, func(line string) { fmt.Fprintln(c.App.ErrWriter, line) })
		if err != nil {
			return err
		}
		dirs[name] = dir
		if !c.Bool("json") {
			fmt.Fprintf(c.App.Writer, "%s in %s\n", name, dir)
		}
	}
	if c.Bool("json") {
		return printJSON(c, dirs)
	}
	return nil
}

func checkSet(c *cli.Context) error {
	name, err := oneArg(c, "folder or name of a set")
	if err != nil {
		return err
	}
	if _, err := labels.Parse(c.String("labels")); err != nil {
		return usage("--%v", err)
	}
	dir := name
	set, _, _ := strings.Cut(name, ":")
	if _, known := fetch.Find(set); known {
		if dir, err = pairs.Folder(c.Context, name, func(line string) { fmt.Fprintln(c.App.ErrWriter, line) }); err != nil {
			return err
		}
	}
	check := data.Check
	switch {
	case video.Recognised(dir):
		check = video.Check
	case pairs.Recognised(dir):
		check = pairs.Check
	}
	r := checkReport{}
	if r.Report, err = check(c.Context, dir); err != nil {
		return err
	}
	if c.String("labels") != "" {
		if r.Labels, err = checkLabels(c, name, r.Kind); err != nil {
			return err
		}
	}
	if c.Bool("json") {
		if err := printJSON(c, r); err != nil {
			return err
		}
	} else {
		r.print(c)
	}
	if len(r.Broken) > 0 {
		return fmt.Errorf("%s: some files cannot be used: %d", dir, len(r.Broken))
	}
	return nil
}

// checkReport is what check prints.
type checkReport struct {
	*data.Report
	Labels *labels.Report `json:"labels,omitempty"` // of the training pictures, with --labels
}

// checkLabels counts the labels of the training pictures as --labels changes them.
func checkLabels(c *cli.Context, name, kind string) (*labels.Report, error) {
	o := data.Options{}
	if kind == "pictures" {
		o.Size = 1 // none is read
	}
	set, err := data.Open(c.Context, name, o)
	if err == nil {
		set, err = changeLabels(set, c.String("labels"))
	}
	if err != nil {
		return nil, err
	}
	r := set.(*labels.Set).Report()
	return &r, nil
}

func packSet(c *cli.Context) error {
	if c.NArg() != 2 {
		return usage("pack takes a folder and the file to write")
	}
	dir, out := c.Args().Get(0), c.Args().Get(1)
	if c.Int("size") < 1 {
		return usage("--size, the side of the pictures in the file, must be at least 1")
	}
	filter, err := vision.ParseFilter(c.String("filter"))
	if err != nil {
		return usage("%v", err)
	}
	start := time.Now()
	n, err := data.Pack(c.Context, dir, out, data.Options{
		Split: data.Split(c.String("split")), Size: c.Int("size"), Channels: c.Int("channels"), Filter: filter, Upright: c.Bool("upright"),
	})
	if err != nil {
		return err
	}
	info, err := os.Stat(out)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return printJSON(c, map[string]any{"file": out, "items": n, "bytes": info.Size()})
	}
	fmt.Fprintf(c.App.Writer, "%d pictures of %d×%d in %s, %.1f MB, %.0f pictures/s\n", n, c.Int("size"), c.Int("size"), out,
		float64(info.Size())/1e6, float64(n)/time.Since(start).Seconds())
	return nil
}

func (r checkReport) print(c *cli.Context) {
	w := c.App.Writer
	fmt.Fprintf(w, "%s: %s\n", r.Dir, r.Kind)
	if r.Checksum != "" {
		fmt.Fprintln(w, "checksums:", r.Checksum)
	}
	for _, p := range r.Parts {
		if heading := cmp.Or(p.Folder, string(p.Split)); heading != "" {
			fmt.Fprintf(w, "%s: ", heading)
		}
		fmt.Fprintf(w, "%d items", p.Items)
		for _, s := range p.Sizes {
			fmt.Fprintf(w, ", %d of %d×%d", s.Items, s.Width, s.Height)
		}
		if len(p.Mean) > 0 {
			fmt.Fprintf(w, "; mean %.4g, standard deviation %.4g of [0, 1]", p.Mean, p.Std)
		}
		fmt.Fprintln(w)
		if p.Alone > 0 {
			fmt.Fprintf(w, "  %d without a partner of the same name, the first %s\n", p.Alone, p.FirstAlone)
		}
		if q := p.Sequences; q != nil {
			fmt.Fprintf(w, "  %d sequences of %d to %d frames\n", q.Sequences, q.Shortest, q.Longest)
			if q.Gaps > 0 {
				fmt.Fprintf(w, "  frames are left out in %d of them, first before %s\n", q.Gaps, q.FirstGap)
			}
		}
		for _, id := range p.IDs {
			fmt.Fprintf(w, "  id %-5d %d pixels in %d maps\n", id.ID, id.Pixels, id.Maps)
		}
		for _, k := range p.Classes {
			fmt.Fprintf(w, "  %-20s %d\n", k.Name, k.Items)
		}
	}
	if l := r.Labels; l != nil {
		fmt.Fprintf(w, "labels %s: %d items, %d without a label, %.2f %% of the labels changed by noise\n", l.Labels, l.Items, l.Unlabelled, 100*l.NoiseRate)
		for _, k := range l.Classes {
			fmt.Fprintf(w, "  %-20s %d\n", k.Name, k.Items)
		}
	}
	for _, b := range r.Broken {
		problem := b.Problem
		if !strings.Contains(problem, b.Path) {
			problem = b.Path + ": " + problem
		}
		fmt.Fprintln(w, "broken:", problem)
	}
}
