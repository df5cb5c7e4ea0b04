package captions_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/captions"
	"github.com/forgergan/forger/torch/data/fetch"
	"github.com/forgergan/forger/torch/vision"
)

// smallEmoji puts a set emoji64 of three glyphs into an empty cache, whose grey tells the style.
func smallEmoji(t *testing.T) {
	t.Helper()
	cache := t.TempDir()
	t.Setenv("FORGER_CACHE", cache)
	dir := filepath.Join(cache, "data", "emoji64")
	index := []fetch.Emoji{
		{Code: "1f34e", Name: "red apple", Category: "Food & Drink", Keywords: []string{"apple", "fruit", "health"}, Split: "train"},
		{Code: "1f600", Name: "grinning face", Category: "Smileys & Emotion", Keywords: []string{"a", "smile", "joy", "teeth", "happy", "cheer"}, Split: "train"},
		{Code: "1f34b", Name: "lemon", Category: "Food & Drink", Split: "test"},
	}
	for k, style := range fetch.EmojiStyles {
		for _, e := range index {
			path := filepath.Join(dir, style, e.Split, e.Code+".png")
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			im := vision.NewImage(64, 64, 3)
			for i := range im.Pix {
				im.Pix[i] = uint8(k * 85)
			}
			require.NoError(t, vision.SavePNG(path, im))
		}
	}
	set, _ := fetch.Find("emoji64")
	for name, content := range map[string]any{
		"index.json": index, "manifest.json": map[string]any{"set": set.Name, "version": set.Version, "packages": set.Packages},
	} {
		text, err := json.Marshal(content)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o644))
	}
}

// said are the captions of each picture of a set, by its style and code.
func said(set *captions.Set) map[string][]string {
	out := map[string][]string{}
	for i := range set.Len() {
		path := set.Path(i)
		style := filepath.Base(filepath.Dir(filepath.Dir(path)))
		for k := range set.Captions(i) {
			out[style+"/"+filepath.Base(path)] = append(out[style+"/"+filepath.Base(path)], set.Caption(i, k))
		}
	}
	return out
}

func TestEmojiAreDescribedByNameKeywordsAndStyle(t *testing.T) {
	smallEmoji(t)
	e := &hashes{size: 5}
	train, err := captions.Open(t.Context(), "emoji64", captions.Options{Size: 16, Wrong: true, Encoder: e})
	require.NoError(t, err)
	got := said(train)
	require.Len(t, got, 8)
	require.Equal(t, []string{"red apple, in flat style", "red apple, fruit, in flat style", "red apple, health, in flat style"},
		got["twemoji/1f34e.png"], "a keyword that the name has says nothing new")
	require.Equal(t, []string{
		"grinning face, in 3D style", "grinning face, smile, in 3D style", "grinning face, joy, in 3D style",
		"grinning face, teeth, in 3D style", "grinning face, happy, in 3D style",
	}, got["fluent/1f600.png"], "at most 4 keywords")
	require.Equal(t, "red apple, in shaded style", got["noto/1f34e.png"][0])
	require.Equal(t, "red apple, in outlined style", got["openmoji/1f34e.png"][0])
	require.Equal(t, 4*(3+5), e.seen)
	require.Equal(t, []string{"Food & Drink", "Smileys & Emotion"}, train.Classes())

	for i := range train.Len() {
		for j := range train.Len() {
			same := filepath.Base(train.Path(i)) == filepath.Base(train.Path(j))
			require.Equal(t, same, train.Concept(i) == train.Concept(j), "the styles of a glyph show one concept")
		}
	}

	test, err := captions.Open(t.Context(), "emoji64", captions.Options{Split: data.Test, Size: 16, Encoder: e})
	require.NoError(t, err)
	require.Equal(t, map[string][]string{
		"fluent/1f34b.png": {"lemon, in 3D style"}, "noto/1f34b.png": {"lemon, in shaded style"},
		"openmoji/1f34b.png": {"lemon, in outlined style"}, "twemoji/1f34b.png": {"lemon, in flat style"},
	}, said(test))
	for i := range test.Len() {
		for j := range train.Len() {
			require.NotEqual(t, train.Concept(j), test.Concept(i), "the splits show different things")
		}
	}

	flat, err := captions.Open(t.Context(), "emoji64:twemoji", captions.Options{Size: 16, Encoder: e})
	require.NoError(t, err)
	require.Equal(t, "red apple", said(flat)["twemoji/1f34e.png"][0], "one style needs no words")
	require.Equal(t, 2, flat.Len())
}
