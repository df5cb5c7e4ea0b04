package metrics

import (
	"fmt"

	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/torch"
)

// Warping is how much a video flickers: the mean squared difference between each frame and the one before it, moved by the
// flow of the true frames, on a scale of [0, 1], over colours and those pixels where the flow can be trusted (the warping
// error of Lai et al. 2018, §4.1). The flow and the mask are of the true video, so that all videos of it compare; the score
// of the true frames themselves says what is left for light, noise and wrong flows. A video that stands still where it
// should move gains nothing from that.
type Warping struct {
	Flow flow.Estimator

	sum float64
	n   int
}

// Add takes in pairs of successive frames (N, 3, H, W) in [−1, 1]: those made, and the true ones. The error tells numbers that
// are not finite.
func (s *Warping) Add(before, made, trueBefore, trueMade *torch.Tensor) error {
	return scoped(func() error {
		if made.IsFinite().All().Int() == 0 || before.IsFinite().All().Int() == 0 {
			return fmt.Errorf("the frames hold numbers that are not finite")
		}
		f, sure := flow.Reference(s.Flow, trueMade, trueBefore)
		moved := flow.Warp(Quantise(before), f)
		off := Quantise(made).Sub(moved).DivScalar(255).Square().MeanDim([]int{1}, torch.MeanDimOptions{Keepdim: true})
		trusted := sure.SumDim([]int{1, 2, 3})
		means := off.Mul(sure).SumDim([]int{1, 2, 3}).Div(trusted.Clamp(torch.ClampOptions{Min: 1}))
		s.sum += means.Sum().Item()
		s.n += made.Size(0)
		return nil
	})
}

// Score is the mean over the pairs so far; reference names the set of the true frames.
func (s *Warping) Score(reference string) Score {
	protocol := Protocol("E_warp", "rgb; u8; /255; mse where sure", "flow="+s.Flow.Name()+" of true frames", fmt.Sprintf("N=%d", s.n), "ref="+reference)
	return Score{Metric: "e_warp", Protocol: protocol, Value: s.sum / float64(max(1, s.n))}
}
