package metrics

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/torchtest"
)

// bars are noisy pictures of class i mod 10, which has a bright bar at its own height.
type bars struct {
	n    int
	side int
}

func (bars) Name() string { return "bars" }
func (b bars) Len() int   { return b.n }
func (b bars) Fields() []data.Field {
	return []data.Field{{Name: "image", Shape: []int{1, b.side, b.side}}, {Name: "label", Int64: true}}
}
func (b bars) Read(i int, _ *rand.Rand, row []data.Array) error {
	rng := rand.New(rand.NewPCG(uint64(i), uint64(b.n)))
	for p := range row[0].Float32 {
		v := rng.IntN(128)
		if p/b.side*10/b.side == i%10 {
			v = 255
		}
		row[0].Float32[p] = float32(v)/127.5 - 1
	}
	row[1].Int64[0] = int64(i % 10)
	return nil
}

func openBars(split data.Split) (data.Dataset, error) {
	if split == data.Test {
		return bars{100, digitSide}, nil
	}
	return bars{300, digitSide}, nil
}

func noData(data.Split) (data.Dataset, error) { return nil, errors.New("no data is at hand") }

var quick = digitSchedule{epochs: 3, batch: 20, peak: 3e-3}

// newBars trains a classifier of bars, cached at path.
func newBars(t *testing.T, path string, seed int64) *Classifier {
	c := &Classifier{Name: "Bars", Data: "bars", Seed: seed}
	require.NoError(t, c.loadOrTrain(t.Context(), path, openBars, quick, func(string) {}))
	return c
}

func TestAClassifierIsTrainedOnceAndReadBack(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	path := filepath.Join(t.TempDir(), "features", "bars.safetensors")
	torch.ManualSeed(5)
	stream := torch.DefaultGenerator(torch.Device{}).State()
	first := newBars(t, path, 1)
	require.Greater(t, first.Accuracy, 0.9)
	require.Len(t, first.Hash, 8)

	second := &Classifier{Data: "bars", Seed: 1}
	require.NoError(t, second.loadOrTrain(t.Context(), path, noData, quick, func(string) {}))
	require.Equal(t, stream, torch.DefaultGenerator(torch.Device{}).State(), "the caller's random numbers are left alone")
	require.Equal(t, first.Hash, second.Hash)
	require.Equal(t, first.Accuracy, second.Accuracy)
	require.Equal(t, first.Seconds, second.Seconds)
	torch.Scope(func() {
		x := torch.Rand([]int{4, 1, 28, 28})
		require.Equal(t, torch.Values[float32](penultimate(first, x)), torch.Values[float32](penultimate(second, x)))
	})
}

func TestTheSeedDecidesTheNetwork(t *testing.T) {
	torchtest.Native(t)
	dir := t.TempDir()
	one, again, other := newBars(t, filepath.Join(dir, "a"), 1), newBars(t, filepath.Join(dir, "b"), 1), newBars(t, filepath.Join(dir, "c"), 2)
	require.Equal(t, one.Hash, again.Hash)
	require.NotEqual(t, one.Hash, other.Hash)
}

func TestAFileThatCannotBeUsedIsMadeAgain(t *testing.T) {
	torchtest.Native(t)
	path := filepath.Join(t.TempDir(), "bars.safetensors")
	hash := newBars(t, path, 1).Hash
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	damaged := append([]byte(nil), whole...)
	damaged[len(damaged)-1] ^= 1
	for _, test := range []struct {
		content []byte
		seed    int64
		want    string
	}{
		{damaged, 1, "the checksum of the data does not match"},
		{whole[:100], 1, path},
		{whole, 2, "holds the feature network of bars with seed 1; training the feature network again"},
	} {
		require.NoError(t, os.WriteFile(path, test.content, 0o666))
		var heard []string
		c := &Classifier{Data: "bars", Seed: test.seed}
		require.NoError(t, c.loadOrTrain(t.Context(), path, openBars, quick, func(line string) { heard = append(heard, line) }))
		require.Contains(t, heard[0], test.want)
		require.Equal(t, test.seed == 1, c.Hash == hash)
	}
}

func TestAnInterruptedTrainingLeavesNoFile(t *testing.T) {
	torchtest.Native(t)
	path := filepath.Join(t.TempDir(), "bars.safetensors")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	c := &Classifier{Data: "bars"}
	require.ErrorIs(t, c.loadOrTrain(ctx, path, openBars, quick, func(string) {}), context.Canceled)
	require.NoFileExists(t, path)
	require.EqualError(t, c.loadOrTrain(t.Context(), path, noData, quick, func(string) {}), "no data is at hand")
}

func TestOtherDataHasNoFeatureNetwork(t *testing.T) {
	_, err := OpenClassifier(t.Context(), "faces", ClassifierOptions{})
	require.EqualError(t, err, `there is no feature network for the data "faces" so far, only for mnist and fashion-mnist`)
}

func penultimate(c *Classifier, x *torch.Tensor) *torch.Tensor {
	features, _ := c.Embed(x)
	return features
}

func TestFeaturesSeePicturesAsTheyAreSaved(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	c := newBars(t, filepath.Join(t.TempDir(), "bars.safetensors"), 1)
	torch.Scope(func() {
		x := torch.RandInt(0, 256, []int{3, 1, 28, 28}).ToDType(torch.Float32).DivScalar(127.5).SubScalar(1)
		want := torch.Values[float32](penultimate(c, x))
		require.Equal(t, []int{3, digitFeatures}, penultimate(c, x).Shape())
		require.Equal(t, want, torch.Values[float32](penultimate(c, x.AddScalar(1e-3))), "less than half a byte")
		require.Equal(t, want, torch.Values[float32](penultimate(c, x.Repeat(1, 3, 1, 1))), "grey in colour")
		ends := torch.Ones([]int{1, 1, 28, 28})
		require.Equal(t, torch.Values[float32](penultimate(c, ends)), torch.Values[float32](penultimate(c, ends.MulScalar(1.5))), "clamped")

		// An even picture stays even through the resize.
		wide := torch.Full([]int{1, 1, 32, 32}, 1.0)
		diff, _ := torchtest.MaxDiff(t, penultimate(c, wide), penultimate(c, ends))
		require.Less(t, diff, 1e-4)
	})
}

func TestMomentsTakeInExactlyThePicturesAskedFor(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	c := newBars(t, filepath.Join(t.TempDir(), "bars.safetensors"), 1)
	var asked []int
	sample, err := CollectPictures(t.Context(), c, 10, 4, true, func(k int) *torch.Tensor {
		asked = append(asked, k)
		return torch.Rand([]int{k, 1, 32, 32})
	})
	require.NoError(t, err)
	defer sample.Free()
	m := sample.Moments
	require.Equal(t, 10, m.N())
	require.Equal(t, []int{10, digitFeatures}, sample.Features.Shape())
	require.Equal(t, []int{10, digitClasses}, sample.Logits.Shape())
	require.Equal(t, []int{4, 4, 2}, asked)

	set := bars{250, 32}
	some, err := CollectData(t.Context(), c, set, 130, 1, false)
	require.NoError(t, err)
	require.Equal(t, 130, some.Moments.N())
	all, err := CollectData(t.Context(), c, set, 1000, 1, false)
	require.NoError(t, err)
	require.Equal(t, 250, all.Moments.N())
	near, err := Frechet(some.Moments, all.Moments)
	require.NoError(t, err)
	far, err := Frechet(m, all.Moments)
	require.NoError(t, err)
	require.Less(t, 10*near, far, "a part of the set is nearer to it than noise")

	_, err = CollectPictures(t.Context(), c, 4, 4, true, func(k int) *torch.Tensor { return torch.Full([]int{k, 1, 28, 28}, math.NaN()) })
	require.ErrorContains(t, err, "not finite")
}

func TestTheProtocolSaysWhatTheValueDependsOn(t *testing.T) {
	c := &Classifier{Name: "MNISTCNN", Accuracy: 0.9912, Hash: "0f3a9c21"}
	s := Sampling{N: 10000, Reference: "mnist-test", Size: 32, BatchNorm: "batch64", Seed: 1}
	require.Equal(t, "FD-MNISTCNN[penultimate-128; acc=99.1%; net=0f3a9c21; u8; resize=32→28-bilinear-aa; N=10000; ref=mnist-test@32; bn=batch64; seed=1]", c.Protocol("FD", s))
	s.Size, s.BatchNorm = 28, ""
	require.Equal(t, "FD-MNISTCNN[penultimate-128; acc=99.1%; net=0f3a9c21; u8; N=10000; ref=mnist-test@28; seed=1]", c.Protocol("FD", s))
}
