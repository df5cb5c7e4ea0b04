package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

//go:embed resultpage.html
var resultPageText string

var resultPageTemplate = template.Must(template.New("page").Parse(resultPageText))

// resultPage is a folder of translated pictures: NAME.png, with the inputs in the folder input and targets in the folder
// target, and index.html, which shows them side by side.
type resultPage struct {
	dir     string
	Title   string
	Results []result
	Films   []string // moving pictures, paths as those of results
	Targets bool
}

// result is a row of the page; the paths are relative to it.
type result struct {
	Name          string `json:"name"`
	Input         string `json:"input"`
	Output        string `json:"output"`
	Target        string `json:"target,omitempty"`
	Width, Height int    `json:"-"` // of the output
}

func newResultPage(dir, title string) (*resultPage, error) {
	return &resultPage{dir: dir, Title: title}, os.MkdirAll(dir, 0o777)
}

// add writes the pictures of a row; target may be nil.
func (p *resultPage) add(name string, input, output, target *vision.Image) error {
	r := result{Name: name, Width: output.W, Height: output.H}
	for _, im := range []struct {
		path    *string
		folder  string
		picture *vision.Image
	}{{&r.Input, "input", input}, {&r.Output, ".", output}, {&r.Target, "target", target}} {
		if im.picture == nil {
			continue
		}
		*im.path = filepath.Join(im.folder, name+".png")
		path := filepath.Join(p.dir, *im.path) // name may have folders of its own
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := vision.SavePNG(path, im.picture); err != nil {
			return err
		}
	}
	p.Results, p.Targets = append(p.Results, r), p.Targets || r.Target != ""
	return nil
}

// finish writes index.html and tells where everything is.
func (p *resultPage) finish(c *cli.Context) error {
	index := filepath.Join(p.dir, "index.html")
	err := checkpoint.WriteFile(index, func(w io.Writer) error { return resultPageTemplate.Execute(w, p) })
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return printJSON(c, map[string]any{"folder": p.dir, "page": index, "results": p.Results})
	}
	if len(p.Results) == 1 {
		fmt.Fprintln(c.App.Writer, filepath.Join(p.dir, p.Results[0].Output))
		return nil
	}
	fmt.Fprintf(c.App.Writer, "%d pictures in %s\nside by side  %s\n", len(p.Results), p.dir, index)
	return nil
}

// show makes a picture of a field of one item: values in [−1, 1] as they are, label maps in colours.
func show(fields []data.Array, name string) *vision.Image {
	for _, a := range fields {
		if a.Name != name {
			continue
		}
		s := a.Shape
		if a.Int64 != nil {
			return labelColours(a.Int64, s[len(s)-2], s[len(s)-1])
		}
		channels := s[len(s)-3]
		if channels != 1 && channels != 3 {
			return nil
		}
		return vision.FromFloats(a.Float32, channels, s[len(s)-2], s[len(s)-1], -1, 1, vision.HalfUp)
	}
	return nil
}

// labelColours is a label map in the colours of PASCAL VOC: the bits of a number spread over the channels.
func labelColours(labels []int64, h, w int) *vision.Image {
	im := vision.NewImage(h, w, 3)
	for i, k := range labels {
		for bit := 0; bit < 24; bit++ {
			im.Pix[3*i+bit%3] |= uint8(k >> bit & 1 << (7 - bit/3))
		}
	}
	return im
}
