package nn

import "github.com/forgergan/forger/torch"

// MaxPool2d keeps the largest element of each window.
type MaxPool2d struct {
	Size     Dims // of the window
	Stride   Dims // Size if nil
	Padding  Dims // 0 if nil; what it adds is never the largest
	Dilation Dims // 1 if nil
	CeilMode bool // windows may reach over the end
}

// Forward maps (N, C, H, W) to (N, C, H', W'), H' = (H + 2·padding − dilation·(size−1) − 1)/stride + 1, rounded down,
// or up with CeilMode, and W' likewise.
func (m MaxPool2d) Forward(x *torch.Tensor) *torch.Tensor {
	size := along("window", m.Size, 2, 0)
	o := torch.MaxPool2dOptions{
		Stride: size, Padding: along("padding", m.Padding, 2, 0), Dilation: along("dilation", m.Dilation, 2, 1), CeilMode: m.CeilMode,
	}
	if m.Stride != nil {
		o.Stride = along("stride", m.Stride, 2, 0)
	}
	return x.MaxPool2d(size, o)
}
