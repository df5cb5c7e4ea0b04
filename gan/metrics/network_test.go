package metrics

import (
	"context"
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

func TestNetworksAreOpenedWithTheirWeights(t *testing.T) {
	torchtest.Native(t)
	dir := t.TempDir()
	for _, variable := range []string{"FORGER_CACHE", "XDG_CONFIG_HOME", "HOME"} {
		t.Setenv(variable, t.TempDir())
	}
	t.Setenv("FORGER_WEIGHTS", dir)
	for name, file := range map[string]string{"inception": "inception-2015", "effnet-lite0": "effnet-lite0"} {
		_, err := OpenNetwork(t.Context(), name, NetworkOptions{})
		var missing *features.Missing
		require.ErrorAs(t, err, &missing)
		require.Equal(t, file, missing.File.Name)
	}
	_, err := OpenNetwork(t.Context(), "clip", NetworkOptions{})
	require.EqualError(t, err, `there is no feature network "clip", only inception, effnet-lite0 and digits`)
	_, err = OpenNetwork(t.Context(), "inception", NetworkOptions{Preparation: "nearest"})
	require.ErrorContains(t, err, "there is no preparation")

	// Weights as drawn: everything but the numbers is as with published ones.
	save := func(name string, module any) {
		require.NoError(t, checkpoint.Save(filepath.Join(dir, name+".safetensors"), checkpoint.FromState(nn.StateDict(module)), nil))
	}
	torch.ManualSeed(1)
	save("inception-2015", features.NewInception())
	save("effnet-lite0", features.NewEfficientNetLite0())
	s := Sampling{N: 10, Reference: "mnist-test", Size: 32, Seed: 1}
	for _, test := range []struct {
		name, protocol string
		width, classes int
	}{
		{"inception", `^FD-Inception\[incep2015-tf; weights=[0-9a-f]{8}; resize=pytorch-fid; u8; N=10; ref=mnist-test@32; seed=1\]$`, 2048, 1008},
		{"effnet-lite0", `^FD-EffNetLite0\[effnet-lite0; weights=[0-9a-f]{8}; resize=square-bicubic-aa; u8; N=10; ref=mnist-test@32; seed=1\]$`, 1280, 1000},
	} {
		net, err := OpenNetwork(t.Context(), test.name, NetworkOptions{Preparation: "pytorch-fid"})
		require.NoError(t, err)
		require.Regexp(t, test.protocol, net.Protocol("FD", s))
		torch.Scope(func() {
			f, l := net.Embed(torch.Rand([]int{2, 1, 32, 32}).MulScalar(2).SubScalar(1))
			require.Equal(t, []int{2, test.width}, f.Shape())
			require.Equal(t, []int{2, test.classes}, l.Shape())
			require.False(t, f.RequiresGrad())
		})
	}
	script, err := os.ReadFile("../features/testdata/script.pt")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "inception-2015-12-05.pt")
	require.NoError(t, os.WriteFile(path, script, 0o666))
	net, err := OpenNetwork(t.Context(), "inception", NetworkOptions{Weights: path})
	require.NoError(t, err)
	require.Regexp(t, `^KD-Inception\[incep2015-torchscript; weights=`, net.Protocol("KD", s))
	torch.Scope(func() {
		f, l := net.Embed(torch.Zeros([]int{2, 3, 8, 8}))
		require.Equal(t, []int{2, 5}, f.Shape())
		require.Equal(t, []int{2, 4}, l.Shape())
	})
}

func TestOnlyPublishedWeightsGiveAnFID(t *testing.T) {
	p := &pretrained{part: "incep2015-tf", suffix: "Inception", weights: features.Weights{Published: "torch-fidelity", SHA256: "6726825d00"}, preparation: features.TF1}
	s := Sampling{N: 50000, Reference: "cifar10-train", Size: 32, Averaged: true, Seed: 3}
	require.Equal(t, "FID[incep2015-tf; resize=tf1-bilinear; u8; N=50000; ref=cifar10-train@32; ema; seed=3]", p.Protocol("FD", s))
	require.Equal(t, "KID[incep2015-tf; resize=tf1-bilinear; u8; poly3; subsets=100×1000; subset-seed=2020; N=50000; ref=cifar10-train@32; ema; seed=3]",
		p.Protocol("KD", s, KernelOptions{}))
	require.Contains(t, p.Protocol("IS", s), "IS[incep2015-tf")
	p.weights.Published = ""
	require.Contains(t, p.Protocol("FD", s), "FD-Inception[incep2015-tf; weights=6726825d;")
}

// corners is a network whose features are three pixels of a picture.
type corners struct{}

func (corners) Embed(x *torch.Tensor) (features, logits *torch.Tensor) {
	x = Quantise(x).Flatten(torch.FlattenOptions{StartDim: 1})
	return x.Narrow(1, 0, 3).DivScalar(255), x.Narrow(1, 0, 3).DivScalar(64)
}

func (corners) Protocol(score string, s Sampling, settings ...fmt.Stringer) string {
	parts := []string{}
	for _, o := range settings {
		parts = append(parts, o.String())
	}
	return Protocol(score+"-Corners", append(parts, s.String())...)
}

func noise(k int) *torch.Tensor { return torch.Rand([]int{k, 1, 4, 4}).MulScalar(2).SubScalar(1) }

func TestAnEvaluationGivesTheScoresOfItsParts(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.ManualSeed(1)
	real, err := CollectPictures(t.Context(), corners{}, 60, 16, true, noise)
	require.NoError(t, err)
	defer real.Free()
	names, err := ParseMetrics("fid, kid,is,prdc,nn")
	require.NoError(t, err)
	require.Equal(t, []string{"fd", "kd", "is", "precision", "recall", "density", "coverage", "nn"}, names)
	e := &Evaluation{Network: corners{}, Metrics: names, Real: real, Batch: 16, Sampling: Sampling{N: 50, Reference: "noise", Size: 4, Seed: 2}}
	require.Equal(t, "FD-Corners", e.Name())
	require.False(t, e.Higher())
	fake, err := CollectPictures(t.Context(), corners{}, 50, 16, true, noise)
	require.NoError(t, err)
	defer fake.Free()
	all, err := e.Scores(fake)
	require.NoError(t, err)
	torch.Scope(func() {
		fd, err := Frechet(fake.Moments, real.Moments)
		require.NoError(t, err)
		kd, err := KernelDistance(fake.Features, real.Features, KernelOptions{Size: 50})
		require.NoError(t, err)
		is, err := InceptionScore(fake.Logits, InceptionOptions{})
		require.NoError(t, err)
		p, err := PRDC(fake.Features, real.Features, PRDCOptions{})
		require.NoError(t, err)
		d, _, err := Nearest(fake.Features, real.Features)
		require.NoError(t, err)
		for i, want := range []MeanStd{
			{Mean: fd}, kd, is, {Mean: p.Precision}, {Mean: p.Recall}, {Mean: p.Density}, {Mean: p.Coverage}, {Mean: d.Mean().Item()},
		} {
			require.Equal(t, want, MeanStd{all[i].Value, all[i].Std}, all[i].Protocol)
		}
	})
	require.Equal(t, "KD-Corners[poly3; subsets=100×50; subset-seed=2020; N=50; ref=noise@4; seed=2]", all[1].Protocol)
	require.Equal(t, "Precision-Corners[k=5; open; N=50; ref=noise@4; seed=2]", all[3].Protocol)

	value, protocol, err := e.Evaluate(t.Context(), noise)
	require.NoError(t, err)
	require.Equal(t, "FD-Corners[N=50; ref=noise@4; seed=2]", protocol)
	require.InDelta(t, 0, value, 0.1)
}

func TestAnEvaluationRefusesWhatItCannotScore(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	for list, name := range map[string]string{"fd,fud": "fud", "": ""} {
		_, err := ParseMetrics(list)
		require.EqualError(t, err, fmt.Sprintf("there is no metric %q, only fd (fid), kd (kid), is, prdc, precision, recall, density, coverage, nn", name))
	}
	moments, err := CollectPictures(t.Context(), corners{}, 20, 16, false, noise)
	require.NoError(t, err)
	require.Nil(t, moments.Features)
	e := &Evaluation{Network: corners{}, Metrics: []string{"fd", "nn"}, Real: moments, Batch: 16, Sampling: Sampling{N: 20}}
	_, err = e.Make(t.Context(), noise)
	require.EqualError(t, err, "nn needs features of the real pictures, which statistics of mu and sigma do not hold")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err = e.Make(ctx, noise)
	require.ErrorIs(t, err, context.Canceled)
}
