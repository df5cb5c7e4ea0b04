package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// noWeights gives the command a home without any weights.
func noWeights(t *testing.T) {
	torchtest.Native(t)
	for _, variable := range []string{"FORGER_CACHE", "XDG_CONFIG_HOME", "HOME"} {
		t.Setenv(variable, t.TempDir())
	}
	t.Setenv("FORGER_WEIGHTS", "")
}

func TestWeightsAreListedAddedAndChecked(t *testing.T) {
	noWeights(t)
	list := works(t, "weights", "list")
	require.Contains(t, list, "inception-2015  missing\n  for FID, KID, IS, PRDC\n")
	require.Contains(t, list, "effnet-lite0  missing: forger weights get effnet-lite0\n")
	require.Contains(t, list, "vgg19-dcbb9e9d.pth, 574.7 MB, sha256 dcbb9e9d: torchvision")
	require.Contains(t, works(t, "weights", "check", "--json"), "null")

	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.safetensors"), filepath.Join(dir, "bad.safetensors")
	torch.Scope(func() {
		var heads []nn.Entry
		for i, c := range []int{64, 192, 384, 256, 256} {
			heads = append(heads, nn.Entry{Name: fmt.Sprintf("lin%d.model.1.weight", i), Tensor: torch.Rand([]int{1, c, 1, 1})})
		}
		require.NoError(t, checkpoint.Save(good, checkpoint.FromState(heads), nil))
		require.NoError(t, checkpoint.Save(bad, checkpoint.FromState(heads[1:]), nil))
	})
	require.Regexp(t, `^lpips-alex .* which is no file of a known checksum: scores will say weights=[0-9a-f]{8}\n$`, works(t, "weights", "add", good))
	require.Contains(t, fails(t, 1, "weights", "add", bad, "--as", "lpips-alex"), "it has no tensor lin0.model.1.weight")
	require.Contains(t, fails(t, 2, "weights", "add"), "add takes one file, not 0")
	require.Contains(t, fails(t, 2, "weights", "remove"), `there is no command weights "remove"`)
	require.Contains(t, fails(t, 1, "weights", "get", "vgg19"), "no package holds the weights vgg19")
	require.Contains(t, fails(t, 2, "weights", "check", "vgg"), `there are no weights called "vgg"`)

	var rows []weightsRow
	require.NoError(t, json.Unmarshal([]byte(works(t, "weights", "check", "--json")), &rows))
	require.Len(t, rows, 1)
	require.Equal(t, "lpips-alex", rows[0].Name)
	require.FileExists(t, rows[0].Path)
	require.NoError(t, os.WriteFile(rows[0].Path, []byte("damaged"), 0o666))
	code, out, errOut := forger(t, "weights", "check")
	require.Equal(t, 1, code)
	require.Contains(t, out, "lpips-alex: ")
	require.Equal(t, "forger: weights that cannot be used: 1\n", errOut)
}

func TestEvalScoresOnTheNetworksWhoseWeightsAreThere(t *testing.T) {
	noWeights(t)
	set := t.TempDir()
	for _, split := range []string{"train", "test"} {
		require.NoError(t, os.Rename(pictures(t, 24), filepath.Join(set, split)))
	}
	run := filepath.Join(t.TempDir(), "run")
	works(t, tiny(set, run)...)
	require.Contains(t, fails(t, 1, "eval", run, "--n", "8", "--device", "cpu"), "effnet-lite0 is skipped: the weights effnet-lite0")
	others := object(t, 1, "eval", run, "--n", "8", "--device", "cpu", "--metrics", "fd,ppl,parzen,parzen")
	require.Len(t, others["skipped"], 1)
	require.Len(t, others["scores"], 1, "what needs no weights is scored all the same, once")

	weights := filepath.Join(t.TempDir(), "effnet-lite0.safetensors")
	torch.ManualSeed(1)
	require.NoError(t, checkpoint.Save(weights, checkpoint.FromState(nn.StateDict(features.NewEfficientNetLite0())), nil))
	t.Setenv("FORGER_WEIGHTS", filepath.Dir(weights))
	kept := filepath.Join(t.TempDir(), "stats.npz")
	code, out, errOut := forger(t, "eval", run, "--n", "8", "--device", "cpu", "--metrics", "fd,nn", "--network", "effnet-lite0,inception",
		"--save-reference", kept, "--json")
	require.Equal(t, 1, code, "one of the networks is missing")
	require.Contains(t, errOut, "forger: inception is skipped: the weights inception-2015")
	var r evalReport
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	require.Len(t, r.Scores, 2)
	require.Len(t, r.Skipped, 1)
	require.Regexp(t, `^FD-EffNetLite0\[effnet-lite0; weights=.*; u8; N=8; ref=.*-test@16; bn=batch64; seed=1\]$`, r.Scores[0].Protocol)

	table := works(t, "eval", run, "--n", "8", "--device", "cpu", "--reference", kept)
	require.Regexp(t, `ref=stats\.npz@16; bn=batch64; seed=1\] = `+digits(r.Scores[0].Value)+`\n\nnetwork +metric +this run +untrained +training pictures\neffnet-lite0 +fd `, table)
	require.Contains(t, fails(t, 1, "eval", run, "--n", "8", "--device", "cpu", "--reference", kept, "--metrics", "nn"), "nn needs features of the real pictures")
	require.Contains(t, fails(t, 2, "eval", run, "--metrics", "fud"), `--metrics: there is no metric "fud"`)
}
