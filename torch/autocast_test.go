package torch_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/torchtest"
)

// The numbers are those of torch.autocast("cpu"), from testdata/autocast.py. They are equal bit for bit on a machine with
// the same vector instructions; others sum in another order, so two units in the last place of half precision are let
// pass.
func TestAutocastComputesWhatPythonsDoes(t *testing.T) {
	torchtest.Native(t)
	for name, half := range map[string]torch.DType{"bfloat16": torch.BFloat16, "float16": torch.Float16} {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				entries, err := checkpoint.Load("testdata/autocast.safetensors")
				require.NoError(t, err)
				data := map[string]*torch.Tensor{}
				for _, e := range entries {
					data[e.Name] = e.Tensor
				}
				params := map[string]*torch.Tensor{}
				for _, key := range []string{"conv.weight", "conv.bias", "linear.weight", "linear.bias"} {
					params[key] = data[key].SetRequiresGrad(true)
				}
				x := data["x"]
				var conv, logits, loss, plain *torch.Tensor
				torch.Autocast(torch.AutocastOptions{DType: half}, func() {
					conv = torch.Conv2d(x, params["conv.weight"], torch.Conv2dOptions{Bias: params["conv.bias"]})
					h := conv.LeakyReLU(torch.LeakyReLUOptions{NegativeSlope: 0.2}).Flatten(torch.FlattenOptions{StartDim: 1})
					logits = torch.Linear(h, params["linear.weight"], torch.LinearOptions{Bias: params["linear.bias"]})
					loss = logits.CrossEntropyLoss(data["y"])
					torch.Autocast(torch.AutocastOptions{Off: true}, func() {
						flat := x.Flatten(torch.FlattenOptions{StartDim: 1})
						plain = flat.MM(flat.T())
					})
				})
				loss.Backward()
				got := map[string]*torch.Tensor{"conv": conv, "logits": logits, "loss": loss, "plain": plain}
				for key, p := range params {
					got["grad."+key] = p.Grad()
				}
				for key, x := range got {
					want := data[name+"."+key]
					require.Equal(t, want.DType(), x.DType(), key)
					diff, magnitude := torchtest.MaxDiff(t, x, want)
					require.LessOrEqual(t, diff, 1.0/128*magnitude, key)
				}
			})
		})
	}
}

func TestAutocastNestsAndComesBackAlsoFromAPanic(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Ones([]int{2, 2})
		in := func() torch.DType { return x.MM(x).DType() }
		require.Equal(t, torch.Float32, in())
		torch.Autocast(torch.AutocastOptions{}, func() {
			require.Equal(t, torch.BFloat16, in())
			require.Equal(t, torch.Float32, x.MM(x).MSELoss(x).DType(), "a loss needs the digits")
			require.Equal(t, torch.Float32, x.Add(x).DType(), "an operator for which it does not matter keeps its type")
			torch.Autocast(torch.AutocastOptions{DType: torch.Float16}, func() { require.Equal(t, torch.Float16, in()) })
			require.Equal(t, torch.BFloat16, in())
			require.Panics(t, func() { torch.Autocast(torch.AutocastOptions{Off: true}, func() { panic(in().String()) }) })
			require.Equal(t, torch.BFloat16, in())
			torch.Autocast(torch.AutocastOptions{Device: torch.CUDA}, func() {
				require.Equal(t, torch.BFloat16, in(), "that is of another kind of device")
			})
			done := make(chan torch.DType)
			go func() {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				done <- in()
			}()
			require.Equal(t, torch.Float32, <-done, "it is this goroutine's")
		})
		require.Equal(t, torch.Float32, in())
		err := torch.Try(func() { torch.Autocast(torch.AutocastOptions{DType: torch.Float32}, func() {}) })
		require.EqualError(t, err, "torch.Autocast: in float32: it computes in bfloat16 or float16")
	})
}

// The converted copy of a parameter is kept for the outermost Autocast only: after it, the parameter may have changed.
func TestAutocastSeesAParameterChangeAfterwards(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x, w := torch.Ones([]int{1, 1}), torch.Ones([]int{1, 1}).SetRequiresGrad(true)
		product := func(o torch.AutocastOptions) (y float64) {
			torch.Autocast(o, func() { y = x.MM(w).Item() })
			return y
		}
		change := func(v float64) { torch.NoGrad(func() { w.FillInPlace(v) }) }
		require.Equal(t, 1.0, product(torch.AutocastOptions{}))
		change(2)
		require.Equal(t, 2.0, product(torch.AutocastOptions{}))
		torch.Autocast(torch.AutocastOptions{NoCache: true}, func() {
			require.Equal(t, 2.0, x.MM(w).Item())
			change(3)
			require.Equal(t, 3.0, x.MM(w).Item(), "without the cache at once")
		})
		torch.Autocast(torch.AutocastOptions{}, func() {
			require.Equal(t, 3.0, x.MM(w).Item())
			change(4)
			require.Equal(t, 3.0, x.MM(w).Item(), "with it the copy serves on")
		})
	})
}
