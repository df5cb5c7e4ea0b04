package pictures_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/pictures"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/vision"
)

// dark counts the pixels of an image between two rows that are darker than grey.
func dark(im *vision.Image, from, to int) (n int) {
	for y := from; y < to; y++ {
		for x := range im.W {
			if im.Pix[3*(y*im.W+x)] < 128 {
				n++
			}
		}
	}
	return n
}

func TestASentenceStandsAboveEachRow(t *testing.T) {
	torch.Scope(func() {
		white := torch.Ones([]int{4, 3, 32, 32})
		long := "a bus that is red, and much longer than the row below it, so that its description takes several lines"
		im := pictures.Captioned(white, 2, []string{"a red bus", long})
		require.Equal(t, 240, im.W)
		const line, edge, row = 18, 4, 36
		require.Equal(t, (line+edge+row)+(3*line+edge+row), im.H)
		require.Len(t, im.Pix, im.H*im.W*3)
		require.Greater(t, dark(im, 0, line+edge), 60, "the sentence is written")
		second := line + edge + row
		for i := range 3 {
			require.Greater(t, dark(im, second+i*line, second+(i+1)*line), 60, "line %d", i)
		}
		require.Greater(t, dark(pictures.Captioned(white, 2, []string{"É Ω я", "?"}), 0, line), 20, "letters beyond ASCII are drawn")

		wide := pictures.Captioned(torch.Ones([]int{1, 1, 8, 400}), 1, []string{""})
		require.Equal(t, 400, wide.W)
	})
}

func TestCaptionsMustFitTheRows(t *testing.T) {
	torch.Scope(func() {
		x := torch.Ones([]int{4, 3, 8, 8})
		for _, captions := range [][]string{nil, {"a"}, {"a", "b", "c"}} {
			require.Error(t, torch.Try(func() { pictures.Captioned(x, 2, captions) }))
		}
	})
}
