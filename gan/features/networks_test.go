package features

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
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

// fill sets the tensors of a network to waves, weights of He's size, as make.py does.
func fill(t *testing.T, module any) {
	torch.Scope(func() {
		phase := 0.0
		torch.NoGrad(func() {
			for _, e := range nn.StateDict(module) {
				p := e.Tensor
				if !p.DType().IsFloat() {
					continue
				}
				centre, scale := 0.0, 0.1
				switch {
				case p.Dim() > 1:
					scale = math.Sqrt(2 / float64(p.Numel()/p.Size(0)))
				case strings.HasSuffix(e.Name, "running_var"), strings.HasSuffix(e.Name, "weight"):
					centre = 1
				}
				x := torch.Arange(0, p.Numel()).ToDType(torch.Float64).MulScalar(0.37).AddScalar(phase).Sin()
				p.CopyInPlace(x.MulScalar(scale).AddScalar(centre).View(p.Shape()...))
				phase++
			}
		})
	})
	nn.Eval(module)
}

// free gives the tensors of a network back, for tests that build several large ones.
func free(module any) {
	for _, e := range nn.StateDict(module) {
		e.Tensor.Free()
	}
}

func waves(shape ...int) *torch.Tensor {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return torch.Arange(0, n).ToDType(torch.Float64).MulScalar(0.11).Sin().View(shape...).ToDType(torch.Float32)
}

// pictures are bytes, as numbers in float32.
func pictures(shape ...int) *torch.Tensor {
	return waves(shape...).ToDType(torch.Float64).AddScalar(1).MulScalar(127.5).Floor().ToDType(torch.Float32)
}

// near compares with a part of the largest recorded number.
func near(t *testing.T, name string, want, got *torch.Tensor, part float64) {
	t.Helper()
	require.NotNil(t, want, "%s is not recorded", name)
	require.Equal(t, want.Shape(), got.Shape(), name)
	diff, largest := torchtest.MaxDiff(t, got, want)
	require.LessOrEqual(t, diff, part*largest, "%s (largest %g)", name, largest)
	t.Logf("%s: %.1e of the largest", name, diff/largest)
}

func TestInceptionIsThatOfTorchFidelity(t *testing.T) {
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		torch.NoGrad(func() {
			want, net := golden(t), NewInception()
			defer free(net)
			fill(t, net)
			x := TF1.Apply(pictures(2, 3, 40, 32))
			require.Equal(t, []int{2, 3, 299, 299}, x.Shape())
			for i, tap := range net.Taps(x) {
				name := []string{"inception.64", "inception.192", "inception.768", "inception.2048"}[i]
				near(t, name, want[name], mean(tap), 1e-5)
				require.Equal(t, net.Channels()[i], tap.Size(1))
			}
			features, logits := net.Embed(x)
			near(t, "inception.2048", want["inception.2048"], features, 1e-5)
			near(t, "inception.logits_unbiased", want["inception.logits_unbiased"], logits, 1e-5)
			near(t, "inception.logits", want["inception.logits"], net.Forward(x), 1e-5)
		})
	})
}

func TestEfficientNetLite0IsThatOfPython(t *testing.T) {
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		torch.NoGrad(func() {
			want, net := golden(t), NewEfficientNetLite0()
			defer free(net)
			fill(t, net)
			x := waves(2, 3, 224, 224)
			features, logits := net.Embed(x)
			near(t, "lite0.features", want["lite0.features"], features, 1e-5)
			near(t, "lite0.logits", want["lite0.logits"], logits, 1e-5)
			for i, tap := range net.Taps(x) {
				name := []string{"lite0.tap.2", "lite0.tap.4", "lite0.tap.10"}[i]
				near(t, name, want[name], mean(tap), 1e-5)
				require.Equal(t, []int{2, net.Channels()[i], []int{56, 28, 14}[i], []int{56, 28, 14}[i]}, tap.Shape())
			}
		})
	})
}

func TestVGG19IsThatOfTorchvision(t *testing.T) {
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		torch.NoGrad(func() {
			want := golden(t)
			taps := []string{"vgg19.1", "vgg19.6", "vgg19.11", "vgg19.20", "vgg19.29", "vgg19.35"}
			net := NewVGG19(1, 6, 11, 20, 29, 35)
			defer free(net)
			fill(t, net)
			require.Equal(t, []int{64, 128, 256, 512, 512, 512}, net.Channels())
			for i, tap := range net.Taps(waves(2, 3, 64, 48)) {
				near(t, taps[i], want[taps[i]], mean(tap), 1e-5)
			}
		})
	})
	require.PanicsWithError(t, "torch.NewVGG19: there is no layer 36, only 0 to 35", func() { NewVGG19(36) })
}

func TestResNetsAreThoseOfPython(t *testing.T) {
	torch.Scope(func() {
		torch.NoGrad(func() {
			want := golden(t)
			for name, net := range map[string]*ResNet{"resnet18": NewResNet18(3, 10), "resnet32": NewResNet32(3, 10)} {
				fill(t, net)
				x := waves(2, 3, 64, 48)
				if name == "resnet32" {
					x = waves(2, 3, 32, 32)
				}
				near(t, name, want[name], net.Forward(x), 1e-5)
			}
		})
	})
}

func TestPreparationsAreThoseOfPython(t *testing.T) {
	torch.Scope(func() {
		want := golden(t)
		x := pictures(1, 3, 40, 32)
		near(t, "tf1.larger", want["tf1.larger"], tf1Bilinear(x, 50), 1e-7)
		near(t, "tf1.smaller", want["tf1.smaller"], tf1Bilinear(x, 17), 1e-7)
		some := func(x *torch.Tensor) *torch.Tensor {
			return x.At(torch.Range{}, torch.Range{End: new(1)}, torch.Range{Step: 13}, torch.Range{Step: 11})
		}
		near(t, "pytorch-fid", want["pytorch-fid"], some(PyTorchFID.Apply(x)), 2e-6)
		for _, side := range []string{"40", "600"} {
			x := map[string]*torch.Tensor{"40": pictures(1, 1, 40, 40), "600": pictures(1, 1, 600, 600)}[side]
			near(t, "clean-fid", want["clean-fid."+side], some(CleanFID.Apply(x)).Select(0, 0).Select(0, 0), 1e-5)
			near(t, "lite", want["lite."+side], some(Lite.Apply(x)).Select(0, 0).Select(0, 0), 1e-5)
			bytes := some(StudioGAN.Apply(x)).Select(0, 0).Select(0, 0).MulScalar(128).AddScalar(128)
			diff, _ := torchtest.MaxDiff(t, bytes, want["pil-bilinear."+side])
			require.LessOrEqual(t, diff, 1.0, "one step of a byte")
		}
	})
}

func TestPreparationsAreFoundByName(t *testing.T) {
	for _, p := range []Preparation{TF1, PyTorchFID, CleanFID, StudioGAN} {
		got, err := ParsePreparation(strings.TrimPrefix(p.String(), "resize="))
		require.NoError(t, err)
		require.Equal(t, p.String(), got.String())
	}
	_, err := ParsePreparation("nearest")
	require.EqualError(t, err, `there is no preparation "nearest" for Inception, only tf1-bilinear, pytorch-fid, clean-fid, pil-bilinear`)
	torchtest.Native(t)
	require.Panics(t, func() { torch.Scope(func() { TF1.Apply(torch.Ones([]int{1, 2, 4, 4})) }) })
}
