package nn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

func TestDropoutDropsInTrainingAndKeepsTheMean(t *testing.T) {
	for name, l := range map[string]nn.Layer{
		"Dropout": nn.NewDropout(0.25), "Dropout2d": nn.NewDropout2d(0.25),
		"AlphaDropout": nn.NewAlphaDropout(0.25), "FeatureAlphaDropout": nn.NewFeatureAlphaDropout(0.25),
	} {
		native(t, func() {
			torch.ManualSeed(0)
			x := torch.Ones([]int{200, 50, 2, 1})
			net := nn.NewSequential(l)
			y := net.Forward(x)
			kept := y.Max().Item()
			share := y.EqScalar(kept).ToDType(torch.Float32).Mean().Item()
			require.InDelta(t, 0.75, share, 0.02, name)
			whole := y.Select(2, 0).Equal(y.Select(2, 1))
			require.Equal(t, name == "Dropout2d" || name == "FeatureAlphaDropout", whole, "%s drops whole channels", name)
			if name == "Dropout" || name == "Dropout2d" {
				require.InDelta(t, 1/0.75, kept, 1e-6, name)
			}
			nn.Eval(net)
			require.True(t, net.Forward(x).Equal(x), name)
		})
	}
}

func TestRReLUDrawsItsSlopesInTraining(t *testing.T) {
	native(t, func() {
		l := &nn.RReLU{Lower: 0.2, Upper: 0.4}
		x := torch.Full([]int{1000}, -1.0)
		y := l.Forward(x)
		require.GreaterOrEqual(t, y.Min().Item(), -0.4)
		require.LessOrEqual(t, y.Max().Item(), -0.2)
		require.Greater(t, y.Max().Item()-y.Min().Item(), 0.19)
		nn.Eval(l)
		require.InDelta(t, -0.3, l.Forward(x).Min().Item(), 1e-6)
		require.InDelta(t, -(1.0/8+1.0/3)/2, func() float64 {
			l := &nn.RReLU{}
			nn.Eval(l)
			return l.Forward(x).Max().Item()
		}(), 1e-6)
	})
}

func TestActivationsWithoutKitCasesFollowTheirFormulas(t *testing.T) {
	native(t, func() {
		for name, c := range map[string]struct {
			layer nn.Layer
			want  []float32 // at −4, −1, 0, 2, 8
		}{
			"ReLU6":       {nn.ReLU6{}, []float32{0, 0, 0, 2, 6}},
			"CELU":        {nn.CELU{Alpha: 2}, []float32{-1.7293295, -0.7869387, 0, 2, 8}},
			"Hardsigmoid": {nn.Hardsigmoid{}, []float32{0, 1. / 3, 0.5, 5. / 6, 1}},
			"Hardswish":   {nn.Hardswish{}, []float32{0, -1. / 3, 0, 5. / 3, 8}},
			"Tanhshrink":  {nn.Tanhshrink{}, []float32{-3.0006707, -0.2384058, 0, 1.0359724, 7.0000002}},
			"Hardtanh":    {nn.Hardtanh{}, []float32{-1, -1, 0, 1, 1}},
			"GELU":        {nn.GELU{}, []float32{-0.0001267, -0.1586553, 0, 1.9544997, 8}},
		} {
			x := torch.FromSlice([]float32{-4, -1, 0, 2, 8})
			require.InDeltaSlice(t, c.want, torch.Values[float32](c.layer.Forward(x)), 1e-6, name)
		}
	})
}

func TestShapesOfLayersWithoutKitCases(t *testing.T) {
	native(t, func() {
		for name, c := range map[string]struct {
			layer    nn.Layer
			from, to []int
		}{
			"AvgPool3d":         {nn.AvgPool3d{Size: 2}, []int{1, 2, 4, 4, 6}, []int{1, 2, 2, 2, 3}},
			"AdaptiveAvgPool1d": {nn.AdaptiveAvgPool1d{Size: 3}, []int{1, 2, 7}, []int{1, 2, 3}},
			"AdaptiveMaxPool1d": {nn.AdaptiveMaxPool1d{Size: 3}, []int{1, 2, 7}, []int{1, 2, 3}},
			"AdaptiveMaxPool2d": {nn.AdaptiveMaxPool2d{Size: []int{1, 2}}, []int{1, 2, 7, 7}, []int{1, 2, 1, 2}},
			"Unfold":            {nn.Unfold{Size: 2, Stride: 2}, []int{1, 3, 4, 6}, []int{1, 12, 6}},
			"Unflatten":         {nn.Unflatten{Dim: 1, Shape: []int{2, -1}}, []int{5, 6}, []int{5, 2, 3}},
			"Identity":          {nn.Identity{}, []int{2, 3}, []int{2, 3}},
			"Flatten":           {nn.Flatten{StartDim: 2, EndDim: 3}, []int{2, 3, 4, 5, 6}, []int{2, 3, 20, 6}},
			"MaxPool2d ceiling": {nn.MaxPool2d{Size: 2, CeilMode: true}, []int{1, 1, 5, 5}, []int{1, 1, 3, 3}},
			"ZeroPad1d":         {nn.ZeroPad1d{Padding: 2}, []int{1, 2, 3}, []int{1, 2, 7}},
			"ZeroPad3d":         {nn.ZeroPad3d{Padding: 1}, []int{1, 2, 3, 3, 3}, []int{1, 2, 5, 5, 5}},
			"ConstantPad1d":     {nn.ConstantPad1d{Padding: 1, Value: 2}, []int{2, 3}, []int{2, 5}},
			"ConstantPad3d":     {nn.ConstantPad3d{Padding: 1}, []int{1, 1, 1, 1}, []int{1, 3, 3, 3}},
			"ReplicationPad2d":  {nn.ReplicationPad2d{Padding: 2}, []int{1, 2, 3, 3}, []int{1, 2, 7, 7}},
			"CircularPad1d":     {nn.CircularPad1d{Padding: 1}, []int{1, 2, 3}, []int{1, 2, 5}},
			"CircularPad3d":     {nn.CircularPad3d{Padding: 1}, []int{1, 2, 3, 3, 3}, []int{1, 2, 5, 5, 5}},
			"InstanceNorm2d":    {nn.NewInstanceNorm2d(2), []int{2, 3, 3}, []int{2, 3, 3}},
			"LocalResponseNorm": {nn.LocalResponseNorm{Size: 4}, []int{2, 6, 5}, []int{2, 6, 5}},
		} {
			require.Equal(t, c.to, c.layer.Forward(torch.Randn(c.from)).Shape(), name)
		}
		framed := nn.ConstantPad1d{Padding: 1, Value: 2}.Forward(torch.Ones([]int{1, 2}))
		require.Equal(t, []float32{2, 1, 1, 2}, torch.Values[float32](framed))
	})
}

func TestUnfoldAndFoldCountEveryWindowOfAnElement(t *testing.T) {
	native(t, func() {
		w := nn.Window{Size: 2}
		sum := nn.Fold{OutputSize: 3, Window: w}.Forward(nn.Unfold(w).Forward(torch.Ones([]int{1, 1, 3, 3})))
		require.Equal(t, []float32{1, 2, 1, 2, 4, 2, 1, 2, 1}, torch.Values[float32](sum))
	})
}

func TestMaxUnpoolReachesRowsThatThePoolLeftOut(t *testing.T) {
	native(t, func() {
		x := torch.Arange(0.0, 25.0).View(1, 1, 5, 5)
		out, indices := nn.MaxPool2d{Size: 2}.ForwardIndices(x)
		back := nn.MaxUnpool2d{Size: 2}.ForwardSize(out, indices, []int{5, 5})
		require.Equal(t, []int{1, 1, 5, 5}, back.Shape())
		require.Equal(t, 4, int(back.NeScalar(0).Sum().Item()))
	})
}

func TestEmbeddingShortensItsLongVectorsInPlace(t *testing.T) {
	native(t, func() {
		l := nn.NewEmbedding(3, 4, nn.EmbeddingOptions{MaxNorm: 0.5, PaddingIdx: new(-1)})
		require.Zero(t, l.Weight.Select(0, 2).Abs().Sum().Item())
		untouched := l.Weight.Detach().Select(0, 1).Clone()
		y := l.Forward(torch.FromSlice([]int64{0, 2}))
		require.InDelta(t, 0.5, y.Select(0, 0).VectorNorm().Item(), 1e-6)
		require.InDelta(t, 0.5, l.Weight.Select(0, 0).VectorNorm().Item(), 1e-6)
		require.True(t, l.Weight.Detach().Select(0, 1).Equal(untouched))
		y.Sum().Backward()
		require.Equal(t, []float32{1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}, torch.Values[float32](l.Weight.Grad()))
	})
}

func TestRecomputedScalesSampleElsewhereWhereASizeWasRounded(t *testing.T) {
	native(t, func() {
		x := torch.Arange(0.0, 5.0).ToDType(torch.Float32).View(1, 1, 5)
		by := func(recompute bool) *torch.Tensor {
			return nn.Interpolate(x, nn.Interpolation{Scale: 1.5, Mode: "linear", RecomputeScale: recompute})
		}
		require.Equal(t, []int{1, 1, 7}, by(false).Shape())
		require.False(t, by(false).Equal(by(true)))
		require.True(t, by(true).Equal(nn.Interpolate(x, nn.Interpolation{Size: 7, Mode: "linear"})))
	})
}

func TestLayersRefuseWhatTheyCannotTakeInOneSentence(t *testing.T) {
	native(t, func() {
		picture := torch.Ones([]int{1, 2, 4, 4})
		for _, c := range []struct {
			message string
			build   func()
		}{
			{"BatchNorm1d takes (N, C) or (N, C, L), not [1 2 4 4]", func() { nn.NewBatchNorm1d(2).Forward(picture) }},
			{"BatchNorm3d takes (N, C, D, H, W), not [1 2 4 4]", func() { nn.NewBatchNorm3d(2).Forward(picture) }},
			{
				"InstanceNorm1d takes (N, C, L) or (C, L), not [1 2 4 4]",
				func() { nn.NewInstanceNorm1d(2).Forward(picture) },
			},
			{
				"one value a channel, in [1 2], has no variance",
				func() { nn.NewBatchNorm1d(2).Forward(torch.Ones([]int{1, 2})) },
			},
			{
				"one value a channel of a sample, in [3 2 1 1], has no variance",
				func() { nn.NewInstanceNorm2d(2).Forward(torch.Ones([]int{3, 2, 1, 1})) },
			},
			{"3 groups do not divide 4 channels", func() { nn.NewGroupNorm(3, 4) }},
			{
				"output padding belongs to transposed convolutions",
				func() { nn.NewConv1d(1, 1, 1, nn.Conv{OutputPadding: 1}) },
			},
			{"a kernel of 0", func() { nn.NewConv1d(1, 1, 0) }},
			{"3 groups do not divide 4 and 3 channels", func() { nn.NewConv3d(4, 3, 1, nn.Conv{Groups: 3}) }},
			{
				"padding [1 2] is neither a whole number nor a []int of 4",
				func() { nn.ReflectionPad2d{Padding: []int{1, 2}}.Forward(picture) },
			},
			{
				"1-D padding takes 2 or 3 dimensions, not [1 2 4 4]",
				func() { nn.ReplicationPad1d{Padding: 1}.Forward(picture) },
			},
			{"a dropout probability of 1.5 is not in [0, 1]", func() { nn.NewDropout(1.5) }},
			{"padding vector 3 of 3", func() { nn.NewEmbedding(3, 1, nn.EmbeddingOptions{PaddingIdx: new(3)}) }},
			{"an interpolation needs a size or a scale, not both", func() { nn.Upsample{}.Forward(picture) }},
			{
				"no interpolation mode \"trilinear\" of 2 dimensions",
				func() { nn.Upsample{Scale: 2, Mode: "trilinear"}.Forward(picture) },
			},
			{
				"corners cannot be aligned in the interpolation mode \"nearest\"",
				func() { nn.Upsample{Scale: 2, AlignCorners: true}.Forward(picture) },
			},
			{
				"no antialiasing in the interpolation mode \"area\"",
				func() { nn.Upsample{Scale: 2, Mode: "area", Antialias: true}.Forward(picture) },
			},
			{
				"RecomputeScale needs a scale, not a size",
				func() { nn.Upsample{Size: 2, RecomputeScale: true}.Forward(picture) },
			},
			{
				"scale [1 2 3] is neither a number nor a []float64 of 2",
				func() { nn.Upsample{Scale: []float64{1, 2, 3}}.Forward(picture) },
			},
			{
				"the weight of *nn.Linear is parametrized already",
				func() { nn.WeightNorm(nn.SpectralNorm(nn.NewLinear(1, 1))) },
			},
			{
				"weight norm along dimension 2 of a weight [1 1]",
				func() { nn.WeightNorm(nn.NewLinear(1, 1), nn.WeightNormOptions{Dim: 2}) },
			},
			{
				"spectral norm needs at least one iteration, not -1",
				func() { nn.SpectralNorm(nn.NewLinear(1, 1), nn.SpectralNormOptions{Iterations: -1}) },
			},
			{
				"*nn.Linear has no method Forward of 2 inputs",
				func() { nn.Summary(nn.NewLinear(1, 1), []int{1}, []int{1}) },
			},
			{
				"an input of the summary is a shape or a tensor, not a string",
				func() { nn.Summary(nn.NewLinear(1, 1), "1×1") },
			},
			{
				"an input [4 4] without channels before its 2 dimensions",
				func() { nn.NewConvTranspose2d(1, 1, 1).ForwardSize(torch.Ones([]int{4, 4}), []int{4, 4}) },
			},
			{
				"LocalResponseNorm takes (N, C, …), not [1]",
				func() { nn.LocalResponseNorm{Size: 3}.Forward(torch.Ones([]int{1})) },
			},
			{
				"AvgPool1d has no other divisor than the window",
				func() { nn.AvgPool1d{Size: 2, DivisorOverride: new(2)}.Forward(picture) },
			},
			{
				"MaxUnpool2d takes (N, C, H, W) or (C, H, W), not [1]",
				func() { nn.MaxUnpool2d{Size: 2}.Forward(torch.Ones([]int{1}), torch.Ones([]int{1})) },
			},
		} {
			err := torch.Try(c.build)
			require.ErrorContains(t, err, c.message)
			require.NotContains(t, err.Error(), "\n")
		}
	})
}

func TestBatchNormCountsBatchesInTrainingOnly(t *testing.T) {
	native(t, func() {
		b := nn.NewBatchNorm1d(2)
		x := torch.Randn([]int{4, 2})
		b.Forward(x)
		nn.Eval(b)
		b.Forward(x)
		require.Equal(t, 1.0, b.NumBatchesTracked.Item())
	})
}

func TestLocalResponseNormOfAnEvenSizeLooksBackOneChannelMore(t *testing.T) {
	native(t, func() {
		x := torch.FromSlice([]float32{1, 2, 4}, 1, 3, 1)
		y := nn.LocalResponseNorm{Size: 2, Alpha: 1, Beta: 1}.Forward(x)
		require.InDeltaSlice(t, []float32{1 / 1.5, 2 / 3.5, 4. / 11}, torch.Values[float32](y), 1e-6)
	})
}
