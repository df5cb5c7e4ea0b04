package video

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// Set is windows of sequences: conditions, and the frames that they describe. Its fields are "A" (T, Channels, H, W), or
// with labels "label" (T, 1, H, W), int64 ids, and with Instances "inst" (T, 1, H, W), int64; and "B" (T, 3, H, W).
// Pictures are float32 in [-1, 1] and resized bicubically; maps are resized by the nearest value. "A" of a face has 15
// channels in [0, 1], its edges and the distances from 14 curves; of poses 6 in [-1, 1], DensePose and OpenPose.
type Set struct {
	dir    string
	o      Options
	clips  []clip
	before []int // items before those of a clip: windows if Plain, else frames; one more number than clips
	fields []data.Field
}

// Open lists the sequences of dir, see the package's comment. The error is one sentence: a folder or a frame that is
// missing, a sequence shorter than a window, a first frame that cannot be read, an option that cannot be. Other frames
// are first opened when they are read.
func Open(dir string, o Options) (*Set, error) {
	o, err := o.fill(dir)
	if err != nil {
		return nil, err
	}
	s := &Set{dir: dir, o: o}
	if s.clips, err = list(dir, o.Split, o.parts(), o.isFrame); err != nil {
		return nil, err
	}
	first, err := vision.Decode(s.clips[0].parts[1][0], vision.RGB)
	if err != nil {
		return nil, fmt.Errorf("video %s: %w", dir, err)
	}
	at, err := s.place(window{}, first, rand.New(rand.NewPCG(0, 0)))
	if err != nil {
		return nil, err
	}
	if at.cropW < 1 {
		return nil, fmt.Errorf("video %s: frames come out less than 128 wide, of which too little is left: take a larger size", dir)
	}
	return s.windows(o.Frames, at.cropH, at.cropW)
}

// Windows is the set with windows of so many frames. The error names a sequence that is shorter.
func (s *Set) Windows(frames int) (*Set, error) {
	shape := s.fields[0].Shape
	return s.windows(frames, shape[2], shape[3])
}

// windows is the set with windows of frames of h x w.
func (s *Set) windows(frames, h, w int) (*Set, error) {
	out := &Set{dir: s.dir, o: s.o, clips: s.clips, before: []int{0}}
	out.o.Frames = frames
	for _, c := range s.clips {
		n := c.len()
		if n < frames {
			return nil, fmt.Errorf("video %s: the sequence of %s has %d frames, less than a window of %d: take shorter windows or remove it",
				s.dir, c.parts[0][0], n, frames)
		}
		if s.o.Plain {
			n /= frames
		}
		out.before = append(out.before, out.before[len(out.before)-1]+n)
	}
	out.describe(h, w)
	return out, nil
}

func (s *Set) describe(h, w int) {
	add := func(name string, channels int, ids bool) {
		s.fields = append(s.fields, data.Field{Name: name, Shape: []int{s.o.Frames, channels, h, w}, Int64: ids})
	}
	if s.o.Labels > 0 {
		add("label", 1, true)
	} else {
		add("A", s.o.Channels, false)
	}
	if s.o.Instances {
		add("inst", 1, true)
	}
	add("B", 3, false)
}

// Name implements [data.Dataset].
func (s *Set) Name() string { return s.dir }

// Len implements [data.Dataset].
func (s *Set) Len() int {
	if s.o.Plain || s.o.PerFrame {
		return s.before[len(s.clips)]
	}
	return len(s.clips)
}

// Fields implements [data.Dataset].
func (s *Set) Fields() []data.Field { return s.fields }

// window is which frames an item has.
type window struct{ clip, start, step int }

// window draws the frames of item i.
func (s *Set) window(i int, rng *rand.Rand) window {
	switch {
	case s.o.Plain:
		k, first := s.clipOf(i)
		return window{k, first * s.o.Frames, 1}
	case s.o.PerFrame:
		i, _ = s.clipOf(rng.IntN(s.before[len(s.clips)]))
	}
	n, gaps := s.clips[i].len(), s.o.Frames-1
	step := s.o.MaxStep
	if gaps > 0 {
		step = min(step, (n-1)/gaps)
	}
	step = 1 + rng.IntN(step)
	return window{i, rng.IntN(n - gaps*step), step}
}

// clipOf finds the clip that the number i of before falls into, and the place in it.
func (s *Set) clipOf(i int) (clip, at int) {
	clip, _ = slices.BinarySearch(s.before, i+1)
	return clip - 1, i - s.before[clip-1]
}

// Sequence is the sequence that item i of a Plain set is a window of, counted from 0, and the number of its first frame.
func (s *Set) Sequence(i int) (sequence, frame int) {
	sequence, at := s.clipOf(i)
	return sequence, at * s.o.Frames
}

// Sequences are the names of the sequences' folders and how many frames they have; the name is empty where the folder of a
// part holds the frames of the only one.
func (s *Set) Sequences() (names []string, frames []int) {
	for _, c := range s.clips {
		names, frames = append(names, c.name), append(frames, c.len())
	}
	return names, frames
}

// Read implements [data.Dataset]. Its error names the frame and what is wrong with it.
func (s *Set) Read(i int, rng *rand.Rand, row []data.Array) error {
	win := s.window(i, rng)
	parts := s.clips[win.clip].parts
	var at place
	for t := range s.o.Frames {
		k := win.start + t*win.step
		im, err := vision.Decode(parts[1][k], vision.RGB)
		if err != nil {
			return err
		}
		if t == 0 {
			if at, err = s.place(win, im, rng); err == nil {
				err = s.fits(at, parts[1][k], im)
			}
			if err != nil {
				return err
			}
		}
		if err := at.picture(parts[1][k], im, part(row[len(row)-1], t, s.o.Frames).Float32); err != nil {
			return err
		}
		if err := s.readInput(parts, k, im, at, t, row, rng); err != nil {
			return err
		}
	}
	return nil
}

// place draws the place of a window by its first frame.
func (s *Set) place(win window, im *vision.Image, rng *rand.Rand) (at place, err error) {
	parts := s.clips[win.clip].parts
	cut := region{h: im.H, w: im.W}
	if s.o.Kind == Face {
		first := win.start
		if s.o.Plain { // one crop for the whole sequence
			first = 0
		}
		pts, err := readFace(parts[0][first])
		if err != nil {
			return at, err
		}
		cut = around(pts, im.H, im.W)
	}
	if at, err = s.o.draw(cut.h, cut.w, rng); err != nil {
		return at, fmt.Errorf("picture %s %w", parts[1][win.start], err)
	}
	at.fileH, at.fileW, at.cut = im.H, im.W, cut
	if s.o.Kind == Pose {
		at = at.middle()
	}
	return at, nil
}

// fits tells frames that do not come out in the size of the set's first ones.
func (s *Set) fits(at place, path string, im *vision.Image) error {
	shape := s.fields[0].Shape
	if h, w := shape[2], shape[3]; at.cropH != h || at.cropW != w {
		return fmt.Errorf("picture %s is %d x %d (width x height) and comes to %d x %d, the first of the set to %d x %d: take a mode that crops, not %s",
			path, im.W, im.H, at.cropW, at.cropH, w, h, s.o.Resize)
	}
	return nil
}

// part is the t-th of n equal parts of an array.
func part(a data.Array, t, n int) data.Array {
	if a.Int64 != nil {
		size := len(a.Int64) / n
		return data.Array{Int64: a.Int64[t*size : (t+1)*size]}
	}
	size := len(a.Float32) / n
	return data.Array{Float32: a.Float32[t*size : (t+1)*size]}
}

var _ data.Dataset = (*Set)(nil)
