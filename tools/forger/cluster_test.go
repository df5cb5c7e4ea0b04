package main

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/torchtest"
)

// labelled is a folder of label maps, a stripe of label 1 on label 0, with their pictures.
func labelled(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	save := func(folder, name string, im image.Image) {
		var b bytes.Buffer
		require.NoError(t, png.Encode(&b, im))
		require.NoError(t, os.MkdirAll(filepath.Join(dir, folder), 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(dir, folder, name), b.Bytes(), 0o666))
	}
	for i := range n {
		label, picture := image.NewGray(image.Rect(0, 0, 16, 16)), image.NewGray(image.Rect(0, 0, 16, 16))
		for k := range label.Pix {
			if k%16 < 8 {
				label.Pix[k], picture.Pix[k] = 1, uint8(40*i)
			}
		}
		for _, phase := range []string{"train", "test"} {
			save(phase+"_label", string(rune('a'+i))+".png", label)
			save(phase+"_img", string(rune('a'+i))+".png", picture)
		}
	}
	return dir
}

func TestLooksAreClusteredForTranslations(t *testing.T) {
	torchtest.Native(t)
	run := filepath.Join(t.TempDir(), "run")
	works(t, "train", "pix2pixhd", "--data", labelled(t, 4), "--out", run, "--size", "16", "--height", "16", "--classes", "2",
		"--no-instance", "--features", "label", "--width", "2", "--d-width", "2", "--downs", "1", "--blocks", "1",
		"--encoder-width", "2", "--encoder-downs", "1", "--steps", "2", "--threads", "1", "--device", "cpu")
	file := filepath.Join(run, "clusters.safetensors")
	require.Equal(t, "4 clusters of 2 labels in "+file+"\n", works(t, "cluster", run, "--k", "2", "--device", "cpu"))
	made := filepath.Join(t.TempDir(), "made")
	works(t, "translate", run, "--out", made, "--device", "cpu")
	require.FileExists(t, filepath.Join(made, "index.html"))

	require.NoError(t, os.WriteFile(file, []byte("torn"), 0o666))
	require.Contains(t, fails(t, 1, "translate", run, "--out", made, "--device", "cpu"), file)
	require.Equal(t, "--k must be at least 1, not 0", fails(t, 2, "cluster", run, "--k", "0"))
	require.Equal(t, "dcgan has no encoder whose features could be grouped", fails(t, 1, "cluster", newRun(t)))
}
