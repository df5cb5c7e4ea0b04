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
	pair("WarpingError", made, real)
	if made.Size(0) < 2 || made.Size(1) != 3 {
		panic(misuse("WarpingError", "it takes the frames (T, 3, H, W) of a sequence, two at least", made))
	}
	return torch.Tidy(func() (errors *torch.Tensor) {
		torch.NoGrad(func() {
			bytes := Quantise(made).DivScalar(255)
			var all []*torch.Tensor
			for t := 1; t < made.Size(0); t++ { // one by one, so that memory does not grow with the sequence
				all = append(all, torch.Tidy(func() *torch.Tensor {
					frame := func(x *torch.Tensor, t int) *torch.Tensor { return x.Narrow(0, t, 1) }
					w, _ := flow.Reference(e, frame(real, t), frame(real, t-1))
					v, _ := flow.Reference(e, frame(real, t-1), frame(real, t))
					difference := frame(bytes, t).Sub(flow.Warp(frame(bytes, t-1), w)).Square()
					seen := flow.Visible(w, v)
					if seen.Sum().Item() == 0 {
						seen = seen.OnesLike()
					}
					return difference.MeanDim([]int{1}).Mul(seen.Squeeze()).Sum().Div(seen.Sum())
				}))
			}
			errors = torch.Stack(all)
		})
		return errors
	})
}

// Warping averages WarpingError over the pairs of frames of sequences.
type Warping struct {
	Estimator flow.Estimator

	pairs int
	sum   float64
}

// Add takes in frames one after the other of a sequence (T, 3, H, W) in [−1, 1], two at least; a long one can be given in
// pieces that begin with the frame by which the one before ended. The error tells shapes that differ and numbers that are not
// finite.
func (w *Warping) Add(made, real *torch.Tensor) error {
	return scoped(func() error {
		if made.IsFinite().All().Int() == 0 {
			return fmt.Errorf("the frames hold numbers that are not finite")
		}
		w.sum += WarpingError(made, real, w.Estimator).Sum().Item()
		w.pairs += made.Size(0) - 1
		return nil
	})
}

// Scores is the mean over the pairs so far, with its protocol, or nothing before the first; reference names the sequences whose
// flow it was.
func (w *Warping) Scores(reference string) []Score {
	if w.pairs == 0 {
		return nil
	}
	return []Score{{
		Metric:   "warping",
		Protocol: Protocol("E-warp", w.Estimator.Name(), "rgb; u8; /255; forward-backward", fmt.Sprintf("pairs=%d", w.pairs), "ref="+reference),
		Value:    w.sum / float64(w.pairs),
	}}
}
