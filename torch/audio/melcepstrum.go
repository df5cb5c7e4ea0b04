package audio

import (
	"fmt"
	"math"

	"github.com/forgergan/forger/torch"
)

// SP2MC turns power spectra (T, K), the K = fft/2 + 1 values |X|² of each frame, above 0, into mel-cepstra
// (T, order+1) in float64: the cepstrum of log |X|² with its frequencies warped by the all-pass of coefficient alpha
// (Tokuda et al. 1994), as SPTK and pysptk's sp2mc do. Alpha in (−1, 1) is 0.41 for the mel scale at 16 kHz, 0.455 at
// 22.05 and 0.554 at 48; 0 leaves the cepstrum as it is.
//
// Gradients flow to the spectra. It panics with an *torch.Error where the shape is another.
func SP2MC(power *torch.Tensor, order int, alpha float64) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		bins := frames("SP2MC", power)
		n := 2 * (bins - 1)
		// The inverse Fourier transform of a spectrum that is real and even, to n coefficients; the first one is halved.
		toCepstrum := cosines(bins, n, func(bin, c int) float64 {
			weight := 2 / float64(n)
			if bin == 0 || bin == bins-1 {
				weight /= 2
			}
			if c == 0 {
				weight /= 2
			}
			return weight
		})
		log := power.ToDType(torch.Float64).Log()
		return log.MM(toCepstrum.MM(warping(n, order+1, alpha)).ToDevice(power.Device()))
	})
}

// MC2SP turns mel-cepstra (T, order+1) back into power spectra (T, fft/2 + 1) in float64, as pysptk's mc2sp does. It
// is the inverse of [SP2MC] but for what the finite order has cut off.
func MC2SP(mc *torch.Tensor, alpha float64, fft int) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		coefficients := frames("MC2SP", mc)
		if fft < 2 || fft%2 != 0 {
			message := fmt.Sprintf("a Fourier transform of %d values has no half", fft)
			panic(&torch.Error{Op: "MC2SP", Code: torch.ValueError, Msg: message})
		}
		bins := fft/2 + 1
		toLog := cosines(bins, bins, func(_, c int) float64 {
			if c == bins-1 {
				return 1
			}
			return 2
		})
		log := mc.ToDType(torch.Float64).MM(warping(coefficients, bins, -alpha).MM(toLog.T()).ToDevice(mc.Device()))
		return log.Exp()
	})
}

// frames is the length of the rows of x (T, K).
func frames(op string, x *torch.Tensor) int {
	if x.Dim() != 2 || x.Size(1) < 2 {
		panic(&torch.Error{
			Op: op, Code: torch.ValueError, Msg: "frames are rows of a matrix (T, K) with K at least 2", Shapes: [][]int{x.Shape()},
		})
	}
	return x.Size(1)
}

// cosines is the matrix (bins, n) of weight(b, c)·cos(π·b·c/(bins−1)).
func cosines(bins, n int, weight func(bin, c int) float64) *torch.Tensor {
	period := 2 * (bins - 1)
	table := make([]float64, period)
	for i := range table {
		table[i] = math.Cos(2 * math.Pi * float64(i) / float64(period))
	}
	out := make([]float64, 0, bins*n)
	for b := range bins {
		for c := range n {
			out = append(out, weight(b, c)*table[b*c%period])
		}
	}
	return torch.FromSlice(out, bins, n)
}

// warping is the matrix (n, m) that turns a cepstrum of n coefficients, a row, into m of the warped one: row c holds the
// c-th power of the all-pass (z⁻¹ + α)/(1 + α·z⁻¹) as a series in z⁻¹, with the −α of Oppenheim and Johnson 1972.
func warping(n, m int, alpha float64) *torch.Tensor {
	out := make([]float64, n*m)
	out[0] = 1
	for c := 1; c < n; c++ {
		before, row := out[(c-1)*m:c*m], out[c*m:(c+1)*m]
		row[0] = alpha * before[0]
		for j := 1; j < m; j++ {
			if j == 1 {
				row[1] = (1-alpha*alpha)*before[0] + alpha*before[1]
				continue
			}
			row[j] = before[j-1] + alpha*(before[j]-row[j-1])
		}
	}
	return torch.FromSlice(out, n, m)
}
