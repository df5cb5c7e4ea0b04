package torch_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
)

// rules compares the engine's rules: what is an error, what is undefined, and the sub-gradients at special points.
func rules(t *testing.T, c *parity.Case) {
	for name, f := range subgradients {
		x := f.at().SetRequiresGrad(true)
		c.Check(name, torch.Grad([]*torch.Tensor{f.of(x).Sum()}, []*torch.Tensor{x})[0])
	}
	x, y := c.Inputs["x"].SetRequiresGrad(true), c.Inputs["y"].SetRequiresGrad(true)
	grad := func(of, by *torch.Tensor, o ...torch.GradOptions) *torch.Tensor {
		return torch.Grad([]*torch.Tensor{of}, []*torch.Tensor{by}, o...)[0]
	}
	gs := torch.Grad([]*torch.Tensor{x.Mul(y).Sum().Add(x.Pow(3).Sum())}, []*torch.Tensor{x, y}, recorded)
	c.Check("gx", gs[0])
	c.Check("gy", gs[1])
	seconds := torch.Grad([]*torch.Tensor{gs[0].Sum()}, []*torch.Tensor{x, y})
	c.Check("second", seconds[0])
	c.Check("mixed", seconds[1])
	c.Check("grad_outputs", grad(x.Square(), x, torch.GradOptions{GradOutputs: []*torch.Tensor{c.Inputs["v"]}}))
	v := c.Inputs["v"].SetRequiresGrad(true)
	c.Check("where_nan", grad(torch.Where(v.GtScalar(0), v.ClampMin(0).Sqrt(), v.MulScalar(0)).Sum(), v))

	for i := range 3 {
		x.Mul(y).Exp().Sum().Backward()
		if i == 0 {
			c.Check("x.grad_after_first", x.Grad())
		}
	}
	c.Check("x.grad_accumulated_three", x.Grad())
	h := x.MulScalar(2)
	h.RetainGrad()
	h.Square().Mul(y).Sum().Backward()
	c.Check("nonleaf_h.grad", h.Grad())
	x.SetGrad(nil)
	hook := x.RegisterHook(func(g *torch.Tensor) *torch.Tensor { return g.MulScalar(10) })
	x.Mul(y).Sum().Backward()
	hook.Remove()
	c.Check("hook_times_10", x.Grad())

	for name, want := range c.Meta.Facts {
		fact, ok := facts[name]
		require.True(t, ok, "a fact that is not tested: %s", name)
		var got any
		if err := torch.Try(func() { got = fact(x.Detach().SetRequiresGrad(true)) }); err != nil {
			got = err.(*torch.Error).Msg
		}
		var expected any
		require.NoError(t, json.Unmarshal(want, &expected))
		if text, ok := expected.(string); ok && strings.HasPrefix(text, "error: ") {
			text = strings.TrimSuffix(strings.TrimPrefix(text, "error: "), ".")
			text = strings.TrimPrefix(text, "One ") // C++ says which one
			require.Contains(t, got, text, name)
			continue
		}
		require.Equal(t, expected, got, name)
	}
}

var subgradients = map[string]struct {
	at func() *torch.Tensor
	of func(x *torch.Tensor) *torch.Tensor
}{
	"norm_at_zero":    {zeros(3), func(x *torch.Tensor) *torch.Tensor { return x.VectorNorm() }},
	"abs_at_zero":     {zeros(3), (*torch.Tensor).Abs},
	"clamp_at_bounds": {points(-2, -1, 0, 1, 2), func(x *torch.Tensor) *torch.Tensor { return x.Clamp(torch.ClampOptions{Min: -1, Max: 1}) }},
	"max_ties":        {points(1, 3, 3), (*torch.Tensor).Max},
	"max_dim_ties": {row(1, 3, 3), func(x *torch.Tensor) *torch.Tensor {
		values, _ := x.MaxDim(1)
		return values
	}},
	"amax_ties":      {row(1, 3, 3), func(x *torch.Tensor) *torch.Tensor { return x.AMax(torch.AMaxOptions{Dim: []int{1}}) }},
	"maximum_tie":    {points(1, 2), func(x *torch.Tensor) *torch.Tensor { return x.Maximum(torch.FromSlice([]float32{1, 0})) }},
	"prod_with_zero": {points(2, 0, 3), func(x *torch.Tensor) *torch.Tensor { return x.Prod() }},
	"std_constant":   {points(1, 1, 1), func(x *torch.Tensor) *torch.Tensor { return x.Std() }},
	"sqrt_at_zero":   {zeros(1), (*torch.Tensor).Sqrt},
	"pow0_at_zero":   {zeros(1), (*torch.Tensor).Square},
}

func zeros(n int) func() *torch.Tensor { return func() *torch.Tensor { return torch.Zeros([]int{n}) } }

func points(v ...float32) func() *torch.Tensor {
	return func() *torch.Tensor { return torch.FromSlice(v) }
}

func row(v ...float32) func() *torch.Tensor {
	return func() *torch.Tensor { return torch.FromSlice(v, 1, len(v)) }
}

// facts answer yes, no, "undefined" or "no error" for a leaf x; errors speak for themselves.
var facts = map[string]func(x *torch.Tensor) any{
	"unused_with_allow_unused":    func(x *torch.Tensor) any { return unused(x, true) },
	"unused_without_allow_unused": func(x *torch.Tensor) any { return unused(x, false) },
	"grad_without_create_graph_requires_grad": func(x *torch.Tensor) any {
		return torch.Grad([]*torch.Tensor{x.Square().Sum()}, []*torch.Tensor{x})[0].RequiresGrad()
	},
	"grad_with_create_graph_requires_grad": func(x *torch.Tensor) any {
		return torch.Grad([]*torch.Tensor{x.Square().Sum()}, []*torch.Tensor{x}, recorded)[0].RequiresGrad()
	},
	"second_backward_without_retain": func(x *torch.Tensor) any {
		y := x.Square().Sum()
		y.Backward()
		y.Backward()
		return "no error"
	},
	"nonleaf_without_retain_grad": func(x *torch.Tensor) any {
		h := x.MulScalar(2)
		h.Sum().Backward()
		if h.Grad() == nil {
			return "undefined"
		}
		return "defined"
	},
	"h_is_leaf": func(x *torch.Tensor) any { return x.MulScalar(2).IsLeaf() },
	"detach_shares_storage": func(x *torch.Tensor) any {
		h := x.MulScalar(1)
		h.Detach().FillInPlace(7)
		return h.At(0).Item() == 7
	},
	"detach_requires_grad": func(x *torch.Tensor) any { return x.MulScalar(1).Detach().RequiresGrad() },
	"no_grad_result_requires_grad": func(x *torch.Tensor) (got any) {
		torch.NoGrad(func() { got = x.MulScalar(2).RequiresGrad() })
		return got
	},
	"enable_grad_inside_no_grad": func(x *torch.Tensor) (got any) {
		torch.NoGrad(func() { torch.EnableGrad(func() { got = x.MulScalar(2).RequiresGrad() }) })
		return got
	},
	"inference_tensor": func(x *torch.Tensor) any { return inInference(x).IsInference() },
	"inference_tensor_in_graph": func(x *torch.Tensor) any {
		x.Mul(inInference(x))
		return "no error"
	},
	"inplace_on_input_of_sigmoid": func(x *torch.Tensor) any {
		h := x.MulScalar(1)
		y := h.Sigmoid()
		h.AddScalarInPlace(1)
		y.Sum().Backward()
		return "no error"
	},
	"inplace_on_output_of_sigmoid": func(x *torch.Tensor) any {
		y := x.Sigmoid()
		y.AddScalarInPlace(1)
		y.Sum().Backward()
		return "no error"
	},
	"inplace_on_leaf": func(x *torch.Tensor) any {
		x.AddScalarInPlace(1)
		return "no error"
	},
	"backward_of_non_scalar": func(x *torch.Tensor) any {
		x.Square().Backward()
		return "no error"
	},
	"backward_without_graph": func(x *torch.Tensor) any {
		x.Detach().Sum().Backward()
		return "no error"
	},
}

func unused(x *torch.Tensor, allowed bool) any {
	other := torch.Ones([]int{1}).SetRequiresGrad(true)
	g := torch.Grad([]*torch.Tensor{x.Sum()}, []*torch.Tensor{other}, torch.GradOptions{AllowUnused: allowed})[0]
	if g == nil {
		return "undefined"
	}
	return "defined"
}

func inInference(x *torch.Tensor) (y *torch.Tensor) {
	torch.Inference(func() { y = x.Detach().MulScalar(2) })
	return y
}
