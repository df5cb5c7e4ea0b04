package data

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data/fetch"
	"github.com/forgergan/forger/torch/vision"
)

// emojiFolder is a set emoji64 of four glyphs, whose grey tells the style.
func emojiFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	index := `[{"code":"1f1e6","category":"Flags","split":"train"},{"code":"1f34e","category":"Food & Drink","split":"train"},
		{"code":"1f600","category":"Animals & Nature","split":"train"},{"code":"1f601","category":"Food & Drink","split":"test"}]`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "index.json"), []byte(index), 0o644))
	for k, style := range fetch.EmojiStyles {
		for code, split := range map[string]string{"1f1e6": "train", "1f34e": "train", "1f600": "train", "1f601": "test"} {
			path := filepath.Join(dir, style, split, code+".png")
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			im := vision.NewImage(64, 64, 3)
			for i := range im.Pix {
				im.Pix[i] = uint8(k * 85)
			}
			require.NoError(t, vision.SavePNG(path, im))
		}
	}
	return dir
}

func TestViewsOfEmojiDifferInPicturesAndLabels(t *testing.T) {
	dir := emojiFolder(t)
	categories := []string{"Animals & Nature", "Food & Drink"}
	for view, c := range map[string]struct {
		split   Split
		classes []string
		labels  []int
	}{
		"":       {"", categories, []int{1, 0, 1, 0, 1, 0, 1, 0}},
		"styles": {Train, fetch.EmojiStyles, []int{0, 0, 1, 1, 2, 2, 3, 3}},
		"noto":   {Test, categories, []int{1}},
	} {
		f, err := openEmoji(dir, view, Options{Split: c.split})
		require.NoError(t, err)
		require.Equal(t, c.classes, f.Classes(), view)
		var labels []int
		for i := range f.Len() {
			labels = append(labels, f.Label(i))
		}
		require.Equal(t, c.labels, labels, view)
		require.Equal(t, []int{3, 64, 64}, f.Fields()[0].Shape)
	}
	f, err := openEmoji(dir, "twemoji", Options{Size: 32})
	require.NoError(t, err)
	image := make([]float32, 3*32*32)
	require.NoError(t, f.Read(0, rand.New(rand.NewPCG(0, 0)), []Array{{Float32: image}, {Int64: make([]int64, 1)}}))
	require.EqualValues(t, 1, image[0], "twemoji is the last style")
	_, err = openEmoji(dir, "notto", Options{})
	require.EqualError(t, err, `data emoji64: there is no view "notto", only styles, fluent, noto, openmoji, twemoji`)
}
