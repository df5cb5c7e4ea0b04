package main

import (
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
