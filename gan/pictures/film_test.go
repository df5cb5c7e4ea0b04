package pictures

import (
	"bytes"
	"context"
	"fmt"
	"image/gif"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/vision"
)

// frame is 3 × 2 pixels of the colour that f gives each.
func frame(f func(i int) [3]uint8) *vision.Image {
	im := vision.NewImage(3, 2, 3)
	for i := range 6 {
		c := f(i)
		copy(im.Pix[3*i:], c[:])
	}
	return im
}

func decode(t *testing.T, raw []byte) *gif.GIF {
	t.Helper()
	g, err := gif.DecodeAll(bytes.NewReader(raw))
	require.NoError(t, err)
	return g
}

func TestAGreyGIFKeepsEveryGrey(t *testing.T) {
	f := Film{PerSecond: 10}
	for k := range 40 {
		f.Frames = append(f.Frames, frame(func(i int) [3]uint8 { v := uint8(6*k + i); return [3]uint8{v, v, v} }))
	}
	var b bytes.Buffer
	require.NoError(t, f.EncodeGIF(&b))
	g := decode(t, b.Bytes())
	require.Len(t, g.Image, 40)
	require.Equal(t, []int{10, 200}, []int{g.Delay[0], g.Delay[39]})
	for k, im := range g.Image {
		for i := range 6 {
			r, _, _, _ := im.At(i%2, i/2).RGBA()
			require.Equal(t, uint32(6*k+i), r>>8)
		}
	}
}

func TestAColourGIFIsCloseToItsFrames(t *testing.T) {
	for colours, most := range map[int]int{100: 0, 5000: 12} { // few colours far apart are kept as they are
		f := Film{}
		colour := func(i int) [3]uint8 {
			i %= colours
			if colours == 100 {
				return [3]uint8{uint8(i % 5 * 60), uint8(i / 5 % 5 * 60), uint8(i / 25 * 60)}
			}
			return [3]uint8{uint8(i % 17 * 15), uint8(i / 17 % 17 * 15), 128}
		}
		for k := range 900 {
			f.Frames = append(f.Frames, frame(func(i int) [3]uint8 { return colour(6*k + i) }))
		}
		var b bytes.Buffer
		require.NoError(t, f.EncodeGIF(&b))
		for k, im := range decode(t, b.Bytes()).Image {
			for i := range 6 {
				r, g, bl, _ := im.At(i%2, i/2).RGBA()
				want := colour(6*k + i)
				for c, v := range []uint32{r, g, bl} {
					require.InDelta(t, want[c], v>>8, float64(most))
				}
			}
		}
	}
}

// run makes a folder of sample grids with these widths.
func run(t *testing.T, widths ...int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run [1]") // a name may hold anything
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "samples"), 0o777))
	for i, w := range widths {
		im := vision.NewImage(4, w, 1)
		im.Pix[0] = uint8(i)
		require.NoError(t, vision.SavePNG(filepath.Join(dir, "samples", fmt.Sprintf("%06d.png", 5*i)), im))
	}
	return dir
}

func TestATimelapseIsTheGridsOfARunInOrder(t *testing.T) {
	f, err := Timelapse(run(t, 4, 4, 4))
	require.NoError(t, err)
	require.Len(t, f.Frames, 3)
	for i, im := range f.Frames {
		require.Equal(t, uint8(i), im.Pix[0])
	}
	path := filepath.Join(t.TempDir(), "film.gif")
	require.NoError(t, f.Save(context.Background(), path))
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Len(t, decode(t, raw).Image, 3)
}

func TestAFilmThatCannotBeMadeIsRefused(t *testing.T) {
	t.Setenv("PATH", "")
	t.Setenv("FORGER_CACHE", t.TempDir()) // which may hold a fetched ffmpeg
	dir := run(t, 4, 6)
	_, err := Timelapse(dir)
	require.EqualError(t, err, filepath.Join(dir, "samples", "000005.png")+" is of another size than the grids before it: move it away")
	_, err = Timelapse("nowhere")
	require.EqualError(t, err, "nowhere/samples holds no sample grids: a run writes them, see forger train --help")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "samples", "000005.png"), []byte("x"), 0o666))
	_, err = Timelapse(dir)
	require.ErrorContains(t, err, "000005.png")
	f := Film{Frames: []*vision.Image{frame(func(int) [3]uint8 { return [3]uint8{} })}}
	require.EqualError(t, f.Save(t.Context(), "x.mp4"), "x.mp4: ffmpeg, which reads and writes video files, is not in PATH: install it, or let forger data get vtest "+
		"bring one; or take the name of a .gif")
	require.EqualError(t, f.Save(t.Context(), "x.avi"), "x.avi: a film is a .gif or an .mp4")
	require.EqualError(t, Film{}.Save(t.Context(), "x.gif"), "x.gif: a film without frames")
}

// A program in the place of ffmpeg shows what it is given; what ffmpeg makes of that is not tested here.
func TestFFmpegIsGivenTheFramesAndItsErrorIsTold(t *testing.T) {
	bin, dir := t.TempDir(), t.TempDir()
	fake := func(script string) {
		require.NoError(t, os.WriteFile(filepath.Join(bin, "ffmpeg"), []byte("#!/bin/sh\n"+script), 0o777))
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	f := Film{Frames: []*vision.Image{
		frame(func(i int) [3]uint8 { return [3]uint8{1, 2, 3} }), frame(func(i int) [3]uint8 { return [3]uint8{4, 5, 6} }),
	}}
	path := filepath.Join(dir, "film.mp4")
	fake(`echo "$@" > ` + dir + `/args; for last; do :; done; cat > "${last#file:}"`)
	require.NoError(t, f.Save(t.Context(), path))
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, append(append([]byte{}, f.Frames[0].Pix...), f.Frames[1].Pix...), raw)
	args, err := os.ReadFile(dir + "/args")
	require.NoError(t, err)
	require.Contains(t, string(args), "-f rawvideo -pix_fmt rgb24 -video_size 2x3 -framerate 5 -i -")

	fake("echo no encoder >&2; exit 1")
	other := filepath.Join(dir, "other.mp4")
	require.EqualError(t, f.Save(t.Context(), other), other+": ffmpeg failed (exit status 1): no encoder")
	require.NoFileExists(t, other)
}
