package movie

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/vision"
)

// all reads a video.
func all(path string) (frames []*vision.Image, err error) {
	err = Read(context.Background(), path, func(im *vision.Image) error { frames = append(frames, im); return nil })
	return frames, err
}

// A GIF whose second frame is one pixel, which goes away again, and whose third is another one.
func changes(t *testing.T) string {
	red, blue := color.RGBA{255, 0, 0, 255}, color.RGBA{0, 0, 255, 255}
	square := func(r image.Rectangle, c color.RGBA) *image.Paletted {
		p := image.NewPaletted(r, color.Palette{c})
		return p
	}
	g := &gif.GIF{
		Image:    []*image.Paletted{square(image.Rect(0, 0, 3, 2), red), square(image.Rect(1, 0, 2, 1), blue), square(image.Rect(2, 1, 3, 2), blue)},
		Delay:    []int{1, 1, 1},
		Disposal: []byte{gif.DisposalNone, gif.DisposalPrevious, gif.DisposalNone},
	}
	path := filepath.Join(t.TempDir(), "film.GIF")
	out, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, gif.EncodeAll(out, g))
	require.NoError(t, out.Close())
	return path
}

func TestFramesOfAGIFAreComposed(t *testing.T) {
	frames, err := all(changes(t))
	require.NoError(t, err)
	require.Len(t, frames, 3)
	r, b := []uint8{255, 0, 0}, []uint8{0, 0, 255}
	for i, want := range [][][]uint8{{r, r, r, r, r, r}, {r, b, r, r, r, r}, {r, r, r, r, r, b}} {
		require.Equal(t, bytes.Join(want, nil), frames[i].Pix)
	}
}

// A program in the place of ffmpeg gives frames; what ffmpeg makes of a file is not tested here.
func TestFramesOfFFmpegAreReadUntilTheirEnd(t *testing.T) {
	bin := t.TempDir()
	fake := func(script string) {
		require.NoError(t, os.WriteFile(filepath.Join(bin, "ffmpeg"), []byte("#!/bin/sh\n"+script), 0o777))
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	path := filepath.Join(t.TempDir(), "walk.mp4")
	require.NoError(t, os.WriteFile(path, nil, 0o666))

	fake(`printf 'P6\n2 1\n255\nabcdefP6\n2 1\n255\n\n \n123'`) // pixels may look like white space
	frames, err := all(path)
	require.NoError(t, err)
	require.Len(t, frames, 2)
	require.Equal(t, []uint8("\n \n123"), frames[1].Pix)

	fake(`printf 'P6\n2 1\n255\nabcdef'; echo 'Error while decoding' >&2; exit 69`)
	frames, err = all(path)
	require.EqualError(t, err, "video "+path+": ffmpeg cannot read it beyond frame 1: Error while decoding")
	require.Len(t, frames, 1)

	fake("exit 0")
	_, err = all(path)
	require.EqualError(t, err, "video "+path+": there are no frames in it")

	fake(`while :; do printf 'P6\n2 1\n255\nabcdef'; done`)
	enough := errors.New("enough")
	require.ErrorIs(t, Read(context.Background(), path, func(*vision.Image) error { return enough }), enough)
}

func TestWhatCannotBeReadIsToldInASentence(t *testing.T) {
	t.Setenv("PATH", "")
	t.Setenv("FORGER_CACHE", t.TempDir())
	dir := t.TempDir()
	for name, want := range map[string]string{
		"a.mp4": "ffmpeg, which reads and writes video files, is not in PATH: install it, or let forger data get vtest bring one",
		"a.gif": "it is no GIF, or a damaged one: gif: can't recognize format \"text, \"",
	} {
		path := filepath.Join(dir, name)
		_, err := all(path)
		require.EqualError(t, err, "video "+path+": there is no such file")
		require.NoError(t, os.WriteFile(path, []byte("text, no video at all"), 0o666))
		_, err = all(path)
		require.EqualError(t, err, "video "+path+": "+want)
	}
}

func FuzzPPM(f *testing.F) {
	f.Add([]byte("P6\n2 1\n255\nabcdef"))
	f.Add([]byte("P6\n99999999 99999999\n255\n"))
	f.Add([]byte("P6\n-1 1\n255\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 1000 {
			return
		}
		n, _ := readPPM(bufio.NewReader(bytes.NewReader(raw)), func(im *vision.Image) error {
			require.Len(t, im.Pix, im.H*im.W*3)
			return nil
		})
		require.LessOrEqual(t, n, len(raw))
	})
}
