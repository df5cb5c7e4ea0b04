package pictures

import (
	"context"
	"fmt"
	"image"
	"image/gif"
	"io"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/forgergan/forger/internal/atomicfile"
	"github.com/forgergan/forger/torch/data/movie"
	"github.com/forgergan/forger/torch/vision"
)

// Film is frames of one size, RGB, shown PerSecond a second, 5 if 0, over and over.
type Film struct {
	Frames    []*vision.Image
	PerSecond float64
}

// Timelapse is the sample grids of a run, in the order of its steps. The error names the folder without grids, the grid that
// cannot be read, or the one of another size than those before.
func Timelapse(run string) (f Film, err error) {
	dir := filepath.Join(run, "samples")
	names, err := fs.Glob(os.DirFS(dir), "[0-9]*.png") // sorted, and steps have leading zeros
	if err != nil || len(names) == 0 {
		return f, fmt.Errorf("%s holds no sample grids: a run writes them, see forger train --help", dir)
	}
	for _, name := range names {
		name = filepath.Join(dir, name)
		im, err := vision.Decode(name, vision.RGB)
		if err != nil {
			return f, err
		}
		if len(f.Frames) > 0 && (im.H != f.Frames[0].H || im.W != f.Frames[0].W) {
			return f, fmt.Errorf("%s is of another size than the grids before it: move it away", name)
		}
		f.Frames = append(f.Frames, im)
	}
	return f, nil
}

// CheckName tells whether [Film.Save] can write a file of that name, before there are frames.
func CheckName(path string) error {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".gif":
		return nil
	case ".mp4":
		if _, err := movie.FFmpeg(); err != nil {
			return fmt.Errorf("%s: %w; or take the name of a .gif", path, err)
		}
		return nil
	}
	return fmt.Errorf("%s: a film is a .gif or an .mp4", path)
}

// Save writes the film as GIF or, where ffmpeg is installed, as MP4, by the ending of path. The file appears when it is
// whole.
func (f Film) Save(ctx context.Context, path string) error {
	if err := CheckName(path); err != nil {
		return err
	}
	if len(f.Frames) == 0 {
		return fmt.Errorf("%s: a film without frames", path)
	}
	if strings.EqualFold(filepath.Ext(path), ".mp4") {
		return f.saveMP4(ctx, path)
	}
	return atomicfile.Write(path, f.EncodeGIF)
}

func (f Film) perSecond() float64 {
	if f.PerSecond == 0 {
		return 5
	}
	return f.PerSecond
}

// EncodeGIF writes the film as an animated GIF of at most 256 colours, chosen for all frames together. The last frame stays
// for two seconds.
func (f Film) EncodeGIF(w io.Writer) error {
	colours, index := palette(f.Frames)
	out := gif.GIF{}
	for _, im := range f.Frames {
		p := image.NewPaletted(image.Rect(0, 0, im.W, im.H), colours)
		for i := range p.Pix {
			p.Pix[i] = index(im.Pix[3*i], im.Pix[3*i+1], im.Pix[3*i+2])
		}
		out.Image = append(out.Image, p)
		out.Delay = append(out.Delay, max(2, int(math.Round(100/f.perSecond())))) // browsers slow down what is below 2
	}
	out.Delay[len(out.Delay)-1] = 200
	return gif.EncodeAll(w, &out)
}

func (f Film) saveMP4(ctx context.Context, path string) error {
	next := 0
	return SaveMP4(ctx, path, f.perSecond(), func() (*vision.Image, error) {
		if next == len(f.Frames) {
			return nil, io.EOF
		}
		next++
		return f.Frames[next-1], nil
	})
}

// SaveMP4 writes frames of one size, RGB, which next gives one after the other until io.EOF, as MP4. No more than one of
// them is in memory. It needs ffmpeg, see [movie.FFmpeg]; the file appears when it is whole.
func SaveMP4(ctx context.Context, path string, perSecond float64, next func() (*vision.Image, error)) error {
	tool, err := movie.FFmpeg()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	first, err := next()
	if err != nil {
		return fmt.Errorf("%s: a film without frames: %w", path, err)
	}
	part := strings.TrimSuffix(path, filepath.Ext(path)) + ".part.mp4"
	defer os.Remove(part)
	// yuv420p, which all players know, needs even sides.
	c := exec.CommandContext(ctx, tool, "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
		"-video_size", fmt.Sprintf("%dx%d", first.W, first.H), "-framerate", fmt.Sprint(perSecond), "-i", "-",
		"-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "file:"+part)
	var message strings.Builder
	frames := &frameReader{first.Pix, next, nil}
	c.Stdin, c.Stderr = frames, &message
	err = c.Run()
	switch {
	case frames.err != nil:
		return fmt.Errorf("%s: %w", path, frames.err)
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		said, _, _ := strings.Cut(strings.TrimSpace(message.String()), "\n")
		return fmt.Errorf("%s: ffmpeg failed (%w): %s", path, err, said)
	}
	return os.Rename(part, path)
}

// frameReader gives the pixels of frames.
type frameReader struct {
	pix  []uint8
	next func() (*vision.Image, error)
	err  error // why there are no more, unless they are over
}

func (r *frameReader) Read(p []byte) (int, error) {
	if len(r.pix) == 0 {
		im, err := r.next()
		if err != nil {
			if err != io.EOF {
				r.err = err
			}
			return 0, io.EOF
		}
		r.pix = im.Pix
	}
	n := copy(p, r.pix)
	r.pix = r.pix[n:]
	return n, nil
}
