package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/gan/text"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// describedPictures is a folder of training and test pictures with a caption each.
func describedPictures(t *testing.T, train, test int) string {
	dir := t.TempDir()
	for split, n := range map[string]int{"train": train, "test": test} {
		require.NoError(t, os.Rename(pictures(t, n), filepath.Join(dir, split)))
		for i := range n {
			path := filepath.Join(dir, split, fmt.Sprintf("%03d.txt", i))
			require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, "%s picture number %d\n", split, i), 0o666))
		}
	}
	return dir
}

func TestPicturesOfSentencesAreScoredByWhatTheyTell(t *testing.T) {
	torchtest.Native(t)
	weights := t.TempDir()
	t.Setenv("FORGER_WEIGHTS", weights) // networks of random numbers
	torch.Scope(func() {
		for name, net := range map[string]any{"minilm": text.NewMiniLM(), "effnet-lite0": features.NewEfficientNetLite0()} {
			require.NoError(t, checkpoint.Save(filepath.Join(weights, name+".safetensors"), checkpoint.FromState(nn.StateDict(net)), nil))
		}
	})
	run := filepath.Join(t.TempDir(), "run")
	works(t, "train", "stackgan", "--preset", "emoji64", "--data", describedPictures(t, 20, 6), "--out", run, "--width", "4", "--d-width", "4",
		"--condition", "8", "--latent", "8", "--batch", "4", "--steps", "1", "--threads", "1", "--device", "cpu")
	scores := object(t, 0, "eval", run, "--metrics", "r-precision", "--n", "9", "--batch", "4")["scores"].([]any)
	require.Len(t, scores, 2)
	for i, want := range []struct{ metric, protocol string }{
		{"r-precision-real", `^R-precision-real-EffNetLite0\[effnet-lite0; .*head=[0-9a-f]{8}; .*text=384; candidates=6; chance=16\.7%; real=.*; N=9; ref=.*-test@64; `},
		{"r-precision", `^R-precision-EffNetLite0\[effnet-lite0; .*head=[0-9a-f]{8}; .*text=384; candidates=6; chance=16\.7%; real=.*; N=9; ref=.*-test@64; `},
	} {
		s := scores[i].(map[string]any)
		require.Equal(t, want.metric, s["metric"])
		require.Regexp(t, want.protocol, s["protocol"])
		require.True(t, s["higher_is_better"].(bool))
		require.LessOrEqual(t, s["value"], 1.)
	}
	require.Equal(t, "r-precision needs a system that makes pictures of sentences, and dcgan does not",
		fails(t, 1, "eval", newRun(t), "--metrics", "r-precision"))
	require.Regexp(t, "^r-precision needs data with captions of 1024 values, as the system takes them, and .* has others or none$",
		fails(t, 1, "eval", textedRun(t, 1024), "--metrics", "r-precision"))
}
