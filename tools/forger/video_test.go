package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/torch/vision"
)

// videoFolder makes train_A, train_B, test_A and test_B with a sequence of n frames: a square that walks, and the same in red.
func videoFolder(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for _, split := range []string{"train", "test"} {
		for i := range n {
			a, b := vision.NewImage(32, 32, 3), vision.NewImage(32, 32, 3)
			for k := range 32 * 32 {
				if x, y := k%32, k/32; x >= i && x < i+8 && y >= 8 && y < 16 {
					copy(a.Pix[3*k:], []uint8{255, 255, 255})
					b.Pix[3*k] = 200
				}
			}
			for side, im := range map[string]*vision.Image{"_A": a, "_B": b} {
				to := filepath.Join(dir, split+side, "walk")
				require.NoError(t, os.MkdirAll(to, 0o755))
				raw, err := encoded(im)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(to, fmt.Sprintf("f%d.png", i)), raw, 0o644))
			}
		}
	}
	return dir
}

func TestAVideoIsMadeFrameByFrameAndScored(t *testing.T) {
	torchtest.Native(t)
	folder := videoFolder(t, 12)
	run := filepath.Join(t.TempDir(), "run")
	works(t, "train", "vid2vid", "--preset", "vtest", "--data", folder, "--out", run, "--size", "32", "--width", "4", "--d-width", "4",
		"--steps", "2", "--threads", "1", "--device", "cpu")

	var page struct {
		Results []result
	}
	out := filepath.Join(t.TempDir(), "out")
	require.NoError(t, json.Unmarshal([]byte(works(t, "translate", run, "--out", out, "--threads", "1", "--json")), &page))
	require.Len(t, page.Results, 12, "a sequence this short is shown whole")
	require.FileExists(t, filepath.Join(out, "walk.gif"))
	require.FileExists(t, filepath.Join(out, "walk", "000011.png"))

	again := filepath.Join(t.TempDir(), "again")
	works(t, "translate", run, filepath.Join(folder, "test_A", "walk"), "--first", filepath.Join(folder, "test_B", "walk"), "--out", again, "--threads", "1")
	for i := range 12 {
		want, err := vision.Decode(filepath.Join(out, "walk", fmt.Sprintf("%06d.png", i)), vision.RGB)
		require.NoError(t, err)
		got, err := vision.Decode(filepath.Join(again, "walk", fmt.Sprintf("f%d.png", i)), vision.RGB)
		require.NoError(t, err)
		require.Equal(t, want, got, "frame %d of the folder, which is in natural order", i)
	}

	var scores translationReport
	require.NoError(t, json.Unmarshal([]byte(works(t, "eval", run, "--n", "5", "--threads", "1", "--json")), &scores))
	metrics := map[string]float64{}
	for _, s := range scores.Scores {
		metrics[s.Metric] = s.Value
	}
	require.Contains(t, metrics, "l1")
	require.Contains(t, metrics, "warping")
	require.NotNil(t, scores.TrueFrames)

	short := filepath.Join(t.TempDir(), "short")
	works(t, "translate", run, "--n", "1", "--out", short, "--threads", "1")
	require.FileExists(t, filepath.Join(short, "walk.gif"), "it begins with two true frames, whatever --n says")
	require.NoFileExists(t, filepath.Join(short, "walk", "000001.png"))

	require.Equal(t, "vid2vid makes pictures of pictures, not of random numbers alone: use forger translate", fails(t, 1, "sample", run, "--text", "a bus"))
	require.Equal(t, "--metrics fd,r-precision: vid2vid makes pictures of pictures, whose scores are always the same: leave out --metrics",
		fails(t, 2, "eval", run, "--metrics", "fd,r-precision"))
	require.Equal(t, "--fps must be positive and --n at least 1, not 10 and 0", fails(t, 2, "translate", run, "--n", "0", "--out", again))
	require.Contains(t, fails(t, 1, "translate", run, folder+"/none.mp4", "--out", again), "there is no file or folder "+folder+"/none.mp4")
	given := []string{"translate", run, filepath.Join(folder, "test_A", "walk"), "--out", again, "--first"}
	require.Contains(t, fails(t, 1, append(given, folder+"/none")...), "--first: ")
	require.Contains(t, fails(t, 1, append(given, filepath.Join(folder, "test_B", "walk"), "--targets", folder+"/none")...), "--targets: ")
	two := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(two, "a", "walk"), os.DirFS(filepath.Join(folder, "test_A", "walk"))))
	require.Equal(t, filepath.Join(folder, "test_A", "walk")+" and "+filepath.Join(two, "a", "walk")+" would both become walk: translate them into two folders",
		fails(t, 1, "translate", run, filepath.Join(folder, "test_A", "walk"), filepath.Join(two, "a"), "--out", again))

	require.NoError(t, os.WriteFile(filepath.Join(folder, "test_A", "walk", "f7.png"), []byte("no picture"), 0o644))
	require.Contains(t, fails(t, 1, "translate", run, filepath.Join(folder, "test_A", "walk"), "--first", filepath.Join(folder, "test_B", "walk"), "--out", again), "f7.png")

	small, err := encoded(vision.NewImage(16, 32, 3))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "test_A", "walk", "f7.png"), small, 0o644))
	require.Contains(t, fails(t, 1, "translate", run, filepath.Join(folder, "test_A", "walk"), "--first", filepath.Join(folder, "test_B", "walk"), "--out", again),
		"frame f7 is 32 x 16 (width x height), but the first one 32 x 32: all frames of a video have one size")
}
