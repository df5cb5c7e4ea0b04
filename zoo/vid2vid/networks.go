package vid2vid

import (
	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Generator makes a frame of the condition maps of the last frames and of the frames before. It makes a raw frame, the flow
// from the frame before, and a weight for each pixel by which the two are blended; where a Foreground is, that replaces both.
//
// Wang et al. 2018, §3.1; official networks.py, CompositeGenerator and CompositeLocalGenerator. The coarsest one, with
// Width 128, 3 halvings and 9 blocks:
//
//	                      condition maps                  frames before
//	H×W … H/8×W/8         7×7 → 128, 3×3 stride 2 → 256, → 512, → 1024, either of its own
//	H/8×W/8               5 residual blocks of 1024, either of its own; the sum of both
//	                      picture                         flow and weight
//	H/8×W/8               4 residual blocks of 1024       4 residual blocks of 1024
//	H/8×W/8 … H×W         transposed 3×3 stride 2 → 512, → 256, → 128, either of its own
//	H×W                   7×7 → 3, tanh                   7×7 → 2, times 20 pixels, and 7×7 → 1, sigmoid
//
// A finer one, for twice the resolution of the one below, has half the width and one halving: its sum has the features of
// the coarser one added, and goes through residual blocks and one doubling. Its flow is twice as many pixels.
//
// The fields of parts that a network does not have are nil.
type Generator struct {
	ForeDown  *nn.Sequential `nn:"indv_down"`
	ForeRes   *nn.Sequential `nn:"indv_res"`
	ForeUp    *nn.Sequential `nn:"indv_up"`
	ForeFinal *nn.Sequential `nn:"indv_final"`

	MapDown  *nn.Sequential `nn:"model_down_seg"`
	PastDown *nn.Sequential `nn:"model_down_img"`

	Res   *nn.Sequential `nn:"model_res_img"`
	Up    *nn.Sequential `nn:"model_up_img"`
	Final *nn.Sequential `nn:"model_final_img"`

	FlowRes     *nn.Sequential `nn:"model_res_flow"`
	FlowUp      *nn.Sequential `nn:"model_up_flow"`
	FlowFinal   *nn.Sequential `nn:"model_final_flow"`
	WeightFinal *nn.Sequential `nn:"model_final_w"`

	reach      float64 // pixels that the flow's last layer calls 1
	checkpoint bool
}

// View is what a generator sees of a frame.
type View struct {
	Maps *torch.Tensor // (N, channels · frames, H, W): condition maps, the earliest frame first
	Past *torch.Tensor // (N, 3 · (frames − 1), H, W): the frames before, the earliest first
	Fore *torch.Tensor // (N, 1, H, W): 1 where the foreground is; nil without a foreground

	RawOnly bool // there are no frames before that could be blended in
}

// Frame is what a generator makes.
type Frame struct {
	Final, Raw *torch.Tensor // (N, 3, H, W) in [−1, 1]
	Flow       *torch.Tensor // (N, 2, H, W): where each pixel was in the frame before, in pixels; nil without flow
	Weight     *torch.Tensor // (N, 1, H, W) in [0, 1]: of Raw in Final; nil without flow

	Feature, FlowFeature, ForeFeature *torch.Tensor // (N, width, H, W) each, for the next finer generator; nil where the parts are
}

// tensors are all of f that it has.
func (f *Frame) tensors() (all []**torch.Tensor) {
	for _, t := range []**torch.Tensor{&f.Final, &f.Raw, &f.Flow, &f.Weight, &f.Feature, &f.FlowFeature, &f.ForeFeature} {
		if *t != nil {
			all = append(all, t)
		}
	}
	return all
}

// detached is f without its graph.
func (f Frame) detached() Frame {
	for _, t := range f.tensors() {
		*t = (*t).Detach()
	}
	return f
}

// reach is how many pixels of a coarsest picture a flow of 1 is.
const reach = 20

// NewGenerator makes the network of a level, 0 the coarsest, with PyTorch's default weights, for maps of in channels in all.
func NewGenerator(in, level int, c Config) *Generator {
	if level == 0 {
		return newCoarse(in, c)
	}
	return newFine(in, level, c)
}

func newCoarse(in int, c Config) *Generator {
	norm, width := translation.Norm(c.Norm), c.Width
	behind := c.Blocks / 2
	down := func() *nn.Sequential {
		layers := translation.NewHalvings(in, width, c.Downs, norm)
		return nn.NewSequential(append(layers, blocks(c.Blocks-behind, width<<c.Downs, norm)...)...)
	}
	res := func() *nn.Sequential { return nn.NewSequential(blocks(behind, width<<c.Downs, norm)...) }
	up := func(width int) *nn.Sequential {
		var layers []nn.Layer
		for w := width << c.Downs; w > width; w /= 2 {
			layers = append(layers, translation.NewDoubling(w, w/2, norm)...)
		}
		return nn.NewSequential(layers...)
	}
	g := &Generator{reach: reach, checkpoint: c.GradientCheckpointing}
	if c.Foreground {
		w := foreWidth(width, c)
		g.ForeDown = nn.NewSequential(translation.NewHalvings(in, w, c.Downs, norm)...)
		g.ForeRes = nn.NewSequential(blocks(c.Blocks, w<<c.Downs, norm)...)
		g.ForeUp = up(w)
		g.ForeFinal = nn.NewSequential(translation.ToPicture(w, 3)...)
	}
	g.MapDown = down()
	g.PastDown = pastDown(3*c.past(), width, norm, g.MapDown, down)
	g.Res, g.Up, g.Final = res(), up(width), nn.NewSequential(translation.ToPicture(width, 3)...)
	if !c.NoFlow {
		g.FlowRes, g.FlowUp = res(), up(width)
		g.addFlowEnds(width)
	}
	return g
}

func newFine(in, level int, c Config) *Generator {
	norm, width := translation.Norm(c.Norm), c.Width>>level
	down := func(in, width int) *nn.Sequential {
		return nn.NewSequential(translation.NewHalvings(in, width, 1, norm)...)
	}
	up := func(width int) *nn.Sequential {
		return nn.NewSequential(append(blocks(c.LocalBlocks, 2*width, norm), translation.NewDoubling(2*width, width, norm)...)...)
	}
	g := &Generator{reach: float64(int(reach) << level), checkpoint: c.GradientCheckpointing}
	if c.Foreground {
		w := foreWidth(width, c)
		g.ForeDown, g.ForeUp, g.ForeFinal = down(in, w), up(w), nn.NewSequential(translation.ToPicture(w, 3)...)
	}
	g.MapDown = down(in, width)
	g.PastDown = pastDown(3*c.past(), width, norm, g.MapDown, func() *nn.Sequential { return down(in, width) })
	g.Up, g.Final = up(width), nn.NewSequential(translation.ToPicture(width, 3)...)
	if !c.NoFlow {
		g.FlowUp = up(width)
		g.addFlowEnds(width)
	}
	return g
}

// foreWidth is the width of the foreground's part.
func foreWidth(width int, c Config) int {
	if c.Downs > 2 {
		return width / 2
	}
	return width
}

func blocks(n, width int, norm translation.Norm) (layers []nn.Layer) {
	for range n {
		layers = append(layers, translation.NewResBlock(width, norm))
	}
	return layers
}

// pastDown begins for frames of in channels and goes on as a copy of maps, which another makes the like of.
func pastDown(in, width int, norm translation.Norm, maps *nn.Sequential, another func() *nn.Sequential) *nn.Sequential {
	begin := translation.NewHalvings(in, width, 0, norm)
	var rest []nn.Layer
	torch.SkipInit(func() { rest = another().Layers[len(begin):] })
	original := nn.StateDict(nn.NewSequential(maps.Layers[len(begin):]...))
	if err := nn.LoadStateDict(nn.NewSequential(rest...), original, true); err != nil {
		panic(err) // of networks of one kind
	}
	return nn.NewSequential(append(begin, rest...)...)
}

// addFlowEnds adds the last layers of flow and weight.
func (g *Generator) addFlowEnds(width int) {
	around := nn.ReflectionPad2d{Padding: 3}
	g.FlowFinal = nn.NewSequential(around, nn.NewConv2d(width, 2, 7))
	g.WeightFinal = nn.NewSequential(around, nn.NewConv2d(width, 1, 7), nn.Sigmoid{})
}

// Forward makes a frame; coarse is what the next coarser generator made of it, nil for the coarsest one.
func (g *Generator) Forward(v View, coarse *Frame) (f Frame) {
	torch.TidyAll(func() []*torch.Tensor {
		f = g.forward(v, coarse)
		var all []*torch.Tensor
		for _, t := range f.tensors() {
			all = append(all, *t)
		}
		return all
	})
	return f
}

func (g *Generator) forward(v View, coarse *Frame) (f Frame) {
	through := func(x *torch.Tensor, parts ...*nn.Sequential) *torch.Tensor {
		for _, s := range parts {
			if s != nil {
				x = translation.Through(s, x, g.checkpoint)
			}
		}
		return x
	}
	sum := through(v.Maps, g.MapDown).Add(through(v.Past, g.PastDown))
	beside := func(x, feature *torch.Tensor) *torch.Tensor { return x.Add(feature) }
	if coarse == nil {
		coarse = &Frame{}
		beside = func(x, _ *torch.Tensor) *torch.Tensor { return x }
	}
	f.Feature = through(beside(sum, coarse.Feature), g.Res, g.Up)
	f.Raw = through(f.Feature, g.Final)
	f.Final = f.Raw
	if g.FlowUp != nil {
		f.FlowFeature = through(beside(sum, coarse.FlowFeature), g.FlowRes, g.FlowUp)
		f.Flow = through(f.FlowFeature, g.FlowFinal).MulScalar(g.reach)
		f.Weight = through(f.FlowFeature, g.WeightFinal)
		if !v.RawOnly {
			before := v.Past.Narrow(1, v.Past.Size(1)-3, 3)
			f.Final = f.Raw.Mul(f.Weight).Add(flow.Warp(before, f.Flow).Mul(rest(f.Weight)))
		}
	}
	if g.ForeUp != nil {
		f.ForeFeature = through(beside(through(v.Maps, g.ForeDown), coarse.ForeFeature), g.ForeRes, g.ForeUp)
		fore := through(f.ForeFeature, g.ForeFinal).Mul(v.Fore)
		behind := rest(v.Fore)
		f.Final, f.Raw = fore.Add(f.Final.Mul(behind)), fore.Add(f.Raw.Mul(behind))
	}
	return f
}

// rest is 1 − x.
func rest(x *torch.Tensor) *torch.Tensor { return x.Neg().AddScalar(1) }
