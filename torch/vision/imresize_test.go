package vision

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The pictures are those of testdata/imresize.py. The sums of the two programs differ in their order, so a tie may be
// rounded the other way.
func TestImresizeIsMATLABs(t *testing.T) {
	picture, err := Decode(filepath.Join("testdata", "imresize", "picture.png"), RGB)
	require.NoError(t, err)
	for _, size := range [][2]int{{12, 18}, {8, 12}, {6, 9}, {3, 4}, {1, 1}, {48, 72}, {96, 144}, {10, 50}} {
		name := fmt.Sprintf("%dx%d.png", size[0], size[1])
		want, err := Decode(filepath.Join("testdata", "imresize", name), RGB)
		require.NoError(t, err)
		got := picture.Imresize(size[0], size[1])
		require.Len(t, got.Pix, len(want.Pix), name)
		ties := 0
		for i, v := range want.Pix {
			require.InDelta(t, v, got.Pix[i], 1, "%s, value %d", name, i)
			if v != got.Pix[i] {
				ties++
			}
		}
		require.LessOrEqual(t, ties, len(want.Pix)/1000, name)
	}
}

func TestImresizeIsPillowsAwayFromTheBorders(t *testing.T) {
	picture, err := Decode(filepath.Join("testdata", "imresize", "picture.png"), RGB)
	require.NoError(t, err)
	matlab := picture.Imresize(12, 18).Crop(3, 3, 6, 12)
	pillow := picture.Resize(12, 18, Bicubic).Crop(3, 3, 6, 12)
	for i := 0; i < len(pillow.Pix); i += 3 { // of the smooth channel: clipping between the passes spares it
		require.InDelta(t, pillow.Pix[i], matlab.Pix[i], 1)
	}
}

func TestImresizeKeepsAnImageOfTheSameSizeAndOfOneColour(t *testing.T) {
	picture, err := Decode(filepath.Join("testdata", "imresize", "picture.png"), RGB)
	require.NoError(t, err)
	require.Equal(t, picture, picture.Imresize(24, 36))
	grey := NewImage(2, 1, 1) // smaller than the kernel
	grey.Pix[0], grey.Pix[1] = 77, 77
	for _, v := range grey.Imresize(7, 5).Pix {
		require.EqualValues(t, 77, v)
	}
}

func BenchmarkImresizeCropBy4(b *testing.B) {
	im := NewImage(96, 96, 3)
	for b.Loop() {
		im.Imresize(24, 24)
	}
}
