package gan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// A ConditionalNorm normalises x (N, C, H, W) and scales and shifts it by what y says of each sample: its class (N), or
// a vector (N, features).
type ConditionalNorm interface {
	Forward(x, y *torch.Tensor) *torch.Tensor
}

// Unconditional is a norm that does not look at y, in a place that may have a ConditionalNorm. The state lists it as if
// it stood there by itself.
type Unconditional struct {
	Norm nn.Layer `nn:""`
}

// Forward is the norm of x.
func (u Unconditional) Forward(x, _ *torch.Tensor) *torch.Tensor { return u.Norm.Forward(x) }

// ConditionalBatchNorm2d is a batch norm whose scale and shift belong to the class: BN(x)·γ_y + β_y. A row of Embed is
// γ, then β. kwotsin/mimicry modules/layers.py.
type ConditionalBatchNorm2d struct {
	BN    *nn.BatchNorm2d `nn:"bn"` // without affine
	Embed *nn.Embedding   `nn:"embed"`
}

// NewConditionalBatchNorm2d makes a layer with γ from N(1, 0.02) and β 0. Its batch norm has the settings o but no scale and
// shift.
func NewConditionalBatchNorm2d(channels, classes int, o ...nn.BatchNorm) *ConditionalBatchNorm2d {
	norm := only(o)
	norm.NoAffine = true
	b := &ConditionalBatchNorm2d{nn.NewBatchNorm2d(channels, norm), nn.NewEmbedding(classes, 2*channels)}
	torch.NoGrad(func() {
		torch.Scope(func() {
			initializer.Normal(b.Embed.Weight.Narrow(1, 0, channels), 1, 0.02)
			initializer.Constant(b.Embed.Weight.Narrow(1, channels, channels), 0)
		})
	})
	return b
}

// Forward maps x (N, C, H, W) and classes y (N) to (N, C, H, W).
func (b *ConditionalBatchNorm2d) Forward(x, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		gain := b.Embed.Forward(y).Chunk(2, torch.ChunkOptions{Dim: 1})
		return b.BN.Forward(x).Mul(perChannel(gain[0], x)).Add(perChannel(gain[1], x))
	})
}

// perChannel views v (N, C) so that it is broadcast over x (N, C, …).
func perChannel(v, x *torch.Tensor) *torch.Tensor {
	shape := v.Shape()
	for range x.Dim() - 2 {
		shape = append(shape, 1)
	}
	return v.View(shape...)
}

// CCBN is BigGAN's class-conditional batch norm: BN(x)·(1 + Gain(y)) + Bias(y). It has no count of batches.
// ajbrock/BigGAN-PyTorch layers.py, ccbn.
type CCBN struct {
	StoredMean *torch.Tensor `nn:"stored_mean,buffer"` // (C)
	StoredVar  *torch.Tensor `nn:"stored_var,buffer"`  // (C)
	Gain       nn.Layer      `nn:"gain"`
	Bias       nn.Layer      `nn:"bias"`
	Own        *OwnBatchNorm `nn:"bn"` // with the option, in place of the two stored tensors

	batchStatistics
	settings CCBNOptions
}

// CCBNOptions are the optional arguments of NewCCBN; the zero value is BigGAN-PyTorch's.
type CCBNOptions struct {
	Eps       float64 // 1e-5 if 0
	PlainGain bool    // the scale is Gain(y), without 1 +, as in compare_gan; gains that start around 0 mute it there
	Own       bool    // normalise by an OwnBatchNorm: BigGAN-PyTorch's --mybn
}

// NewCCBN makes a layer for the given number of channels. gain and bias map y to (N, channels): linear layers without
// bias on an embedding of the class, or embeddings of it.
func NewCCBN(channels int, gain, bias nn.Layer, o ...CCBNOptions) *CCBN {
	b := &CCBN{Gain: gain, Bias: bias, settings: only(o)}
	b.settings.Eps = otherwise(b.settings.Eps, 1e-5)
	if b.settings.Own {
		b.Own = NewOwnBatchNorm(channels, b.settings.Eps)
		return b
	}
	b.StoredMean, b.StoredVar = torch.Zeros([]int{channels}).Own(), torch.Ones([]int{channels}).Own()
	return b
}

// Forward maps x (N, C, H, W) and y, which Gain and Bias read, to (N, C, H, W). In training it also updates the running
// averages, with weight 0.1 of the batch.
func (b *CCBN) Forward(x, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		gain := b.Gain.Forward(y)
		if !b.settings.PlainGain {
			gain = gain.AddScalar(1)
		}
		if b.Own != nil {
			return b.Own.Forward(x, gain, b.Bias.Forward(y))
		}
		x := b.normalise(x, nil, nil, b.StoredMean, b.StoredVar, b.settings.Eps)
		return x.Mul(perChannel(gain, x)).Add(perChannel(b.Bias.Forward(y), x))
	})
}

// Collect makes the running averages anew: until stop is called they are the plain mean over all batches that pass,
// whatever mode the norm is in. These are the standing statistics of Brock et al. 2019, §4.1.
func (b *CCBN) Collect() (stop func()) {
	if b.Own != nil {
		return func() {} // which collects by itself
	}
	return b.collect(b.StoredMean, b.StoredVar)
}

// BigGANBatchNorm2d is a batch norm with BigGAN's names, which ends its generator: BN(x)·gain + bias.
// ajbrock/BigGAN-PyTorch layers.py, bn.
type BigGANBatchNorm2d struct {
	Gain       *torch.Tensor `nn:"gain"`               // (C)
	Bias       *torch.Tensor `nn:"bias"`               // (C)
	StoredMean *torch.Tensor `nn:"stored_mean,buffer"` // (C)
	StoredVar  *torch.Tensor `nn:"stored_var,buffer"`  // (C)

	batchStatistics
}

// NewBigGANBatchNorm2d makes a layer with gain 1 and bias 0.
func NewBigGANBatchNorm2d(channels int) *BigGANBatchNorm2d {
	return &BigGANBatchNorm2d{
		Gain:       torch.Ones([]int{channels}).Own().SetRequiresGrad(true),
		Bias:       torch.Zeros([]int{channels}).Own().SetRequiresGrad(true),
		StoredMean: torch.Zeros([]int{channels}).Own(), StoredVar: torch.Ones([]int{channels}).Own(),
	}
}

// Forward normalises x (N, C, H, W). In training it also updates the running averages, with weight 0.1 of the batch.
func (b *BigGANBatchNorm2d) Forward(x *torch.Tensor) *torch.Tensor {
	return b.normalise(x, b.Gain, b.Bias, b.StoredMean, b.StoredVar, 1e-5)
}

// Collect makes the running averages anew: until stop is called they are the plain mean over all batches that pass,
// whatever mode the norm is in. These are the standing statistics of Brock et al. 2019, §4.1.
func (b *BigGANBatchNorm2d) Collect() (stop func()) { return b.collect(b.StoredMean, b.StoredVar) }

// ConditionalInstanceNorm normalises each channel of each sample by its own mean and variance, then scales and shifts it
// by what belongs to y: IN(x)·γ(y) + β(y). Dumoulin et al. 2017, §2.2.
type ConditionalInstanceNorm struct {
	Gamma nn.Layer `nn:"gamma"`
	Beta  nn.Layer `nn:"beta"`
}

// NewConditionalInstanceNorm makes a layer whose gamma and beta map y to (N, C): embeddings of a class with 1 and 0 at
// first, or linear layers on a code, as in StarGAN-VC2.
func NewConditionalInstanceNorm(gamma, beta nn.Layer) *ConditionalInstanceNorm {
	return &ConditionalInstanceNorm{gamma, beta}
}

// Forward maps x (N, C, …) with one or more dimensions behind the channels, and y, to the shape of x.
func (b *ConditionalInstanceNorm) Forward(x, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		gamma, beta := perChannel(b.Gamma.Forward(y), x), perChannel(b.Beta.Forward(y), x)
		return instanceNorm(x).Mul(gamma).Add(beta)
	})
}

// instanceNorm normalises each channel of each sample of x.
func instanceNorm(x *torch.Tensor) *torch.Tensor {
	return torch.InstanceNorm(x, nil, nil, nil, nil, true, 0.1, 1e-5, true)
}

// batchStatistics knows which statistics the norm that it is embedded in takes: those of the batch in training, as at
// first.
type batchStatistics struct {
	evaluating bool
	collecting bool
	batches    int // since collecting began
}

// SetTraining switches between training and evaluation, as nn.Train and nn.Eval do for all layers of a module.
func (s *batchStatistics) SetTraining(on bool) { s.evaluating = !on }

func (s *batchStatistics) normalise(x, gain, bias, mean, variance *torch.Tensor, eps float64) *torch.Tensor {
	ofBatch, momentum := s.next()
	return torch.BatchNorm(x, gain, bias, mean, variance, ofBatch, momentum, eps, true)
}

// next says for the next batch whether its own statistics are taken, and with which weight they join the running ones.
func (s *batchStatistics) next() (ofBatch bool, momentum float64) {
	if s.collecting {
		s.batches++
		return true, 1 / float64(s.batches)
	}
	return !s.evaluating, 0.1
}

func (s *batchStatistics) collect(mean, variance *torch.Tensor) (stop func()) {
	mean.FillInPlace(0)
	variance.FillInPlace(1)
	s.collecting, s.batches = true, 0
	return func() { s.collecting = false }
}
