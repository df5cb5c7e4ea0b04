package gan_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
)

// The networks in these files are written out over recorded weights: the packages of systems are above this one.

// conv is a convolution with the weight and, if there is one, the bias of a name.
func conv(w parity.State, name string, x *torch.Tensor, stride, padding int) *torch.Tensor {
	return torch.Conv2d(x, w[name+".weight"], torch.Conv2dOptions{
		Bias: w[name+".bias"], Stride: []int{stride}, Padding: []int{padding}})
}

func linear(w parity.State, name string, x *torch.Tensor) *torch.Tensor {
	return torch.Linear(x, w[name+".weight"], torch.LinearOptions{Bias: w[name+".bias"]})
}

func leaky(slope float64, x *torch.Tensor) *torch.Tensor {
	return x.LeakyReLU(torch.LeakyReLUOptions{NegativeSlope: slope})
}

// checkGrads compares the gradients of loss by the weights that have recorded ones, under prefix, with zeros where loss
// does not depend on a weight.
func checkGrads(c *parity.Case, prefix string, loss *torch.Tensor, of parity.State) {
	var names []string
	var wanted []*torch.Tensor
	for name, w := range of {
		if c.Outputs[prefix+name] != nil {
			names, wanted = append(names, name), append(wanted, w)
		}
	}
	grads := torch.Grad([]*torch.Tensor{loss}, wanted, torch.GradOptions{RetainGraph: true, AllowUnused: true})
	for i, g := range grads {
		if g == nil {
			g = wanted[i].ZerosLike()
		}
		c.Check(prefix+names[i], g)
	}
}

// mimicryBlocks is the four blocks of mimicry's discriminators for 32 pixels, which see ReLU(x) in their shortcut too, but
// for the first.
func mimicryBlocks(w parity.State, x *torch.Tensor) *torch.Tensor {
	h := conv(w, "block1.c2", conv(w, "block1.c1", x, 1, 1).ReLU(), 1, 1).AvgPool2d([]int{2})
	x = h.Add(conv(w, "block1.c_sc", x.AvgPool2d([]int{2}), 1, 0))
	for _, block := range []string{"block2", "block3", "block4"} {
		x = x.ReLU()
		h := conv(w, block+".c2", conv(w, block+".c1", x, 1, 1).ReLU(), 1, 1)
		if w[block+".c_sc.weight"] != nil {
			h = h.Add(conv(w, block+".c_sc", x, 1, 0)).AvgPool2d([]int{2})
		} else {
			h = h.Add(x)
		}
		x = h
	}
	return x.ReLU()
}

func mimicryPenalty(t *testing.T, c *parity.Case) {
	var scale float64
	c.Setting("gp_scale", &scale)
	d := func(x *torch.Tensor) *torch.Tensor {
		return linear(c.Weights, "l5", mimicryBlocks(c.Weights, x).MeanDim([]int{2, 3}))
	}
	real, fake := c.Inputs["real"], c.Inputs["fake"]
	gp := gan.GradientPenalty(d, real, fake, gan.GradientPenaltyOptions{Alpha: c.Inputs["alpha"]}).MulScalar(scale)
	c.Check("gp", gp)
	loss := gan.Wasserstein.Discriminator(d(real), d(fake))
	c.Check("errD", loss)
	total := loss.Add(gp)
	c.Check("total", total)
	checkGrads(c, "grad.gp.", gp, c.Weights)
	checkGrads(c, "grad.total.", total, c.Weights)
}

func pix2pixPenalty(t *testing.T, c *parity.Case) {
	w := c.Weights
	norm := func(x *torch.Tensor) *torch.Tensor {
		return leaky(0.2, torch.InstanceNorm(x, nil, nil, nil, nil, true, 0.1, 1e-5, false))
	}
	var gradients *torch.Tensor
	d := func(x *torch.Tensor) *torch.Tensor {
		h := leaky(0.2, conv(w, "model.0", x, 2, 1))
		out := conv(w, "model.8", norm(conv(w, "model.5", norm(conv(w, "model.2", h, 2, 1)), 1, 1)), 1, 1)
		gradients = gan.InputGradient(out, x).Keep()
		return out
	}
	var settings struct {
		kind           string
		centre, weight float64
	}
	c.Setting("type", &settings.kind)
	c.Setting("constant", &settings.centre)
	c.Setting("lambda_gp", &settings.weight)
	require.Equal(t, "mixed", settings.kind)
	penalty := gan.GradientPenalty(d, c.Inputs["real"], c.Inputs["fake"], gan.GradientPenaltyOptions{
		Alpha: c.Inputs["alpha"], Centre: &settings.centre}).MulScalar(settings.weight)
	c.Check("input_gradients", gradients)
	c.Check("penalty", penalty)
	checkGrads(c, "grad.", penalty, w)
}

func starGANPenalty(t *testing.T, c *parity.Case) {
	d := func(x *torch.Tensor) *torch.Tensor {
		for i := range c.Int("repeat_num", 6) {
			x = leaky(0.01, conv(c.Weights, fmt.Sprintf("main.%d", 2*i), x, 2, 1))
		}
		return conv(c.Weights, "conv1", x, 1, 1)
	}
	gp := gan.GradientPenalty(d, c.Inputs["real"], c.Inputs["fake"], gan.GradientPenaltyOptions{Alpha: c.Inputs["alpha"]})
	c.Check("gp", gp)
	checkGrads(c, "grad.", gp, c.Weights)
}

// proGANCritic is a discriminator that grows, fading in the resolution of a step by alpha. Its last block sees the mean
// deviation of the pictures over the batch.
func proGANCritic(w parity.State, picture *torch.Tensor, step int, alpha float64) *torch.Tensor {
	equal := func(name string, x *torch.Tensor, padding int) *torch.Tensor {
		weight := w[name+".weight_orig"]
		scale := math.Sqrt(2 / float64(weight.Numel()/weight.Size(0)))
		return leaky(0.2, torch.Conv2d(x, weight.MulScalar(scale), torch.Conv2dOptions{
			Bias: w[name+".bias"], Padding: []int{padding}}))
	}
	rgb := func(i int, x *torch.Tensor) *torch.Tensor { return conv(w, fmt.Sprintf("from_rgb.%d", i), x, 1, 0) }
	const last = 5
	x := rgb(last-step, picture)
	for i := last - step; i <= last; i++ {
		padding := 1
		if i == last {
			deviation := picture.Std(torch.StdOptions{Dim: []int{0}}).Mean().Expand([]int{x.Size(0), 1, 4, 4})
			x, padding = torch.Cat([]*torch.Tensor{x, deviation}, torch.CatOptions{Dim: 1}), 0
		}
		name := fmt.Sprintf("progression.%d.conv", i)
		x = equal(name+".2.conv", equal(name+".0.conv", x, 1), padding)
		if i < last {
			x = x.AvgPool2d([]int{2})
		}
		if i == last-step {
			x = rgb(i+1, picture.AvgPool2d([]int{2})).MulScalar(1 - alpha).Add(x.MulScalar(alpha))
		}
	}
	return linear(w, "linear", x.Flatten(torch.FlattenOptions{StartDim: 1})).Narrow(1, 0, 1)
}

func proGAN(t *testing.T, c *parity.Case) {
	var alpha, weight, drift float64
	c.Setting("alpha", &alpha)
	c.Setting("gp", &weight)
	c.Setting("drift", &drift)
	d := func(x *torch.Tensor) *torch.Tensor { return proGANCritic(c.Weights, x, c.Int("step", 0), alpha) }
	score, fakeScore := d(c.Inputs["real"]), d(c.Inputs["fake"])
	real := gan.Wasserstein.Real(score).Add(gan.Drift(score, drift))
	fake := gan.Wasserstein.Fake(fakeScore)
	gp := gan.GradientPenalty(d, c.Inputs["real"], c.Inputs["fake"], gan.GradientPenaltyOptions{Alpha: c.Inputs["eps"]}).MulScalar(weight)
	c.Check("real", real.Neg()) // recorded as what is maximised
	c.Check("fake", fake)
	c.Check("gp", gp)
	loss := real.Add(fake).Add(gp)
	c.Check("loss", loss)
	checkGrads(c, "grad.", loss, c.Weights)
}

// ssgan is the discriminator of mimicry's SSGAN for 32 pixels: mimicryBlocks with spectrally normalised weights, a
// sum over places, and a head that tells rotations.
func ssgan(t *testing.T, c *parity.Case) {
	x := c.Inputs["x"].SetRequiresGrad(true)
	n := x.Size(0)
	rotated, labels := make([]*torch.Tensor, n), make([]int64, n)
	for i := range n {
		labels[i] = int64(4 * i / n)
		rotated[i] = x.At(i).Rot90(torch.Rot90Options{K: new(int(labels[i])), Dims: []int{1, 2}})
	}
	batch, turns := torch.Stack(rotated), torch.FromSlice(labels)
	c.Check("rotated", batch)
	c.Check("labels", turns)

	w := parity.State{}
	for name, weight := range c.Weights {
		switch base, of := strings.CutSuffix(name, ".weight_orig"); {
		case of:
			normal, u, v, _ := spectral(weight, c.Weights[base+".weight_u"])
			w[base+".weight"] = normal
			c.Check("state."+base+".weight_u", u)
			c.Check("state."+base+".weight_v", v)
		case strings.HasSuffix(name, ".bias"):
			w[name] = weight
		}
	}
	head, u, _, sigma := spectral(c.Weights["l_y.weight"], c.Weights["l_y.sn_u"].View(-1))
	w["l_y.weight"] = head
	c.Check("state.l_y.sn_u", u.View(1, -1))
	c.Check("state.l_y.sn_sigma", sigma.View(1))

	var scale float64
	c.Setting("scale", &scale)
	loss := gan.ClassLoss(linear(w, "l_y", mimicryBlocks(w, batch).SumDim([]int{2, 3})), turns, nil).MulScalar(scale)
	c.Check("ss_loss", loss)
	checkGrads(c, "grad.", loss, c.Weights)
	checkGrads(c, "grad.input.", loss, c.Inputs)
}

// spectral is a weight divided by its largest singular value σ, after one step of the power method from the vector u; and
// the vectors of that step, which are constants, and σ.
func spectral(weight, u *torch.Tensor) (normal, u1, v1, sigma *torch.Tensor) {
	m := weight.Flatten(torch.FlattenOptions{StartDim: 1})
	unit := func(x *torch.Tensor) *torch.Tensor { return x.Div(x.VectorNorm()) }
	torch.NoGrad(func() {
		v1 = unit(m.Transpose(0, 1).MV(u))
		u1 = unit(m.MV(v1))
	})
	sigma = u1.Dot(m.MV(v1))
	return weight.Div(sigma), u1, v1, sigma
}
