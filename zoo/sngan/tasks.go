package sngan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
	"github.com/forgergan/forger/zoo/internal/snresnet"
)

// A judge scores pictures (N, C, S, S) as (N, 1). task is the loss of its self-supervision on the same pictures, a scalar,
// or nil where it has none.
type judge interface {
	judge(x *torch.Tensor) (scores *torch.Tensor, task func() *torch.Tensor)
}

// plain is a judge without self-supervision.
type plain func(x *torch.Tensor) *torch.Tensor

func (p plain) judge(x *torch.Tensor) (*torch.Tensor, func() *torch.Tensor) { return p(x), nil }

// Rotating is SSGAN's discriminator: SNGAN's, with a second linear layer that tells by how many quarters a picture is
// turned. Chen et al. 2019; kwotsin/mimicry nets/ssgan.
type Rotating struct {
	Trunk *snresnet.Discriminator `nn:""`
	Turns *nn.Linear              `nn:"l_y"`
}

// NewRotating makes the network with its initial weights.
func NewRotating(o snresnet.Options) *Rotating {
	rule := func(l nn.Weighted) { gan.SpectralNormMimicry(l) }
	d := &Rotating{snresnet.NewDiscriminator(o, snresnet.Heads{Rule: rule}), nn.NewLinear(o.DWidth, 4)}
	initializer.XavierUniform(d.Turns.Weight, 1)
	rule(d.Turns)
	return d
}

// Forward maps pictures (N, C, S, S) to scores (N, 1) and logits of their turns (N, 4).
func (d *Rotating) Forward(x *torch.Tensor) (scores, turns *torch.Tensor) {
	h := d.Trunk.Features(x, nil)
	return d.Trunk.Score(h, nil), d.Turns.Forward(h)
}

func (d *Rotating) judge(x *torch.Tensor) (*torch.Tensor, func() *torch.Tensor) {
	scores, _ := d.Forward(x)
	return scores, func() *torch.Tensor {
		turned, quarters := turn(x)
		_, logits := d.Forward(turned)
		return gan.ClassLoss(logits, quarters, nil)
	}
}

// turn turns each quarter of a batch by as many quarters of a circle as there are before it.
func turn(x *torch.Tensor) (turned, quarters *torch.Tensor) {
	n := x.Size(0)
	var parts []*torch.Tensor
	labels := make([]int64, n)
	for k := range 4 {
		from, to := (k*n+3)/4, ((k+1)*n+3)/4
		parts = append(parts, x.Narrow(0, from, to-from).Rot90(torch.Rot90Options{K: new(k), Dims: []int{2, 3}}))
		for i := from; i < to; i++ {
			labels[i] = int64(k)
		}
	}
	return torch.Cat(parts), torch.FromSlice(labels).ToDevice(x.Device())
}

// InfoMax is InfoMax-GAN's discriminator: SNGAN's for 32 pixels, with two small networks that project the maps of the third
// block and the sums of the fourth to one space. Lee et al. 2021; kwotsin/mimicry nets/infomax_gan.
type InfoMax struct {
	Local    *nn.Sequential `nn:"local_feat_blocks"`
	Global   *nn.Sequential `nn:"global_feat_blocks"`
	Linear   *nn.Linear     `nn:"linear"`
	LocalA   *nn.Conv2d     `nn:"local_nrkhs_a"`
	LocalB   *nn.Conv2d     `nn:"local_nrkhs_b"`
	LocalSC  *nn.Conv2d     `nn:"local_nrkhs_sc"`
	GlobalA  *nn.Linear     `nn:"global_nrkhs_a"`
	GlobalB  *nn.Linear     `nn:"global_nrkhs_b"`
	GlobalSC *nn.Linear     `nn:"global_nrkhs_sc"`
}

// NewInfoMax makes the network, whose space has the given number of dimensions, with its initial weights.
func NewInfoMax(o snresnet.Options, space int) *InfoMax {
	w, norm := o.DWidth, func(l nn.Weighted) { nn.SpectralNorm(l) }
	d := &InfoMax{
		Local: nn.NewSequential(
			gan.NewDBlockOptimized(o.Channels, w, norm),
			gan.NewDBlock(w, w, gan.DBlockOptions{Downsample: true, Rule: norm}),
			gan.NewDBlock(w, w, gan.DBlockOptions{Rule: norm}),
		),
		Global:  nn.NewSequential(gan.NewDBlock(w, w, gan.DBlockOptions{Rule: norm})),
		Linear:  nn.NewLinear(w, 1),
		LocalA:  nn.NewConv2d(w, w, 1),
		LocalB:  nn.NewConv2d(w, space, 1),
		LocalSC: nn.NewConv2d(w, space, 1),
		GlobalA: nn.NewLinear(w, w), GlobalB: nn.NewLinear(w, space), GlobalSC: nn.NewLinear(w, space),
	}
	for _, l := range []*nn.Linear{d.Linear, d.GlobalA, d.GlobalB, d.GlobalSC} {
		initializer.XavierUniform(l.Weight, 1)
		norm(l)
	}
	for _, l := range []*nn.Conv2d{d.LocalA, d.LocalB, d.LocalSC} {
		initializer.XavierUniform(l.Weight, 1)
		norm(l)
	}
	return d
}

// Forward maps pictures (N, C, 32, 32) to scores (N, 1), and to the maps (N, DWidth, 8, 8) and sums (N, DWidth) that Project
// takes.
func (d *InfoMax) Forward(x *torch.Tensor) (scores, maps, sums *torch.Tensor) {
	maps = d.Local.Forward(x).ReLU() // the first ReLU of the fourth block works in place in mimicry
	sums = d.Global.Forward(maps).ReLU().SumDim([]int{2, 3})
	return d.Linear.Forward(sums), maps, sums
}

// Project makes local features (N, space, 8, 8) of maps and global ones (N, space) of sums.
func (d *InfoMax) Project(maps, sums *torch.Tensor) (local, global *torch.Tensor) {
	local = d.LocalB.Forward(d.LocalA.Forward(maps).ReLU()).Add(d.LocalSC.Forward(maps))
	global = d.GlobalB.Forward(d.GlobalA.Forward(sums).ReLU()).Add(d.GlobalSC.Forward(sums))
	return local, global
}

func (d *InfoMax) judge(x *torch.Tensor) (*torch.Tensor, func() *torch.Tensor) {
	scores, maps, sums := d.Forward(x)
	return scores, func() *torch.Tensor { return gan.InfoMax(d.Project(maps, sums)) }
}
