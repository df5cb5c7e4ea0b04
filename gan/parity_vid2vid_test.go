package gan_test

import (
	"fmt"
	"testing"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
)

// multiscale is vid2vid's discriminator of two scales in training mode: what each layer gives, the full resolution first.
func multiscale(w parity.State, name string, x *torch.Tensor) (scales [][]*torch.Tensor) {
	for _, scale := range []int{1, 0} {
		var layers []*torch.Tensor
		h := x
		for i := range 4 {
			layer := fmt.Sprintf("%s.scale%d_layer%d", name, scale, i)
			stride := 2
			if i >= 2 {
				stride = 1
			}
			h = conv(w, layer+".0", h, stride, 2)
			if norm := layer + ".1"; w[norm+".weight"] != nil {
				h = torch.BatchNorm(h, w[norm+".weight"], w[norm+".bias"], w[norm+".running_mean"], w[norm+".running_var"],
					true, 0.1, 1e-5, false)
				w[norm+".num_batches_tracked"].AddScalarInPlace(1)
			}
			if i < 3 {
				h = leaky(0.2, h)
			}
			layers = append(layers, h)
		}
		scales = append(scales, layers)
		x = x.AvgPool2d([]int{3}, torch.AvgPool2dOptions{Stride: []int{2}, Padding: []int{1}, CountIncludePad: new(false)})
	}
	return scales
}

func vid2vid(t *testing.T, c *parity.Case) {
	in := c.Inputs
	wanted := parity.State{}
	for name, x := range in {
		if c.Outputs["grad.G.input."+name] != nil {
			wanted[name] = x.SetRequiresGrad(true)
		}
	}
	var lambda, lambdaFlow, lambdaWarp float64
	c.Setting("lambda_feat", &lambda)
	c.Setting("lambda_F", &lambdaFlow)
	c.Setting("lambda_T", &lambdaWarp)
	lambda *= 4 / float64(c.Int("n_layers_D", 0)+1)
	game := gan.LeastSquares(0, 1, 1)
	outputs := func(scales [][]*torch.Tensor) (last []*torch.Tensor) {
		for _, layers := range scales {
			last = append(last, layers[len(layers)-1])
		}
		return last
	}
	// judge is D's two losses and G's two.
	judge := func(net string, real, fake *torch.Tensor) (dReal, dFake, g, matching *torch.Tensor) {
		onReal := multiscale(c.Weights, net, real)
		dReal = gan.SumOver(game.Real, outputs(onReal))
		dFake = gan.SumOver(game.Fake, outputs(multiscale(c.Weights, net, fake.Detach())))
		onFake := multiscale(c.Weights, net, fake)
		return dReal, dFake, gan.SumOver(game.Generator, outputs(onFake)), gan.FeatureMatching(onFake, onReal).MulScalar(lambda)
	}
	beside := func(a, b *torch.Tensor) *torch.Tensor {
		return torch.Cat([]*torch.Tensor{a, b}, torch.CatOptions{Dim: 1})
	}

	real := beside(in["real_A"], in["real_B"])
	dReal, dFake, g, matching := judge("D", real, beside(in["real_A"], in["fake_B"]))
	dReal2, dFake2, g2, matching2 := judge("D", real, beside(in["real_A"], in["fake_B_raw"]))
	confidence := in["conf_ref"]
	named := parity.State{
		"G_VGG": dReal.ZerosLike(), "T0.G_T_Warp": dReal.ZerosLike(),
		"D_real": dReal.Add(dReal2), "D_fake": dFake.Add(dFake2), "G_GAN": g.Add(g2), "G_GAN_Feat": matching.Add(matching2),
		"G_Warp": gan.MaskedL1(in["fake_B"], flow.Warp(in["fake_B_prev"], in["flow_ref"]), confidence).MulScalar(lambdaWarp),
		"F_Flow": gan.MaskedL1(in["flow"], in["flow_ref"], confidence).MulScalar(lambdaFlow),
		"F_Warp": gan.MaskedL1(flow.Warp(in["real_B_prev"], in["flow"]), in["real_B"], confidence).MulScalar(lambdaWarp),
		"W":      gan.MaskedL1(in["weight"], in["weight"].ZerosLike(), confidence),
	}
	frames := func(name string) *torch.Tensor { // with the flows between them
		return beside(in[name].Flatten(torch.FlattenOptions{StartDim: 1, EndDim: new(2)}),
			in["T_flow_ref"].DivScalar(20).Flatten(torch.FlattenOptions{StartDim: 1, EndDim: new(2)}))
	}
	named["T0.D_T_real"], named["T0.D_T_fake"], named["T0.G_T_GAN"], named["T0.G_T_GAN_Feat"] =
		judge("D_T0", frames("T_real_B"), frames("T_fake_B"))
	for name, loss := range named {
		c.Check(name, loss)
	}
	sum := func(names ...string) *torch.Tensor {
		var terms []*torch.Tensor
		for _, name := range names {
			terms = append(terms, named[name])
		}
		return torch.Stack(terms).Sum()
	}
	lossG := sum("G_GAN", "G_GAN_Feat", "G_VGG", "G_Warp", "F_Flow", "F_Warp", "W", "T0.G_T_GAN", "T0.G_T_GAN_Feat", "T0.G_T_Warp")
	lossD := sum("D_fake", "D_real").MulScalar(0.5)
	lossT := sum("T0.D_T_fake", "T0.D_T_real").MulScalar(0.5)
	c.Check("loss_G", lossG)
	c.Check("loss_D", lossD)
	c.Check("loss_D_T0", lossT)
	checkGrads(c, "grad.G.input.", lossG, wanted)
	checkGrads(c, "grad.D.", lossD, c.Weights)
	checkGrads(c, "grad.DT.", lossT, c.Weights)
	for name, buffer := range c.Weights {
		if c.Outputs["state."+name] != nil {
			c.Check("state."+name, buffer)
		}
	}
}
