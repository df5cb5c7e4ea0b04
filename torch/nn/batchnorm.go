package nn

import "github.com/forgergan/forger/torch"

// BatchNorm1d normalises each channel, in training by the mean and variance of the batch, in evaluation by their running
// averages, then scales and shifts it. Ioffe and Szegedy 2015.
type BatchNorm1d ChannelNorm

// NewBatchNorm1d makes a layer for the given number of channels: scale 1, shift 0, running mean 0 and variance 1.
func NewBatchNorm1d(channels int, o ...BatchNorm) *BatchNorm1d {
	return (*BatchNorm1d)(newChannelNorm(channels, only(o)))
}

// Forward normalises x (N, C) or (N, C, L). In training it also updates the running averages.
func (b *BatchNorm1d) Forward(x *torch.Tensor) *torch.Tensor {
	wants("BatchNorm1d", "(N, C) or (N, C, L)", x, 2, 3)
	return observe(b, (*ChannelNorm)(b).batch(x))
}

// BatchNorm2d normalises each channel, in training by the mean and variance of the batch, in evaluation by their running
// averages, then scales and shifts it. Ioffe and Szegedy 2015.
type BatchNorm2d ChannelNorm

// NewBatchNorm2d makes a layer for the given number of channels: scale 1, shift 0, running mean 0 and variance 1.
func NewBatchNorm2d(channels int, o ...BatchNorm) *BatchNorm2d {
	return (*BatchNorm2d)(newChannelNorm(channels, only(o)))
}

// Forward normalises x (N, C, H, W). In training it also updates the running averages.
func (b *BatchNorm2d) Forward(x *torch.Tensor) *torch.Tensor {
	wants("BatchNorm2d", "(N, C, H, W)", x, 4)
	return observe(b, (*ChannelNorm)(b).batch(x))
}

// BatchNorm3d normalises each channel, in training by the mean and variance of the batch, in evaluation by their running
// averages, then scales and shifts it. Ioffe and Szegedy 2015.
type BatchNorm3d ChannelNorm

// NewBatchNorm3d makes a layer for the given number of channels: scale 1, shift 0, running mean 0 and variance 1.
func NewBatchNorm3d(channels int, o ...BatchNorm) *BatchNorm3d {
	return (*BatchNorm3d)(newChannelNorm(channels, only(o)))
}

// Forward normalises x (N, C, D, H, W). In training it also updates the running averages.
func (b *BatchNorm3d) Forward(x *torch.Tensor) *torch.Tensor {
	wants("BatchNorm3d", "(N, C, D, H, W)", x, 5)
	return observe(b, (*ChannelNorm)(b).batch(x))
}
