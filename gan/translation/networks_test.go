package translation

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func named(t *testing.T, module any, name string) *torch.Tensor {
	for _, e := range nn.StateDict(module) {
		if e.Name == name {
			return e.Tensor
		}
	}
	require.Fail(t, "there is no such tensor", name)
	return nil
}

// The numbers are those of Python: the layers made in the order of the official constructors after manual_seed(5), then
// initialised by Module.apply after manual_seed(6).
func TestASeedGivesTheWeightsOfPyTorch(t *testing.T) {
	torchtest.Native(t)
	for kind, want := range map[string][]float32{
		"":        {-0.02138097, 0.02401544, 0.02652549},
		"xavier":  {-0.00285715, 0.0032092, 0.00354462},
		"kaiming": {-0.21821865, 0.24510661, 0.27072465},
	} {
		torch.Scope(func() {
			torch.ManualSeed(5)
			g := NewUnetGenerator(3, 3, Unet{Downs: 5, Width: 2})
			first := func(name string) []float32 { return torch.Values[float32](named(t, g, name).Flatten())[:3] }
			require.InDeltaSlice(t, []float32{0.04128148, -0.04673614, 0.05093371},
				first("model.model.1.model.3.model.3.model.3.model.1.weight"), 1e-7)
			require.InDeltaSlice(t, []float32{-0.05565439, -0.06506822, 0.04005513}, first("model.model.3.weight"), 1e-7)

			torch.ManualSeed(6)
			Initialise(g, Init{Type: kind})
			require.InDeltaSlice(t, want, first("model.model.3.weight"), 1e-7, kind)
			require.InDeltaSlice(t, []float32{1.01546133, 0.97104126, 1.03739703}, first("model.model.1.model.2.weight"), 1e-6)
			require.Zero(t, named(t, g, "model.model.3.bias").Abs().Max().Item())
		})
	}
}

func TestOrthogonalWeightsHaveTheLengthOfTheGain(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		d := NewNLayerDiscriminator(3, PatchGAN{Width: 4})
		Initialise(d, Init{Type: "orthogonal", Gain: 0.5})
		w := named(t, d, "model.2.weight").Detach().Reshape(8, -1)
		require.True(t, w.MM(w.T()).AllClose(torch.Eye(8).MulScalar(0.25), torch.AllCloseOptions{Atol: new(1e-6)}))
	})
}

func TestEveryShapeOfANetworkKeepsTheSidesOfPictures(t *testing.T) {
	torchtest.Native(t)
	nets := map[string]nn.Layer{
		"six halvings, no norm":     NewUnetGenerator(1, 2, Unet{Downs: 6, Width: 2, Norm: None, Dropout: true}),
		"instance norm":             NewUnetGenerator(1, 2, Unet{Downs: 5, Width: 2, Norm: Instance}),
		"mirrored, dropout":         NewResnetGenerator(1, 2, Resnet{Blocks: 2, Width: 2, Dropout: true}),
		"repeated, instance norm":   NewResnetGenerator(1, 2, Resnet{Blocks: 2, Width: 2, Norm: Instance, Padding: "replicate"}),
		"zeros around, no norm":     NewResnetGenerator(1, 2, Resnet{Blocks: 1, Width: 2, Norm: None, Padding: "zero"}),
		"a critic of pixels, joint": nn.NewSequential(NewPixelDiscriminator(1, PixelGAN{Width: 2, Norm: Instance}), nn.NewConv2d(1, 2, 1), nn.Tanh{}),
	}
	for name, net := range nets {
		torch.Scope(func() {
			y := net.Forward(torch.Randn([]int{2, 1, 64, 64}))
			require.Equal(t, []int{2, 2, 64, 64}, y.Shape(), name)
			require.LessOrEqual(t, y.Abs().Max().Item(), 1.0, name)
			y.Sum().Backward()
			for _, e := range nn.StateDict(net) {
				require.True(t, e.Buffer || e.Tensor.Grad() != nil, "%s: %s has no gradient", name, e.Name)
			}
		})
	}
}

func TestDropoutShiftsTheNamesOfAResidualBlock(t *testing.T) {
	torchtest.Native(t)
	for want, r := range map[string]Resnet{
		"model.10.conv_block.5.weight": {Blocks: 1, Width: 1},
		"model.10.conv_block.6.weight": {Blocks: 1, Width: 1, Dropout: true},
		"model.10.conv_block.3.weight": {Blocks: 1, Width: 1, Padding: "zero"},
	} {
		require.Equal(t, []int{4, 4, 3, 3}, named(t, NewResnetGenerator(3, 3, r), want).Shape(), want)
	}
}

func TestAPatchHasTheReceptiveFieldOfThePaper(t *testing.T) {
	torchtest.Native(t)
	for layers, field := range map[int]int{1: 16, 2: 34, 3: 70} {
		torch.Scope(func() {
			d := NewNLayerDiscriminator(1, PatchGAN{Layers: layers, Width: 1, Norm: None})
			x := torch.Randn([]int{1, 1, 128, 128}).SetRequiresGrad(true)
			out := d.Forward(x)
			middle := out.Size(2) / 2
			out.Narrow(2, middle, 1).Narrow(3, middle, 1).Sum().Backward()
			rows := x.Grad().Abs().SumDim([]int{0, 1, 3}).CountNonzero().Item()
			require.EqualValues(t, field, rows, "%d layers", layers)
		})
	}
}

func TestAStateFromBeforePyTorch04Loads(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		small := Resnet{Blocks: 1, Width: 2, Norm: Instance}
		from, to := NewResnetGenerator(3, 3, small), NewResnetGenerator(3, 3, small)
		state := nn.StateDict(from)
		for _, name := range []string{"running_mean", "running_var", "num_batches_tracked"} {
			state = append(state, nn.Entry{Name: "model.2." + name, Tensor: torch.Zeros([]int{2}), Buffer: true})
		}
		path := filepath.Join(t.TempDir(), "latest_net_G.pth")
		require.NoError(t, pth.Save(path, pth.FromState(state)))
		require.NoError(t, Load(path, to))
		x := torch.Randn([]int{1, 3, 16, 16})
		require.True(t, from.Forward(x).Equal(to.Forward(x)))

		err := Load(path, NewResnetGenerator(3, 3, Resnet{Blocks: 1, Width: 2}))
		require.ErrorContains(t, err, "latest_net_G.pth: the state does not fit")
	})
}

func TestSettingsThatNoNetworkHasPanic(t *testing.T) {
	torchtest.Native(t)
	for want, build := range map[string]func(){
		"a U-Net halves at least 5 times, not 4":              func() { NewUnetGenerator(3, 3, Unet{Downs: 4}) },
		"a norm is batch, instance or none, not layer":        func() { NewNLayerDiscriminator(3, PatchGAN{Norm: "layer"}) },
		"the padding is reflect, replicate or zero, not wrap": func() { NewResnetGenerator(3, 3, Resnet{Width: 1, Padding: "wrap"}) },
		"weights are normal, xavier, kaiming or orthogonal, not he": func() {
			Initialise(NewPixelDiscriminator(3), Init{Type: "he"})
		},
	} {
		err := torch.Try(build)
		require.ErrorContains(t, err, want)
		require.False(t, strings.Contains(err.Error(), "\n"))
	}
}
