package torch_test

import (
	"fmt"

	"github.com/forgergan/forger/torch"
)

func Example() {
	torch.Scope(func() {
		x := torch.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
		w := torch.Ones([]int{3, 1}).SetRequiresGrad(true)
		loss := x.MM(w).MSELoss(torch.FromSlice([]float32{5, 14}, 2, 1))
		loss.Backward()
		fmt.Println(loss)
		fmt.Println(w.Grad())
	})
	// Output:
	// tensor(1., grad_fn=<MseLossBackward0>)
	// tensor([[5.],
	//         [7.],
	//         [9.]])
}

func ExampleScope() {
	before := torch.Live()
	torch.Scope(func() {
		x := torch.Ones([]int{2, 2})
		y := x.Add(x).Mul(x)
		fmt.Println(torch.Live()-before, "tensors alive, their sum is", y.Sum().Item())
	})
	fmt.Println(torch.Live()-before, "left")
	// Output:
	// 3 tensors alive, their sum is 8
	// 0 left
}

func ExampleTidy() {
	norm := func(x *torch.Tensor) *torch.Tensor {
		return torch.Tidy(func() *torch.Tensor { return x.Square().Sum().Sqrt() })
	}
	torch.Scope(func() {
		x := torch.FromSlice([]float32{3, 4})
		before := torch.Live()
		fmt.Println(norm(x), torch.Live()-before)
	})
	// Output: tensor(5.) 1
}

func ExampleTensor_Own() {
	var weight *torch.Tensor
	torch.Scope(func() { weight = torch.Ones([]int{2}).Own() })
	fmt.Println(weight)
	weight.Free()
	// Output: tensor([1., 1.])
}

func ExampleTry() {
	err := torch.Try(func() {
		torch.Scope(func() { torch.Ones([]int{2, 3}).MM(torch.Ones([]int{2, 3})) })
	})
	fmt.Println(err)
	// Output: torch.MM: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3) [shapes (2, 3) (2, 3)]
}

func ExampleTensor_Backward() {
	torch.Scope(func() {
		x := torch.FromSlice([]float64{1, 2, 3}).SetRequiresGrad(true)
		x.Square().Sum().Backward()
		fmt.Println(x.Grad())
	})
	// Output: tensor([2., 4., 6.], dtype=torch.float64)
}

// The gradient of x³, and the gradient of that.
func ExampleGrad() {
	torch.Scope(func() {
		x := torch.Of(2.0).SetRequiresGrad(true)
		of := func(y *torch.Tensor) *torch.Tensor {
			return torch.Grad([]*torch.Tensor{y}, []*torch.Tensor{x}, torch.GradOptions{CreateGraph: true})[0]
		}
		first := of(x.Pow(3))
		fmt.Println(first.Item(), of(first).Item())
	})
	// Output: 12 12
}

func ExampleNoGrad() {
	torch.Scope(func() {
		w := torch.Ones([]int{2}).SetRequiresGrad(true)
		torch.NoGrad(func() { w.SubInPlace(torch.FromSlice([]float32{0.5, 0.25})) })
		fmt.Println(w)
	})
	// Output: tensor([0.5000, 0.7500], requires_grad=True)
}

// A gradient is clipped on its way.
func ExampleTensor_RegisterHook() {
	torch.Scope(func() {
		x := torch.FromSlice([]float32{1, 20}).SetRequiresGrad(true)
		hook := x.RegisterHook(func(g *torch.Tensor) *torch.Tensor {
			fmt.Println(g)
			return g.ClampMax(10)
		})
		x.Square().Sum().Backward()
		hook.Remove()
		fmt.Println(x.Grad())
	})
	// Output:
	// tensor([ 2., 40.])
	// tensor([ 2., 10.])
}

// Rounding with the derivative of the identity.
func ExampleFunction() {
	round := torch.Function{
		Name:     "StraightThroughRound",
		Forward:  func(c *torch.Context, in []*torch.Tensor) []*torch.Tensor { return []*torch.Tensor{in[0].Round()} },
		Backward: func(c *torch.Context, grads []*torch.Tensor) []*torch.Tensor { return grads },
	}
	torch.Scope(func() {
		x := torch.FromSlice([]float32{0.4, 1.7}).SetRequiresGrad(true)
		y := round.Apply(x)[0]
		y.Square().Sum().Backward()
		fmt.Println(y)
		fmt.Println(x.Grad())
	})
	// Output:
	// tensor([0., 2.], grad_fn=<StraightThroughRoundBackward>)
	// tensor([0., 4.])
}

// The layers run twice, and only what goes in and out of them is kept in between.
func ExampleCheckpoint() {
	torch.Scope(func() {
		w := torch.Eye(2).SetRequiresGrad(true)
		layers := func(in []*torch.Tensor) []*torch.Tensor {
			fmt.Println("run")
			return []*torch.Tensor{in[0].MM(w).Square().MM(w)}
		}
		x := torch.Ones([]int{1, 2})
		torch.Checkpoint(layers, x)[0].Sum().Backward()
		fmt.Println(w.Grad())
	})
	// Output:
	// run
	// run
	// tensor([[3., 3.],
	//         [3., 3.]])
}

func ExampleFromSlice() {
	torch.Scope(func() {
		fmt.Println(torch.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3))
		fmt.Println(torch.FromSlice([]bool{true, false}))
	})
	// Output:
	// tensor([[1., 2., 3.],
	//         [4., 5., 6.]])
	// tensor([ True, False])
}

func ExampleValues() {
	torch.Scope(func() {
		x := torch.FromSlice([]int64{1, 2, 3, 4}, 2, 2)
		fmt.Println(torch.Values[int64](x.T()))
	})
	// Output: [1 3 2 4]
}

func ExampleTensor_At() {
	torch.Scope(func() {
		x := torch.Arange(0, 12).View(3, 4)
		fmt.Println(x.At(1))                                               // x[1]
		fmt.Println(x.At(torch.All, -1))                                   // x[:, -1]
		fmt.Println(x.At(torch.Range{Start: 1}, torch.Range{End: new(2)})) // x[1:, :2]
		fmt.Println(x.At(torch.FromSlice([]int64{2, 0}), 0))               // x[[2, 0], 0]
		fmt.Println(x.At(x.GtScalar(9)))                                   // x[x > 9]
	})
	// Output:
	// tensor([4, 5, 6, 7])
	// tensor([ 3,  7, 11])
	// tensor([[4, 5],
	//         [8, 9]])
	// tensor([8, 0])
	// tensor([10, 11])
}

func ExampleTensor_SetAt() {
	torch.Scope(func() {
		x := torch.Zeros([]int{2, 3})
		x.SetAt(7, torch.All, 0)
		x.SetAt(torch.FromSlice([]float32{1, 2}), 1, torch.Range{Start: 1})
		fmt.Println(x)
	})
	// Output:
	// tensor([[7., 0., 0.],
	//         [7., 1., 2.]])
}

// The same seed gives Python's numbers.
func ExampleManualSeed() {
	torch.ManualSeed(0)
	torch.Scope(func() { fmt.Println(torch.Randn([]int{3})) })
	// Output: tensor([ 1.5410, -0.2934, -2.1788])
}

func ExampleGenerator_State() {
	torch.Scope(func() {
		g := torch.NewGenerator(torch.Device{}).ManualSeed(7)
		state := g.State()
		a := torch.RandPerm(5, torch.RandPermOptions{Generator: g})
		g.SetState(state)
		b := torch.RandPerm(5, torch.RandPermOptions{Generator: g})
		fmt.Println(a.Equal(b))
	})
	// Output: true
}

// Products are computed in half precision, parameters and gradients stay float32.
func ExampleAutocast() {
	torch.Scope(func() {
		x, w := torch.Ones([]int{2, 3}), torch.Ones([]int{3, 1}).SetRequiresGrad(true)
		var y, loss *torch.Tensor
		torch.Autocast(torch.AutocastOptions{}, func() {
			y = x.MM(w)
			loss = y.MSELoss(y.ZerosLike())
		})
		loss.Backward()
		fmt.Println(y.DType(), loss.DType(), w.Grad().DType())
	})
	// Output: bfloat16 float32 float32
}
