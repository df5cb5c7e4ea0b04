package vision_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/vision"
)

func TestCannyFindsTheOutlineOfASquare(t *testing.T) {
	im := vision.NewImage(24, 32, 1)
	for y := 8; y < 16; y++ {
		for x := 10; x < 20; x++ {
			im.Pix[y*32+x] = 200
		}
	}
	edges := im.Canny(1, 25.5, 51)
	on := 0
	for i, v := range edges.Pix {
		y, x := i/32, i%32
		inside := y > 9 && y < 14 && x > 11 && x < 18
		outside := y < 6 || y > 17 || x < 8 || x > 21
		if v == 255 {
			on++
			require.False(t, inside || outside, "edge at (%d, %d)", x, y)
		}
	}
	require.InDelta(t, 36, on, 36, "a line of one or two pixels all around")
	for y := 10; y < 14; y++ {
		require.Contains(t, edges.Pix[y*32+9:y*32+11], uint8(255))
		require.Contains(t, edges.Pix[y*32+19:y*32+21], uint8(255))
	}
}

func TestCannyKeepsWeakEdgesThatStrongOnesLeadTo(t *testing.T) {
	im := vision.NewImage(40, 40, 1) // a step that gets weaker downwards, and one that is weak throughout
	for i := range im.Pix {
		y, x := i/40, i%40
		switch {
		case x >= 30:
			im.Pix[i] = uint8(60 - y + 12)
		case x >= 10:
			im.Pix[i] = uint8(60 - y)
		}
	}
	edges := im.Canny(1, 20, 150)
	for y := 3; y < 36; y++ {
		require.Contains(t, edges.Pix[y*40+8:y*40+12], uint8(255), "line %d", y)
		require.NotContains(t, edges.Pix[y*40+27:y*40+33], uint8(255), "line %d", y)
	}
	require.NotContains(t, vision.NewImage(9, 9, 1).Canny(1, 0, 0).Pix, uint8(255))
	require.Panics(t, func() { vision.NewImage(9, 9, 3).Canny(1, 1, 2) })
}
