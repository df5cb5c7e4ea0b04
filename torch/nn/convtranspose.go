package nn

import "github.com/forgergan/forger/torch"

// ConvTranspose1d is a transposed 1-D convolution: the gradient of a convolution with respect to its input.
type ConvTranspose1d Convolution

// NewConvTranspose1d makes a layer from in to out channels with PyTorch's initialisation.
func NewConvTranspose1d(in, out int, kernel Dims, o ...Conv) *ConvTranspose1d {
	return (*ConvTranspose1d)(newTransposed(in, out, 1, kernel, only(o)))
}

// Forward maps (N, in, L) to (N, out, L'), L' = (L−1)·stride − 2·padding + dilation·(kernel−1) + output
// padding + 1.
func (l *ConvTranspose1d) Forward(x *torch.Tensor) *torch.Tensor {
	return l.forward(x, l.geometry.outputPadding)
}

// ForwardSize is Forward with the output padding that gives outputs of size [L'], PyTorch's output_size. It panics
// with a *torch.Error if none below the stride does.
func (l *ConvTranspose1d) ForwardSize(x *torch.Tensor, size []int) *torch.Tensor {
	return l.forward(x, l.geometry.reaching(x, size))
}

func (l *ConvTranspose1d) forward(x *torch.Tensor, outputPadding []int) *torch.Tensor {
	weight, o := (*Convolution)(l).transposed(outputPadding)
	return observe(l, torch.ConvTranspose1d(x, weight, torch.ConvTranspose1dOptions(o)))
}

// ConvTranspose2d is a transposed 2-D convolution: the gradient of a convolution with respect to its input.
type ConvTranspose2d Convolution

// NewConvTranspose2d makes a layer from in to out channels with PyTorch's initialisation.
func NewConvTranspose2d(in, out int, kernel Dims, o ...Conv) *ConvTranspose2d {
	return (*ConvTranspose2d)(newTransposed(in, out, 2, kernel, only(o)))
}

// Forward maps (N, in, H, W) to (N, out, H', W'), H' = (H−1)·stride − 2·padding + dilation·(kernel−1) + output
// padding + 1, and W' likewise.
func (l *ConvTranspose2d) Forward(x *torch.Tensor) *torch.Tensor {
	return l.forward(x, l.geometry.outputPadding)
}

// ForwardSize is Forward with the output padding that gives outputs of size [H', W'], PyTorch's output_size. It panics
// with a *torch.Error if none below the stride does.
func (l *ConvTranspose2d) ForwardSize(x *torch.Tensor, size []int) *torch.Tensor {
	return l.forward(x, l.geometry.reaching(x, size))
}

func (l *ConvTranspose2d) forward(x *torch.Tensor, outputPadding []int) *torch.Tensor {
	weight, o := (*Convolution)(l).transposed(outputPadding)
	return observe(l, torch.ConvTranspose2d(x, weight, o))
}

// ConvTranspose3d is a transposed 3-D convolution: the gradient of a convolution with respect to its input.
type ConvTranspose3d Convolution

// NewConvTranspose3d makes a layer from in to out channels with PyTorch's initialisation.
func NewConvTranspose3d(in, out int, kernel Dims, o ...Conv) *ConvTranspose3d {
	return (*ConvTranspose3d)(newTransposed(in, out, 3, kernel, only(o)))
}

// Forward maps (N, in, D, H, W) to (N, out, D', H', W'), D' = (D−1)·stride − 2·padding + dilation·(kernel−1) +
// output padding + 1, and H' and W' likewise.
func (l *ConvTranspose3d) Forward(x *torch.Tensor) *torch.Tensor {
	return l.forward(x, l.geometry.outputPadding)
}

// ForwardSize is Forward with the output padding that gives outputs of size [D', H', W'], PyTorch's output_size. It panics
// with a *torch.Error if none below the stride does.
func (l *ConvTranspose3d) ForwardSize(x *torch.Tensor, size []int) *torch.Tensor {
	return l.forward(x, l.geometry.reaching(x, size))
}

func (l *ConvTranspose3d) forward(x *torch.Tensor, outputPadding []int) *torch.Tensor {
	weight, o := (*Convolution)(l).transposed(outputPadding)
	return observe(l, torch.ConvTranspose3d(x, weight, torch.ConvTranspose3dOptions(o)))
}
