package nn

import "github.com/forgergan/forger/torch"

// BatchNorm2d normalises each channel, in training by the mean and variance of the batch, in
// evaluation by their running averages, then scales and shifts it. Ioffe and Szegedy 2015.
type BatchNorm2d struct {
	Weight            *torch.Tensor `nn:"weight"`                     // (C), nil without affine
	Bias              *torch.Tensor `nn:"bias"`                       // (C), nil without affine
	RunningMean       *torch.Tensor `nn:"running_mean,buffer"`        // (C), nil without tracking
	RunningVar        *torch.Tensor `nn:"running_var,buffer"`         // (C), nil without tracking
	NumBatchesTracked *torch.Tensor `nn:"num_batches_tracked,buffer"` // scalar int64, nil without tracking

	settings BatchNorm
	training bool
}

// BatchNorm are the settings of a batch norm; the zero value is PyTorch's default.
type BatchNorm struct {
	Eps        float64 // 1e-5 if 0
	Momentum   float64 // weight of the new batch in the running averages, 0.1 if 0
	Cumulative bool    // average all batches alike instead, PyTorch's momentum=None
	NoAffine   bool    // no scale and shift
	NoTracking bool    // no running averages: normalise by the batch in evaluation, too
}

// NewBatchNorm2d makes a layer for the given number of channels: scale 1, shift 0, running mean 0 and variance 1.
func NewBatchNorm2d(channels int, o ...BatchNorm) *BatchNorm2d {
	c := only(o)
	if c.Eps == 0 {
		c.Eps = 1e-5
	}
	if c.Momentum == 0 {
		c.Momentum = 0.1
	}
	shape := []int{channels}
	b := &BatchNorm2d{settings: c, training: true}
	if !c.NoTracking {
		b.RunningMean = torch.Zeros(shape).Own()
		b.RunningVar = torch.Ones(shape).Own()
		b.NumBatchesTracked = torch.Of(int64(0)).Own()
	}
	if !c.NoAffine {
		b.Weight = torch.Ones(shape).Own().SetRequiresGrad(true)
		b.Bias = torch.Zeros(shape).Own().SetRequiresGrad(true)
	}
	return b
}

// SetTraining switches between the statistics of the batch and the running ones.
func (b *BatchNorm2d) SetTraining(on bool) { b.training = on }

// Forward normalises x (N, C, H, W). In training it also updates the running averages.
func (b *BatchNorm2d) Forward(x *torch.Tensor) *torch.Tensor {
	momentum := b.settings.Momentum
	if b.training && b.RunningMean != nil {
		b.NumBatchesTracked.AddScalarInPlace(1)
		if b.settings.Cumulative {
			momentum = 1 / b.NumBatchesTracked.Item()
		}
	}
	const useCuDNN = true
	return torch.BatchNorm(x, b.Weight, b.Bias, b.RunningMean, b.RunningVar, b.training || b.RunningMean == nil,
		momentum, b.settings.Eps, useCuDNN)
}
