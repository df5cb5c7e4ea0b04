package nn

import "github.com/forgergan/forger/torch"

// dropout is what the layers that drop in training share.
type dropout struct {
	p float64
	mode
}

// newDropout takes the probability with which something is dropped.
func newDropout(p float64) dropout {
	if !(p >= 0 && p <= 1) {
		panic(refusal("a dropout probability of %v is not in [0, 1]", p))
	}
	return dropout{p: p}
}

// Dropout sets elements to 0 at random in training, and scales the others so that the mean stays. PyTorch's default
// probability is 0.5. Srivastava et al. 2014.
type Dropout struct{ dropout }

// NewDropout makes a layer that drops each element with probability p.
func NewDropout(p float64) *Dropout { return &Dropout{newDropout(p)} }

// Forward maps x of any shape.
func (d *Dropout) Forward(x *torch.Tensor) *torch.Tensor { return torch.Dropout(x, d.p, d.training()) }

// Dropout2d sets whole channels of samples to 0 at random in training, and scales the others so that the mean stays. It
// is PyTorch's Dropout1d and Dropout3d, too. Tompson et al. 2015.
type Dropout2d struct{ dropout }

// NewDropout2d makes a layer that drops each channel with probability p.
func NewDropout2d(p float64) *Dropout2d { return &Dropout2d{newDropout(p)} }

// Forward maps x (N, C, …).
func (d *Dropout2d) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.FeatureDropout(x, d.p, d.training())
}

// AlphaDropout is dropout for SELU: it keeps mean 0 and variance 1. Klambauer et al. 2017.
type AlphaDropout struct{ dropout }

// NewAlphaDropout makes a layer that drops each element with probability p.
func NewAlphaDropout(p float64) *AlphaDropout { return &AlphaDropout{newDropout(p)} }

// Forward maps x of any shape.
func (d *AlphaDropout) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.AlphaDropout(x, d.p, d.training())
}

// FeatureAlphaDropout is AlphaDropout of whole channels.
type FeatureAlphaDropout struct{ dropout }

// NewFeatureAlphaDropout makes a layer that drops each channel with probability p.
func NewFeatureAlphaDropout(p float64) *FeatureAlphaDropout {
	return &FeatureAlphaDropout{newDropout(p)}
}

// Forward maps x (N, C, …).
func (d *FeatureAlphaDropout) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.FeatureAlphaDropout(x, d.p, d.training())
}
