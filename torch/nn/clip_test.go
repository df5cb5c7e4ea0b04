package nn_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// The cases are gradients of three parameters in three steps, one of which has none in the second.
func TestClippingParity(t *testing.T) {
	parity.RunCore(t, "optim/clip_*", func(t *testing.T, c *parity.Case) {
		var norm any = 2.0
		c.Setting("norm_type", &norm)
		if norm == "inf" {
			norm = math.Inf(1)
		}
		var maxNorm, most float64
		c.Setting("max_norm", &maxNorm)
		c.Setting("clip_value", &most)
		for step := 1; step <= 3; step++ {
			var params []*torch.Tensor
			for _, name := range c.Meta.KeyOrder {
				p := torch.Zeros(c.Outputs["step1.clipped."+name].Shape()).SetRequiresGrad(true)
				p.SetGrad(c.Inputs[fmt.Sprintf("step%d.grad.%s", step, name)])
				params = append(params, p)
			}
			if most > 0 {
				nn.ClipGradValue(params, most)
			} else {
				total := nn.ClipGradNorm(params, maxNorm, nn.ClipOptions{NormType: norm.(float64), ErrorIfNonfinite: true})
				c.Check(fmt.Sprintf("step%d.total_norm", step), total)
			}
			for i, name := range c.Meta.KeyOrder {
				if g := params[i].Grad(); g != nil {
					c.Check(fmt.Sprintf("step%d.clipped.%s", step, name), g)
				}
			}
		}
	})
}

func TestClippingWithoutGradientsDoesNothing(t *testing.T) {
	native(t, func() {
		l := nn.NewLinear(2, 2)
		require.Zero(t, nn.ClipGradNorm(nn.Parameters(l), 1).Item())
		nn.ClipGradValue(nn.Parameters(l), 1)
		require.Nil(t, l.Weight.Grad())
	})
}

func TestClippingCanRefuseANormThatIsNotFinite(t *testing.T) {
	native(t, func() {
		p := torch.Ones([]int{2}).SetRequiresGrad(true)
		p.SetGrad(torch.FromSlice([]float32{1, float32(math.Inf(1))}))
		err := torch.Try(func() { nn.ClipGradNorm([]*torch.Tensor{p}, 1, nn.ClipOptions{ErrorIfNonfinite: true}) })
		require.EqualError(t, err, "torch.nn: the norm of the gradients is +Inf: a loss overflowed or divided by 0")
		require.Equal(t, 1.0, p.Grad().At(0).Item(), "the gradients stay")
		require.True(t, math.IsInf(nn.ClipGradNorm([]*torch.Tensor{p}, 1).Item(), 1))
		require.Zero(t, p.Grad().At(0).Item())
	})
}
