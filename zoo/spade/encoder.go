package spade

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Encoder reads the style of a picture: the mean and the logarithm of the variance of a normal distribution. NVlabs/SPADE
// models/networks/encoder.py, ConvEncoder.
//
//	           bilinear to 256×256
//	layer1     3×3 stride 2   Channels → W   spectral, instance norm
//	layer2     3×3 stride 2   → 2·W          LeakyReLU 0.2 before it, as before all that follow
//	layer3     3×3 stride 2   → 4·W
//	layer4…6   3×3 stride 2   → 8·W
//	fc_mu      16·8·W → Latent
//	fc_var     16·8·W → Latent
type Encoder struct {
	Layer1 *nn.Sequential `nn:"layer1"`
	Layer2 *nn.Sequential `nn:"layer2"`
	Layer3 *nn.Sequential `nn:"layer3"`
	Layer4 *nn.Sequential `nn:"layer4"`
	Layer5 *nn.Sequential `nn:"layer5"`
	Layer6 *nn.Sequential `nn:"layer6"`
	Mean   *nn.Linear     `nn:"fc_mu"`
	LogVar *nn.Linear     `nn:"fc_var"`
}

// encoderSide is the size that the encoder sees. The official program leaves layer6 out below it, after which its linear
// layers no longer fit, since pictures are resized in any case.
const encoderSide = 256

// NewEncoder makes the encoder of settings that are complete.
func NewEncoder(c Config) *Encoder {
	w := c.Width
	down := func(in, out int) *nn.Sequential { return normalised(in, out, 3, nn.Conv{Stride: 2, Padding: 1}) }
	return &Encoder{
		Layer1: down(c.Channels, w),
		Layer2: down(w, 2*w),
		Layer3: down(2*w, 4*w),
		Layer4: down(4*w, 8*w),
		Layer5: down(8*w, 8*w),
		Layer6: down(8*w, 8*w),
		Mean:   nn.NewLinear(8*w*4*4, c.Latent),
		LogVar: nn.NewLinear(8*w*4*4, c.Latent),
	}
}

// Forward maps pictures (N, Channels, H, W) in [−1, 1] to means and logarithms of variances (N, Latent).
func (e *Encoder) Forward(x *torch.Tensor) (mean, logVar *torch.Tensor) {
	if x.Size(2) != encoderSide || x.Size(3) != encoderSide {
		x = nn.Interpolate(x, nn.Interpolation{Size: encoderSide, Mode: "bilinear"})
	}
	x = e.Layer1.Forward(x)
	for _, l := range []*nn.Sequential{e.Layer2, e.Layer3, e.Layer4, e.Layer5, e.Layer6} {
		x = l.Forward(leaky.Forward(x))
	}
	x = leaky.Forward(x).Flatten(torch.FlattenOptions{StartDim: 1})
	return e.Mean.Forward(x), e.LogVar.Forward(x)
}
