package torch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// conv2d is the definition of a two-dimensional convolution with everything it can be asked for.
func conv2d(x, w, bias []float64, shape, weight [4]int, stride, pad, dilation [2]int, groups int) (out []float64, size [4]int) {
	n, c, h, wd := shape[0], shape[1], shape[2], shape[3]
	o, cg, kh, kw := weight[0], weight[1], weight[2], weight[3]
	oh := (h+2*pad[0]-dilation[0]*(kh-1)-1)/stride[0] + 1
	ow := (wd+2*pad[1]-dilation[1]*(kw-1)-1)/stride[1] + 1
	for b := range n {
		for f := range o {
			group := f / (o / groups)
			for i := range oh {
				for j := range ow {
					sum := bias[f]
					for ch := range cg {
						for p := range kh {
							for q := range kw {
								row, col := i*stride[0]-pad[0]+p*dilation[0], j*stride[1]-pad[1]+q*dilation[1]
								if row >= 0 && row < h && col >= 0 && col < wd {
									sum += x[((b*c+group*cg+ch)*h+row)*wd+col] * w[((f*cg+ch)*kh+p)*kw+q]
								}
							}
						}
					}
					out = append(out, sum)
				}
			}
		}
	}
	return out, [4]int{n, o, oh, ow}
}

func TestConv2dTakesAllItsOptions(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		f64 := torch.RandnOptions{TensorOptions: of(torch.Float64)}
		x, w, b := torch.Randn([]int{2, 4, 7, 6}, f64), torch.Randn([]int{6, 2, 3, 2}, f64), torch.Randn([]int{6}, f64)
		values := torch.Values[float64]
		want, size := conv2d(values(x), values(w), values(b), [4]int(x.Shape()), [4]int(w.Shape()), [2]int{2, 1}, [2]int{1, 2}, [2]int{1, 3}, 2)
		got := torch.Conv2d(x, w, torch.Conv2dOptions{Bias: b, Stride: []int{2, 1}, Padding: []int{1, 2}, Dilation: []int{1, 3}, Groups: new(2)})
		require.Equal(t, size[:], got.Shape())
		require.InDeltaSlice(t, want, values(got), 1e-12)

		dense := torch.Randn([]int{6, 4, 3, 2}, f64)
		want, size = conv2d(values(x), values(dense), make([]float64, 6), [4]int(x.Shape()), [4]int(dense.Shape()), [2]int{1, 1}, [2]int{}, [2]int{1, 1}, 1)
		got = torch.Conv2d(x, dense)
		require.Equal(t, size[:], got.Shape())
		require.InDeltaSlice(t, want, values(got), 1e-12, "the defaults")

		two := torch.Conv2d(x, dense, torch.Conv2dOptions{Stride: []int{2}, Padding: []int{1}})
		require.True(t, two.Equal(torch.Conv2d(x, dense, torch.Conv2dOptions{Stride: []int{2, 2}, Padding: []int{1, 1}})), "one number stands for both dimensions")
	})
}

func TestOptionsHavePyTorchsDefaults(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Zeros([]int{1000}).UniformInPlace()
		require.True(t, x.Min().Item() >= 0 && x.Max().Item() < 1 && x.Max().Item() > 0.9, "uniform in [0, 1)")
		x.UniformInPlace(torch.UniformInPlaceOptions{From: -2, To: new(0.0)})
		require.True(t, x.Min().Item() < -1.8 && x.Max().Item() <= 0, "To: 0 is not the default")
		x.NormalInPlace(torch.NormalInPlaceOptions{Mean: 3, Std: new(0.0)})
		require.Equal(t, 3.0, x.Max().Item())

		m := torch.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
		require.Equal(t, 21.0, m.Sum().Item())
		require.Equal(t, torch.Float64, m.Sum(torch.SumOptions{DType: torch.Float64}).DType())
		require.Equal(t, []float32{5, 7, 9}, torch.Values[float32](m.SumDim([]int{0})))
		require.Equal(t, []int{2, 1}, m.SumDim([]int{1}, torch.SumDimOptions{Keepdim: true}).Shape())
		require.Equal(t, 21.0, m.SumDim(nil).Item(), "nil takes all dimensions")
		require.Equal(t, 3.5, m.Mean().Item())
		require.Equal(t, 3.5, m.MeanDim([]int{0, 1}).Item())
		require.InDelta(t, 3.5, m.Var().Item(), 1e-6)
		require.InDelta(t, 17.5/6, m.Var(torch.VarOptions{Correction: 0}).Item(), 1e-6)
		require.Equal(t, []float32{1, 1}, torch.Values[float32](m.Var(torch.VarOptions{Dim: []int{1}})))
		require.Equal(t, []int{1, 3}, m.Std(torch.StdOptions{Dim: []int{0}, Keepdim: true}).Shape())

		require.Equal(t, []float32{3, 5}, torch.Values[float32](torch.FromSlice([]float32{1, 3}).Add(one(), torch.AddOptions{Alpha: 2})))
		require.InDelta(t, -0.01, torch.Of(-1.0).LeakyReLU().Item(), 1e-9)
		require.InDelta(t, -0.5, torch.Of(-1.0).LeakyReLU(torch.LeakyReLUOptions{NegativeSlope: 0.5}).Item(), 1e-9)
		require.Equal(t, []int{6}, m.Flatten().Shape())
		require.Equal(t, []int{2, 6}, torch.Cat([]*torch.Tensor{m, m}, torch.CatOptions{Dim: 1}).Shape())

		require.InDelta(t, 1.0, m.MSELoss(m.AddScalar(1)).Item(), 1e-6)
		require.InDelta(t, 6.0, m.MSELoss(m.AddScalar(1), torch.MSELossOptions{Reduction: torch.Sum}).Item(), 1e-6)
		require.Equal(t, []int{2, 3}, m.MSELoss(m, torch.MSELossOptions{Reduction: torch.NoReduction}).Shape())
		require.Equal(t, []float32{2, 3}, torch.Values[float32](m.Clamp(torch.ClampOptions{Min: 2, Max: 3}).At(0, torch.Range{Start: 1})))
		require.Equal(t, 6.0, m.Clamp(torch.ClampOptions{Min: 2}).Max().Item(), "a bound that is not given does not limit")
	})
}

func TestANumberWhoseDefaultIsZeroNeedNotBeGiven(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.FromSlice([]float32{1, 2})
		require.Equal(t, []float32{0, 1, 2}, torch.Values[float32](x.ConstantPad([]int{1, 0})))
		require.Equal(t, []float32{1, 1}, torch.Values[float32](x.Histc(torch.HistcOptions{Bins: new(2)})))
	})
}
