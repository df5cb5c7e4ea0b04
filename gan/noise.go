package gan

import (
	"math"

	"github.com/forgergan/forger/torch"
)

// NoiseInjection adds one picture of noise to all channels, each times a strength that is learnt and starts as 0.
// Karras et al. 2019, §2.
type NoiseInjection struct {
	Weight     *torch.Tensor `nn:"weight"`      // (1), or (1, C, 1, 1)
	WeightOrig *torch.Tensor `nn:"weight_orig"` // (1, C, 1, 1), in place of Weight with EqualLR

	scale float64
}

// NoiseOptions say how NewNoiseInjection stores its strength; the zero value is StyleGAN2's form.
type NoiseOptions struct {
	Channels int  // one strength for each of so many, as in StyleGAN; one for all if 0
	EqualLR  bool // multiply them by √(2/Channels), as rosinality's style-based-gan-pytorch does
}

// NewNoiseInjection makes a layer of strength 0.
func NewNoiseInjection(o ...NoiseOptions) *NoiseInjection {
	c := only(o)
	shape := []int{1}
	if c.Channels > 0 {
		shape = []int{1, c.Channels, 1, 1}
	}
	weight := torch.Zeros(shape).Own().SetRequiresGrad(true)
	switch {
	case !c.EqualLR:
		return &NoiseInjection{Weight: weight}
	case c.Channels == 0:
		panic(misuse("NewNoiseInjection", "noise at an equalised learning rate needs a number of channels"))
	}
	return &NoiseInjection{WeightOrig: weight, scale: math.Sqrt(2 / float64(c.Channels))}
}

// Forward adds noise (N, 1, H, W) or (1, 1, H, W) to x (N, C, H, W). A nil noise is drawn from N(0, 1), for each sample
// apart.
func (l *NoiseInjection) Forward(x, noise *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		if noise == nil {
			noise = torch.Randn([]int{x.Size(0), 1, x.Size(2), x.Size(3)}, torch.RandnOptions{
				TensorOptions: torch.TensorOptions{Device: x.Device(), DType: x.DType()},
			})
		}
		strength := l.Weight
		if l.WeightOrig != nil {
			strength = l.WeightOrig.MulScalar(l.scale)
		}
		return x.Add(noise.Mul(strength))
	})
}
