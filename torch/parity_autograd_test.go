package torch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// TestAutogradParity takes the derivatives that the parity kit took: double backward through operators, penalties,
// Hessian products, checkpoints, and the engine's rules. A case of an unknown class fails.
func TestAutogradParity(t *testing.T) {
	torchtest.Native(t)
	threads := torch.Threads()
	torch.SetThreads(1)
	t.Cleanup(func() { torch.SetThreads(threads) })
	parity.RunCore(t, "autograd", func(t *testing.T, c *parity.Case) {
		for _, w := range c.Weights {
			w.SetRequiresGrad(true)
		}
		if f, ok := doubles[c.Meta.Class]; ok {
			doubleBackward(c, f(c.Inputs))
			return
		}
		f, ok := derivatives[c.Meta.Class]
		require.True(t, ok, "a case of an unknown class: %s", c.Meta.Class)
		f(t, c)
	})
}

var derivatives = map[string]func(t *testing.T, c *parity.Case){
	"gradient penalty":                      gradientPenalty,
	"R1":                                    r1,
	"path-length penalty":                   pathLength,
	"Hessian-vector product":                hessianVector,
	"unrolled optimisation":                 unrolled,
	"checkpoint":                            checkpointed,
	"checkpoint with random numbers inside": checkpointedWithRandomNumbers,
	"autograd":                              rules,
}

// needsGrad marks inputs whose gradients are taken.
func needsGrad(in parity.State) parity.State {
	for _, x := range in {
		x.SetRequiresGrad(true)
	}
	return in
}

var recorded = torch.GradOptions{CreateGraph: true}

// checkGrads compares the gradients of the weights that loss depends on; the others must have no recorded one, or one
// of zeros.
func checkGrads(t *testing.T, c *parity.Case) {
	for name, w := range c.Weights {
		if c.Outputs["grad."+name] != nil {
			g := w.Grad()
			if g == nil { // the kit has zeros where a penalty does not depend on a bias
				require.Contains(t, c.Meta.ZeroGradientKeys, "grad."+name)
				g = w.ZerosLike()
			}
			c.Check("grad."+name, g)
		} else {
			require.Nil(t, w.Grad(), name)
		}
	}
}

// doubleBackward compares g, the gradients of sum(proj · out), and the gradients of the sum of squares of all g.
func doubleBackward(c *parity.Case, out *torch.Tensor) {
	c.Check("out", out)
	proj := c.Outputs["proj"]
	c.Check("proj", proj) // given, though it is among the outputs
	var names []string
	var inputs []*torch.Tensor
	for name, x := range c.Inputs {
		names, inputs = append(names, name), append(inputs, x)
	}
	first := torch.Grad([]*torch.Tensor{out}, inputs, torch.GradOptions{GradOutputs: []*torch.Tensor{proj}, CreateGraph: true})
	var squares []*torch.Tensor
	for i, g := range first {
		c.Check("grad.input."+names[i], g)
		squares = append(squares, g.Square().Sum())
	}
	sq := torch.Stack(squares).Sum()
	c.Check("sq", sq)
	second := torch.Grad([]*torch.Tensor{sq}, inputs, torch.GradOptions{AllowUnused: true})
	for i, g := range second {
		if name := "grad2.input." + names[i]; c.Outputs[name] != nil {
			c.Check(name, g)
		}
	}
}

var doubles = map[string]func(parity.State) *torch.Tensor{
	"softmax attention": func(in parity.State) *torch.Tensor {
		needsGrad(in)
		return in["q"].MatMul(in["k"].Transpose(1, 2)).Softmax(-1).MatMul(in["v"])
	},
	"average pooling of x^2": func(in parity.State) *torch.Tensor {
		return needsGrad(in)["x"].Square().AvgPool2d([]int{2})
	},
	"batch norm in training mode": func(in parity.State) *torch.Tensor {
		needsGrad(in)
		return torch.BatchNorm(in["x"], in["w"], in["b"], nil, nil, true, 0.1, 1e-5, false)
	},
	"BCE with logits, target 1": func(in parity.State) *torch.Tensor {
		x := needsGrad(in)["x"]
		return x.BinaryCrossEntropyWithLogits(x.Detach().OnesLike(), torch.BinaryCrossEntropyWithLogitsOptions{Reduction: torch.NoReduction})
	},
	"conv1d dilation 2": func(in parity.State) *torch.Tensor {
		needsGrad(in)
		return torch.Conv1d(in["x"], in["w"], torch.Conv1dOptions{Padding: []int{2}, Dilation: []int{2}})
	},
	"conv2d stride 2 padding 1": func(in parity.State) *torch.Tensor {
		needsGrad(in)
		return torch.Conv2d(in["x"], in["w"], torch.Conv2dOptions{Bias: in["b"], Stride: []int{2}, Padding: []int{1}})
	},
	"GLU": func(in parity.State) *torch.Tensor { return needsGrad(in)["x"].GLU() },
	"instance norm": func(in parity.State) *torch.Tensor {
		needsGrad(in)
		return torch.InstanceNorm(in["x"], in["w"], nil, nil, nil, true, 0.1, 1e-5, false)
	},
	"bilinear up-sampling of x^2": func(in parity.State) *torch.Tensor {
		return needsGrad(in)["x"].Square().UpsampleBilinear2d([]int{6, 6}, false)
	},
	"layer norm": func(in parity.State) *torch.Tensor {
		needsGrad(in)
		return torch.LayerNorm(in["x"], []int{5}, torch.LayerNormOptions{Weight: in["w"], Bias: in["b"]})
	},
	"leaky ReLU of x^3": func(in parity.State) *torch.Tensor {
		return needsGrad(in)["x"].Pow(3).LeakyReLU(torch.LeakyReLUOptions{NegativeSlope: 0.2})
	},
	"pixel shuffle of x^2": func(in parity.State) *torch.Tensor { return needsGrad(in)["x"].Square().PixelShuffle(2) },
	"PReLU":                func(in parity.State) *torch.Tensor { needsGrad(in); return in["x"].PReLU(in["w"]) },
	"reflection padding of x^2": func(in parity.State) *torch.Tensor {
		return needsGrad(in)["x"].Square().Pad([]int{1, 2, 2, 1}, torch.PadOptions{Mode: "reflect"})
	},
}

func leaky(x *torch.Tensor) *torch.Tensor {
	return x.LeakyReLU(torch.LeakyReLUOptions{NegativeSlope: 0.2})
}

// critic is Conv2d(2,4,3,2,1) [norm] act Conv2d(4,3,3,1,1) act Linear(48,1).
func critic(t *testing.T, c *parity.Case, x *torch.Tensor) *torch.Tensor {
	var act, norm string
	c.Setting("act", &act)
	c.Setting("norm", &norm)
	activation := map[string]func(*torch.Tensor) *torch.Tensor{
		"": leaky, "tanh": (*torch.Tensor).Tanh, "silu": (*torch.Tensor).SiLU,
		"gelu":     func(x *torch.Tensor) *torch.Tensor { return x.GELU() },
		"softplus": func(x *torch.Tensor) *torch.Tensor { return x.Softplus() },
	}[act]
	require.NotNil(t, activation, act)
	w := c.Weights
	h := torch.Conv2d(x, w["c1.weight"], torch.Conv2dOptions{Bias: w["c1.bias"], Stride: []int{2}, Padding: []int{1}})
	switch norm {
	case "":
	case "layer":
		h = torch.LayerNorm(h, w["n.weight"].Shape(), torch.LayerNormOptions{Weight: w["n.weight"], Bias: w["n.bias"]})
	case "instance":
		h = torch.InstanceNorm(h, w["n.weight"], w["n.bias"], nil, nil, true, 0.1, 1e-5, false)
	default:
		require.Fail(t, "unknown norm", norm)
	}
	h = activation(h)
	h = activation(torch.Conv2d(h, w["c2.weight"], torch.Conv2dOptions{Bias: w["c2.bias"], Padding: []int{1}}))
	return torch.Linear(h.Flatten(torch.FlattenOptions{StartDim: 1}), w["l.weight"], torch.LinearOptions{Bias: w["l.bias"]})
}

func gradientPenalty(t *testing.T, c *parity.Case) {
	var centre, weight float64
	var oneSided bool
	c.Setting("centre", &centre)
	c.Setting("weight", &weight)
	c.Setting("one_sided", &oneSided)
	alpha := c.Inputs["alpha"]
	x := alpha.Mul(c.Inputs["real"]).Add(alpha.Neg().AddScalar(1).Mul(c.Inputs["fake"])).SetRequiresGrad(true)
	g := torch.Grad([]*torch.Tensor{critic(t, c, x).Sum()}, []*torch.Tensor{x}, recorded)[0]
	c.Check("input_gradients", g)
	norms := g.Flatten(torch.FlattenOptions{StartDim: 1}).VectorNorm(torch.VectorNormOptions{Dim: []int{1}})
	c.Check("norms", norms)
	excess := norms.SubScalar(centre)
	if oneSided {
		excess = excess.ClampMin(0)
	}
	penalty := excess.Square().Mean().MulScalar(weight)
	c.Check("penalty", penalty)
	penalty.Backward()
	checkGrads(t, c)
}

func r1(t *testing.T, c *parity.Case) {
	real := c.Inputs["real"].SetRequiresGrad(true)
	score := critic(t, c, real)
	g := torch.Grad([]*torch.Tensor{score.Sum()}, []*torch.Tensor{real}, recorded)[0]
	penalty := g.Square().SumDim([]int{1, 2, 3}).Mean()
	c.Check("penalty", penalty)
	loss := score.Neg().Softplus().Mean().Add(penalty.MulScalar(5)) // γ/2
	c.Check("loss", loss)
	loss.Backward()
	checkGrads(t, c)
	c.Check("grad.input.real", real.Grad())
}

func pathLength(t *testing.T, c *parity.Case) {
	var decay float64
	c.Setting("decay", &decay)
	w, net := c.Inputs["w"].SetRequiresGrad(true), c.Weights
	h := leaky(torch.Linear(w, net["l.weight"], torch.LinearOptions{Bias: net["l.bias"]}).View(-1, 4, 4, 4))
	h = leaky(torch.ConvTranspose2d(h, net["c.weight"], torch.ConvTranspose2dOptions{Bias: net["c.bias"], Stride: []int{2}, Padding: []int{1}}))
	picture := torch.Conv2d(h, net["c2.weight"], torch.Conv2dOptions{Bias: net["c2.bias"], Padding: []int{1}}).Tanh()
	// The noise is divided by √(height·width).
	g := torch.Grad([]*torch.Tensor{picture.Mul(c.Inputs["noise"].DivScalar(8)).Sum()}, []*torch.Tensor{w}, recorded)[0]
	lengths := g.Square().SumDim([]int{1}).Sqrt()
	c.Check("lengths", lengths)
	mean := c.Inputs["mean"]
	mean = mean.Add(lengths.Mean().Detach().Sub(mean).MulScalar(decay))
	c.Check("new_mean", mean)
	penalty := lengths.Sub(mean).Square().Mean()
	c.Check("penalty", penalty)
	penalty.Backward()
	checkGrads(t, c)
	c.Check("grad.input.w", w.Grad())
}

// perceptron is Linear(4,6) Tanh Linear(6,1).
func perceptron(c *parity.Case, run runner) *torch.Tensor {
	w := c.Weights
	h := run(func(in []*torch.Tensor) []*torch.Tensor {
		return []*torch.Tensor{torch.Linear(in[0], w["0.weight"], torch.LinearOptions{Bias: w["0.bias"]}).Tanh()}
	}, c.Inputs["x"])[0]
	return torch.Linear(h, w["2.weight"], torch.LinearOptions{Bias: w["2.bias"]})
}

func hessianVector(t *testing.T, c *parity.Case) {
	loss := perceptron(c, directly).Square().Mean()
	c.Check("loss", loss)
	var names []string
	var params, vector []*torch.Tensor
	for name, p := range c.Weights {
		names, params, vector = append(names, name), append(params, p), append(vector, c.Inputs["v."+name])
	}
	y := loss
	for _, order := range []string{"grad.", "hvp.", "third."} {
		gs := torch.Grad([]*torch.Tensor{y}, params, recorded)
		y = torch.Zeros(nil)
		for i, g := range gs {
			c.Check(order+names[i], g)
			y = y.Add(g.Mul(vector[i]).Sum())
		}
	}
}

func unrolled(t *testing.T, c *parity.Case) {
	var rate float64
	c.Setting("lr", &rate)
	x, fake, start := c.Inputs["x"].SetRequiresGrad(true), c.Inputs["fake"], c.Inputs["w"].SetRequiresGrad(true)
	w := start
	for range c.Int("steps", 0) {
		loss := x.MatMul(w).Neg().Softplus().Mean().Add(fake.MatMul(w).Softplus().Mean())
		w = w.Sub(torch.Grad([]*torch.Tensor{loss}, []*torch.Tensor{w}, recorded)[0].MulScalar(rate))
	}
	c.Check("final_w", w)
	loss := fake.MatMul(w).Neg().Softplus().Mean()
	c.Check("loss", loss)
	loss.Backward()
	c.Check("grad.input.x", x.Grad())
	c.Check("grad.input.w", start.Grad())
}

func checkpointed(t *testing.T, c *parity.Case) {
	x := c.Inputs["x"].SetRequiresGrad(true)
	grads := func(run runner) (all [][]byte) {
		leaves := []*torch.Tensor{x}
		for _, name := range c.Meta.KeyOrder {
			leaves = append(leaves, c.Weights[name])
		}
		torch.ClearGrads(leaves)
		out := perceptron(c, run)
		c.Check("out", out)
		loss := out.Square().Mean()
		c.Check("loss", loss)
		loss.Backward()
		for _, g := range torch.Grads(leaves) {
			all = append(all, g.Bytes())
		}
		return all
	}
	require.Equal(t, grads(directly), grads(torch.Checkpoint), "equal bit for bit")
	checkGrads(t, c)
	c.Check("grad.input.x", x.Grad())
}

func checkpointedWithRandomNumbers(t *testing.T, c *parity.Case) {
	x := c.Inputs["x"].SetRequiresGrad(true)
	torch.ManualSeed(int64(c.Int("seed", 0)))
	out := torch.Checkpoint(func([]*torch.Tensor) []*torch.Tensor {
		out := perceptron(c, directly)
		return []*torch.Tensor{out.Mul(torch.Rand([]int{7, 1}).GtScalar(0.5))}
	}, x)[0]
	c.Check("out", out)
	out.Sum().Backward()
	checkGrads(t, c)
	c.Check("grad.input.x", x.Grad())
	c.Check("after", torch.Rand([]int{2}))
}
