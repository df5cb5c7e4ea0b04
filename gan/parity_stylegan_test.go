package gan_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
)

// styleGAN2 is the networks of StyleGAN2 over recorded weights.
type styleGAN2 struct{ w parity.State }

// scaled is the weight of a name as it is used, divided by √fan-in.
func (s styleGAN2) scaled(name string) *torch.Tensor {
	weight := s.w[name+".weight"]
	fanIn := weight.Size(-1)
	if d := weight.Dim(); d >= 4 {
		fanIn *= weight.Size(-2) * weight.Size(-3)
	}
	return weight.DivScalar(math.Sqrt(float64(fanIn)))
}

// activate adds the bias of a name and activates to unit variance.
func (s styleGAN2) activate(name string, x *torch.Tensor, rate float64) *torch.Tensor {
	bias := s.w[name+".bias"].MulScalar(rate)
	if x.Dim() == 4 {
		bias = bias.View(1, -1, 1, 1)
	}
	return leaky(0.2, x.Add(bias)).MulScalar(math.Sqrt2)
}

// dense is a linear layer whose rate of learning is multiplied by rate.
func (s styleGAN2) dense(name string, x *torch.Tensor, rate float64) *torch.Tensor {
	return torch.Linear(x, s.scaled(name).MulScalar(rate))
}

// blur convolves each channel with a recorded kernel, which is symmetric, after padding.
func blur(kernel, x *torch.Tensor, padding int) *torch.Tensor {
	c := x.Size(1)
	return torch.Conv2d(x, kernel.Expand([]int{c, 1, 4, 4}), torch.Conv2dOptions{Padding: []int{padding}, Groups: &c})
}

func (s styleGAN2) discriminator(x *torch.Tensor) *torch.Tensor {
	layer := func(name string, activation string, x *torch.Tensor) *torch.Tensor {
		weight := s.scaled(name)
		return s.activate(activation, torch.Conv2d(x, weight, torch.Conv2dOptions{Padding: []int{weight.Size(-1) / 2}}), 1)
	}
	x = layer("convs.0.0", "convs.0.1", x)
	for i := 1; s.w[fmt.Sprintf("convs.%d.skip.1.weight", i)] != nil; i++ {
		block := fmt.Sprintf("convs.%d.", i)
		down := func(name string, x *torch.Tensor, padding int) *torch.Tensor {
			x = blur(s.w[block+name+".0.kernel"], x, padding)
			return torch.Conv2d(x, s.scaled(block+name+".1"), torch.Conv2dOptions{Stride: []int{2}})
		}
		h := layer(block+"conv1.0", block+"conv1.1", x)
		h = s.activate(block+"conv2.2", down("conv2", h, 2), 1)
		x = h.Add(down("skip", x, 1)).DivScalar(math.Sqrt2)
	}
	// The deviation over groups of four pictures becomes one more map.
	n, c, side := x.Size(0), x.Size(1), x.Size(2)
	group := min(n, 4)
	variance := x.View(group, -1, c, side, side).Var(torch.VarOptions{Dim: []int{0}, Correction: 0})
	deviation := variance.AddScalar(1e-8).Sqrt().MeanDim([]int{1, 2, 3})
	deviation = deviation.View(-1, 1, 1, 1).Repeat(group, 1, side, side)
	x = layer("final_conv.0", "final_conv.1", torch.Cat([]*torch.Tensor{x, deviation}, torch.CatOptions{Dim: 1}))
	x = s.activate("final_linear.0", s.dense("final_linear.0", x.Flatten(torch.FlattenOptions{StartDim: 1}), 1), 1)
	return s.dense("final_linear.1", x, 1).Add(s.w["final_linear.1.bias"])
}

// modulated is a convolution whose kernels a style scales for each picture, which is the same as scaling the channels that
// go in and, with demodulate, those that come out.
func (s styleGAN2) modulated(name string, x, style *torch.Tensor, demodulate bool) *torch.Tensor {
	n := x.Size(0)
	weight := s.scaled(name).Select(0, 0)
	scales := s.dense(name+".modulation", style, 1).Add(s.w[name+".modulation.bias"])
	in := x.Mul(scales.View(n, -1, 1, 1))
	var out *torch.Tensor
	if kernel := s.w[name+".blur.kernel"]; kernel != nil {
		out = blur(kernel, torch.ConvTranspose2d(in, weight.Transpose(0, 1), torch.ConvTranspose2dOptions{Stride: []int{2}}), 1)
	} else {
		out = torch.Conv2d(in, weight, torch.Conv2dOptions{Padding: []int{weight.Size(-1) / 2}})
	}
	if demodulate {
		own := weight.Unsqueeze(0).Mul(scales.View(n, 1, -1, 1, 1))
		out = out.Mul(own.Square().SumDim([]int{2, 3, 4}).AddScalar(1e-8).Rsqrt().View(n, -1, 1, 1))
	}
	return out
}

// generator maps z (N, D) to pictures and the latents (N, layers, D) that they depend on.
func (s styleGAN2) generator(z *torch.Tensor, noise func(layer int) *torch.Tensor) (pictures, latents *torch.Tensor) {
	w := z.Mul(z.Square().MeanDim([]int{1}, torch.MeanDimOptions{Keepdim: true}).AddScalar(1e-8).Rsqrt())
	for _, name := range []string{"style.1", "style.2"} {
		w = s.activate(name, s.dense(name, w, 0.01), 0.01)
	}
	resolutions := 0
	for s.w[fmt.Sprintf("to_rgbs.%d.bias", resolutions)] != nil {
		resolutions++
	}
	latents = w.Unsqueeze(1).Repeat(1, 2*resolutions+2, 1)
	style := func(i int) *torch.Tensor { return latents.Select(1, i) }
	styled := func(name string, x *torch.Tensor, layer int) *torch.Tensor {
		x = s.modulated(name+".conv", x, style(layer), true)
		return s.activate(name+".activate", x.Add(s.w[name+".noise.weight"].Mul(noise(layer))), 1)
	}
	rgb := func(name string, x *torch.Tensor, layer int) *torch.Tensor {
		return s.modulated(name+".conv", x, style(layer), false).Add(s.w[name+".bias"])
	}
	x := styled("conv1", s.w["input.input"].Repeat(z.Size(0), 1, 1, 1), 0)
	pictures = rgb("to_rgb1", x, 1)
	for i := range resolutions {
		x = styled(fmt.Sprintf("convs.%d", 2*i), x, 2*i+1)
		x = styled(fmt.Sprintf("convs.%d", 2*i+1), x, 2*i+2)
		name := fmt.Sprintf("to_rgbs.%d", i)
		kernel := s.w[name+".upsample.kernel"].Expand([]int{3, 1, 4, 4})
		pictures = rgb(name, x, 2*i+3).Add(torch.ConvTranspose2d(pictures, kernel, torch.ConvTranspose2dOptions{
			Stride: []int{2}, Padding: []int{1}, Groups: new(3)}))
	}
	return pictures, latents
}

func styleGAN2R1(t *testing.T, c *parity.Case) {
	d := styleGAN2{c.Weights}.discriminator
	r1 := gan.R1(d, c.Inputs["x"], 2) // γ/2 = 1
	c.Check("r1", r1)
	game := gan.NonSaturatingLogits
	c.Check("d_logistic", game.Discriminator(d(c.Inputs["x"]), d(c.Inputs["fake"])))
	c.Check("g_nonsat", game.Generator(d(c.Inputs["fake"])))
	checkGrads(c, "grad.", gan.R1(d, c.Inputs["x"], float64(c.Int("r1", 0)*c.Int("d_reg_every", 0))), c.Weights)
}

func styleGAN2PathLength(t *testing.T, c *parity.Case) {
	pictures, latents := styleGAN2{c.Weights}.generator(c.Inputs["z"], func(layer int) *torch.Tensor {
		return c.Inputs[fmt.Sprintf("noise%d", layer)]
	})
	penalty, mean := gan.PathLength(pictures, latents, c.Inputs["mean_path_length"], c.Inputs["pl_noise"])
	c.Check("path_penalty", penalty)
	c.Check("path_mean", mean)
	c.Check("path_lengths", gan.PathLengths(pictures, latents, c.Inputs["pl_noise"]))
	weight := float64(c.Int("path_regularize", 0) * c.Int("g_reg_every", 0))
	loss := penalty.MulScalar(weight)
	checkGrads(c, "grad.", loss, c.Weights)
	checkGrads(c, "grad.input.", loss, parity.State{"input": c.Weights["input.input"]})
}
