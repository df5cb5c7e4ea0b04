package metrics

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/checkpoint/npy"
	"github.com/forgergan/forger/torch/torchtest"
)

// golden reads what testdata/make.py wrote.
func golden(t *testing.T) map[string]*torch.Tensor {
	torchtest.Native(t)
	entries, err := checkpoint.Load("testdata/golden.safetensors")
	require.NoError(t, err)
	out := map[string]*torch.Tensor{}
	for _, e := range entries {
		out[e.Name] = e.Tensor
	}
	return out
}

// difference is the mean squared difference of pictures, for path lengths.
func difference(a, b *torch.Tensor) *torch.Tensor { return a.Sub(b).Square().MeanDim([]int{1, 2, 3}) }

func TestPathLengthsAreThoseOfTorchFidelity(t *testing.T) {
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		want := golden(t)
		weight := torch.Arange(0, 4*3*12*12).ToDType(torch.Float64).MulScalar(0.7).Sin().ToDType(torch.Float32).View(4, 3*12*12)
		toy := func(z *torch.Tensor) *torch.Tensor { return z.MM(weight).Tanh().View(-1, 3, 12, 12) }
		for name, o := range map[string]PathOptions{
			"u8": {Epsilon: 0.05, Side: 6}, "float": {Epsilon: 1e-2, Float: true, Side: 20},
			"slerp": {Epsilon: 1e-2, Float: true, Side: 20, Spherical: true},
		} {
			at, from, to := 0, want["from"], want["to"]
			if o.Spherical {
				from, to = want["unit.from"], want["unit.to"]
			}
			latents := func(k int) (a, b *torch.Tensor) {
				defer func() { at += k }()
				return from.Narrow(0, at, k), to.Narrow(0, at, k)
			}
			got, err := PathLength(t.Context(), 250, 50, latents, toy, difference, o)
			require.NoError(t, err)
			values := torch.Values[float64](want["ppl."+name])
			t.Logf("%s: mean differs by %.1e, deviation by %.1e of their value", name, got.Mean/values[0]-1, got.Std/values[1]-1)
			require.InEpsilon(t, values[0], got.Mean, 2e-4, name)
			require.InEpsilon(t, values[1], got.Std, 2e-4, name)
		}
	})
}

func TestPathLengthsSayWhatTheyAreOf(t *testing.T) {
	require.Equal(t, "z-lerp; eps=1e-04; u8; side=64; trim=1%", PathOptions{}.String())
	require.Equal(t, "w-lerp; eps=1e-04; float; side=≤256; trim=1%", PathOptions{Float: true, Side: 256, KeepSmall: true, Space: "w"}.String())
	require.Equal(t, "z-slerp-anywhere; eps=1e-04; float; side=64; trim=1%", PathOptions{Float: true, Spherical: true, Anywhere: true}.String())
	torchtest.Native(t)
	ends := func(k int) (from, to *torch.Tensor) { return torch.Zeros([]int{k, 2}), torch.Ones([]int{k, 2}) }
	flat := func(z *torch.Tensor) *torch.Tensor {
		return z.SumDim([]int{1}).View(-1, 1, 1, 1).Expand([]int{-1, 3, 4, 4})
	}
	o := PathOptions{Epsilon: 0.5, Float: true, Side: 8, KeepSmall: true, Anywhere: true}
	got, err := PathLength(t.Context(), 10, 4, ends, flat, difference, o)
	require.NoError(t, err)
	require.InDelta(t, 4, got.Mean, 1e-4, "a straight path has the same steps everywhere: (2·½)²/½²")
	_, err = PathLength(t.Context(), 2, 4, ends, flat, difference, o)
	require.EqualError(t, err, "a path length needs at least 3 paths and a batch of 1, not 2 and 4")
	broken := func(a, b *torch.Tensor) *torch.Tensor { return torch.Full([]int{a.Size(0)}, math.NaN()) }
	_, err = PathLength(t.Context(), 10, 4, ends, flat, broken, o)
	require.ErrorContains(t, err, "a distance is NaN")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err = PathLength(ctx, 10, 4, ends, flat, difference, o)
	require.ErrorIs(t, err, context.Canceled)
}

func TestDaalasSSIMIsThatOfItsDefinition(t *testing.T) {
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		want := golden(t)
		for _, h := range []int{60, 300} {
			name := fmt.Sprintf("daala.%d", h)
			a, b := want[name+".a"].Unsqueeze(1), want[name+".b"].Unsqueeze(1)
			require.InDeltaSlice(t, torch.Values[float64](want[name]), torch.Values[float64](DaalaSSIM(a, b)), 1e-12, name)
			require.InDeltaSlice(t, []float64{1, 1}, torch.Values[float64](DaalaSSIM(a, a)), 1e-12)
		}
	})
	window := daalaWindow(1.5, 256)
	require.Equal(t, []float64{0, 2, 9, 28, 55, 68, 55, 28, 9, 2, 0}[1:10], window[len(window)/2-4:len(window)/2+5])
}

func TestMomentsAreSavedAndReadBack(t *testing.T) {
	torchtest.Native(t)
	dir := t.TempDir()
	torch.Scope(func() {
		torch.ManualSeed(1)
		m, other := new(Moments), new(Moments)
		require.NoError(t, m.Add(torch.Randn([]int{40, 5})))
		require.NoError(t, other.Add(torch.Randn([]int{30, 5}).AddScalar(1)))
		want, err := Frechet(other, m)
		require.NoError(t, err)
		for name, protocol := range map[string]string{"a.safetensors": "FD[x]", "a.npz": ""} {
			path := filepath.Join(dir, name)
			require.NoError(t, m.Save(path, "FD[x]"))
			back, said, err := LoadMoments(path)
			require.NoError(t, err)
			require.Equal(t, protocol, said, "an .npz holds arrays only")
			require.Equal(t, 40, back.N())
			d, err := Frechet(other, back)
			require.NoError(t, err)
			require.Equal(t, want, d)
			require.ErrorContains(t, back.Add(torch.Ones([]int{2, 5})), "those from a file take in no vectors")
		}
		// As other tools write it: without a count.
		arrays, err := npy.ReadZip(filepath.Join(dir, "a.npz"), "mu", "sigma")
		require.NoError(t, err)
		require.NoError(t, npy.WriteZip(filepath.Join(dir, "b.npz"), arrays))
		back, _, err := LoadMoments(filepath.Join(dir, "b.npz"))
		require.NoError(t, err)
		require.Zero(t, back.N())
		require.Equal(t, torch.Values[float64](m.Mean()), torch.Values[float64](back.Mean()))

		arrays["sigma"] = arrays["mu"]
		require.NoError(t, npy.WriteZip(filepath.Join(dir, "c.npz"), arrays))
		for name, text := range map[string]string{"c.npz": "holds no statistics: mu [5] and sigma [5] are not (D) and (D, D)", "none.npz": "none.npz"} {
			_, _, err = LoadMoments(filepath.Join(dir, name))
			require.ErrorContains(t, err, text)
		}
	})
}

func TestTheNearestNeighbourIsFound(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		real := torch.Arange(0, 5000).ToDType(torch.Float32).View(5000, 1)
		d, index, err := Nearest(torch.FromSlice([]float32{17.25, 4999, -3}, 3, 1), real)
		require.NoError(t, err)
		require.InDeltaSlice(t, []float64{0.25, 0, 3}, torch.Values[float64](d), 1e-6)
		require.Equal(t, []int64{17, 4999, 0}, torch.Values[int64](index))
		_, _, err = Nearest(torch.Ones([]int{2, 2}), real)
		require.ErrorContains(t, err, "nearest neighbour: it compares features of one network")
	})
}

func TestTheDistanceWithinClassesSeesWrongClasses(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		torch.ManualSeed(1)
		labels := torch.FromSlice([]int64{0, 1}).Repeat(200)
		x := torch.Randn([]int{400, 3}).Add(labels.ToDType(torch.Float32).MulScalar(4).Unsqueeze(1))
		var real, same, swapped ClassMoments
		require.NoError(t, real.Add(x, labels))
		for at := 0; at < 400; at += 100 {
			require.NoError(t, same.Add(x.Narrow(0, at, 100), labels.Narrow(0, at, 100)))
		}
		require.NoError(t, swapped.Add(x, labels.MulScalar(-1).AddScalar(1)))
		mean, classes, err := IntraFrechet(&same, &real)
		require.NoError(t, err)
		require.InDelta(t, 0, mean, 1e-9)
		require.Len(t, classes, 2)
		mean, classes, err = IntraFrechet(&swapped, &real)
		require.NoError(t, err)
		require.InDelta(t, 48, mean, 5, "three features, each 4 apart")
		require.InDelta(t, mean, (classes[0]+classes[1])/2, 1e-9)

		_, _, err = IntraFrechet(&ClassMoments{}, &real)
		require.EqualError(t, err, "the distance within classes compares the same classes, not [] and [0 1]")
		require.ErrorContains(t, real.Add(x, labels.Narrow(0, 0, 3)), "do not have 3 labels")
	})
}
