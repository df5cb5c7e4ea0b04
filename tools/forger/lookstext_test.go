package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/text"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/torch/vision"
)

// texted makes grey pictures, as light as a value of the embedding plus some noise.
type texted struct {
	classy
	size int
}

func (m texted) TextSize() int { return m.size }
func (m texted) SampleText(e *torch.Tensor) *torch.Tensor {
	n := e.Size(0)
	x := e.Narrow(1, 0, 1).MulScalar(4).Add(torch.Rand([]int{n, 1}).MulScalar(0.5)).Clamp(torch.ClampOptions{Min: -1, Max: 1})
	return x.View(n, 1, 1, 1).Expand([]int{n, 1, 16, 16})
}

// textedRun trains a run of the system classy, here a texted one.
func textedRun(t *testing.T, size int) (run string) {
	addClassy(t, func(m classy) train.Model { return texted{m, size} })
	run = filepath.Join(t.TempDir(), "run")
	args := tiny(pictures(t, 40), run)
	args[1] = "classy"
	works(t, args...)
	return run
}

func TestSampleMakesPicturesOfSentences(t *testing.T) {
	torchtest.Native(t)
	run, out, weights := textedRun(t, 384), t.TempDir(), t.TempDir()
	t.Setenv("FORGER_WEIGHTS", weights) // an encoder of random numbers
	torch.Scope(func() {
		require.NoError(t, checkpoint.Save(filepath.Join(weights, "minilm.safetensors"), checkpoint.FromState(nn.StateDict(text.NewMiniLM())), nil))
	})
	path, file := filepath.Join(out, "text.png"), filepath.Join(out, "sentences.txt")
	require.NoError(t, os.WriteFile(file, []byte("a green tree\n\na blue car, in flat style\n"), 0o644))

	require.Equal(t, "3 rows of 2 pictures in "+path+"\n",
		works(t, "sample", run, "--text", "a red bus, in 3D style", "--sentences", file, "--n", "6", "--batch", "4", "--out", out))
	im, err := vision.Decode(path, vision.Gray)
	require.NoError(t, err)
	require.Equal(t, []int{3 * (22 + 20), 240}, []int{im.H, im.W})
	require.NotEqual(t, im.Pix[30*im.W+10], im.Pix[30*im.W+28], "the pictures of a sentence differ")

	require.Equal(t, "1 rows of 4 pictures in "+path+"\n", works(t, "sample", run, "--text", "a red bus", "--text", "a green tree", "--between", "4", "--out", out))
	im, err = vision.Decode(path, vision.Gray)
	require.NoError(t, err)
	var steps []int
	for i := range 3 {
		steps = append(steps, int(im.Pix[30*im.W+28+18*i])-int(im.Pix[30*im.W+10+18*i]))
	}
	require.NotZero(t, steps[0])
	require.InDelta(t, steps[0], steps[1], 1, "a walk of equal steps, with the same noise")
	require.InDelta(t, steps[1], steps[2], 1)
}

func TestSentencesThatCannotBeShownAreRefused(t *testing.T) {
	torchtest.Native(t)
	run, empty := textedRun(t, 1024), filepath.Join(t.TempDir(), "empty.txt")
	require.NoError(t, os.WriteFile(empty, []byte("\n \n"), 0o644))
	for want, args := range map[string][]string{
		"--text: the sentence is empty: say what the picture shows":                                {"--text", "  "},
		`--text: the encoder knows no word of "🚌": it was trained on English`:                      {"--text", "a bus", "--text", "🚌"},
		"--sentences: " + empty + " holds no sentence: write one a line":                           {"--sentences", empty},
		"--between takes at least 2 pictures and 2 sentences, not 3 and 1":                         {"--text", "a bus", "--between", "3"},
		"--between takes at least 2 pictures and 2 sentences, not 0 and 2":                         {"--text", "a bus", "--text", "a car", "--between", "0"},
		"--between says how many pictures lead from one --text to the next, and that is not given": {"--between", "3"},
		"--classes and --text make different pictures: give one of them":                           {"--text", "a bus", "--classes"},
	} {
		require.Equal(t, want, fails(t, 2, append([]string{"sample", run}, args...)...))
	}
	require.Contains(t, fails(t, 2, "sample", run, "--sentences", empty+"2"), "no such file")
	require.Contains(t, fails(t, 2, "sample", run, "--sentences", ""), "no such file")
	require.NoError(t, os.WriteFile(empty, []byte("a bus\n🚌\n"), 0o644))
	require.Equal(t, `--sentences: the encoder knows no word of "🚌": it was trained on English`, fails(t, 2, "sample", run, "--sentences", empty))
	require.Equal(t, "this classy takes embeddings of 1024 values, as its data had them, and all-MiniLM-L6-v2 makes 384: train it on captions that all-MiniLM-L6-v2 embeds",
		fails(t, 1, "sample", run, "--text", "a bus"))
	require.Equal(t, "--text needs a system that makes pictures of sentences, and dcgan does not", fails(t, 1, "sample", newRun(t), "--text", "a bus"))
}
