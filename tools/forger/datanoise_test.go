package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch/data/labels"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestEstimatedNoiseIsWhatATransitionTakes(t *testing.T) {
	torchtest.Native(t)
	dir := classFolders(t)
	file, run := filepath.Join(t.TempDir(), "T.json"), filepath.Join(t.TempDir(), "run")
	told := works(t, "data", "noise", dir, file, "--labels", "symmetric:0.5", "--size", "8", "--epochs", "1", "--threads", "1", "--device", "cpu")
	require.Contains(t, told, "emu ")
	require.Contains(t, told, "from what --labels did\nwritten to "+file)
	estimate, err := labels.Parse("matrix:" + file)
	require.NoError(t, err)
	works(t, "train", "rgan", "--data", dir, "--out", run, "--labels", "symmetric:0.5", "--transition", "matrix:"+file, "--classes", "2", "--size", "8",
		"--width", "2", "--d-width", "2", "--latent", "2", "--critic", "1", "--batch", "4", "--steps", "2", "--threads", "1", "--device", "cpu")
	saved, err := train.ReadSettings(run)
	require.NoError(t, err)
	require.NoError(t, os.Remove(file))
	works(t, "resume", run, "--steps", "3", "--device", "cpu")
	require.Contains(t, string(saved.Config), estimate.String(), "the run does not need the file")

	require.Equal(t, "noise takes a data set and the file to write", fails(t, 2, "data", "noise", dir))
	require.Equal(t, "--size and --epochs must be at least 1, and --outliers in [0, 1)", fails(t, 2, "data", "noise", dir, file, "--outliers", "1"))
	require.Equal(t, "data "+dir+": every picture needs a label, which --labels keep:0.5 takes away", fails(t, 1, "data", "noise", dir, file, "--labels", "keep:0.5"))
	require.Contains(t, fails(t, 1, "train", "rgan", "--data", dir, "--out", run+"2", "--batch", "4"), "has 2 classes: take --classes 2, not 10")
}
