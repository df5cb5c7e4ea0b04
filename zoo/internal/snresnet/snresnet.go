// Package snresnet holds the residual networks of Miyato, Kataoka, Koyama and Yoshida, "Spectral Normalization for Generative
// Adversarial Networks", ICLR 2018, and of Miyato and Koyama, "cGANs with Projection Discriminator", ICLR 2018, in two forms:
// that of the official program and that of kwotsin/mimicry. The names of layers are the same in both.
package snresnet

import (
	"fmt"
	"slices"

	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// Options describe both networks of a system.
type Options struct {
	Plan     string // of Plans
	Channels int    // of the pictures
	Latent   int
	Width    int // most feature maps of the generator, those of the plan if 0
	DWidth   int // and of the discriminator
	Classes  int // 0 for networks that know none

	// Mimicry is the form of kwotsin/mimicry: the generator doubles by interpolation, the shortcuts of D's blocks see
	// ReLU(x), and D's last layer always has a bias. The official program repeats pixels, its shortcuts see x, ε of its
	// norms is 2e-5, biases begin at 0, and the last layer has no bias at 32 pixels.
	Mimicry bool
}

// Plan is what the blocks of both networks do at one size of pictures. Widths are given as the divisors of the widest.
type Plan struct {
	Size   int   // of the pictures
	Bottom int   // side of the generator's first map
	Width  int   // most feature maps of the generator as published
	DWidth int   // and of the discriminator
	Up     []int // of the generator's blocks, each of which doubles the size
	Down   []int // of the discriminator's, each of which halves it
	Keep   int   // further blocks of the discriminator, of the whole width
	NoBias bool  // the official discriminator's last layer has none
}

// Plans are those of the papers' programs by name. The 48-pixel one is mimicry's, for STL-10; small128 and the one of 256
// pixels are the official program's for dogs and cats.
var Plans = map[string]Plan{
	"32":       {32, 4, 256, 128, []int{1, 1, 1}, []int{1, 1}, 2, true},
	"48":       {48, 6, 512, 1024, []int{2, 4, 8}, []int{16, 8, 4, 2}, 1, false},
	"64":       {64, 4, 1024, 1024, []int{2, 4, 8, 16}, []int{16, 8, 4, 2, 1}, 0, false},
	"128":      {128, 4, 1024, 1024, []int{1, 2, 4, 8, 16}, []int{16, 8, 4, 2, 1}, 1, false},
	"small128": {128, 4, 512, 512, []int{1, 2, 2, 4, 8}, []int{8, 4, 2, 2, 1}, 1, false},
	"256":      {256, 4, 512, 512, []int{1, 2, 2, 4, 8, 16}, []int{16, 8, 4, 2, 2, 1}, 1, false},
}

// Narrowest is what widths must be multiples of.
func (p Plan) Narrowest() int { return slices.Max(slices.Concat(p.Up, p.Down)) }

// plan is the plan of the options, and its widths in their place where they have none.
func (o *Options) plan() Plan {
	p, ok := Plans[o.Plan]
	if !ok {
		panic(fmt.Sprintf("snresnet: there is no plan %q", o.Plan))
	}
	if o.Width == 0 {
		o.Width = p.Width
	}
	if o.DWidth == 0 {
		o.DWidth = p.DWidth
	}
	return p
}

// zeroBiases is how the official program begins.
func zeroBiases(net any) {
	nn.Apply(net, func(m any) {
		switch l := m.(type) {
		case *nn.Linear:
			if l.Bias != nil {
				initializer.Constant(l.Bias, 0)
			}
		case *nn.Conv2d:
			initializer.Constant(l.Bias, 0)
		}
	})
}
