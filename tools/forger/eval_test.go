package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestEvalRefusesInOneSentence(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{nil, 2, "forger: eval takes one run folder or checkpoint, not 0; see forger eval --help\n"},
		{[]string{nowhere, "--n", "1"}, 2, "forger: --n must be at least 2 and --batch at least 1, not 1 and 64\n"},
		{[]string{nowhere, "--metrics", "ppl,x"}, 2, "there is no metric \"x\", only fd (fid), kd (kid), is, prdc, precision, recall, density, coverage, nn, ppl, ifid, gan-train (cas), gan-test, class-is, dma, parzen, r-precision"},
		{[]string{nowhere}, 1, "forger: there is no " + nowhere + "\n"},
		{[]string{t.TempDir()}, 1, "has no checkpoint yet"},
	} {
		var out, errOut bytes.Buffer
		require.Equal(t, test.code, run(t.Context(), append([]string{"forger", "eval"}, test.args...), &out, &errOut))
		require.Contains(t, errOut.String(), test.want)
		require.Empty(t, out.String())
	}
}

// drawnWeights is a file of EfficientNet-Lite0 as it is made.
func drawnWeights(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "effnet-lite0.safetensors")
	torch.Scope(func() {
		torch.ManualSeed(1)
		require.NoError(t, checkpoint.Save(path, checkpoint.FromState(nn.StateDict(features.NewEfficientNetLite0())), nil))
	})
	return path
}

func TestASystemIsScoredByWhatElseItCanDo(t *testing.T) {
	torchtest.Native(t)
	addClassy(t, func(m classy) train.Model { return m })
	dir := t.TempDir()
	for _, class := range []string{"emu", "kiwi"} {
		require.NoError(t, os.Rename(pictures(t, 4), filepath.Join(dir, class)))
	}
	run := filepath.Join(t.TempDir(), "run")
	args := tiny(dir, run, "--steps", "1")
	args[1] = "classy"
	works(t, args...)
	report := object(t, 0, "eval", run, "--metrics", "ppl,ifid,cas,gan-test,class-is", "--n", "12", "--batch", "4", "--network", "effnet-lite0", "--weights", drawnWeights(t))
	scores := report["scores"].([]any)
	require.Len(t, scores, 5)
	for i, want := range []struct{ metric, protocol string }{
		{"ppl", `^PPL-EffNetLite0\[z-lerp; .*N=12; `},
		{"ifid", `^iFD-EffNetLite0\[.*N=12; ref=.*-test@16; `},
		{"gan-train", `^GAN-train\[resnet32; epochs=90; .*N=12; `},
		{"gan-test", `^GAN-test\[resnet32; `},
		{"class-is", `^class-IS\[resnet32; epochs=90; .*splits=10; .*N=12; `},
	} {
		s := scores[i].(map[string]any)
		require.Equal(t, want.metric, s["metric"])
		require.Regexp(t, want.protocol, s["protocol"])
		require.GreaterOrEqual(t, s["value"], 0.)
		require.NotContains(t, s, "before_training")
	}
	require.Contains(t, scores[1], "training_pictures")

	plain := newRun(t)
	require.Equal(t, "ifid needs a system that makes pictures of a class, and dcgan does not", fails(t, 1, "eval", plain, "--metrics", "ifid"))
	unlabelled := filepath.Join(t.TempDir(), "run")
	args = tiny(pictures(t, 8), unlabelled, "--steps", "1")
	args[1] = "classy"
	works(t, args...)
	require.Regexp(t, "^gan-test needs data with the 2 classes of the system, and .* has others or none$", fails(t, 1, "eval", unlabelled, "--metrics", "gan-test"))
	require.Regexp(t, "^class-is needs data with classes, and .* has none$", fails(t, 1, "eval", unlabelled, "--metrics", "class-is"))
}

func TestPicturesHaveALikelihoodWholeAndByScales(t *testing.T) {
	torchtest.Native(t)
	dir := pictures(t, 8)
	run := filepath.Join(t.TempDir(), "run")
	works(t, "train", "lapgan", "--data", dir, "--out", run, "--device", "cpu", "--batch", "2", "--steps", "1", "--sides", "4,8,16",
		"--latent", "4", "--base-width", "4", "--base-d-width", "4", "--width", "2", "--d-width", "2", "--normalise", "channel")
	report := object(t, 0, "eval", run, "--metrics", "parzen", "--n", "8", "--batch", "4")
	scores := report["scores"].([]any)
	require.Len(t, scores, 2)
	for i, want := range []struct{ metric, protocol string }{
		{"parzen-scales", `^ParzenScales\[nats; pixels=0…1; sigma=.*; sigma=.*; sigma=.*; each=8; validation=.*N=8; `},
		{"parzen", `^Parzen\[nats; pixels=0…1; sigma=.*; validation=.*N=8; `},
	} {
		s := scores[i].(map[string]any)
		require.Equal(t, want.metric, s["metric"])
		require.Regexp(t, want.protocol, s["protocol"])
		require.True(t, s["higher_is_better"].(bool))
	}
	require.Contains(t, scores[1], "training_pictures")

	scores = object(t, 0, "eval", newRun(t), "--metrics", "parzen", "--n", "8", "--network", "effnet-lite0,inception")["scores"].([]any)
	require.Len(t, scores, 1, "a system that makes whole pictures has no scales, and a score that has no network is the same for all")
}

func TestClassesThatOverlapAreScoredBeforeTheyDid(t *testing.T) {
	torchtest.Native(t)
	addClassy(t, func(m classy) train.Model { return m })
	dir := t.TempDir()
	for _, class := range []string{"auk", "emu", "kea", "kiwi", "owl"} {
		require.NoError(t, os.Rename(pictures(t, 4), filepath.Join(dir, class)))
	}
	run := filepath.Join(t.TempDir(), "run")
	args := tiny(dir, run, "--steps", "1", "--labels", "4to2")
	args[1] = "classy"
	works(t, args...)
	report := object(t, 0, "eval", run, "--metrics", "fd,dma", "--n", "8", "--batch", "4", "--network", "effnet-lite0", "--weights", drawnWeights(t))
	protocols := map[string]string{}
	for _, s := range report["scores"].([]any) {
		protocols[s.(map[string]any)["metric"].(string)] = s.(map[string]any)["protocol"].(string)
	}
	require.Len(t, protocols, 4)
	require.Regexp(t, `^FD-EffNetLite0\[.*ref=.*-test-4classes@16; `, protocols["fd"], "the owl has no part in it")
	for metric, title := range map[string]string{"dma": "DMA", "distinct": "Distinct", "mutual": "Mutual"} {
		require.Regexp(t, `^`+title+`-4to2\[resnet32; epochs=90; .*N=8; `, protocols[metric])
	}

	plain := filepath.Join(t.TempDir(), "run")
	args = tiny(pictures(t, 8), plain, "--steps", "1")
	args[1] = "classy"
	works(t, args...)
	require.Equal(t, "dma needs a run on classes that overlap, as with --labels 10to5", fails(t, 1, "eval", plain, "--metrics", "dma"))
	require.Equal(t, "dma needs a system that makes pictures of mixtures of classes, and dcgan does not", fails(t, 1, "eval", newRun(t), "--metrics", "dma"))
}
