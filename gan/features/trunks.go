package features

import (
	"fmt"
	"slices"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// ClassifierTrunk is the convolutional part of one of torchvision's classifiers, with taps after some of its layers.
// Its tensors have torchvision's names, features.0.weight and so on.
type ClassifierTrunk struct {
	Features *nn.Sequential `nn:"features"`

	taps     []int // numbers of layers
	channels []int // that they give
}

// Channels is the number of channels at each tap.
func (c *ClassifierTrunk) Channels() []int { return c.channels }

// Taps maps pictures (N, 3, H, W), normalised by ImageNet's mean and deviation, to the features at each tap.
func (c *ClassifierTrunk) Taps(x *torch.Tensor) []*torch.Tensor {
	var out []*torch.Tensor
	last := slices.Max(c.taps)
	for i, layer := range c.Features.Layers[:last+1] {
		x = layer.Forward(x)
		if slices.Contains(c.taps, i) {
			out = append(out, x)
		}
	}
	return out
}

// NewAlexNet is torchvision's alexnet with taps after its five ReLUs; a side is at least 31 pixels.
func NewAlexNet() *ClassifierTrunk {
	pool := nn.MaxPool2d{Size: 3, Stride: 2}
	return &ClassifierTrunk{
		Features: nn.NewSequential(
			nn.NewConv2d(3, 64, 11, nn.Conv{Stride: 4, Padding: 2}), nn.ReLU{}, pool,
			nn.NewConv2d(64, 192, 5, nn.Conv{Padding: 2}), nn.ReLU{}, pool,
			nn.NewConv2d(192, 384, 3, nn.Conv{Padding: 1}), nn.ReLU{},
			nn.NewConv2d(384, 256, 3, nn.Conv{Padding: 1}), nn.ReLU{},
			nn.NewConv2d(256, 256, 3, nn.Conv{Padding: 1}), nn.ReLU{},
		),
		taps: []int{1, 4, 7, 9, 11}, channels: []int{64, 192, 384, 256, 256},
	}
}

// NewVGG16 is torchvision's vgg16 with a tap after the last ReLU of each of its five blocks: relu1_2, relu2_2, relu3_3,
// relu4_3, relu5_3. A side is at least 16 pixels.
func NewVGG16() *ClassifierTrunk {
	c := newVGG([5]int{2, 2, 3, 3, 3})
	c.tap(3, 8, 15, 22, 29)
	return c
}

// NewVGG19 is torchvision's vgg19 with taps after the layers of those numbers. Without any they are those of pix2pixHD,
// SPADE and vid2vid, after the first ReLU of each of the five blocks: 1, 6, 11, 20, 29. SRGAN's VGG54 is 35, the last
// ReLU, and VGG22 is 8; ESRGAN takes 34, before it. A side is at least 16 pixels.
//
// It panics with an *torch.Error where there is no layer of a number.
func NewVGG19(taps ...int) *ClassifierTrunk {
	c := newVGG([5]int{2, 2, 4, 4, 4})
	if len(taps) == 0 {
		taps = []int{1, 6, 11, 20, 29}
	}
	c.tap(taps...)
	return c
}

// newVGG has blocks of that many convolutions, all but the first after a pooling.
func newVGG(blocks [5]int) *ClassifierTrunk {
	c := &ClassifierTrunk{Features: nn.NewSequential()}
	layers, in := &c.Features.Layers, 3
	for block, out := range [5]int{64, 128, 256, 512, 512} {
		if block > 0 {
			*layers = append(*layers, nn.MaxPool2d{Size: 2})
		}
		for range blocks[block] {
			*layers = append(*layers, nn.NewConv2d(in, out, 3, nn.Conv{Padding: 1}), nn.ReLU{})
			in = out
		}
	}
	return c
}

// tap sets the taps of a VGG and finds their channels.
func (c *ClassifierTrunk) tap(layers ...int) {
	c.taps, c.channels = layers, nil
	for _, n := range layers {
		if n < 0 || n >= len(c.Features.Layers) {
			panic(&torch.Error{Op: "NewVGG19", Code: torch.IndexError,
				Msg: fmt.Sprintf("there is no layer %d, only 0 to %d", n, len(c.Features.Layers)-1)})
		}
		channels := 3
		for _, layer := range c.Features.Layers[:n+1] {
			if conv, ok := layer.(*nn.Conv2d); ok {
				channels = conv.Weight.Size(0)
			}
		}
		c.channels = append(c.channels, channels)
	}
}

// NewSqueezeNet is torchvision's squeezenet1_1 with LPIPS's seven taps: after its first ReLU, before each pooling but
// the first, and after each of the last three fire modules. A side is at least 17 pixels.
func NewSqueezeNet() *ClassifierTrunk {
	pool := nn.MaxPool2d{Size: 3, Stride: 2, CeilMode: true}
	return &ClassifierTrunk{
		Features: nn.NewSequential(
			nn.NewConv2d(3, 64, 3, nn.Conv{Stride: 2}), nn.ReLU{}, pool,
			newFire(64, 16, 64), newFire(128, 16, 64), pool,
			newFire(128, 32, 128), newFire(256, 32, 128), pool,
			newFire(256, 48, 192), newFire(384, 48, 192), newFire(384, 64, 256), newFire(512, 64, 256),
		),
		taps: []int{1, 4, 7, 9, 10, 11, 12}, channels: []int{64, 128, 256, 384, 384, 512, 512},
	}
}

// fire is SqueezeNet's module: few channels, expanded by 1×1 and by 3×3 convolutions side by side.
type fire struct {
	Squeeze   *nn.Conv2d `nn:"squeeze"`
	Expand1x1 *nn.Conv2d `nn:"expand1x1"`
	Expand3x3 *nn.Conv2d `nn:"expand3x3"`
}

func newFire(in, squeeze, expand int) *fire {
	return &fire{
		Squeeze:   nn.NewConv2d(in, squeeze, 1),
		Expand1x1: nn.NewConv2d(squeeze, expand, 1),
		Expand3x3: nn.NewConv2d(squeeze, expand, 3, nn.Conv{Padding: 1}),
	}
}

// Forward maps (N, in, H, W) to (N, 2·expand, H, W).
func (f *fire) Forward(x *torch.Tensor) *torch.Tensor {
	x = f.Squeeze.Forward(x).ReLU()
	return torch.Cat([]*torch.Tensor{f.Expand1x1.Forward(x).ReLU(), f.Expand3x3.Forward(x).ReLU()}, torch.CatOptions{Dim: 1})
}
