package data

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEmojiAreLabelledByCategoryStyleOrBoth(t *testing.T) {
	dir := t.TempDir()
	index := `[{"code": "1f34e", "category": "Food & Drink", "split": "train"}, {"code": "1f436", "category": "Animals & Nature", "split": "train"},
		{"code": "1f1e6", "category": "Flags", "split": "train"}, {"code": "1f34f", "category": "Food & Drink", "split": "test"}]`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "index.json"), []byte(index), 0o666))
	for view, want := range map[string]struct {
		classes int
		second  string // the class of label 1
		labels  []int  // of the apple and the dog in fluent, noto, openmoji and twemoji
	}{
		"":       {2, "Food & Drink", []int{1, 0, 1, 0, 1, 0, 1, 0}},
		"styles": {4, "noto", []int{0, 0, 1, 1, 2, 2, 3, 3}},
		"pairs":  {8, "Animals & Nature, noto", []int{4, 0, 5, 1, 6, 2, 7, 3}},
		"noto":   {2, "Food & Drink", []int{1, 0}},
	} {
		set, err := openEmoji(dir, view, Options{Split: Train})
		require.NoError(t, err, view)
		var labels []int
		for i := range set.Len() {
			labels = append(labels, set.Label(i))
		}
		require.Equal(t, want.labels, labels, view)
		require.Len(t, set.Classes(), want.classes, view)
		require.Equal(t, want.second, set.Classes()[1], view)
	}
	_, err := openEmoji(dir, "apple", Options{Split: Train})
	require.EqualError(t, err, `data emoji64: there is no view "apple", only styles, pairs, fluent, noto, openmoji, twemoji`)
}
