package pairs_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/pairs"
)

func TestCheckReportsFoldersPartnersAndIDs(t *testing.T) {
	dir := t.TempDir()
	write(t, 8, 8, 0, dir, "trainA", "x.png")
	write(t, 6, 8, 0, dir, "trainA", "y.png")
	write(t, 8, 8, 0, dir, "trainB", "x.png")
	save(t, []byte("no picture"), dir, "trainB", "z.png")
	town(t, dir, "train", "aachen_0")
	town(t, dir, "test", "ulm_0")
	require.True(t, pairs.Recognised(dir))
	r, err := pairs.Check(context.Background(), dir)
	require.NoError(t, err)
	require.Equal(t, "pairs A, B; label maps", r.Kind)
	type summary struct {
		split  data.Split
		folder string
		items  int
		alone  int
	}
	var got []summary
	for _, p := range r.Parts {
		got = append(got, summary{p.Split, p.Folder, p.Items, p.Alone})
	}
	require.Equal(t, []summary{
		{"train", "trainA", 2, 1}, {"train", "trainB", 1, 1},
		{"train", "train_label", 1, 0}, {"train", "train_img", 1, 0}, {"train", "train_inst", 1, 0},
		{"test", "test_label", 1, 0}, {"test", "test_img", 1, 0}, {"test", "test_inst", 1, 0},
	}, got)
	require.Equal(t, filepath.Join(dir, "trainA", "y.png"), r.Parts[0].FirstAlone)
	require.Equal(t, []data.SizeCount{{Height: 8, Width: 6, Items: 1}, {Height: 8, Width: 8, Items: 1}}, r.Parts[0].Sizes)
	require.Equal(t, []data.IDCount{{ID: 0, Pixels: 32, Maps: 1}, {ID: 1, Pixels: 24, Maps: 1}, {ID: 2, Pixels: 24, Maps: 1}, {ID: 3, Pixels: 24, Maps: 1},
		{ID: 4, Pixels: 24, Maps: 1}}, r.Parts[2].IDs)
	require.Nil(t, r.Parts[4].IDs, "instances are too many to list")
	require.Len(t, r.Broken, 1)
	require.Equal(t, filepath.Join(dir, "trainB", "z.png"), r.Broken[0].Path)
}

func TestCheckFindsDoublePicturesAndNamedSides(t *testing.T) {
	dir := t.TempDir()
	write(t, 16, 8, 0, dir, "train", "x.png")
	write(t, 16, 8, 0, dir, "val", "x.png")
	r, err := pairs.Check(context.Background(), dir)
	require.NoError(t, err)
	require.Equal(t, "pairs A|B", r.Kind)
	require.Len(t, r.Parts, 2)

	named := t.TempDir()
	write(t, 8, 8, 0, named, "noto", "train", "x.png")
	write(t, 8, 8, 0, named, "fluent", "train", "x.png")
	require.False(t, pairs.Recognised(named))
	require.True(t, pairs.Recognised(named+":noto-fluent"))

	square := t.TempDir()
	write(t, 8, 8, 0, square, "train", "x.png")
	require.False(t, pairs.Recognised(square), "a folder of pictures for package data")
	_, err = pairs.Check(context.Background(), square)
	require.ErrorContains(t, err, "there are no folders trainA and trainB or train_label and train_img, nor train with pictures A|B")

	empty := t.TempDir()
	write(t, 8, 8, 0, empty, "trainA", "x.png")
	save(t, nil, empty, "trainB", "notes.txt")
	r, err = pairs.Check(context.Background(), empty)
	require.NoError(t, err)
	require.Len(t, r.Broken, 1)
	require.Contains(t, r.Broken[0].Problem, "the folder holds no PNG")
}
