package lapgan

import (
	"math"
	"slices"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// A Generator makes the detail (N, C, F, F) of a level of noise, the enlarged coarser picture up (N, C, F, F) and one-hot classes
// (N, Classes). At the coarsest level noise is (N, Latent) and up nil; elsewhere noise is a map (N, 1, F, F). Classes are nil
// without any.
type Generator interface {
	Forward(noise, up, classes *torch.Tensor) *torch.Tensor
}

// A Discriminator gives logits (N) that detail + up is a real picture of its class.
type Discriminator interface {
	Forward(detail, up, classes *torch.Tensor) *torch.Tensor
}

// BaseGenerator makes the coarsest pictures: three linear layers. In the official program the second hidden layer ends in a
// sigmoid without classes, train_cifar.lua, and otherwise in a ReLU, train_cifar_classcond.lua and model 'small_18' of
// lsun/model.lua.
type BaseGenerator struct {
	FC1 *nn.Linear `nn:"fc1"`
	FC2 *nn.Linear `nn:"fc2"`
	FC3 *nn.Linear `nn:"fc3"`

	sigmoid bool
	shape   []int // of a batch of pictures
}

// NewBaseGenerator makes the network with its initial weights.
func NewBaseGenerator(c Config) *BaseGenerator {
	side := c.sides()[0]
	g := &BaseGenerator{
		FC1:     nn.NewLinear(c.Latent+c.Classes, c.BaseWidth),
		FC2:     nn.NewLinear(c.BaseWidth, c.BaseWidth),
		FC3:     nn.NewLinear(c.BaseWidth, c.Channels*side*side),
		sigmoid: c.plainBase(),
		shape:   []int{-1, c.Channels, side, side},
	}
	if c.plainBase() {
		normal(0.05, g.FC1, g.FC2, g.FC3)
	}
	return g
}

// Forward makes pictures.
func (g *BaseGenerator) Forward(noise, _, classes *torch.Tensor) *torch.Tensor {
	h := g.FC2.Forward(g.FC1.Forward(join(noise, classes)).ReLU())
	if g.sigmoid {
		h = h.Sigmoid()
	} else {
		h = h.ReLU()
	}
	return g.FC3.Forward(h).View(g.shape...)
}

// BaseDiscriminator judges the coarsest pictures: three linear layers with dropout.
type BaseDiscriminator struct {
	FC1 *nn.Linear `nn:"fc1"`
	FC2 *nn.Linear `nn:"fc2"`
	FC3 *nn.Linear `nn:"fc3"`

	Drop *nn.Dropout `nn:"drop"`
}

// NewBaseDiscriminator makes the network with its initial weights.
func NewBaseDiscriminator(c Config) *BaseDiscriminator {
	side := c.sides()[0]
	d := &BaseDiscriminator{
		FC1:  nn.NewLinear(c.Channels*side*side+c.Classes, c.BaseDWidth),
		FC2:  nn.NewLinear(c.BaseDWidth, c.BaseDWidth),
		FC3:  nn.NewLinear(c.BaseDWidth, 1),
		Drop: nn.NewDropout(0.5),
	}
	if c.plainBase() {
		normal(0.005, d.FC1, d.FC2, d.FC3)
	}
	return d
}

// Forward judges pictures.
func (d *BaseDiscriminator) Forward(x, _, classes *torch.Tensor) *torch.Tensor {
	h := join(x.Flatten(torch.FlattenOptions{StartDim: 1}), classes)
	h = d.Drop.Forward(d.FC1.Forward(h).ReLU())
	h = d.Drop.Forward(d.FC2.Forward(h).ReLU())
	return d.FC3.Forward(h).View(-1)
}

// FineGenerator makes the detail of a finer level: three convolutions over the joined maps of noise, class and the enlarged
// coarser picture. train_cifar_coarse_to_fine.lua and model 'small' of lsun/model.lua.
type FineGenerator struct {
	Class *nn.Linear `nn:"class"` // of a class a map, nil without classes
	Conv1 *nn.Conv2d `nn:"conv1"`
	Conv2 *nn.Conv2d `nn:"conv2"`
	Conv3 *nn.Conv2d `nn:"conv3"`
}

// NewFineGenerator makes the network of a level of that side with its initial weights.
func NewFineGenerator(c Config, side int) *FineGenerator {
	g := &FineGenerator{Class: classMap(c, side)}
	g.Conv1 = nn.NewConv2d(1+c.mapsOfClass()+c.Channels, c.Width, 7, same)
	g.Conv2 = nn.NewConv2d(c.Width, c.Width, 7, same)
	g.Conv3 = nn.NewConv2d(c.Width, c.Channels, 5, same)
	return g
}

var same = nn.Conv{Padding: "same"}

// Forward makes details.
func (g *FineGenerator) Forward(noise, up, classes *torch.Tensor) *torch.Tensor {
	h := join(noise, mapped(g.Class, classes, up), up)
	h = g.Conv1.Forward(h).ReLU()
	h = g.Conv2.Forward(h).ReLU()
	return g.Conv3.Forward(h)
}

// FineDiscriminator judges the pictures of a finer level: two convolutions and a linear layer, with dropout before it in the
// networks for CIFAR-10. train_cifar_coarse_to_fine.lua and model 'small' of lsun/model.lua.
type FineDiscriminator struct {
	Class *nn.Linear `nn:"class"` // of a class a map, nil without classes
	Conv1 *nn.Conv2d `nn:"conv1"`
	Conv2 *nn.Conv2d `nn:"conv2"`
	FC    *nn.Linear `nn:"fc"`

	Drop *nn.Dropout `nn:"drop"`
}

// NewFineDiscriminator makes the network of a level of that side with its initial weights. Below 14 pixels, smaller than any that is
// published, its convolutions are padded.
func NewFineDiscriminator(c Config, side int) *FineDiscriminator {
	d := &FineDiscriminator{Class: classMap(c, side), Drop: nn.NewDropout(c.dropout())}
	pad, left := 0, (side-9)/2+1
	if side < smallest {
		pad, left = 2, (side-1)/2+1
	}
	d.Conv1 = nn.NewConv2d(c.Channels+c.mapsOfClass(), c.DWidth, 5, nn.Conv{Padding: pad})
	d.Conv2 = nn.NewConv2d(c.DWidth, c.DWidth, 5, nn.Conv{Stride: 2, Padding: pad})
	d.FC = nn.NewLinear(c.DWidth*left*left, 1)
	return d
}

// smallest is the least side whose discriminator pads nothing.
const smallest = 14

// Forward judges pictures.
func (d *FineDiscriminator) Forward(detail, up, classes *torch.Tensor) *torch.Tensor {
	h := join(detail.Add(up), mapped(d.Class, classes, up))
	h = d.Conv1.Forward(h).ReLU()
	h = d.Conv2.Forward(h).ReLU().Flatten(torch.FlattenOptions{StartDim: 1})
	return d.FC.Forward(d.Drop.Forward(h)).View(-1)
}

// classMap makes the layer that gives a class its map of side×side, or nil.
func classMap(c Config, side int) *nn.Linear {
	if c.Classes == 0 {
		return nil
	}
	return nn.NewLinear(c.Classes, side*side)
}

// mapped is the map (N, 1, F, F) of classes, of the size of up, or nil without classes.
func mapped(l *nn.Linear, classes, up *torch.Tensor) *torch.Tensor {
	if l == nil {
		return nil
	}
	return l.Forward(classes).ReLU().View(-1, 1, up.Size(2), up.Size(3))
}

// join puts vectors or maps behind each other. Those that are nil are left out.
func join(parts ...*torch.Tensor) *torch.Tensor {
	parts = slices.DeleteFunc(parts, func(x *torch.Tensor) bool { return x == nil })
	if len(parts) == 1 {
		return parts[0]
	}
	return torch.Cat(parts, torch.CatOptions{Dim: 1})
}

// normal draws weights from N(0, std²) and sets biases to 0.
func normal(std float64, layers ...*nn.Linear) {
	for _, l := range layers {
		initializer.Normal(l.Weight, 0, std)
		initializer.Constant(l.Bias, 0)
	}
}

// torch7 draws a convolution's weights and biases from Torch7's interval, which counts the inputs of all groups together.
// Without groups it is PyTorch's own.
func torch7(in int, l *nn.Conv2d) *nn.Conv2d {
	bound := 1 / math.Sqrt(float64(in*l.Weight.Size(2)*l.Weight.Size(3)))
	initializer.Uniform(l.Weight, -bound, bound)
	initializer.Uniform(l.Bias, -bound, bound)
	return l
}
