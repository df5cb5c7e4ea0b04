package nn

import "github.com/forgergan/forger/torch"

// AdaptiveAvgPool1d is the mean of each of Size windows, which cover the input evenly.
type AdaptiveAvgPool1d struct {
	Size Dims // of the output
}

// Forward maps (N, C, L) to (N, C, Size).
func (p AdaptiveAvgPool1d) Forward(x *torch.Tensor) *torch.Tensor {
	return x.AdaptiveAvgPool1d(along("size", p.Size, 1, 0)...)
}

// AdaptiveAvgPool2d is the mean of each of Size windows, which cover the input evenly.
type AdaptiveAvgPool2d struct {
	Size Dims // of the output
}

// Forward maps (N, C, H, W) to (N, C, Size).
func (p AdaptiveAvgPool2d) Forward(x *torch.Tensor) *torch.Tensor {
	return x.AdaptiveAvgPool2d(along("size", p.Size, 2, 0)...)
}

// AdaptiveAvgPool3d is the mean of each of Size windows, which cover the input evenly.
type AdaptiveAvgPool3d struct {
	Size Dims // of the output
}

// Forward maps (N, C, D, H, W) to (N, C, Size).
func (p AdaptiveAvgPool3d) Forward(x *torch.Tensor) *torch.Tensor {
	return x.AdaptiveAvgPool3d(along("size", p.Size, 3, 0)...)
}

// AdaptiveMaxPool1d is the largest element of each of Size windows, which cover the input evenly.
type AdaptiveMaxPool1d struct {
	Size Dims // of the output
}

// Forward maps (N, C, L) to (N, C, Size).
func (p AdaptiveMaxPool1d) Forward(x *torch.Tensor) *torch.Tensor {
	out, indices := x.AdaptiveMaxPool1d(along("size", p.Size, 1, 0)...)
	indices.Free()
	return out
}

// AdaptiveMaxPool2d is the largest element of each of Size windows, which cover the input evenly.
type AdaptiveMaxPool2d struct {
	Size Dims // of the output
}

// Forward maps (N, C, H, W) to (N, C, Size).
func (p AdaptiveMaxPool2d) Forward(x *torch.Tensor) *torch.Tensor {
	out, indices := x.AdaptiveMaxPool2d(along("size", p.Size, 2, 0)...)
	indices.Free()
	return out
}

// LPPool2d is the P-norm of each window.
type LPPool2d struct {
	P        float64
	Size     Dims // of the window
	Stride   Dims // Size if nil
	CeilMode bool // windows may reach over the end
}

// Forward maps (N, C, H, W) to (N, C, H', W'), H' = (H − size)/stride + 1, rounded down, or up with CeilMode, and W'
// likewise. Where a sum of powers is negative, which an odd P allows, the result is 0.
func (p LPPool2d) Forward(x *torch.Tensor) *torch.Tensor {
	size, stride := window(p.Size, p.Stride, 2)
	return torch.Tidy(func() *torch.Tensor {
		mean := x.Pow(p.P).AvgPool2d(size, torch.AvgPool2dOptions{Stride: stride, CeilMode: p.CeilMode})
		return mean.Sign().Mul(mean.Abs().ReLU()).MulScalar(float64(size[0] * size[1])).Pow(1 / p.P)
	})
}
