package metrics

import (
	"math"

	"github.com/forgergan/forger/torch"
)

// DaalaSSIM is the structural similarity that the video codec Daala's tool dump_ssim computes and that SRGAN reports
// (Ledig et al. 2017), of each pair of pictures (N, C, H, W) with values in 0 … 255, a vector (N), 1 for equal pictures.
//
// It differs from [SSIM]: the Gaussian window has σ = 1.5·H/256, so that it grows with the picture; its weights are whole
// numbers with the sum 256; at the border it is cut off and each place counts by the weight that is left. For 256 rows
// the window is about that of SSIM. Channels count alike. It computes in float64.
//
// It panics with an *torch.Error where the shapes differ.
func DaalaSSIM(a, b *torch.Tensor) *torch.Tensor {
	pair("DaalaSSIM", a, b)
	return torch.Tidy(func() *torch.Tensor {
		a, b := a.ToDType(torch.Float64), b.ToDType(torch.Float64)
		n, c, h, w := a.Size(0), a.Size(1), a.Size(2), a.Size(3)
		window := daalaWindow(float64(h)*1.5/256, min(h, w))
		weights := torch.FromSlice(window).ToDevice(a.Device())
		side := len(window)
		all := torch.Stack([]*torch.Tensor{a, b, a.Square(), b.Square(), a.Mul(b), a.OnesLike()}).Reshape(6*n*c, 1, h, w)
		all = torch.Conv2d(all, weights.View(1, 1, 1, side), torch.Conv2dOptions{Padding: []int{0, side / 2}})
		all = torch.Conv2d(all, weights.View(1, 1, side, 1), torch.Conv2dOptions{Padding: []int{side / 2, 0}}).View(6, n, c, h, w)

		sumA, sumB, weight := all.Select(0, 0), all.Select(0, 1), all.Select(0, 5)
		squares, product := sumA.Square().Add(sumB.Square()), sumA.Mul(sumB)
		// Sums and not means: what SSIM has as μ² is weight² times as large here.
		c1 := weight.Square().MulScalar(math.Pow(0.01*255, 2))
		c2 := weight.Square().MulScalar(math.Pow(0.03*255, 2))
		covariance := all.Select(0, 4).Mul(weight).Sub(product)
		variances := all.Select(0, 2).Add(all.Select(0, 3)).Mul(weight).Sub(squares)
		above := product.MulScalar(2).Add(c1).Mul(covariance.MulScalar(2).Add(c2))
		similarity := above.Div(squares.Add(c1).Mul(variances.Add(c2)))
		return similarity.Mul(weight).SumDim([]int{2, 3}).Div(weight.SumDim([]int{2, 3})).MeanDim([]int{1})
	})
}

// DaalaProtocol is the part of the protocol: "daala; sigma=1.5·H/256".
const DaalaProtocol = "daala; sigma=1.5·H/256"

// daalaWindow are whole weights with the sum 256: as far as they are at least ½ before rounding, but not as far as the
// picture; the middle one takes what rounding leaves.
func daalaWindow(sigma float64, side int) []float64 {
	const sum = 256
	reach := 0
	if s := math.Sqrt(math.Pi/2) * sigma / sum; s < 1 {
		reach = min(int(sigma*math.Sqrt(-2*math.Log(s))), side-1)
	}
	weights := make([]float64, 2*reach+1)
	weights[reach] = sum
	for i := 1; i <= reach; i++ {
		x := float64(i)
		v := math.Floor(sum/(math.Sqrt(2*math.Pi)*sigma)*math.Exp(-x*x/(2*sigma*sigma)) + 0.5)
		weights[reach-i], weights[reach+i] = v, v
		weights[reach] -= 2 * v
	}
	return weights
}
