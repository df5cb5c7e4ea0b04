package nn

import "github.com/forgergan/forger/torch"

// MaxPool are the settings of a max pooling.
type MaxPool struct {
	Size     Dims // of the window
	Stride   Dims // Size if nil
	Padding  Dims // 0 if nil; what it adds is never the largest
	Dilation Dims // 1 if nil
	CeilMode bool // windows may reach over the end
}

// window writes size and stride out for n dimensions; a stride of nil is the size.
func window(size, stride Dims, n int) (sizes, strides []int) {
	sizes = along("window", size, n, 0)
	if stride == nil {
		return sizes, sizes
	}
	return sizes, along("stride", stride, n, 0)
}

func (m MaxPool) options(n int) (size []int, o torch.MaxPool2dOptions) {
	size, stride := window(m.Size, m.Stride, n)
	return size, torch.MaxPool2dOptions{
		Stride: stride, Padding: along("padding", m.Padding, n, 0), Dilation: along("dilation", m.Dilation, n, 1), CeilMode: m.CeilMode,
	}
}

// MaxPool1d keeps the largest element of each window.
type MaxPool1d MaxPool

// Forward maps (N, C, L) to (N, C, L'), L' = (L + 2·padding − dilation·(size−1) − 1)/stride + 1, rounded down,
// or up with CeilMode.
func (m MaxPool1d) Forward(x *torch.Tensor) *torch.Tensor {
	size, o := MaxPool(m).options(1)
	return x.MaxPool1d(size, torch.MaxPool1dOptions(o))
}

// MaxPool2d keeps the largest element of each window.
type MaxPool2d MaxPool

// Forward maps (N, C, H, W) to (N, C, H', W'), H' = (H + 2·padding − dilation·(size−1) − 1)/stride + 1, rounded down,
// or up with CeilMode, and W' likewise.
func (m MaxPool2d) Forward(x *torch.Tensor) *torch.Tensor {
	size, o := MaxPool(m).options(2)
	return x.MaxPool2d(size, o)
}

// ForwardIndices is Forward; it also tells where in its channel each largest element was, for MaxUnpool2d.
func (m MaxPool2d) ForwardIndices(x *torch.Tensor) (out, indices *torch.Tensor) {
	size, o := MaxPool(m).options(2)
	return x.MaxPool2dWithIndices(size, torch.MaxPool2dWithIndicesOptions(o))
}

// MaxPool3d keeps the largest element of each window.
type MaxPool3d MaxPool

// Forward maps (N, C, D, H, W) to (N, C, D', H', W'), D' = (D + 2·padding − dilation·(size−1) − 1)/stride + 1, rounded
// down, or up with CeilMode, and H' and W' likewise.
func (m MaxPool3d) Forward(x *torch.Tensor) *torch.Tensor {
	size, o := MaxPool(m).options(3)
	return x.MaxPool3d(size, torch.MaxPool3dOptions(o))
}

// MaxUnpool2d puts the results of a MaxPool2d back where they were, among zeros.
type MaxUnpool2d struct {
	Size    Dims // those of the MaxPool2d
	Stride  Dims
	Padding Dims
}

// Forward maps (N, C, H, W) to (N, C, H', W'), H' = (H−1)·stride − 2·padding + size and W' likewise.
func (m MaxUnpool2d) Forward(x, indices *torch.Tensor) *torch.Tensor {
	wants("MaxUnpool2d", "(N, C, H, W) or (C, H, W)", x, 3, 4)
	size, stride := window(m.Size, m.Stride, 2)
	padding := along("padding", m.Padding, 2, 0)
	shape := x.Shape()
	out := make([]int, 2)
	for i, n := range shape[len(shape)-2:] {
		out[i] = (n-1)*stride[i] - 2*padding[i] + size[i]
	}
	return m.ForwardSize(x, indices, out)
}

// ForwardSize is Forward to channels of size [H', W'], for a MaxPool2d that left out some rows or columns.
func (m MaxUnpool2d) ForwardSize(x, indices *torch.Tensor, size []int) *torch.Tensor {
	return x.MaxUnpool2d(indices, size...)
}

// AvgPool are the settings of an average pooling.
type AvgPool struct {
	Size            Dims // of the window
	Stride          Dims // Size if nil
	Padding         Dims // 0 if nil
	CeilMode        bool // windows may reach over the end
	ExcludePad      bool // divide by the number of elements without the padding, PyTorch's count_include_pad=False
	DivisorOverride *int // divide by this instead; not in one dimension
}

func (p AvgPool) options(n int) (size []int, o torch.AvgPool2dOptions) {
	size, stride := window(p.Size, p.Stride, n)
	return size, torch.AvgPool2dOptions{
		Stride: stride, Padding: along("padding", p.Padding, n, 0), CeilMode: p.CeilMode, CountIncludePad: new(!p.ExcludePad),
		DivisorOverride: p.DivisorOverride,
	}
}

// AvgPool1d is the mean of each window.
type AvgPool1d AvgPool

// Forward maps (N, C, L) to (N, C, L'), L' = (L + 2·padding − size)/stride + 1, rounded down, or up with
// CeilMode.
func (p AvgPool1d) Forward(x *torch.Tensor) *torch.Tensor {
	if p.DivisorOverride != nil {
		panic(refusal("AvgPool1d has no other divisor than the window"))
	}
	size, o := AvgPool(p).options(1)
	return x.AvgPool1d(size, torch.AvgPool1dOptions{
		Stride: o.Stride, Padding: o.Padding, CeilMode: o.CeilMode, CountIncludePad: o.CountIncludePad,
	})
}

// AvgPool2d is the mean of each window.
type AvgPool2d AvgPool

// Forward maps (N, C, H, W) to (N, C, H', W'), H' = (H + 2·padding − size)/stride + 1, rounded down, or up with
// CeilMode, and W' likewise.
func (p AvgPool2d) Forward(x *torch.Tensor) *torch.Tensor {
	size, o := AvgPool(p).options(2)
	return x.AvgPool2d(size, o)
}

// AvgPool3d is the mean of each window.
type AvgPool3d AvgPool

// Forward maps (N, C, D, H, W) to (N, C, D', H', W'), D' = (D + 2·padding − size)/stride + 1, rounded down, or up with
// CeilMode, and H' and W' likewise.
func (p AvgPool3d) Forward(x *torch.Tensor) *torch.Tensor {
	size, o := AvgPool(p).options(3)
	return x.AvgPool3d(size, torch.AvgPool3dOptions(o))
}
