package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/torch/vision"
)

// pairsFolder makes trainA, trainB, testA and testB with pictures of the same names: bars, and the same bars in red.
func pairsFolder(t *testing.T, side int) string {
	t.Helper()
	dir := t.TempDir()
	for split, n := range map[string]int{"train": 8, "test": 3} {
		for i := range n {
			a, b := vision.NewImage(side, side, 3), vision.NewImage(side, side, 3)
			for k := range side * side {
				if k%side/(2+i)%2 == 0 {
					copy(a.Pix[3*k:], []uint8{255, 255, 255})
					b.Pix[3*k] = 200
				}
			}
			for folder, im := range map[string]*vision.Image{"A": a, "B": b} {
				to := filepath.Join(dir, split+folder)
				require.NoError(t, os.MkdirAll(to, 0o755))
				require.NoError(t, vision.SavePNG(filepath.Join(to, fmt.Sprintf("%d.png", i)), im))
			}
		}
	}
	return dir
}

// smallPix2pix is a run of a few steps.
func smallPix2pix(t *testing.T, pairs string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	works(t, "train", "pix2pix", "--data", pairs, "--out", dir, "--size", "32", "--load", "36", "--downs", "5", "--width", "4", "--d-width", "4",
		"--epochs", "2", "--batch", "4", "--threads", "1", "--eval-every", "2", "--eval-n", "3")
	return dir
}

func TestPicturesOfAnySizeAreTranslated(t *testing.T) {
	torchtest.Native(t)
	pairs := pairsFolder(t, 40)
	run := smallPix2pix(t, pairs)
	require.FileExists(t, filepath.Join(run, "checkpoints", "best.safetensors"))

	out := filepath.Join(t.TempDir(), "test")
	var page struct {
		Page    string
		Results []result
	}
	require.NoError(t, json.Unmarshal([]byte(works(t, "translate", run, "--out", out, "--json")), &page))
	require.Len(t, page.Results, 3)
	html, err := os.ReadFile(page.Page)
	require.NoError(t, err)
	for _, r := range page.Results {
		for _, path := range []string{r.Input, r.Output, r.Target} {
			require.FileExists(t, filepath.Join(out, path))
			require.Contains(t, string(html), path)
		}
	}

	odd := filepath.Join(t.TempDir(), "odd.png")
	require.NoError(t, vision.SavePNG(odd, vision.NewImage(37, 51, 3)))
	works(t, "translate", run, odd, "--out", out)
	im, err := vision.Decode(filepath.Join(out, "odd.png"), vision.RGB)
	require.NoError(t, err)
	require.Equal(t, []int{37, 51}, []int{im.H, im.W})

	text, err := os.ReadFile(odd)
	require.NoError(t, err)
	pipe := command(t, nil, "translate", run, "-", "--out", "-")
	pipe.Stdin = bytes.NewReader(text)
	text, err = pipe.Output()
	require.NoError(t, err)
	config, format, err := image.DecodeConfig(bytes.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, []any{"png", 51, 37}, []any{format, config.Width, config.Height})
}

func TestTranslationsAreScoredBesideTheirInputs(t *testing.T) {
	torchtest.Native(t)
	run := smallPix2pix(t, pairsFolder(t, 40))
	cmd := command(t, nil, "eval", run, "--json")
	text, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		require.Fail(t, string(exit.Stderr))
	}
	var report translationReport
	require.NoError(t, json.Unmarshal(text, &report))
	byName := map[string]translationScore{}
	for _, s := range report.Scores {
		byName[s.Metric] = s
	}
	require.Greater(t, byName["psnr"].Value, 0.0)
	require.InDelta(t, 0.5, *byName["l1"].Input, 0.35, "black and red bars against white and black ones")
	require.Contains(t, byName["ssim"].Protocol, "N=3; ref=")
	require.NotEqual(t, byName["l1"].Untrained, byName["l1"].Value)
}

func TestTranslateRefusesInOneSentence(t *testing.T) {
	torchtest.Native(t)
	run := smallPix2pix(t, pairsFolder(t, 40))
	broken := filepath.Join(t.TempDir(), "broken.png")
	require.NoError(t, os.WriteFile(broken, []byte("no picture"), 0o600))
	dir := t.TempDir()
	for _, name := range []string{"a/x.png", "b/x.jpg"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, vision.SavePNG(filepath.Join(dir, name), vision.NewImage(8, 8, 3)))
	}
	for want, args := range map[string][]string{
		"there is no file or folder nowhere.png":     {"translate", run, "nowhere.png"},
		"broken.png":                                 {"translate", run, broken, "--out", t.TempDir()},
		"would both become x.png":                    {"translate", run, dir},
		"translates in one direction only":           {"translate", run, "--back"},
		"does not enlarge: use forger translate":     {"upscale", broken, "--run", run},
		"makes pictures of pictures, not of random":  {"sample", run},
		"name a run with --run, or train one":        {"upscale", broken, "--run", "nowhere"},
		"translate takes a run folder or checkpoint": {"translate"},
	} {
		code := 1
		if len(args) == 1 {
			code = 2
		}
		require.Contains(t, fails(t, code, args...), want)
	}
}

func TestFieldsGrowByTheirLastRowAndColumn(t *testing.T) {
	a := extend(data.Array{Name: "A", Shape: []int{1, 1, 2, 2}, Float32: []float32{1, 2, 3, 4}}, 3, 4)
	require.Equal(t, []int{1, 1, 3, 4}, a.Shape)
	require.Equal(t, []float32{1, 2, 2, 2, 3, 4, 4, 4, 3, 4, 4, 4}, a.Float32)
	require.Equal(t, 256, roundUp(1, 256))
	require.Equal(t, 5, roundUp(5, 0))
}
