package metrics

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// waves is features (n, d) in float64 that a formula gives.
func waves(n, d int, phase, scale float64) *torch.Tensor {
	x := make([]float64, 0, n*d)
	for i := range n {
		for j := 1; j <= d; j++ {
			x = append(x, scale*math.Sin(0.7*float64(i)*float64(j)+phase*float64(j)))
		}
	}
	return torch.FromSlice(x, n, d)
}

func TestTheKernelDistanceIsThatOfTorchFidelity(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		a, b := waves(60, 5, 0.1, 1), waves(50, 5, 0.4, 1.3)
		// kid_features_to_metric of torch-fidelity 0.4.0 for the same features.
		for _, test := range []struct {
			o         KernelOptions
			mean, std float64
		}{
			{KernelOptions{Subsets: 7, Size: 20}, 0.09806428606715377, 0.11129729252305857},
			{KernelOptions{Size: 50}, 0.09191643817941438, 0.006968306910764868},
			{KernelOptions{Subsets: 3, Size: 33, Seed: new(uint32(7))}, 0.10767938000499644, 0.03138825834638734},
		} {
			d, err := KernelDistance(a, b, test.o)
			require.NoError(t, err)
			require.InDelta(t, test.mean, d.Mean, 1e-12, test.o.String())
			require.InDelta(t, test.std, d.Std, 1e-12, test.o.String())
		}
	})
}

func TestTheKernelDistanceOfPointsIsTheClosedForm(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		// All vectors of a set equal: k(a, a) + k(b, b) − 2·k(a, b), here 8 + 125 − 2·27 with one feature.
		a, b := torch.Full([]int{4, 1}, 1.0), torch.Full([]int{6, 1}, 2.0)
		d, err := KernelDistance(a, b, KernelOptions{Subsets: 2, Size: 3})
		require.NoError(t, err)
		require.InDelta(t, 79, d.Mean, 1e-12)
		require.InDelta(t, 0, d.Std, 1e-12)
		same, err := KernelDistance(a, a, KernelOptions{Subsets: 2, Size: 3})
		require.NoError(t, err)
		require.InDelta(t, 0, same.Mean, 1e-12)
	})
}

func TestTheInceptionScoreLiesBetweenOneAndTheClasses(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		certain := torch.Eye(5).Repeat(4, 1).MulScalar(1e4) // the other classes' probabilities are 0 in float64
		// The fifth class becomes the first.
		uneven := certain.Clone().SetAt(torch.FromSlice([]float32{1e4, 0, 0, 0, 0}), torch.Range{Start: 4, Step: 5})
		for _, test := range []struct {
			name   string
			logits *torch.Tensor
			want   float64
		}{
			{"every picture alike", torch.FromSlice([]float32{1, 2, 3, 0, 0}, 1, 5).Repeat(20, 1), 1},
			{"each class certain and equally frequent", certain, 5},
			{"one class never named", uneven, math.Exp(-0.4*math.Log(0.4) - 0.6*math.Log(0.2))},
		} {
			score, err := InceptionScore(test.logits, InceptionOptions{Splits: 1})
			require.NoError(t, err)
			require.InDelta(t, test.want, score.Mean, 1e-9, test.name)
			require.Zero(t, score.Std, test.name)
		}
		score, err := InceptionScore(certain, InceptionOptions{Splits: 2, Seed: new(uint32(3))})
		require.NoError(t, err)
		require.Less(t, score.Mean, 5.0, "parts in which some class is rarer")
	})
}

func TestNeighboursOnALineAreCounted(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		// 4200 numbers make more than one block. The second neighbour of i is 1 away, of the ends 2.
		const n = 4200
		x := torch.Arange(0, n).ToDType(torch.Float32).Unsqueeze(1)
		radii := torch.Values[float64](squaredRadii(x.ToDType(torch.Float64), 2))
		require.InDelta(t, 4, radii[0], 1e-6)
		require.InDelta(t, 4, radii[n-1], 1e-6)
		require.InDelta(t, 1, radii[n/2], 1e-6)
		require.InDelta(t, 1, radii[n-2], 1e-6)

		// Between two numbers, a point is in the balls of both, and in those of the ends' once more.
		between, err := PRDC(x.AddScalar(0.5), x, PRDCOptions{K: 2})
		require.NoError(t, err)
		require.Equal(t, PRDCScores{Precision: 1, Recall: 1, Density: (2*n + 1) / 2.0 / n, Coverage: 1}, between)
	})
}

func TestSetsCoverEachOtherWhollyOrNotAtAll(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		torch.ManualSeed(1)
		a, b := torch.Randn([]int{40, 3}), torch.Randn([]int{30, 3}).MulScalar(1.5).AddScalar(1)
		for _, o := range []PRDCOptions{{}, {K: 3, Closed: true}} {
			same, err := PRDC(a, a, o)
			require.NoError(t, err)
			require.Equal(t, 1.0, same.Precision)
			require.Equal(t, 1.0, same.Recall)
			require.Equal(t, 1.0, same.Coverage)
			require.Equal(t, 1.0, same.FScore())

			apart, err := PRDC(a, b.AddScalar(100), o)
			require.NoError(t, err)
			require.Equal(t, PRDCScores{}, apart)
			require.Zero(t, apart.FScore())

			there, err := PRDC(a, b, o)
			require.NoError(t, err)
			back, err := PRDC(b, a, o)
			require.NoError(t, err)
			require.Equal(t, there.Precision, back.Recall)
			require.Equal(t, there.Recall, back.Precision)
			require.Greater(t, there.Precision, 0.0)
			require.Less(t, there.Precision, 1.0)
		}
	})
}

func TestFeaturesThatDoNotFitAScoreAreRefused(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x, short := torch.Ones([]int{4, 3}), torch.Ones([]int{4, 2})
		bad := torch.Full([]int{4, 3}, math.NaN())
		kernel := func(a, b *torch.Tensor, o KernelOptions) error { _, err := KernelDistance(a, b, o); return err }
		prdc := func(a, b *torch.Tensor, o PRDCOptions) error { _, err := PRDC(a, b, o); return err }
		inception := func(x *torch.Tensor, o InceptionOptions) error { _, err := InceptionScore(x, o); return err }
		for _, test := range []struct {
			err  error
			want string
		}{
			{kernel(x, short, KernelOptions{Size: 3}), "kernel distance: it compares features of one network, not vectors of length 3 and 2"},
			{kernel(x, x, KernelOptions{}), "kernel distance: subsets of 1000 vectors do not fit a set of 4: ask for a smaller Size"},
			{kernel(x, x, KernelOptions{Size: 1}), "a kernel distance needs a subset of at least 2 vectors, not 100 subsets of 1"},
			{kernel(bad, x, KernelOptions{Size: 2}), "kernel distance: the features hold numbers that are not finite"},
			{prdc(x, bad, PRDCOptions{K: 2}), "precision and recall: the features hold numbers that are not finite"},
			{prdc(x, x, PRDCOptions{K: 4}), "precision and recall: a neighbour number 4 does not exist among 4 vectors"},
			{inception(x.Select(0, 0), InceptionOptions{}), "inception score: features of shape [3] are not vectors (N, D)"},
			{inception(x, InceptionOptions{}), "inception score: 4 pictures do not make 10 parts"},
		} {
			require.ErrorContains(t, test.err, test.want)
		}
	})
}

func TestOptionsNameThemselvesInAProtocol(t *testing.T) {
	for want, part := range map[string]interface{ String() string }{
		"poly3; subsets=100×1000; subset-seed=2020": KernelOptions{},
		"poly3; subsets=10×5000; subset-seed=0":     KernelOptions{Subsets: 10, Size: 5000, Seed: new(uint32)},
		"splits=10; shuffle-seed=2020":              InceptionOptions{},
		"splits=1; in-order":                        InceptionOptions{Splits: 1, InOrder: true},
		"k=5; open":                                 PRDCOptions{},
		"k=3; closed":                               PRDCOptions{K: 3, Closed: true},
		"gauss11-1.5":                               SSIMOptions{},
		"uniform7; downsampled":                     SSIMOptions{Uniform: true, Downsample: true},
		"scales=5; odd=zeros":                       MSSSIMOptions{},
		"scales=5; odd=replicate":                   MSSSIMOptions{Replicate: true},
		"c1…; frames":                               MelCepstralOptions{},
		"c0…; dtw":                                  MelCepstralOptions{Energy: true, Align: true},
	} {
		require.Equal(t, want, part.String())
	}
	c := &Classifier{Name: "MNISTCNN", Accuracy: 0.9912, Hash: "0f3a9c21"}
	require.Equal(t, "PRDC-MNISTCNN[penultimate-128; acc=99.1%; net=0f3a9c21; u8; k=5; open; N=10000; ref=mnist-test@28; seed=1]",
		c.Protocol("PRDC", Sampling{N: 10000, Reference: "mnist-test", Size: 28, Seed: 1}, PRDCOptions{}))
	require.Equal(t, "PSNR[y; shave=4]", Protocol("PSNR", "y", "", "shave=4"))
}
