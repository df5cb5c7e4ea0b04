package metrics

import (
	"fmt"

	"github.com/forgergan/forger/torch"
)

// Embed maps pictures (N, C, H, W) in [−1, 1], on any device, to features (N, 128) and logits (N, 10) on the
// classifier's device.
//
// The pictures are first rounded to bytes, as they are saved. Colour becomes grey by the mean of the channels: a grey
// set in colour has equal ones. A side other than 28 is resized to 28 by antialiased bilinear interpolation, the
// filter with which package data has made that side of 28.
func (c *Classifier) Embed(pictures *torch.Tensor) (features, logits *torch.Tensor) {
	out := torch.TidyAll(func() (out []*torch.Tensor) {
		torch.NoGrad(func() {
			x := Quantise(pictures.ToDevice(c.device))
			x = x.MeanDim([]int{1}, torch.MeanDimOptions{Keepdim: true}).DivScalar(127.5).SubScalar(1)
			if x.Size(2) != digitSide || x.Size(3) != digitSide {
				x = x.UpsampleBilinear2dAA([]int{digitSide, digitSide}, false)
			}
			f := c.net.Penultimate(x)
			out = []*torch.Tensor{f, c.net.Classes.Forward(f)}
		})
		return out
	})
	return out[0], out[1]
}

// Sampling says how the pictures of a distance were made, for its protocol.
type Sampling struct {
	N         int    // pictures
	Reference string // what they are compared with: "mnist-test"
	Size      int    // side of the pictures; the reference is prepared at this side, too
	BatchNorm string // statistics that batch norm of the generator used: "batch64", "running", "standing16×64"; "" without batch norm
	Averaged  bool   // the generator's weights are their moving average
	Seed      int64  // of the latents
}

// String is the part of the protocol: "N=10000; ref=mnist-test@32; bn=batch64; ema; seed=1".
func (s Sampling) String() string {
	text := fmt.Sprintf("N=%d; ref=%s@%d", s.N, s.Reference, s.Size)
	if s.BatchNorm != "" {
		text += "; bn=" + s.BatchNorm
	}
	if s.Averaged {
		text += "; ema"
	}
	return text + fmt.Sprintf("; seed=%d", s.Seed)
}

// Protocol is the name of a score on the classifier's features or logits with all that its value depends on. The
// score is FD, KD, PRDC or IS, settings are its options, for example
//
//	FD-MNISTCNN[penultimate-128; acc=99.1%; net=0f3a9c21; u8; resize=32→28-bilinear-aa; N=10000; ref=mnist-test@32; bn=batch64; seed=1]
//
// resize is what both sets of pictures go through; net names the classifier's weights.
func (c *Classifier) Protocol(score string, s Sampling, settings ...fmt.Stringer) string {
	parts := []string{
		fmt.Sprintf("penultimate-%d", digitFeatures), fmt.Sprintf("acc=%.1f%%", 100*c.Accuracy), "net=" + c.Hash, "u8",
	}
	if s.Size != digitSide {
		parts = append(parts, fmt.Sprintf("resize=%d→%d-bilinear-aa", s.Size, digitSide))
	}
	for _, o := range settings {
		parts = append(parts, o.String())
	}
	return Protocol(score+"-"+c.Name, append(parts, s.String())...)
}
