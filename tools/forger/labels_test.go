package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch/torchtest"
)

// classFolders makes a folder of two classes with 20 pictures each.
func classFolders(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, class := range []string{"emu", "kiwi"} {
		require.NoError(t, os.Rename(pictures(t, 20), filepath.Join(dir, class)))
	}
	return dir
}

func TestCheckCountsTheLabelsThatTrainingWouldSee(t *testing.T) {
	dir := classFolders(t)
	require.Contains(t, works(t, "data", "check", dir, "--labels", "keep:0.25,symmetric-others:1"),
		"labels symmetric-others:1,keep:0.25: 40 items, 30 without a label, 100.00 % of the labels changed by noise\n  emu                  5\n  kiwi                 5\n")
	r := object(t, 0, "data", "check", dir, "--labels", "keep:0.25")
	require.Equal(t, 30., r["labels"].(map[string]any)["unlabelled"])
	require.NotContains(t, object(t, 0, "data", "check", dir), "labels")
	require.Equal(t, "data "+dir+": labels 10to5: the set has 2 classes, not 10", fails(t, 1, "data", "check", dir, "--labels", "10to5"))
	require.Contains(t, fails(t, 2, "data", "check", dir, "--labels", "keep:2"), `--labels "keep:2": keep takes a number from 0 to 1, not "2"`)
}

func TestMoreClassesThanTheNetworksHaveAreRefused(t *testing.T) {
	torchtest.Native(t)
	dir := classFolders(t)
	for _, class := range []string{"moa", "rhea"} {
		require.NoError(t, os.Rename(pictures(t, 20), filepath.Join(dir, class)))
	}
	require.Equal(t, dir+" has 4 classes, and cgan was built for 3: set --classes 4",
		fails(t, 1, "train", "cgan", "--data", dir, "--classes", "3", "--width", "4", "--d-width", "4", "--steps", "1", "--out", t.TempDir()))
}

func TestARunKeepsItsLabels(t *testing.T) {
	torchtest.Native(t)
	dir, run := classFolders(t), filepath.Join(t.TempDir(), "run")
	matrix := filepath.Join(t.TempDir(), "T.json")
	require.NoError(t, os.WriteFile(matrix, []byte("[[0.9, 0.1], [0, 1]]"), 0o666))
	works(t, tiny(dir, run, "--labels", "seed:3,matrix:"+matrix)...)
	saved, err := train.ReadSettings(run)
	require.NoError(t, err)
	require.Equal(t, "matrix:[[0.9,0.1],[0,1]],seed:3", saved.Labels)

	require.NoError(t, os.Remove(matrix))
	works(t, "resume", run, "--steps", "11")
	code, _, message := forger(t, tiny(dir, run, "--labels", "symmetric:0.25", "--steps", "12")...)
	require.Equal(t, 1, code)
	require.Contains(t, message, "it was trained with --labels matrix:[[0.9,0.1],[0,1]],seed:3, now with --labels symmetric:0.25\n")
	require.Equal(t, "dcgan does not learn from items without a label, of which --labels keep:0.25 makes 30: leave out keep, or take only:SHARE",
		fails(t, 1, tiny(dir, run+"3", "--labels", "keep:0.25")...))
	require.Contains(t, fails(t, 2, tiny(dir, run, "--labels", "noise")...), `--labels "noise": there is no "noise", only symmetric:RATE`)
	require.Equal(t, "data "+filepath.Join(dir, "emu")+": labels symmetric:0.5: the set has no labels: put pictures into a folder for each class",
		fails(t, 1, tiny(filepath.Join(dir, "emu"), run+"2", "--labels", "symmetric:0.5")...))
}

func TestLabelsThatWereInferredTrainAndMustNotChange(t *testing.T) {
	torchtest.Native(t)
	dir, run, file := classFolders(t), filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "labels.json")
	infer := []string{"data", "infer", dir, file, "--labels", "keep:0.25", "--size", "16", "--steps", "2", "--batch", "4"}
	require.Regexp(t, `^40 labels in .*labels\.json, 30 of them inferred, \d+\.\d % of these right: train with --labels file:`, works(t, infer...))
	r := object(t, 0, infer...)
	require.Equal(t, 30., r["inferred"])
	require.Contains(t, works(t, "data", "check", dir, "--labels", "file:"+file), "40 items, 0 without a label")

	works(t, tiny(dir, run, "--labels", "file:"+file)...)
	works(t, "resume", run, "--steps", "11")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, append(text, '\n'), 0o666))
	require.Contains(t, fails(t, 1, "resume", run, "--steps", "12"), "has other labels than it had: its checksum is")

	require.Contains(t, fails(t, 2, "data", "infer", dir), "infer takes a set and the file to write")
	require.Contains(t, fails(t, 2, "data", "infer", dir, file, "--steps", "0"), "--steps must be at least 1, not 0")
	require.Contains(t, fails(t, 1, "data", "infer", dir, file), "40 of 40 items have a label: keep a share of them with --labels keep:SHARE")
}
