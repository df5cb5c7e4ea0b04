package metrics_test

import (
	"fmt"
	"testing"

	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/gan/metrics"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

func ExamplePSNR() {
	torch.Scope(func() {
		a := torch.Zeros([]int{1, 3, 16, 16}, torch.TensorOptions{DType: torch.Uint8})
		b := a.Clone().FillInPlace(10)
		fmt.Printf("%s = %.2f\n", metrics.Protocol("PSNR", "rgb", "u8"), metrics.PSNR(a, b, metrics.PSNROptions{}).Item())
		y := func(x *torch.Tensor) *torch.Tensor { return metrics.Shave(metrics.Luma(x), 4) }
		fmt.Printf("%s = %.2f\n", metrics.Protocol("PSNR", "y", "shave=4", "u8"), metrics.PSNR(y(a), y(b), metrics.PSNROptions{}).Item())
	})
	// Output:
	// PSNR[rgb; u8] = 28.13
	// PSNR[y; shave=4; u8] = 29.45
}

func ExampleSSIM() {
	torch.Scope(func() {
		a := torch.Arange(0, 256).ToDType(torch.Float64).View(1, 1, 16, 16)
		o := metrics.SSIMOptions{}
		fmt.Printf("%s = %.4f\n", metrics.Protocol("SSIM", "grey", o.String()), metrics.SSIM(a, a.Mul(a).DivScalar(255), o).Item())
	})
	// Output: SSIM[grey; gauss11-1.5] = 0.7792
}

func ExamplePRDC() {
	torch.Scope(func() {
		real := torch.Arange(0, 8).ToDType(torch.Float32).View(8, 1)
		generated := torch.FromSlice([]float32{0.5, 1.5, 2.5, 20}, 4, 1) // three good ones of one kind, and a bad one
		o := metrics.PRDCOptions{K: 2}
		s, err := metrics.PRDC(generated, real, o)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s = %+v\n", metrics.Protocol("PRDC", "toy", o.String()), s)
	})
	// Output:
	// PRDC[toy; k=2; open] = {Precision:0.75 Recall:1 Density:0.875 Coverage:0.5}
}

func ExampleConfusion() {
	torch.Scope(func() {
		c := metrics.NewConfusion(3, 255)
		err := c.Add(torch.FromSlice([]int64{0, 0, 1, 2}), torch.FromSlice([]int64{0, 1, 1, 255}))
		fmt.Printf("%.3f %.3f %.3f %v\n", c.PixelAccuracy(), c.ClassAccuracy(), c.MeanIoU(), err)
	})
	// Output: 0.667 0.750 0.500 <nil>
}

func ExampleNewLPIPS() {
	torch.Scope(func() {
		l := metrics.NewLPIPS(features.NewVGG16()) // weights as drawn, until published ones are loaded
		x := torch.Rand([]int{2, 3, 32, 32}).MulScalar(2).SubScalar(1)
		fmt.Println(torch.Values[float32](l.Forward(x, x)), l.Map(x, x).Shape())
	})
	// Output: [0 0] [2 1 32 32]
}
