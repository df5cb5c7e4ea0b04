package nn

import "github.com/forgergan/forger/torch"

// InstanceNorm1d normalises each channel of each sample by its own mean and variance, or with Tracking, in evaluation, by
// their running averages. Ulyanov et al. 2016.
type InstanceNorm1d ChannelNorm

// NewInstanceNorm1d makes a layer for the given number of channels.
func NewInstanceNorm1d(channels int, o ...InstanceNorm) *InstanceNorm1d {
	return (*InstanceNorm1d)(newChannelNorm(channels, only(o).settings()))
}

// Forward normalises x (N, C, L) or (C, L). With Tracking, in training, it also updates the running averages.
func (b *InstanceNorm1d) Forward(x *torch.Tensor) *torch.Tensor {
	wants("InstanceNorm1d", "(N, C, L) or (C, L)", x, 2, 3)
	return observe(b, (*ChannelNorm)(b).instance(x, 3))
}

// InstanceNorm2d normalises each channel of each sample by its own mean and variance, or with Tracking, in evaluation, by
// their running averages. Ulyanov et al. 2016.
type InstanceNorm2d ChannelNorm

// NewInstanceNorm2d makes a layer for the given number of channels.
func NewInstanceNorm2d(channels int, o ...InstanceNorm) *InstanceNorm2d {
	return (*InstanceNorm2d)(newChannelNorm(channels, only(o).settings()))
}

// Forward normalises x (N, C, H, W) or (C, H, W). With Tracking, in training, it also updates the running averages.
func (b *InstanceNorm2d) Forward(x *torch.Tensor) *torch.Tensor {
	wants("InstanceNorm2d", "(N, C, H, W) or (C, H, W)", x, 3, 4)
	return observe(b, (*ChannelNorm)(b).instance(x, 4))
}

// InstanceNorm3d normalises each channel of each sample by its own mean and variance, or with Tracking, in evaluation, by
// their running averages. Ulyanov et al. 2016.
type InstanceNorm3d ChannelNorm

// NewInstanceNorm3d makes a layer for the given number of channels.
func NewInstanceNorm3d(channels int, o ...InstanceNorm) *InstanceNorm3d {
	return (*InstanceNorm3d)(newChannelNorm(channels, only(o).settings()))
}

// Forward normalises x (N, C, D, H, W) or (C, D, H, W). With Tracking, in training, it also updates the running averages.
func (b *InstanceNorm3d) Forward(x *torch.Tensor) *torch.Tensor {
	wants("InstanceNorm3d", "(N, C, D, H, W) or (C, D, H, W)", x, 4, 5)
	return observe(b, (*ChannelNorm)(b).instance(x, 5))
}
