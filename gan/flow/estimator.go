package flow

import (
	"slices"

	"github.com/forgergan/forger/torch"
)

// Estimator estimates flows. One that takes only pictures whose sides are multiples of a number says so by a method
// Multiple() int; Reference resizes for it.
type Estimator interface {
	// Name tells the estimator and its settings in one word, for reports and protocols.
	Name() string
	// Flow returns where each pixel of im1 is in im2 (N, 3, H, W), so that Warp(im2, flow) is about im1: (N, 2, H, W)
	// on the pictures' device, without gradients.
	Flow(im1, im2 *torch.Tensor) *torch.Tensor
}

// doubt is the squared difference of colours in [−1, 1], summed over the channels, from which on a flow is not trusted.
const doubt = 0.02

// Reference is what vid2vid learns flows from: the flow of a pair of pictures (N, 3, H, W) in [−1, 1], and a confidence
// (N, 1, H, W) that is 1 where the second picture, moved by the flow, differs from the first by less than 0.02, squared and
// summed over colours, and else 0: at occlusions, light and errors. For an estimator that needs multiples of a number, as
// FlowNet2 does, pictures are resized to the next smaller ones, bilinear, and flow and confidence back; the confidence has
// values between 0 and 1 then. vid2vid models/flownet.py, but that scales both components by the ratio of the heights, and
// here each has its own.
func Reference(e Estimator, im1, im2 *torch.Tensor) (flow, confidence *torch.Tensor) {
	pair("Reference", im1, im2)
	both := torch.TidyAll(func() (both []*torch.Tensor) {
		torch.NoGrad(func() {
			size := im1.Shape()[2:]
			of := multipleOf(e)
			inner := []int{multiple(size[0], of), multiple(size[1], of)}
			a, b := resize(im1, inner), resize(im2, inner)
			flow := e.Flow(a, b)
			sure := squared(a.Sub(Resample(b, flow))).LtScalar(doubt).ToDType(a.DType())
			both = []*torch.Tensor{resizeFlow(flow, size), resize(sure, size)}
		})
		return both
	})
	return both[0], both[1]
}

// multipleOf is what the sides of pictures must be multiples of for an estimator.
func multipleOf(e Estimator) int {
	if m, ok := e.(interface{ Multiple() int }); ok {
		return m.Multiple()
	}
	return 1
}

// multiple is side rounded down to a multiple of m, which is the least.
func multiple(side, m int) int { return max(1, side/m) * m }

// resize is x (N, C, H, W) in another height and width, bilinear; x itself if it has them.
func resize(x *torch.Tensor, size []int) *torch.Tensor {
	if slices.Equal(x.Shape()[2:], size) {
		return x
	}
	return x.UpsampleBilinear2d(size, false)
}

// resizeFlow is flow for pictures of another height and width.
func resizeFlow(flow *torch.Tensor, size []int) *torch.Tensor {
	h, w := flow.Size(2), flow.Size(3)
	if slices.Equal([]int{h, w}, size) {
		return flow
	}
	scale := torch.FromSlice([]float64{float64(size[1]) / float64(w), float64(size[0]) / float64(h)}, 1, 2, 1, 1)
	return resize(flow, size).Mul(scale.ToDType(flow.DType()).ToDevice(flow.Device()))
}

// pair panics unless im1 and im2 are pairs of pictures in colour.
func pair(op string, im1, im2 *torch.Tensor) {
	if a := im1.Shape(); len(a) != 4 || a[1] != 3 || !slices.Equal(a, im2.Shape()) {
		panic(misuse(op, "it compares pictures (N, 3, H, W) of one shape", im1, im2))
	}
}
