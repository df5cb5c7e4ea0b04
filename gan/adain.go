package gan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// AdaIN is adaptive instance norm: IN(x)·γ + β, with γ and β an affine map of a style. Style makes γ, then β.
// Huang and Belongie 2017; Karras et al. 2019, §2.
type AdaIN struct {
	Style *nn.Linear `nn:"style.linear"` // at an equalised learning rate
}

// NewAdaIN makes a layer for the given number of channels and style features, with γ around 1 and β around 0 at first.
// The names are those of rosinality/style-based-gan-pytorch. (The official code has biases 0 and computes γ + 1.)
func NewAdaIN(channels, features int) *AdaIN {
	a := &AdaIN{EqualLR(nn.NewLinear(features, 2*channels))}
	torch.NoGrad(func() {
		torch.Scope(func() { a.Style.Bias.Narrow(0, 0, channels).FillInPlace(1) })
	})
	return a
}

// Forward maps x (N, C, H, W) and style (N, features) to (N, C, H, W).
func (a *AdaIN) Forward(x, style *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		s := a.Style.Forward(style).Chunk(2, torch.ChunkOptions{Dim: 1})
		return instanceNorm(x).Mul(perChannel(s[0], x)).Add(perChannel(s[1], x))
	})
}

// PixelNorm divides the features of each pixel by their root mean square: x / √(mean_c x² + 1e-8). Karras et al. 2018,
// §4.2.
type PixelNorm struct{}

// Forward maps (N, C, …) to the same shape.
func (PixelNorm) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		square := x.Square().MeanDim([]int{1}, torch.MeanDimOptions{Keepdim: true})
		return x.Mul(square.AddScalar(1e-8).Rsqrt())
	})
}
