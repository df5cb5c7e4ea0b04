package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	pics "github.com/forgergan/forger/gan/pictures"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/movie"
	"github.com/forgergan/forger/torch/data/pairs"
	"github.com/forgergan/forger/torch/vision"
)

// take is a sequence that is to be made.
type take struct {
	name   string
	path   string                       // of a folder or video file; "" for one of the run's data
	n      int                          // frames
	first  func() ([]data.Array, error) // the frames that it begins with, each (1, C, H, W), at least as many as are needed
	frames func(ctx context.Context, each func(f inputFrame) error) error
}

// inputFrame is the input of one frame.
type inputFrame struct {
	name   string
	fields []data.Array  // each (1, …)
	target *vision.Image // nil where it is not known
}

// stripFrames is about how many frames of a sequence the page shows, and filmFrames the most that a GIF has.
const (
	stripFrames = 8
	filmFrames  = 200
)

// videos makes the sequences that arguments name, or those of the run's test data.
func (t *translator) videos(args []string) error {
	if t.c.String("out") == "-" {
		return usage("a video cannot be written to the standard output: name a folder with --out")
	}
	if t.c.Float64("fps") <= 0 || t.c.Int("n") < 1 {
		return usage("--fps must be positive and --n at least 1, not %g and %d", t.c.Float64("fps"), t.c.Int("n"))
	}
	takes, err := t.takes(args)
	if err != nil {
		return err
	}
	page, err := t.newPage()
	if err != nil {
		return err
	}
	for _, s := range takes {
		if err := t.shoot(page, s); err != nil {
			return err
		}
	}
	return page.finish(t.c)
}

func (t *translator) takes(args []string) (all []take, err error) {
	if len(args) == 0 {
		return t.testTakes()
	}
	from := map[string]string{}
	for _, arg := range args {
		found, err := t.fileTakes(arg)
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			if other := from[s.name]; other != "" {
				return nil, fmt.Errorf("%s and %s would both become %s: translate them into two folders", other, s.path, s.name)
			}
			from[s.name] = s.path
		}
		all = append(all, found...)
	}
	return all, nil
}

// shoot makes a sequence: its frames, its films and its rows on the page. Memory does not grow with its length.
func (t *translator) shoot(page *resultPage, s take) error {
	if err := t.begin(s); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(page.dir, s.name), 0o777); err != nil {
		return err
	}
	var made []string
	var size []int
	err := s.frames(t.c.Context, func(f inputFrame) error {
		if size == nil {
			size = sides(f.fields[0])
		}
		if own := sides(f.fields[0]); !slices.Equal(own, size) {
			return fmt.Errorf("frame %s is %d x %d (width x height), but the first one %d x %d: all frames of a video have one size",
				f.name, own[1], own[0], size[1], size[0])
		}
		im, err := t.next(f)
		if err != nil {
			return fmt.Errorf("frame %s: %w", f.name, err)
		}
		name := filepath.Join(s.name, f.name)
		path := filepath.Join(page.dir, name+".png")
		if len(made)%max(1, s.n/stripFrames) == 0 {
			err = page.add(name, show(f.fields, t.does.Inputs[0]), im, f.target)
		} else {
			err = vision.SavePNG(path, im)
		}
		made = append(made, path)
		return err
	})
	if err != nil {
		return err
	}
	return t.films(page, s.name, made)
}

// sides are the height and the width of a picture or map.
func sides(a data.Array) []int { return a.Shape[len(a.Shape)-2:] }

// begin resets the model for a sequence.
func (t *translator) begin(s take) error {
	var first []data.Array
	if n := t.video.Sequence().First; n > 0 {
		var err error
		if first, err = s.first(); err != nil {
			return err
		}
		if len(first) < n {
			return fmt.Errorf("%s begins with %d real frames, %s gives %d: name a folder or video of them with --first",
				t.saved.System, n, s.name, len(first))
		}
		first = first[:n]
	}
	return torchTry(func() error {
		torch.Scope(func() { beginVideo(t.video, first, t.does.Multiple, t.device) })
		return nil
	})
}

// beginVideo is Begin with frames, each (1, C, H, W), in sides that the networks take.
func beginVideo(m train.Sequencer, first []data.Array, multiple int, device torch.Device) {
	if len(first) == 0 {
		m.Begin(nil)
		return
	}
	var frames []*torch.Tensor
	for _, a := range first {
		h, w := a.Shape[2], a.Shape[3]
		a = extend(a, roundUp(h, multiple), roundUp(w, multiple))
		frames = append(frames, train.Upload([]data.Array{a}, 1, device).Tensor(a.Name))
	}
	m.Begin(torch.Cat(frames))
}

func (t *translator) next(f inputFrame) (im *vision.Image, err error) {
	err = torchTry(func() (err error) {
		torch.Scope(func() { im, err = picture(t.ownSize(f.fields, t.video.Next)) })
		return err
	})
	return im, err
}

// films makes a GIF, of every other frame and so on where there are many, and an MP4 where there is ffmpeg.
func (t *translator) films(page *resultPage, name string, made []string) error {
	film := pics.Film{}
	stride := (len(made) + filmFrames - 1) / filmFrames
	film.PerSecond = t.c.Float64("fps") / float64(stride)
	for i := 0; i < len(made); i += stride {
		im, err := vision.Decode(made[i], vision.RGB)
		if err != nil {
			return err
		}
		film.Frames = append(film.Frames, im)
	}
	if err := film.Save(t.c.Context, filepath.Join(page.dir, name+".gif")); err != nil {
		return err
	}
	page.Films = append(page.Films, name+".gif")
	if _, err := movie.FFmpeg(); err != nil {
		return nil
	}
	i := 0
	return pics.SaveMP4(t.c.Context, filepath.Join(page.dir, name+".mp4"), t.c.Float64("fps"), func() (*vision.Image, error) {
		if i == len(made) {
			return nil, io.EOF
		}
		i++
		return vision.Decode(made[i-1], vision.RGB)
	})
}

// encoded is a picture as the content of a file.
func encoded(im *vision.Image) ([]byte, error) {
	var b bytes.Buffer
	err := vision.EncodePNG(&b, im)
	return b.Bytes(), err
}

// firstOf reads the frames that --first names, and no more than are needed.
func (t *translator) firstOf() ([]data.Array, error) {
	from := t.c.String("first")
	if from == "" {
		return nil, nil
	}
	var all []data.Array
	enough := errors.New("enough")
	err := eachPicture(t.c.Context, from, func(name string, raw []byte) error {
		a, err := pairs.PictureInput(t.does.Target, name, raw, 3, t.does.Multiple)
		if all = append(all, a...); err == nil && len(all) == t.video.Sequence().First {
			err = enough
		}
		return err
	})
	if err != nil && !errors.Is(err, enough) {
		return nil, fmt.Errorf("--first: %w", err)
	}
	return all, nil
}
