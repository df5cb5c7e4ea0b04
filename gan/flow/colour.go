package flow

import (
	"math"

	"github.com/forgergan/forger/torch"
)

// arcs are the stretches of the Middlebury wheel: how many colours each has, and the colour that it begins with.
var arcs = []struct {
	steps   int
	r, g, b float32
}{{15, 1, 0, 0}, {6, 1, 1, 0}, {4, 0, 1, 0}, {11, 0, 1, 1}, {13, 0, 0, 1}, {6, 1, 0, 1}}

// wheel is the colours (55, 3), in [0, 1], in the order of red, yellow, green, cyan, blue, magenta.
func wheel() *torch.Tensor {
	var all []float32
	for i, from := range arcs {
		to := arcs[(i+1)%len(arcs)]
		for k := range from.steps {
			at := float32(k) / float32(from.steps)
			all = append(all, from.r+at*(to.r-from.r), from.g+at*(to.g-from.g), from.b+at*(to.b-from.b))
		}
	}
	return torch.FromSlice(all, len(all)/3, 3)
}

// Colour shows a flow (N, 2, H, W) as pictures (N, 3, H, W) in [−1, 1], in the colours of the Middlebury benchmark: the hue is
// the direction (right is red, down yellow, left cyan, up violet), and the saturation the length, white where nothing moves
// and full at the longest of all N. Baker et al. 2011, colorcode.cpp.
func Colour(flow *torch.Tensor) *torch.Tensor {
	if flow.Dim() != 4 || flow.Size(1) != 2 {
		panic(misuse("Colour", "it shows a flow (N, 2, H, W)", flow))
	}
	return torch.Tidy(func() *torch.Tensor {
		flow := flow.Detach()
		length := ChannelNorm(flow)
		length = length.Div(length.Max().ClampMin(1e-6))
		colours := wheel().ToDType(flow.DType()).ToDevice(flow.Device())
		n := colours.Size(0)
		// opposite to a direction lies −π … π, which is the first to the last colour
		angle := flow.Narrow(1, 1, 1).Neg().Atan2(flow.Narrow(1, 0, 1).Neg())
		at := angle.DivScalar(math.Pi).AddScalar(1).MulScalar(float64(n-1) / 2)
		first := at.Floor()
		of := func(k *torch.Tensor) *torch.Tensor { // (N, 3, H, W)
			index := k.Remainder(n).ToDType(torch.Int64)
			return colours.IndexSelect(0, index.Flatten()).View(flow.Size(0), flow.Size(2), flow.Size(3), 3).Permute(0, 3, 1, 2)
		}
		hue := of(first).LerpTensor(of(first.AddScalar(1)), at.Sub(first))
		return hue.SubScalar(1).Mul(length).MulScalar(2).AddScalar(1).Contiguous()
	})
}
