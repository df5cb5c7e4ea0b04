package fetch

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/vision"
)

func TestAVideoIsSplitInTimeAndWhatMovesIsMasked(t *testing.T) {
	// In the place of ffmpeg a program gives 20 grey frames in which a white square steps to the right.
	bin := t.TempDir()
	var film []byte
	for i := range 20 {
		film = append(film, "P6\n64 32\n255\n"...)
		for p := range 64 * 32 {
			v := uint8(90)
			if x, y := p%64, p/64; y >= 8 && y < 20 && x >= 6*i && x < 6*i+10 {
				v = 255
			}
			film = append(film, v, v, v)
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join(bin, "film"), film, 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(bin, "ffmpeg"), []byte("#!/bin/sh\ncat "+bin+"/film"), 0o777))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))

	st := fakeStage(t, map[string]map[string][]byte{"p": {"a.avi": nil}})
	st.name = "walk"
	c := clip{train: 16, h: 32, w: 64, still: true}
	require.NoError(t, frames(context.Background(), st, st.source("p", "a.avi"), c))
	require.Len(t, st.sums, 40)
	require.Contains(t, slices.Collect(maps.Keys(st.sums)), "test_A/walk/00019.png")
	im, err := vision.Decode(filepath.Join(st.dir, "train_A", "walk", "00004.png"), vision.RGB)
	require.NoError(t, err)
	red := func(x, y int) uint8 { return im.Pix[3*(y*64+x)] }
	green := func(x, y int) uint8 { return im.Pix[3*(y*64+x)+1] }
	require.Equal(t, []uint8{255, 0, 0}, []uint8{red(28, 14), red(10, 14), red(50, 14)}, "the square is at 24 to 34")
	require.True(t, green(23, 14) == 255 || green(24, 14) == 255)
	require.Zero(t, green(28, 14))

	c.train = 20
	st = fakeStage(t, map[string]map[string][]byte{"p": {"a.avi": nil}})
	require.EqualError(t, frames(context.Background(), st, st.source("p", "a.avi"), c), "a.avi has 20 frames, no more than the 20 for training")
}

func TestTheMedianIsOfEachValue(t *testing.T) {
	var all []*vision.Image
	for _, v := range []uint8{9, 1, 5} {
		im := vision.NewImage(1, 1, 3)
		copy(im.Pix, []uint8{v, 10 * v, 7})
		all = append(all, im)
	}
	require.Equal(t, []uint8{5, 50, 7}, median(all).Pix)
}
