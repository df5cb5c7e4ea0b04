package pairs_test

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/pairs"
)

// read opens and reads item 0 and returns the first error.
func read[S data.Dataset](set S, err error) error {
	if err != nil {
		return err
	}
	row := make([]data.Array, len(set.Fields()))
	for k, f := range set.Fields() {
		row[k] = data.Array{Float32: make([]float32, f.Size()), Int64: make([]int64, f.Size())}
	}
	for i := range set.Len() {
		if err := set.Read(i, rand.New(rand.NewPCG(1, 1)), row); err != nil {
			return err
		}
	}
	return nil
}

func TestAnErrorSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	pair := func(dir string, w, h int) {
		write(t, w, h, 0, dir, "trainA", "x.png")
		write(t, w, h, 0, dir, "trainB", "x.png")
	}
	for _, c := range []struct {
		name, want string
		write      func(dir string)
		o          pairs.Options
	}{
		{"no layout", "there are no folders trainA and trainB", func(string) {}, pairs.Options{Size: 4}},
		{"one side", "trainA but no folder ", func(dir string) { write(t, 4, 4, 0, dir, "trainA", "x.png") }, pairs.Options{Size: 4}},
		{"no partner", "y.png has no partner of the same name: of 1 and 2 pictures 0 and 1 are alone", func(dir string) {
			pair(dir, 4, 4)
			write(t, 4, 4, 0, dir, "trainB", "y.png")
		}, pairs.Options{Size: 4}},
		{"twice the name", "have the same name: remove one", func(dir string) {
			pair(dir, 4, 4)
			write(t, 4, 4, 0, dir, "trainA", "x.jpg")
		}, pairs.Options{Size: 4}},
		{"smaller than the crop", "x.png is 6 x 5 (width x height) and comes to 6 x 5, less than the crop of 6 x 6", func(dir string) { pair(dir, 6, 5) },
			pairs.Options{Size: 6, Preprocess: "crop"}},
		{"partner too small", "too small for the crop that was drawn for its partner", func(dir string) {
			pair(dir, 9, 9)
			write(t, 9, 3, 0, dir, "trainB", "x.png")
		}, pairs.Options{Size: 4, Preprocess: "crop"}},
		{"sizes differ", "x.png is 12 x 8 (width x height) and comes to 12 x 8, the first of the set to 8 x 8: take a mode that crops, not none", func(dir string) {
			pair(dir, 12, 8)
			write(t, 8, 8, 0, dir, "trainA", "a.png")
			write(t, 8, 8, 0, dir, "trainB", "a.png")
		}, pairs.Options{Preprocess: "none"}},
		{"narrow double", "is 1 pixel wide: it cannot hold A and B side by side", func(dir string) { write(t, 1, 4, 0, dir, "train", "x.png") }, pairs.Options{Size: 4}},
		{"no size", "give the size", func(string) {}, pairs.Options{}},
		{"load below size", "a width of 8 cannot be cropped from pictures brought to 4", func(string) {}, pairs.Options{Size: 8, Load: 4}},
		{"unknown mode", `there is no preprocess mode "stretch", only resize_and_crop, crop,`, func(string) {}, pairs.Options{Size: 8, Preprocess: "stretch"}},
		{"scale without load", "preprocess mode scale_width needs a load size", func(string) {}, pairs.Options{Preprocess: "scale_width"}},
		{"channels", "pictures have 1 or 3 channels, not 2 and 3", func(string) {}, pairs.Options{Size: 8, ChannelsA: 2}},
		{"split", `there is no split "validation"`, func(string) {}, pairs.Options{Size: 8, Split: "validation"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.write(dir)
			err := read(pairs.OpenAligned(dir, c.o))
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
			require.Contains(t, err.Error(), dir)
		})
	}
	dir := t.TempDir()
	pair(dir, 6, 5)
	require.NoError(t, read(pairs.OpenAligned(dir, pairs.Options{Size: 8})), "a small picture is enlarged by a mode that resizes")
	require.ErrorContains(t, read(pairs.OpenLabelled(dir, pairs.Options{Size: 4, Labels: 3})), "there are no folders train_label and train_img")
	require.True(t, strings.HasPrefix(read(pairs.OpenColour(filepath.Join(dir, "trainA"), pairs.Options{Size: 4})).Error(), "pairs "))
}
