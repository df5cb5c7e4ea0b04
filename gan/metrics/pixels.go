package metrics

import (
	"fmt"
	"math"
	"slices"

	"github.com/forgergan/forger/torch"
)

// Quantise is pictures in [−1, 1] as the numbers 0 … 255 that they are saved with, float32: 127.5·(x + 1) rounded,
// halves up, as in vision.HalfUp, and limited. Scores of pictures compare these.
func Quantise(pictures *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		x := pictures.ToDType(torch.Float32).AddScalar(1).MulScalar(127.5).AddScalar(0.5).Floor()
		return x.Clamp(torch.ClampOptions{Min: 0, Max: 255})
	})
}

// Luma is the brightness Y of BT.601 in 16 … 235, (N, 1, H, W), of colours (N, 3, H, W) in 0 … 255:
// Y = 16 + (65.481·R + 128.553·G + 24.966·B)/255. Super-resolution is scored on it; some papers round it first, as a
// conversion to bytes does: Luma(x).Round().
func Luma(rgb *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		return weighChannels("Luma", rgb, 65.481/255, 128.553/255, 24.966/255).AddScalar(16)
	})
}

// Grey is the brightness of BT.601 in the range of the colours, (N, 1, H, W) of (N, 3, H, W), as JPEG has it:
// 0.299·R + 0.587·G + 0.114·B.
func Grey(rgb *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return weighChannels("Grey", rgb, 0.299, 0.587, 0.114) })
}

func weighChannels(op string, rgb *torch.Tensor, r, g, b float64) *torch.Tensor {
	if rgb.Dim() != 4 || rgb.Size(1) != 3 {
		panic(misuse(op, "colours are (N, 3, H, W), in the order red, green, blue", rgb))
	}
	x := floating(rgb)
	weights := torch.FromSlice([]float64{r, g, b}, 1, 3, 1, 1).To(torch.ToOptions{DType: x.DType(), Device: new(x.Device())})
	return x.Mul(weights).SumDim([]int{1}, torch.SumDimOptions{Keepdim: true})
}

// Shave is pictures (N, C, H, W) without border pixels on each side, a view. Super-resolution leaves out as many as
// its scale.
func Shave(pictures *torch.Tensor, border int) *torch.Tensor {
	h, w := pictures.Size(2), pictures.Size(3)
	if border < 0 || 2*border >= min(h, w) {
		panic(misuse("Shave", fmt.Sprintf("a border of %d leaves nothing", border), pictures))
	}
	return pictures.Narrow(2, border, h-2*border).Narrow(3, border, w-2*border)
}

// PSNROptions say what the values of the pictures mean. The zero value is for values in 0 … 255.
type PSNROptions struct {
	Peak float64 // the largest possible difference: 255 if 0; 2 for pictures in [−1, 1]
}

// PSNR is the peak signal-to-noise ratio in dB of each pair of pictures (N, C, H, W), a vector (N): 10·log₁₀(Peak²/MSE)
// with the squared error averaged over all channels together. It is +∞ for equal pictures. Pictures of bytes are
// compared in float64, others in their own type, with gradients.
//
//	rgb := metrics.PSNR(a, b, metrics.PSNROptions{})
//	y := func(x *torch.Tensor) *torch.Tensor { return metrics.Shave(metrics.Luma(x), 4) }
//	luma := metrics.PSNR(y(a), y(b), metrics.PSNROptions{}) // as super-resolution by 4 is scored
//
// Their protocols: PSNR[rgb; u8], PSNR[y; shave=4; u8].
//
// It panics with an *torch.Error where the shapes differ.
func PSNR(a, b *torch.Tensor, o PSNROptions) *torch.Tensor {
	pair("PSNR", a, b)
	return torch.Tidy(func() *torch.Tensor {
		mse := floating(a).Sub(floating(b)).Square().MeanDim([]int{1, 2, 3})
		peak := orPeak(o.Peak)
		return mse.Log10().MulScalar(-10).AddScalar(20 * math.Log10(peak))
	})
}

func orPeak(peak float64) float64 {
	if peak == 0 {
		return 255
	}
	return peak
}

// floating is x as it is if its type is a floating-point one, or in float64.
func floating(x *torch.Tensor) *torch.Tensor {
	if x.DType().IsFloat() {
		return x
	}
	return x.ToDType(torch.Float64)
}

// pair refuses what is not two equally many and large pictures.
func pair(op string, a, b *torch.Tensor) {
	x, y := a.Shape(), b.Shape()
	if len(x) != 4 || !slices.Equal(x, y) {
		panic(misuse(op, "it compares pictures (N, C, H, W) of one shape", a, b))
	}
}

func misuse(op, message string, operands ...*torch.Tensor) *torch.Error {
	e := &torch.Error{Op: op, Code: torch.ValueError, Msg: message}
	for _, t := range operands {
		e.Shapes = append(e.Shapes, t.Shape())
	}
	return e
}
