package nn

import (
	"fmt"

	"github.com/forgergan/forger/torch"
)

// pad adds elements around the last n dimensions of x. Padding is one number for all sides, or one for each: before and
// after the last dimension, then before and after the one before it.
func pad(x *torch.Tensor, n int, padding Dims, mode string, value float64) *torch.Tensor {
	if mode != "constant" {
		wants(fmt.Sprintf("%d-D padding", n), fmt.Sprintf("%d or %d dimensions", n+1, n+2), x, n+1, n+2)
	}
	o := torch.PadOptions{Mode: mode}
	if value != 0 {
		o.Value = &value
	}
	return x.Pad(along("padding", padding, 2*n, 0), o)
}

// ZeroPad1d adds zeros around each channel.
type ZeroPad1d struct {
	Padding Dims // one number, or left and right
}

// Forward pads x (N, C, L) or (C, L).
func (p ZeroPad1d) Forward(x *torch.Tensor) *torch.Tensor {
	return pad(x, 1, p.Padding, "constant", 0)
}

// ZeroPad2d adds zeros around each channel.
type ZeroPad2d struct {
	Padding Dims // one number, or left, right, top and bottom
}

// Forward pads x (N, C, H, W) or (C, H, W).
func (p ZeroPad2d) Forward(x *torch.Tensor) *torch.Tensor {
	return pad(x, 2, p.Padding, "constant", 0)
}

// ZeroPad3d adds zeros around each channel.
type ZeroPad3d struct {
	Padding Dims // one number, or left, right, top, bottom, front and back
}

// Forward pads x (N, C, D, H, W) or (C, D, H, W).
func (p ZeroPad3d) Forward(x *torch.Tensor) *torch.Tensor {
	return pad(x, 3, p.Padding, "constant", 0)
}

// ConstantPad1d adds elements of one value around each channel.
type ConstantPad1d struct {
	Padding Dims // one number, or left and right
	Value   float64
}

// Forward pads x (N, C, L) or (C, L).
func (p ConstantPad1d) Forward(x *torch.Tensor) *torch.Tensor {
	return pad(x, 1, p.Padding, "constant", p.Value)
}

// ConstantPad2d adds elements of one value around each channel.
type ConstantPad2d struct {
	Padding Dims // one number, or left, right, top and bottom
	Value   float64
}

// Forward pads x (N, C, H, W) or (C, H, W).
func (p ConstantPad2d) Forward(x *torch.Tensor) *torch.Tensor {
	return pad(x, 2, p.Padding, "constant", p.Value)
}

// ConstantPad3d adds elements of one value around each channel.
type ConstantPad3d struct {
	Padding Dims // one number, or left, right, top, bottom, front and back
	Value   float64
}

// Forward pads x (N, C, D, H, W) or (C, D, H, W).
func (p ConstantPad3d) Forward(x *torch.Tensor) *torch.Tensor {
	return pad(x, 3, p.Padding, "constant", p.Value)
}

// ReflectionPad1d mirrors each channel around its border elements, which are not repeated.
type ReflectionPad1d struct {
	Padding Dims // one number, or left and right
}

// Forward pads x (N, C, L) or (C, L).
func (p ReflectionPad1d) Forward(x *torch.Tensor) *torch.Tensor {
	return pad(x, 1, p.Padding, "reflect", 0)
}

// ReflectionPad2d mirrors each channel around its border elements, which are not repeated.
type ReflectionPad2d struct {
	Padding Dims // one number, or left, right, top and bottom
}

// Forward pads x (N, C, H, W) or (C, H, W).
func (p ReflectionPad2d) Forward(x *torch.Tensor) *torch.Tensor {
	return pad(x, 2, p.Padding, "reflect", 0)
}

// ReflectionPad3d mirrors each channel around its border elements, which are not repeated.
type ReflectionPad3d struct {
	Padding Dims // one number, or left, right, top, bottom, front and back
}

// Forward pads x (N, C, D, H, W) or (C, D, H, W).
func (p ReflectionPad3d) Forward(x *torch.Tensor) *torch.Tensor {
	return pad(x, 3, p.Padding, "reflect", 0)
}

// ReplicationPad1d repeats the border elements of each channel.
type ReplicationPad1d struct {
	Padding Dims // one number, or left and right
}

// Forward pads x (N, C, L) or (C, L).
func (p ReplicationPad1d) Forward(x *torch.Tensor) *torch.Tensor {
	return pad(x, 1, p.Padding, "replicate", 0)
}

// ReplicationPad2d repeats the border elements of each channel.
type ReplicationPad2d struct {
	Padding Dims // one number, or left, right, top and bottom
}

// Forward pads x (N, C, H, W) or (C, H, W).
func (p ReplicationPad2d) Forward(x *torch.Tensor) *torch.Tensor {
	return pad(x, 2, p.Padding, "replicate", 0)
}

// ReplicationPad3d repeats the border elements of each channel.
type ReplicationPad3d struct {
	Padding Dims // one number, or left, right, top, bottom, front and back
}

// Forward pads x (N, C, D, H, W) or (C, D, H, W).
func (p ReplicationPad3d) Forward(x *torch.Tensor) *torch.Tensor {
	return pad(x, 3, p.Padding, "replicate", 0)
}

// CircularPad1d continues each channel with its other end.
type CircularPad1d struct {
	Padding Dims // one number, or left and right
}

// Forward pads x (N, C, L) or (C, L).
func (p CircularPad1d) Forward(x *torch.Tensor) *torch.Tensor {
	return pad(x, 1, p.Padding, "circular", 0)
}

// CircularPad2d continues each channel with its other end.
type CircularPad2d struct {
	Padding Dims // one number, or left, right, top and bottom
}

// Forward pads x (N, C, H, W) or (C, H, W).
func (p CircularPad2d) Forward(x *torch.Tensor) *torch.Tensor {
	return pad(x, 2, p.Padding, "circular", 0)
}

// CircularPad3d continues each channel with its other end.
type CircularPad3d struct {
	Padding Dims // one number, or left, right, top, bottom, front and back
}

// Forward pads x (N, C, D, H, W) or (C, D, H, W).
func (p CircularPad3d) Forward(x *torch.Tensor) *torch.Tensor {
	return pad(x, 3, p.Padding, "circular", 0)
}
