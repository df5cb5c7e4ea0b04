package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/torchtest"
)

func TestPackedFolderIsCheckedTimedAndTrainedOn(t *testing.T) {
	torchtest.Native(t)
	dir, shard, run := pictures(t, 40), filepath.Join(t.TempDir(), "set.safetensors"), filepath.Join(t.TempDir(), "run")
	r := object(t, 0, "data", "pack", dir, shard, "--size", "16", "--channels", "1")
	require.Equal(t, 40., r["items"])
	require.Equal(t, "shard", object(t, 0, "data", "check", shard)["kind"])
	for _, set := range []string{dir, shard} {
		r = object(t, 0, "bench", "data", set, "--size", "16", "--load", "16", "--batch", "8", "--epochs", "1")
		require.Equal(t, "data/w2", r["bench"])
		require.Positive(t, r["metric"].(map[string]any)["value"])
	}
	require.Equal(t, 10., object(t, 0, tiny(shard, run)...)["step"])
	require.Contains(t, fails(t, 1, "train", "dcgan", "--data", shard, "--size", "32", "--out", run+"2"), "a side of 16, not the 32")
	require.Contains(t, fails(t, 2, "data", "pack", dir, shard), "--size, the side")
	require.Contains(t, fails(t, 2, "data", "pack", dir, "--size", "16"), "pack takes a folder and the file to write")
}

func TestCheckOfLabelMapsListsIDsAndFilesWithoutAPartner(t *testing.T) {
	dir := t.TempDir()
	for to, from := range map[string]string{"train_label/a.png": "label.png", "train_img/a.png": "ab.png", "train_img/b.png": "ab.png"} {
		content, err := os.ReadFile(filepath.Join("../../torch/data/pairs/testdata", from))
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, to)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, to), content, 0o644))
	}
	out := works(t, "data", "check", dir)
	require.Contains(t, out, dir+": label maps\ntrain_label: 1 items, 1 of 27×21\n  id 0     108 pixels in 1 maps\n")
	require.Contains(t, out, "  1 without a partner of the same name, the first "+filepath.Join(dir, "train_img/b.png"))
	require.Equal(t, 2., object(t, 0, "data", "check", dir)["parts"].([]any)[1].(map[string]any)["items"])
}
