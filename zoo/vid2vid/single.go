package vid2vid

import (
	"fmt"
	"strings"

	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
)

// single is a generator of single frames, which makes the first ones of a video.
type single struct {
	g  *translation.GlobalGenerator
	in int // channels of the condition maps that it sees, from the first on: not the last one, edges, if there are fewer
}

// loadSingle reads one from --single: a state dictionary of vid2vid's latest_net_G_512.pth or of pix2pixHD's
// latest_net_G.pth, or a checkpoint of a run of pix2pixhd. Its size is that of its tensors.
func loadSingle(c Config) (s *single, err error) {
	torch.Scope(func() { s, err = readSingle(c.Single, c.maps()) })
	if err != nil {
		return nil, fmt.Errorf("vid2vid: --single %s: %w", c.Single, err)
	}
	return s, nil
}

func readSingle(path string, maps int) (*single, error) {
	state, err := checkpoint.Load(path)
	if err != nil {
		return nil, err
	}
	if g := checkpoint.Under(state, "G."); g != nil {
		state = g
	}
	var begin, deep *torch.Tensor // the first convolution and, if it has one, the scale of its norm
	convolutions, blocks := 0, 0
	for _, e := range state {
		switch {
		case !strings.HasPrefix(e.Name, "model."):
			return nil, fmt.Errorf("it holds %s, which no global generator of pix2pixHD has", e.Name)
		case strings.HasSuffix(e.Name, ".conv_block.1.weight"):
			blocks++
		case !strings.HasSuffix(e.Name, ".weight") || strings.Contains(e.Name, "conv_block"):
		case e.Name == "model.1.weight":
			begin = e.Tensor
			convolutions++
		case e.Name == "model.2.weight":
			deep = e.Tensor
		case e.Tensor.Dim() == 4:
			convolutions++
		}
	}
	if begin == nil || begin.Dim() != 4 {
		return nil, fmt.Errorf("it holds no first convolution, model.1.weight")
	}
	s := &single{in: begin.Size(1)}
	if s.in != maps && s.in != maps-1 {
		return nil, fmt.Errorf("it sees %d channels, but the condition maps of a frame have %d, with edges", s.in, maps)
	}
	norm := translation.Instance
	if deep != nil {
		norm = translation.Batch
	}
	torch.SkipInit(func() {
		s.g = translation.NewGlobalGenerator(s.in, 3, translation.Global{
			Width: begin.Size(0), Downs: convolutions/2 - 1, Blocks: blocks, Norm: norm,
		})
	})
	return s, translation.LoadStateDict(s.g, state)
}

// forward makes a frame (1, 3, H, W) of its condition maps (1, channels, H, W).
func (s *single) forward(maps *torch.Tensor) *torch.Tensor {
	device := maps.Device()
	nn.To(s.g, nn.ToOptions{Device: &device})
	defer nn.Untracked(s.g)()
	return s.g.Forward(maps.Narrow(1, 0, s.in))
}
