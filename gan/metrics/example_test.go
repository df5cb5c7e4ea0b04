package metrics_test

import (
	"context"
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

// pixels is the least network: its features are the pixels themselves.
type pixels struct{}

func (pixels) Embed(x *torch.Tensor) (features, logits *torch.Tensor) {
	x = metrics.Quantise(x).Flatten(torch.FlattenOptions{StartDim: 1})
	return x, x
}

func (pixels) Protocol(score string, s metrics.Sampling, _ ...fmt.Stringer) string {
	return metrics.Protocol(score+"-Pixels", "u8", s.String())
}

func ExampleEvaluation() {
	even := func(level float64) func(k int) *torch.Tensor {
		return func(k int) *torch.Tensor { return torch.Full([]int{k, 1, 2, 2}, level/127.5-1) }
	}
	real, err := metrics.CollectPictures(context.Background(), pixels{}, 8, 4, true, even(100))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer real.Free()
	e := metrics.Evaluation{
		Network: pixels{}, Metrics: []string{"fd", "nn"}, Real: real, Batch: 4,
		Sampling: metrics.Sampling{N: 8, Reference: "grey", Size: 2, Seed: 1},
	}
	scores, err := e.Make(context.Background(), even(103))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range scores {
		fmt.Printf("%s = %.0f\n", s.Protocol, s.Value)
	}
	// Output:
	// FD-Pixels[u8; N=8; ref=grey@2; seed=1] = 36
	// NN-Pixels[u8; N=8; ref=grey@2; seed=1] = 6
}

func ExampleDaalaSSIM() {
	torch.Scope(func() {
		a := torch.Arange(0, 256).ToDType(torch.Float64).View(1, 1, 16, 16)
		b := a.Mul(a).DivScalar(255)
		fmt.Printf("%s = %.4f\n", metrics.Protocol("SSIM", "grey", metrics.DaalaProtocol), metrics.DaalaSSIM(a, b).Item())
	})
	// Output: SSIM[grey; daala; sigma=1.5·H/256] = 0.7090
}
