package gan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// OwnBatchNorm is the batch norm that BigGAN-PyTorch brings itself, for its option --mybn and the files of networks
// trained with it. It differs from PyTorch's: the variance is the mean of squares less the square of the mean, and that,
// not an unbiased estimate, goes into the running average. ajbrock/BigGAN-PyTorch layers.py, myBN.
type OwnBatchNorm struct {
	StoredMean *torch.Tensor `nn:"stored_mean,buffer"`          // (C)
	StoredVar  *torch.Tensor `nn:"stored_var,buffer"`           // (C)
	Counter    *torch.Tensor `nn:"accumulation_counter,buffer"` // (1), 0: Collect leaves means where the program leaves sums

	batchStatistics
	eps float64
}

// NewOwnBatchNorm makes a layer that has seen no batch.
func NewOwnBatchNorm(channels int, eps float64) *OwnBatchNorm {
	return &OwnBatchNorm{
		StoredMean: torch.Zeros([]int{channels}).Own(), StoredVar: torch.Ones([]int{channels}).Own(),
		Counter: torch.Zeros([]int{1}).Own(), eps: eps,
	}
}

// Forward normalises x (N, C, H, W), then scales and shifts it by gain and bias, (C) or (N, C). In training it also
// updates the running averages, with weight 0.1 of the batch.
func (b *OwnBatchNorm) Forward(x, gain, bias *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		mean, variance := b.StoredMean, b.StoredVar
		if ofBatch, momentum := b.next(); ofBatch {
			full := x.ToDType(torch.Float32)
			mean = full.MeanDim([]int{0, 2, 3})
			variance = full.Square().MeanDim([]int{0, 2, 3}).Sub(mean.Square())
			torch.NoGrad(func() {
				b.StoredMean.LerpInPlace(mean, momentum)
				b.StoredVar.LerpInPlace(variance, momentum)
			})
		}
		scale := gain.Mul(variance.AddScalar(b.eps).Rsqrt())
		shift := bias.Sub(mean.Mul(scale))
		return x.Mul(channelwise(scale)).Add(channelwise(shift))
	})
}

// channelwise views v, (C) or (N, C), so that it is broadcast over (N, C, H, W).
func channelwise(v *torch.Tensor) *torch.Tensor { return v.Unsqueeze(-1).Unsqueeze(-1) }

// Collect makes the running averages anew: until stop is called they are the plain mean over all batches that pass,
// whatever mode the norm is in. These are the standing statistics of Brock et al. 2019, §4.1.
func (b *OwnBatchNorm) Collect() (stop func()) { return b.collect(b.StoredMean, b.StoredVar) }

// BigGANOwnNorm is a BigGANBatchNorm2d by an OwnBatchNorm.
type BigGANOwnNorm struct {
	Gain *torch.Tensor `nn:"gain"` // (C)
	Bias *torch.Tensor `nn:"bias"` // (C)
	BN   *OwnBatchNorm `nn:"bn"`
}

// NewBigGANOwnNorm makes a layer with gain 1 and bias 0.
func NewBigGANOwnNorm(channels int) *BigGANOwnNorm {
	return &BigGANOwnNorm{
		Gain: torch.Ones([]int{channels}).Own().SetRequiresGrad(true),
		Bias: torch.Zeros([]int{channels}).Own().SetRequiresGrad(true),
		BN:   NewOwnBatchNorm(channels, 1e-5),
	}
}

// Forward normalises x (N, C, H, W).
func (b *BigGANOwnNorm) Forward(x *torch.Tensor) *torch.Tensor {
	return b.BN.Forward(x, b.Gain, b.Bias)
}

var _ nn.Layer = (*BigGANOwnNorm)(nil)
