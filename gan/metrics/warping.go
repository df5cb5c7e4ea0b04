package metrics

import (
	"fmt"

	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/torch"
)

// WarpingError is how much a video flickers: for each two frames one after the other, how far the second is from the first
// moved along, (T−1). made and real are the frames of one sequence in order (T, 3, H, W) in [−1, 1]: the flow is that of the
// real frames, and made is what is judged by it, so real itself gives the error of the estimator.
//
// Of frames t−1 and t it is the mean, over the channels and the pixels of t that are not hidden in t−1, of the squared
// difference of made at t and made at t−1 warped by the flow w from t to t−1, both rounded to bytes and divided by 255. A
// pixel is hidden where w leads out of the picture, or where the flow v back does not return:
// |w + v|² > 0.01·(|w|² + |v|²) + 0.5, with v taken where w leads. Where all are hidden it is the mean over all.
//
// It is E_warp of Lai et al. 2018 (Learning Blind Video Temporal Consistency, §4.2) as its official program averages, over
// channels too; their mask, of Ruder et al. 2016, also leaves out borders of motion, and they warp t+1 to t. Estimators
// differ, so values compare within one only.
func WarpingError(made, real *torch.Tensor, e flow.Estimator) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		var errors []*torch.Tensor
		eachWarp(made, real, e, func(difference, seen, _ *torch.Tensor) {
			errors = append(errors, meanOf(difference, seen).Keep())
		})
		return torch.Stack(errors)
	})
}

// eachWarp tells of each two frames the squared difference (1, H, W) of WarpingError, where pixels are seen in both, and
// where they move. It takes pairs one by one, so that memory does not grow with the sequence.
func eachWarp(made, real *torch.Tensor, e flow.Estimator, tell func(difference, seen, moves *torch.Tensor)) {
	pair("WarpingError", made, real)
	if made.Size(0) < 2 || made.Size(1) != 3 {
		panic(misuse("WarpingError", "it takes the frames (T, 3, H, W) of a sequence, two at least", made))
	}
	torch.NoGrad(func() {
		for t := 1; t < made.Size(0); t++ {
			torch.Scope(func() {
				frame := func(x *torch.Tensor, t int) *torch.Tensor { return x.Narrow(0, t, 1) }
				w, _ := flow.Reference(e, frame(real, t), frame(real, t-1))
				v, _ := flow.Reference(e, frame(real, t-1), frame(real, t))
				now, before := Quantise(frame(made, t)).DivScalar(255), Quantise(frame(made, t-1)).DivScalar(255)
				difference := now.Sub(flow.Warp(before, w)).Square().MeanDim([]int{1})
				seen := flow.Visible(w, v).SqueezeDim(1)
				tell(difference, seen, flow.ChannelNorm(w).SqueezeDim(1).GtScalar(motion).ToDType(seen.DType()))
			})
		}
	})
}

// meanOf is the mean of the differences of pixels that are seen, of all where none is.
func meanOf(difference, seen *torch.Tensor) *torch.Tensor {
	if seen.Sum().Item() == 0 {
		return difference.Mean()
	}
	return difference.Mul(seen).Sum().Div(seen.Sum())
}

// motion is how many pixels a pixel goes at least to count as moving.
const motion = 0.5

// Warping averages the warping error over the pairs of frames of sequences. Beside the mean of WarpingError it has that over
// the pixels alone that move by more than half a pixel: where most of a scene rests the former is small for all that
// does not flicker, and says little of what moves.
type Warping struct {
	Estimator flow.Estimator

	pairs       int
	sum         float64
	moving, far float64 // pixels that move, and the sum of their differences
}

// Add takes in frames one after the other of a sequence (T, 3, H, W) in [−1, 1], two at least; a long one can be given in
// pieces that begin with the frame by which the one before ended. The error tells shapes that differ and numbers that are not
// finite.
func (w *Warping) Add(made, real *torch.Tensor) error {
	return scoped(func() error {
		if made.IsFinite().All().Int() == 0 {
			return fmt.Errorf("the frames hold numbers that are not finite")
		}
		eachWarp(made, real, w.Estimator, func(difference, seen, moves *torch.Tensor) {
			moves = moves.Mul(seen)
			w.pairs++
			w.sum += meanOf(difference, seen).Item()
			w.moving += moves.Sum().Item()
			w.far += difference.Mul(moves).Sum().Item()
		})
		return nil
	})
}

// Scores are the mean over the pairs so far, and that over the pixels that move where any do, with their protocols, or
// nothing before the first pair; reference names the sequences whose flow it was.
func (w *Warping) Scores(reference string) (scores []Score) {
	if w.pairs == 0 {
		return nil
	}
	protocol := func(pixels ...string) string {
		steps := append([]string{w.Estimator.Name(), "rgb; u8; /255; forward-backward"}, pixels...)
		return Protocol("E-warp", append(steps, fmt.Sprintf("pairs=%d", w.pairs), "ref="+reference)...)
	}
	scores = []Score{{Metric: "warping", Protocol: protocol(), Value: w.sum / float64(w.pairs)}}
	if w.moving > 0 {
		scores = append(scores, Score{Metric: "warping-moving", Protocol: protocol(fmt.Sprintf("motion>%g", motion)), Value: w.far / w.moving})
	}
	return scores
}
