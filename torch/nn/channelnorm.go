package nn

import "github.com/forgergan/forger/torch"

// ChannelNorm holds the tensors of a batch or instance norm.
type ChannelNorm struct {
	Weight            *torch.Tensor `nn:"weight"`                     // (C), nil without scale and shift
	Bias              *torch.Tensor `nn:"bias"`                       // (C), nil without scale and shift
	RunningMean       *torch.Tensor `nn:"running_mean,buffer"`        // (C), nil without tracking
	RunningVar        *torch.Tensor `nn:"running_var,buffer"`         // (C), nil without tracking
	NumBatchesTracked *torch.Tensor `nn:"num_batches_tracked,buffer"` // scalar int64, nil without tracking

	mode
	settings   BatchNorm
	collecting bool // under UpdateBN
	untracked  bool // under Untracked
}

// training is also true while UpdateBN collects.
func (b *ChannelNorm) training() bool { return b.collecting || b.mode.training() }

// BatchNorm are the settings of a batch norm; the zero value is PyTorch's default.
type BatchNorm struct {
	Eps        float64 // 1e-5 if 0
	Momentum   float64 // weight of the new batch in the running averages, 0.1 if 0
	Cumulative bool    // average all batches alike instead, PyTorch's momentum=None
	NoAffine   bool    // no scale and shift
	NoTracking bool    // no running averages: normalise by the batch in evaluation, too
}

// InstanceNorm are the settings of an instance norm; the zero value is PyTorch's default.
type InstanceNorm struct {
	Eps      float64 // 1e-5 if 0
	Momentum float64 // weight of the new batch in the running averages, 0.1 if 0
	Affine   bool    // scale and shift each channel
	Tracking bool    // normalise by running averages in evaluation
}

func (c InstanceNorm) settings() BatchNorm {
	return BatchNorm{Eps: c.Eps, Momentum: c.Momentum, NoAffine: !c.Affine, NoTracking: !c.Tracking}
}

// newChannelNorm starts with scale 1, shift 0, running mean 0 and variance 1.
func newChannelNorm(channels int, c BatchNorm) *ChannelNorm {
	if c.Eps == 0 {
		c.Eps = 1e-5
	}
	if c.Momentum == 0 {
		c.Momentum = 0.1
	}
	b := &ChannelNorm{settings: c}
	if !c.NoTracking {
		b.RunningMean = torch.Zeros([]int{channels}).Own()
		b.RunningVar = torch.Ones([]int{channels}).Own()
		b.NumBatchesTracked = torch.Of(int64(0)).Own()
	}
	if !c.NoAffine {
		b.Weight, b.Bias = scale(channels), shift(channels)
	}
	return b
}

// scale and shift are the parameters with which a norm ends, at their start values.
func scale(shape ...int) *torch.Tensor { return torch.Ones(shape).Own().SetRequiresGrad(true) }
func shift(shape ...int) *torch.Tensor { return torch.Zeros(shape).Own().SetRequiresGrad(true) }

// byInput tells whether the input's own statistics are used.
func (b *ChannelNorm) byInput() bool { return b.training() || b.RunningMean == nil }

const useCuDNN = true

func (b *ChannelNorm) batch(x *torch.Tensor) *torch.Tensor {
	if b.byInput() {
		shape := x.Shape()
		if shape[0]*product(shape[2:]) == 1 {
			panic(refusal("one value a channel, in %v, has no variance to normalise a batch by", shape))
		}
	}
	momentum := b.settings.Momentum
	switch {
	case !b.training() || b.RunningMean == nil:
	case b.untracked:
		momentum = 0 // with averages, so that autograd saves the same tensors
	default:
		b.NumBatchesTracked.AddScalarInPlace(1)
		if b.settings.Cumulative {
			momentum = 1 / b.NumBatchesTracked.Item()
		}
	}
	return torch.BatchNorm(x, b.Weight, b.Bias, b.RunningMean, b.RunningVar, b.byInput(),
		momentum, b.settings.Eps, useCuDNN)
}

// instance normalises x, which has n dimensions with the samples, or n−1 for a single one.
func (b *ChannelNorm) instance(x *torch.Tensor, n int) *torch.Tensor {
	if x.Dim() < n {
		return torch.Tidy(func() *torch.Tensor { return b.instance(x.Unsqueeze(0), n).SqueezeDim(0) })
	}
	if shape := x.Shape(); b.byInput() && product(shape[2:]) == 1 {
		panic(refusal("one value a channel of a sample, in %v, has no variance to normalise an instance by", shape))
	}
	return torch.InstanceNorm(x, b.Weight, b.Bias, b.RunningMean, b.RunningVar, b.byInput(),
		b.settings.Momentum, b.settings.Eps, useCuDNN)
}

func product(sizes []int) int {
	n := 1
	for _, s := range sizes {
		n *= s
	}
	return n
}
