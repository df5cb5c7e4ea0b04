package video_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/video"
)

func TestCheckCountsSequencesAndNamesWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	clips(t, dir, "train", 4, 6, 12, 9)
	clips(t, dir, "test", 4, 6, 3)
	require.True(t, video.Recognised(dir))
	r, err := video.Check(context.Background(), dir)
	require.NoError(t, err)
	require.Empty(t, r.Broken)
	require.Equal(t, "videos A, B", r.Kind)
	require.Len(t, r.Parts, 4)
	require.Equal(t, "train_B", r.Parts[1].Folder)
	require.Equal(t, 21, r.Parts[1].Items)
	require.Equal(t, []data.SizeCount{{Height: 4, Width: 6, Items: 21}}, r.Parts[1].Sizes)
	require.Equal(t, &data.SequenceReport{Sequences: 2, Shortest: 9, Longest: 12}, r.Parts[1].Sequences)

	at := func(part, frame string) string { return filepath.Join(dir, part, "seq0", frame) }
	require.NoError(t, os.WriteFile(at("train_B", "f2.png"), []byte("no picture"), 0o644))
	require.NoError(t, os.Remove(at("train_A", "f7.png")))
	require.NoError(t, os.Remove(at("test_A", "f1.png")))
	require.NoError(t, os.Remove(at("test_B", "f1.png")))
	r, err = video.Check(context.Background(), dir)
	require.NoError(t, err)
	require.Len(t, r.Broken, 2)
	require.Equal(t, at("train_B", "f2.png"), r.Broken[0].Path)
	require.Contains(t, r.Broken[1].Problem, "f7.png has no partner")
	require.Equal(t, 1, r.Parts[0].Sequences.Gaps)
	require.Equal(t, at("train_A", "f8.png"), r.Parts[0].Sequences.FirstGap)
	require.Zero(t, r.Parts[1].Sequences.Gaps)

	_, err = video.Check(context.Background(), t.TempDir())
	require.ErrorContains(t, err, "there are no folders")
}

func TestSetsAreRecognisedByTheirFolders(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"videos of faces":            {"train_keypoints/a/0.txt": "1,2", "train_img/a/0.png": ""},
		"videos of poses":            {"train_densepose/a/0.png": "", "train_openpose/a/0_keypoints.json": "{", "train_img/a/0.png": ""},
		"videos A, B with instances": {"val_A/a/0.png": "", "val_B/a/0.png": "", "val_inst/a/0.png": ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for path, content := range files {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(dir, path), []byte(content), 0o644))
			}
			r, err := video.Check(context.Background(), dir)
			require.NoError(t, err)
			require.Equal(t, name, r.Kind)
			require.Len(t, r.Parts, len(files))
			require.Len(t, r.Broken, len(files), "no file is what it should be")
		})
	}

	flat := t.TempDir() // a set of pairs
	frame(t, 4, 6, 0, flat, "train_A", "0.png")
	frame(t, 4, 6, 0, flat, "train_B", "0.png")
	require.False(t, video.Recognised(flat))
}
