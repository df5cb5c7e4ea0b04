package flow

import (
	"fmt"
	"strings"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
)

// FlowNet2 is the network of Ilg et al. 2017 with 162,518,834 parameters: FlowNetC and two FlowNetS one after another, each
// mending what the one before left; FlowNetSD, for small motions, beside them; and a network that fuses both. Its state
// dictionary has the names of NVIDIA/flownet2-pytorch.
type FlowNet2 struct {
	C      *flowNetC      `nn:"flownetc"`
	S1     *flowNetS      `nn:"flownets_1"`
	S2     *flowNetS      `nn:"flownets_2"`
	SD     *flowNetSD     `nn:"flownets_d"`
	Fusion *flowNetFusion `nn:"flownetfusion"`
}

// NewFlowNet2 makes a network of random weights, which estimates nothing yet; LoadFlowNet2 reads trained ones.
func NewFlowNet2() *FlowNet2 {
	return &FlowNet2{newFlowNetC(), newFlowNetS(), newFlowNetS(), newFlowNetSD(), newFlowNetFusion()}
}

// LoadFlowNet2 reads FlowNet2_checkpoint.pth.tar, as published with NVIDIA/flownet2-pytorch, or a file of the same tensors,
// safetensors or .pth, to a device. The tensors may be below "state_dict", and their names may begin with "module.". The
// error tells a file of something else.
func LoadFlowNet2(path string, device torch.Device) (f *FlowNet2, err error) {
	torch.Scope(func() {
		var state []nn.Entry
		if state, err = checkpoint.Load(path); err != nil {
			return
		}
		var weights []nn.Entry
		for _, e := range state {
			e.Name = strings.TrimPrefix(strings.TrimPrefix(e.Name, "state_dict."), "module.")
			if strings.HasPrefix(e.Name, "flownet") { // beside them stand an epoch and an error
				weights = append(weights, e)
			}
		}
		if len(weights) == 0 {
			err = fmt.Errorf("%s: it has no tensor of FlowNet2, such as flownetc.conv1.0.weight; "+
				"the file to give is FlowNet2_checkpoint.pth.tar of NVIDIA/flownet2-pytorch", path)
			return
		}
		torch.SkipInit(func() { f = NewFlowNet2() })
		if e := nn.LoadStateDict(f, weights, true); e != nil {
			f, err = nil, fmt.Errorf("%s: it is not FlowNet2: %w", path, e)
			return
		}
		nn.To(f, nn.ToOptions{Device: &device})
		nn.Freeze(f)
	})
	return f, err
}

// Name is "flownet2".
func (*FlowNet2) Name() string { return "flownet2" }

// Multiple is what the sides of the pictures of Flow are multiples of.
func (*FlowNet2) Multiple() int { return 64 }

// unit is the flow, in pixels, that the networks in a row call 1.
const unit = 20

// Flow returns where each pixel of im1 is in im2 (N, 3, H, W), for sides that are multiples of 64.
func (f *FlowNet2) Flow(im1, im2 *torch.Tensor) *torch.Tensor {
	pair("FlowNet2.Flow", im1, im2)
	if im1.Size(2)%f.Multiple() != 0 || im1.Size(3)%f.Multiple() != 0 {
		panic(misuse("FlowNet2.Flow", "the sides are not multiples of 64; Reference resizes", im1))
	}
	return torch.Tidy(func() (flow *torch.Tensor) {
		torch.NoGrad(func() {
			a, b := centred(im1, im2)
			flow = f.fuse(a, b, f.large(a, b), f.small(a, b))
		})
		return flow
	})
}

// centred are the pictures without the mean of each colour over both.
func centred(im1, im2 *torch.Tensor) (a, b *torch.Tensor) {
	each := torch.MeanDimOptions{Keepdim: true}
	mean := im1.MeanDim([]int{2, 3}, each).Add(im2.MeanDim([]int{2, 3}, each)).DivScalar(2)
	return im1.Sub(mean), im2.Sub(mean)
}

// large is the flow of the networks in a row.
func (f *FlowNet2) large(a, b *torch.Tensor) *torch.Tensor {
	flow := fourfold(f.C.forward(a, b).MulScalar(unit))
	flow = fourfold(f.S1.forward(mending(a, b, flow)).MulScalar(unit))
	return nearest(f.S2.forward(mending(a, b, flow)).MulScalar(unit))
}

// small is that of the network for small motions, whose unit is a twentieth of a pixel.
func (f *FlowNet2) small(a, b *torch.Tensor) *torch.Tensor {
	return nearest(f.SD.forward(beside(a, b)).DivScalar(unit))
}

func (f *FlowNet2) fuse(a, b, large, small *torch.Tensor) *torch.Tensor {
	return f.Fusion.forward(beside(a, small, large, ChannelNorm(small), ChannelNorm(large),
		ChannelNorm(a.Sub(Resample(b, small))), ChannelNorm(a.Sub(Resample(b, large)))))
}

// mending is what a network needs to mend a flow (N, 12, H, W): the pictures, the second one moved, the flow, and how much is
// wrong with it.
func mending(a, b, flow *torch.Tensor) *torch.Tensor {
	moved := Resample(b, flow)
	return beside(a, b, moved, flow.DivScalar(unit), ChannelNorm(a.Sub(moved)))
}

func beside(x ...*torch.Tensor) *torch.Tensor { return torch.Cat(x, torch.CatOptions{Dim: 1}) }

func fourfold(flow *torch.Tensor) *torch.Tensor {
	return flow.UpsampleBilinear2d([]int{4 * flow.Size(2), 4 * flow.Size(3)}, false)
}

func nearest(flow *torch.Tensor) *torch.Tensor {
	return flow.UpsampleNearest2d([]int{4 * flow.Size(2), 4 * flow.Size(3)})
}
