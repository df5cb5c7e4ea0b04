package pix2pixhd

import (
	"fmt"

	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// NewGenerator makes the network of --net with PyTorch's default weights, for condition maps of in channels.
func NewGenerator(in int, c Config) nn.Layer {
	if c.Net == "local" {
		return NewLocalEnhancer(in, c)
	}
	return translation.NewGlobalGenerator(in, 3, translation.Global{
		Width: c.Width, Downs: c.Downs, Blocks: c.Blocks, Norm: translation.Norm(c.Norm), Checkpoint: c.GradientCheckpointing,
	})
}

// LocalEnhancer maps condition maps (N, in, H, W) to pictures (N, 3, H, W) in [−1, 1]: a GlobalGenerator without its last
// layers at 1/2^Enhancers of the resolution, and enhancers that each double it. H and W are multiples of
// 2^(Downs + Enhancers).
//
// Wang et al. 2018, §3.1; official networks.py, LocalEnhancer. With one enhancer and Width 32:
//
//	H/2×W/2  condition at half the resolution, a GlobalGenerator of width 64 up to its 64 maps
//	H×W      mirrored by 3, 7×7        in → 32, norm, ReLU
//	H/2×W/2  3×3 stride 2              → 64, norm, ReLU
//	H/2×W/2  the sum of both, residual block     LocalBlocks times
//	H×W      transposed 3×3 stride 2   → 32, norm, ReLU
//	H×W      mirrored by 3, 7×7        → 3, tanh, after the last enhancer
type LocalEnhancer struct {
	Model     *nn.Sequential `nn:"model"`
	Enhancers nn.ModuleDict  `nn:""` // model<n>_1 up to the sum and model<n>_2 after it, n from 1

	down, up   []*nn.Sequential
	checkpoint bool
}

// NewLocalEnhancer makes the network with PyTorch's default weights.
func NewLocalEnhancer(in int, c Config) *LocalEnhancer {
	norm := translation.Norm(c.Norm)
	global := translation.NewGlobalGenerator(in, 3, translation.Global{
		Width: c.Width << c.Enhancers, Downs: c.Downs, Blocks: c.Blocks, Norm: norm,
	}).Model.Layers
	g := &LocalEnhancer{Model: nn.NewSequential(global[:len(global)-3]...), checkpoint: c.GradientCheckpointing}
	for n := 1; n <= c.Enhancers; n++ {
		w := c.Width << (c.Enhancers - n)
		down := translation.NewHalvings(in, w, 1, norm)
		var up []nn.Layer
		for range c.LocalBlocks {
			up = append(up, translation.NewResBlock(2*w, norm))
		}
		up = append(up, translation.NewDoubling(2*w, w, norm)...)
		if n == c.Enhancers {
			up = append(up, translation.ToPicture(w, 3)...)
		}
		g.down, g.up = append(g.down, nn.NewSequential(down...)), append(g.up, nn.NewSequential(up...))
		g.Enhancers = append(g.Enhancers,
			nn.NamedModule{Name: fmt.Sprintf("model%d_1", n), Module: g.down[n-1]},
			nn.NamedModule{Name: fmt.Sprintf("model%d_2", n), Module: g.up[n-1]})
	}
	return g
}

// Forward makes pictures.
func (g *LocalEnhancer) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		levels := []*torch.Tensor{x} // the full resolution first
		for range g.down {
			levels = append(levels, translation.HalveMap(levels[len(levels)-1]))
		}
		h := translation.Through(g.Model, levels[len(g.down)], g.checkpoint)
		for i := range g.down {
			h = translation.Through(g.down[i], levels[len(g.down)-1-i], g.checkpoint).Add(h)
			h = translation.Through(g.up[i], h, g.checkpoint)
		}
		return h
	})
}

// Last is the last enhancer, which learns alone for FixedEpochs epochs.
func (g *LocalEnhancer) Last() nn.ModuleDict { return g.Enhancers[len(g.Enhancers)-2:] }

// freezeRest stops recording for all but the last enhancer, and returns what undoes it.
func (g *LocalEnhancer) freezeRest() (undo func()) {
	model, others := nn.Freeze(g.Model), nn.Freeze(g.Enhancers[:len(g.Enhancers)-2])
	return func() {
		model()
		others()
	}
}

// Encoder maps pictures (N, 3, H, W) in [−1, 1] to features (N, FeatureChannels, H, W) in [−1, 1] that are equal within an
// instance. H and W are multiples of 2^EncoderDowns.
//
// Wang et al. 2018, §3.4; official networks.py, Encoder: a GlobalGenerator without residual blocks, then the mean over each
// instance.
type Encoder struct {
	Model *nn.Sequential `nn:"model"`
}

// NewEncoder makes the network with PyTorch's default weights.
func NewEncoder(c Config) *Encoder {
	return &Encoder{translation.NewGlobalGenerator(3, c.FeatureChannels, translation.Global{
		Width: c.EncoderWidth, Downs: c.EncoderDowns, Norm: translation.Norm(c.Norm),
	}).Model}
}

// Forward encodes pictures with their instance maps (N, H, W), int64.
func (e *Encoder) Forward(x, instances *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return translation.InstanceMean(e.Model.Forward(x), instances) })
}
