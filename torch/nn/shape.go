package nn

import "github.com/forgergan/forger/torch"

// Identity returns its input.
type Identity struct{}

// Forward returns x.
func (Identity) Forward(x *torch.Tensor) *torch.Tensor { return x }

// Flatten joins dimensions, all but the first by default.
type Flatten struct {
	StartDim int // the first that is joined, 1 if 0
	EndDim   int // the last that is joined, −1 if 0
}

// Forward maps (N, …) to (N, product of the rest) by default.
func (f Flatten) Forward(x *torch.Tensor) *torch.Tensor {
	start, end := f.StartDim, f.EndDim
	if start == 0 {
		start = 1
	}
	if end == 0 {
		end = -1
	}
	return x.Flatten(torch.FlattenOptions{StartDim: start, EndDim: &end})
}

// Unflatten cuts one dimension into several.
type Unflatten struct {
	Dim   int
	Shape []int // of what Dim becomes; one size may be −1
}

// Forward maps (…, product of Shape, …) to (…, Shape, …).
func (u Unflatten) Forward(x *torch.Tensor) *torch.Tensor { return x.Unflatten(u.Dim, u.Shape...) }

// PixelShuffle turns channels into resolution. Shi et al. 2016.
type PixelShuffle struct{ Factor int }

// Forward maps (N, C·Factor², H, W) to (N, C, H·Factor, W·Factor).
func (p PixelShuffle) Forward(x *torch.Tensor) *torch.Tensor { return x.PixelShuffle(p.Factor) }

// PixelUnshuffle undoes PixelShuffle.
type PixelUnshuffle struct{ Factor int }

// Forward maps (N, C, H·Factor, W·Factor) to (N, C·Factor², H, W).
func (p PixelUnshuffle) Forward(x *torch.Tensor) *torch.Tensor { return x.PixelUnshuffle(p.Factor) }

// ChannelShuffle interleaves groups of channels. Zhang et al. 2018.
type ChannelShuffle struct{ Groups int }

// Forward maps (N, C, …) to the same shape.
func (c ChannelShuffle) Forward(x *torch.Tensor) *torch.Tensor { return x.ChannelShuffle(c.Groups) }

// Window are the settings of Unfold and of a Fold: which windows of a picture there are.
type Window struct {
	Size     Dims // of the window
	Dilation Dims // 1 if nil
	Padding  Dims // 0 if nil
	Stride   Dims // 1 if nil
}

func (w Window) sizes() (size, dilation, padding, stride []int) {
	return along("window", w.Size, 2, 0), along("dilation", w.Dilation, 2, 1), along("padding", w.Padding, 2, 0),
		along("stride", w.Stride, 2, 1)
}

// Unfold lists the windows of a picture.
type Unfold Window

// Forward maps (N, C, H, W) to (N, C·size, windows).
func (u Unfold) Forward(x *torch.Tensor) *torch.Tensor {
	size, dilation, padding, stride := Window(u).sizes()
	return x.Im2col(size, dilation, padding, stride...)
}

// Fold adds windows up to a picture, where they overlap, too.
type Fold struct {
	OutputSize Dims // H, W
	Window     Window
}

// Forward maps (N, C·size, windows) to (N, C, H, W).
func (f Fold) Forward(x *torch.Tensor) *torch.Tensor {
	size, dilation, padding, stride := f.Window.sizes()
	return x.Col2im(along("output size", f.OutputSize, 2, 0), size, dilation, padding, stride...)
}
