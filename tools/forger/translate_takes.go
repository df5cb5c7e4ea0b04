package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/movie"
	"github.com/forgergan/forger/torch/data/video"
	"github.com/forgergan/forger/torch/vision"
)

// testTakes are the sequences of the run's test data, at most --n frames of each where that is asked for.
func (t *translator) testTakes() ([]take, error) {
	set, err := openData(t.c, t.system, t.settings, train.DataRequest{Name: t.saved.Data, Split: data.Test, Plain: true}, "")
	if err != nil {
		return nil, err
	}
	frames, err := frameByFrame(set)
	if err != nil {
		return nil, err
	}
	var all []take
	names, lengths := frames.Sequences()
	start := 0
	for k, n := range lengths {
		from, whole := start, n
		start += n
		if t.c.IsSet("n") {
			n = min(n, t.c.Int("n"))
		}
		all = append(all, take{
			name: cmp.Or(names[k], "video"), n: n,
			first: func() (first []data.Array, err error) {
				for i := range min(whole, t.video.Sequence().First) {
					fields, err := frameFields(frames, from+i)
					if err != nil {
						return nil, err
					}
					first = append(first, fields[len(fields)-1])
				}
				return first, nil
			},
			frames: func(ctx context.Context, each func(f inputFrame) error) error {
				for i := range n {
					if err := ctx.Err(); err != nil {
						return err
					}
					fields, err := frameFields(frames, from+i)
					if err != nil {
						return err
					}
					f := inputFrame{fmt.Sprintf("%06d", i), fields, show(fields, t.does.Target)}
					if err := each(f); err != nil {
						return err
					}
				}
				return nil
			},
		})
	}
	return all, nil
}

// frameByFrame is a plain set of videos with a frame an item.
func frameByFrame(set data.Dataset) (*video.Set, error) {
	s, ok := data.At(set, 0).(*video.Set)
	if !ok {
		return nil, fmt.Errorf("%s holds no videos", set.Name())
	}
	return s.Windows(1)
}

// frameFields are the fields of item i of a set with a frame an item, each (1, …) as System.Input makes them; the last is
// the frame itself.
func frameFields(set *video.Set, i int) ([]data.Array, error) {
	b, err := data.ReadItems(set, i, 1)
	if err != nil {
		return nil, err
	}
	for k := range b.Arrays {
		a := &b.Arrays[k]
		if a.Shape = slices.Delete(a.Shape, 1, 2); a.Int64 != nil {
			a.Shape = slices.Delete(a.Shape, 1, 2) // a map (1, H, W)
		}
	}
	return b.Arrays, nil
}

// fileTakes are the sequences that an argument names: a video file, a folder of frames, or a folder of such folders.
func (t *translator) fileTakes(arg string) ([]take, error) {
	info, err := os.Stat(arg)
	if err != nil {
		return nil, fmt.Errorf("there is no file or folder %s", arg)
	}
	paths := []string{arg}
	if info.IsDir() {
		found, err := video.Frames(arg)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			if paths, err = parts(arg); err != nil {
				return nil, err
			}
		}
	} else if !movie.Is(arg) {
		return nil, fmt.Errorf("%s is neither a folder of frames nor a video file: %s makes videos", arg, t.saved.System)
	}
	var all []take
	for _, path := range paths {
		s, err := t.fileTake(path)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// parts are the videos and folders of frames in a folder.
func parts(dir string) (paths []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() || movie.Is(e.Name()) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s holds no frames, no folders of frames and no video files", dir)
	}
	return paths, nil
}

func (t *translator) fileTake(path string) (take, error) {
	s := take{name: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), path: path, first: t.firstOf}
	if movie.Is(path) { // how many frames it has is known when they have been read
		if err := movie.Read(t.c.Context, path, func(*vision.Image) error { s.n++; return nil }); err != nil {
			return s, err
		}
	} else {
		files, err := video.Frames(path)
		if err != nil {
			return s, err
		}
		s.n = len(files)
	}
	s.frames = func(ctx context.Context, each func(f inputFrame) error) error {
		return eachPicture(ctx, path, func(name string, raw []byte) (err error) {
			in := train.Input{Name: name, Picture: raw}
			frame := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
			if in.Instance, err = t.instance(name, frame); err != nil {
				return err
			}
			f := inputFrame{name: frame}
			if f.fields, err = t.system.Input(t.settings, in); err != nil {
				return err
			}
			if f.target, err = t.target(frame); err != nil {
				return err
			}
			return each(f)
		})
	}
	return s, nil
}

// eachPicture calls each with the frames of a folder or a video, as the content of files.
func eachPicture(ctx context.Context, path string, each func(name string, raw []byte) error) error {
	if movie.Is(path) {
		i := 0
		return movie.Read(ctx, path, func(im *vision.Image) error {
			raw, err := encoded(im)
			if err != nil {
				return err
			}
			i++
			return each(fmt.Sprintf("%s/%06d.png", path, i-1), raw)
		})
	}
	files, err := video.Frames(path)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s holds no frames", path)
	}
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		raw, err := vision.Read(file)
		if err != nil {
			return err
		}
		if err := each(file, raw); err != nil {
			return err
		}
	}
	return nil
}
