// Package translation holds the networks that systems which translate pictures share: the generators and
// discriminators of junyanz/pytorch-CycleGAN-and-pix2pix, models/networks.py.
//
//	g := translation.NewUnetGenerator(3, 3, translation.Unet{Dropout: true})      // pix2pix
//	d := translation.NewNLayerDiscriminator(6, translation.PatchGAN{})            // 70×70 patches of input and output
//	translation.Initialise(g, translation.Init{})
//	translation.Initialise(d, translation.Init{})
//
// Layers have the official names, so that state dictionaries go both ways; [Load] reads one of a file, of any age.
// Networks are built in the official order: with one seed PyTorch's initial weights come out. Pictures are (N, C, H, W),
// those that a generator makes are in [−1, 1].
package translation

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Norm is the kind of a network's norms. Convolutions in front of one have a bias if it is Instance; with None they have
// no bias, either: the official rule.
type Norm string

// The norms, under their official names.
const (
	Batch    Norm = "batch"    // with scale and shift
	Instance Norm = "instance" // without
	None     Norm = "none"
)

// layer is a norm of that kind, Batch if it is empty.
func (n Norm) layer(channels int) nn.Layer {
	switch n {
	case Batch, "":
		return nn.NewBatchNorm2d(channels)
	case Instance:
		return nn.NewInstanceNorm2d(channels)
	case None:
		return nn.Identity{}
	}
	panic(misuse("Norm", fmt.Sprintf("a norm is %s, %s or %s, not %s", Batch, Instance, None, n)))
}

// conv completes the settings of a convolution in front of a norm.
func (n Norm) conv(c nn.Conv) nn.Conv {
	c.NoBias = n != Instance
	return c
}

// The convolutions' settings; activations work in place, on what a convolution or a norm has just made.
var (
	halve = nn.Conv{Stride: 2, Padding: 1} // with a kernel of 3 or 4; a transposed one of 4 doubles
	keep  = nn.Conv{Padding: 1}            // with a kernel of 3; one of 4 takes a pixel off
	relu  = nn.ReLU{InPlace: true}
	leaky = nn.LeakyReLU{Slope: 0.2, InPlace: true}
)

// dropped is the probability of every dropout.
const dropped = 0.5

// widthOr is the width, or the official one.
func widthOr(width int) int {
	if width == 0 {
		return 64
	}
	return width
}

func misuse(op, message string) *torch.Error {
	return &torch.Error{Op: op, Code: torch.ValueError, Msg: message}
}

// only is the one element of a variadic options parameter, or the zero value.
func only[T any](o []T) (v T) {
	if len(o) > 0 {
		v = o[0]
	}
	return v
}
