package gan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
)

// TestCoreParity takes the penalties of the kit of derivatives, over critics of several activations and norms.
func TestCoreParity(t *testing.T) {
	for group, f := range map[string]func(t *testing.T, c *parity.Case){
		"autograd/gradient_penalty*": gradientPenalty, "autograd/r1": r1, "autograd/path_length": pathLength,
	} {
		parity.RunCore(t, group, func(t *testing.T, c *parity.Case) {
			for _, w := range c.Weights {
				w.SetRequiresGrad(true)
			}
			f(t, c)
		})
	}
}

// critic is Conv2d(2,4,3,2,1) [norm] act Conv2d(4,3,3,1,1) act Linear(48,1).
func critic(t *testing.T, c *parity.Case) func(x *torch.Tensor) *torch.Tensor {
	var act, norm string
	c.Setting("act", &act)
	c.Setting("norm", &norm)
	activation := map[string]func(*torch.Tensor) *torch.Tensor{
		"":         func(x *torch.Tensor) *torch.Tensor { return leaky(0.2, x) },
		"tanh":     (*torch.Tensor).Tanh,
		"silu":     (*torch.Tensor).SiLU,
		"gelu":     func(x *torch.Tensor) *torch.Tensor { return x.GELU() },
		"softplus": func(x *torch.Tensor) *torch.Tensor { return x.Softplus() },
	}[act]
	require.NotNil(t, activation, act)
	w := c.Weights
	normalise := map[string]func(*torch.Tensor) *torch.Tensor{
		"": func(x *torch.Tensor) *torch.Tensor { return x },
		"layer": func(x *torch.Tensor) *torch.Tensor {
			return torch.LayerNorm(x, w["n.weight"].Shape(), torch.LayerNormOptions{Weight: w["n.weight"], Bias: w["n.bias"]})
		},
		"instance": func(x *torch.Tensor) *torch.Tensor {
			return torch.InstanceNorm(x, w["n.weight"], w["n.bias"], nil, nil, true, 0.1, 1e-5, false)
		},
	}[norm]
	require.NotNil(t, normalise, norm)
	return func(x *torch.Tensor) *torch.Tensor {
		h := activation(normalise(conv(w, "c1", x, 2, 1)))
		h = activation(conv(w, "c2", h, 1, 1))
		return linear(w, "l", h.Flatten(torch.FlattenOptions{StartDim: 1}))
	}
}

func gradientPenalty(t *testing.T, c *parity.Case) {
	var centre, weight float64
	o := gan.GradientPenaltyOptions{Alpha: c.Inputs["alpha"], Centre: &centre}
	c.Setting("centre", &centre)
	c.Setting("weight", &weight)
	c.Setting("one_sided", &o.OneSided)
	d := critic(t, c)
	penalty := gan.GradientPenalty(func(x *torch.Tensor) *torch.Tensor {
		score := d(x)
		g := gan.InputGradient(score, x)
		c.Check("input_gradients", g.View(x.Shape()...))
		c.Check("norms", g.VectorNorm(torch.VectorNormOptions{Dim: []int{1}}))
		return score
	}, c.Inputs["real"], c.Inputs["fake"], o).MulScalar(weight)
	c.Check("penalty", penalty)
	checkGrads(c, "grad.", penalty, c.Weights)
}

func r1(t *testing.T, c *parity.Case) {
	const gamma = 10
	d, real := critic(t, c), c.Inputs["real"].SetRequiresGrad(true)
	game := gan.NonSaturatingLogits
	penalty := gan.R1(d, real, gamma)
	c.Check("penalty", penalty.DivScalar(gamma/2))
	loss := game.Real(d(real)).Add(penalty)
	c.Check("loss", loss)
	checkGrads(c, "grad.", loss, c.Weights)

	// The recorded gradient by the samples includes that of the penalty, which takes them as constants.
	score := d(real)
	square := gan.InputGradient(score, real).Square().SumDim([]int{1}).Mean()
	checkGrads(c, "grad.input.", game.Real(score).Add(square.MulScalar(gamma/2)), parity.State{"real": real})
}

func pathLength(t *testing.T, c *parity.Case) {
	var decay float64
	c.Setting("decay", &decay)
	net, w := c.Weights, c.Inputs["w"].SetRequiresGrad(true)
	h := leaky(0.2, linear(net, "l", w).View(-1, 4, 4, 4))
	h = leaky(0.2, torch.ConvTranspose2d(h, net["c.weight"], torch.ConvTranspose2dOptions{
		Bias: net["c.bias"], Stride: []int{2}, Padding: []int{1}}))
	pictures := conv(net, "c2", h, 1, 1).Tanh()
	lengths := gan.PathLengths(pictures, w, c.Inputs["noise"])
	c.Check("lengths", lengths)
	// Here no gradient flows through the running mean.
	mean := c.Inputs["mean"].Lerp(lengths.Mean().Detach(), decay)
	penalty := lengths.Sub(mean).Square().Mean()
	c.Check("penalty", penalty)
	checkGrads(c, "grad.", penalty, net)
	checkGrads(c, "grad.input.", penalty, parity.State{"w": w})

	value, running := gan.PathLength(pictures, w, c.Inputs["mean"], c.Inputs["noise"])
	c.CheckWith("penalty", value, penalty)
	c.Check("new_mean", running)
}
