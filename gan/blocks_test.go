package gan_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/internal/goldentest"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// built are the classes of the kit that are made of this package's blocks alone: blocks and layers, and the networks that
// prove the blocks which have no case of their own.
var built = map[string]func(t *testing.T, c *parity.Case){
	"SNConv2d":                     spectralNorm,
	"SNLinear":                     spectralNorm,
	"torch.nn.utils.spectral_norm": spectralNorm,
	"SelfAttention":                selfAttention,
	"SNGANGenerator32":             mimicryG,
	"SNGANDiscriminator32":         mimicryD,
	"CGANPDGenerator32":            mimicryG,
	"CGANPDDiscriminator32":        mimicryD,
	"SAGANGenerator32":             mimicryG,
	"WGANGPDiscriminator32":        mimicryD,
	"SSGANDiscriminator32":         mimicryD,
	"biggan Generator":             bigGANG,
	"biggan Discriminator":         bigGAND,
	"SPADE":                        spadeNorm,
	"SPADEResnetBlock":             spadeBlock,
	"CA_NET":                       conditioningAugmentation,
	"StyledGenerator":              styleGANG,
	"stylegan1 Discriminator":      styleGAND,
	"stylegan2 Discriminator":      styleGAN2D,
	"progan Generator":             proGANG,
	"progan Discriminator":         proGAND,
	"upfirdn2d (CPU fall-back)":    upFirDn,
}

// elsewhere are the classes of those systems that are none of this: losses, training loops, and networks with parts of
// their own, which are compared where they live.
var elsewhere = []string{
	// mimicry
	"InfoMaxGANDiscriminator32", "compute_infomax_loss", "modules.losses",
	"SSGANBaseDiscriminator._rotate_batch, compute_ss_loss", "WGANGPBaseDiscriminator.compute_gradient_penalty_loss",
	// biggan
	"losses", "utils.ortho, utils.default_ortho", "train_fns.GAN_training_function",
	// spade
	"ConvEncoder", "SPADEGenerator", "MultiscaleDiscriminator", "GANLoss, KLDLoss",
	// stackgan
	"STAGE1_G", "STAGE1_D", "STAGE2_G", "STAGE2_D", "KL_loss",
	// progan
	"discriminator loss of train.py",
	// stylegan2
	"stylegan2 Generator", "g_path_regularize", "d_r1_loss, d_logistic_loss, g_nonsaturating_loss",
}

// A case is taken by its class, under which it may also stand with its system where several have that class. One of a
// class in neither list fails: it is a block that nobody built.
func TestBlocksGiveTheNumbersOfTheOfficialOnes(t *testing.T) {
	root := goldentest.Kit("FORGER_PARITY", "parity")
	seen := map[string]bool{}
	for _, system := range []string{"mimicry", "biggan", "spade", "stackgan", "progan", "stylegan1", "stylegan2"} {
		metas, err := filepath.Glob(filepath.Join(root, system, "*", "meta.json"))
		require.NoError(t, err)
		require.NotEmpty(t, metas, system)
		for _, path := range metas {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			var meta struct{ Class string }
			require.NoError(t, json.Unmarshal(text, &meta))
			name := filepath.Base(filepath.Dir(path))
			class := meta.Class
			if built[class] == nil && !slices.Contains(elsewhere, class) {
				class = system + " " + class
			}
			switch {
			case built[class] != nil && wanted(system, name):
				seen[class] = true
				parity.Run(t, system+"/"+name, built[class])
			case built[class] == nil && !slices.Contains(elsewhere, class) && !strings.HasPrefix(name, "trace_"):
				require.Fail(t, "a block that nobody built", "%s/%s is a %s", system, name, meta.Class)
			}
		}
	}
	for class := range maps.Keys(built) {
		require.True(t, seen[class], "no case of %s", class)
	}
}

// wanted leaves out what a case asks for that is not of this package: fade-ins with StyleGAN's fused convolutions, from
// 128×128 pixels on.
func wanted(system, name string) bool {
	return system != "stylegan1" || !strings.Contains(name, "step5")
}

// check compares outputs, the loss that the case makes of them, gradients and buffers with all that is recorded.
func check(c *parity.Case, module any, out parity.State) {
	var loss *torch.Tensor
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if c.Outputs[name] != nil {
			c.Check(name, out[name])
		}
		proj := c.Inputs["proj."+name]
		if proj == nil {
			proj = c.Inputs["proj"]
		}
		if part := out[name].Mul(proj).Sum(); loss == nil {
			loss = part
		} else {
			loss = loss.Add(part)
		}
	}
	c.Check("loss", loss)
	loss.Backward()
	own := parity.State{}
	for _, e := range nn.StateDict(module) {
		own[e.Name] = e.Tensor
	}
	for name := range c.Outputs {
		if of, ok := strings.CutPrefix(name, "grad.input."); ok {
			c.Check(name, c.Inputs[of].Grad())
		} else if of, ok := strings.CutPrefix(name, "grad."); ok && own[of] != nil {
			c.Check(name, own[of].Grad())
		} else if of, ok := strings.CutPrefix(name, "state."); ok && own[of] != nil {
			c.Check(name, own[of])
		}
	}
}

// input is one of the case's inputs, recorded if the case has its gradient.
func input(c *parity.Case, name string) *torch.Tensor {
	x := c.Inputs[name]
	if c.Outputs["grad.input."+name] != nil {
		x.SetRequiresGrad(true)
	}
	return x
}

// load fills module as parity.Case.Load does, and compares the order of the names.
func load(t *testing.T, c *parity.Case, module any) {
	c.Load(module, "")
	var names []string
	for _, e := range nn.StateDict(module) {
		names = append(names, e.Name)
	}
	require.Equal(t, c.Meta.KeyOrder, names)
}

func setting[T any](c *parity.Case, name string, v T) T {
	c.Setting(name, &v)
	return v
}

func sn(l nn.Weighted) { nn.SpectralNorm(l) }

func spectralNorm(t *testing.T, c *parity.Case) {
	wrap := sn
	if strings.HasPrefix(c.Meta.Class, "SN") {
		wrap = func(l nn.Weighted) { gan.SpectralNormMimicry(l) }
	}
	w := c.Weights["weight"]
	if w == nil {
		w = c.Weights["weight_orig"]
	}
	bias := nn.LinearOptions{NoBias: c.Weights["bias"] == nil}
	var layer nn.Layer
	kind := setting(c, "module", "")
	_, kind, _ = strings.Cut(kind, "_")
	switch kind {
	case "linear":
		layer = ruled(wrap, nn.NewLinear(w.Size(1), w.Size(0), bias))
	case "embedding":
		layer = ruled(wrap, nn.NewEmbedding(w.Size(0), w.Size(1)))
	case "conv", "convtranspose":
		// The settings of the convolution are not recorded: they are those that give the recorded size.
		side, out := c.Inputs["x"].Size(2), c.Inputs["proj"].Size(2)
		k := w.Size(2)
		o := nn.Conv{NoBias: bias.NoBias}
		if kind == "conv" {
			o.Padding = (out - side + k - 1) / 2
			layer = ruled(wrap, nn.NewConv2d(w.Size(1), w.Size(0), k, o))
		} else {
			o.Stride = out / side
			o.Padding = ((side-1)*(out/side) + k - out) / 2
			layer = ruled(wrap, nn.NewConvTranspose2d(w.Size(0), w.Size(1), k, o))
		}
	}
	require.NotNil(t, layer, kind)
	load(t, c, layer)
	buffers := func(prefix string) {
		for _, e := range nn.StateDict(layer) {
			if c.Outputs[prefix+e.Name] != nil {
				c.Check(prefix+e.Name, e.Tensor)
			}
		}
	}
	x := input(c, "x")
	var out *torch.Tensor
	for _, pass := range []string{"pass0.", "pass1.", "pass2."} {
		out = layer.Forward(x)
		c.Check(pass+"out", out)
		buffers(pass)
	}
	check(c, layer, parity.State{"last": out})
	nn.Eval(layer)
	c.Check("eval.out", layer.Forward(x))
	buffers("state.") // evaluation has stored nothing
}

func ruled[L interface {
	nn.Weighted
	nn.Layer
}](rule gan.WeightRule, l L) nn.Layer {
	if rule != nil {
		rule(l)
	}
	return l
}

func selfAttention(t *testing.T, c *parity.Case) {
	var rule gan.WeightRule
	if setting(c, "spectral_norm", true) {
		rule = sn
	}
	a := gan.NewSelfAttention(c.Int("num_feat", 0), rule)
	load(t, c, a)
	check(c, a, parity.State{"out": a.Forward(input(c, "x"))})
}

func spadeOptions(c *parity.Case) gan.SPADEOptions {
	// The width, a constant of 128 in the official code, is cut to 8 in the kit.
	return gan.SPADEOptions{Hidden: c.Int("nhidden", 8), Instance: strings.Contains(setting(c, "config_text", ""), "instance")}
}

func spadeNorm(t *testing.T, c *parity.Case) {
	s := gan.NewSPADE(c.Int("norm_nc", 0), c.Int("label_nc", 0), spadeOptions(c))
	load(t, c, s)
	check(c, s, parity.State{"out": s.Forward(input(c, "x"), input(c, "seg"))})
}

func spadeBlock(t *testing.T, c *parity.Case) {
	b := gan.NewSPADEBlock(c.Int("fin", 0), c.Int("fout", 0), c.Int("semantic_nc", 0), sn, spadeOptions(c))
	load(t, c, b)
	check(c, b, parity.State{"out": b.Forward(input(c, "x"), input(c, "seg"))})
}

func TestTheLeakyConditioningAugmentationCutsItsDrawsOff(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		torch.ManualSeed(1)
		text := torch.Randn([]int{64, 8})
		for leaky, largest := range map[bool]float64{false: 4, true: 2} {
			a := gan.NewConditioningAugmentation(8, 128, gan.ConditioningOptions{Leaky: leaky})
			code, mu, logVar := a.Forward(text, nil)
			eps := code.Sub(mu).Div(logVar.MulScalar(0.5).Exp())
			require.InDelta(t, largest, eps.Abs().Max().Item(), 0.6)
			require.Equal(t, leaky, eps.Abs().Max().Item() < 2.0001)
			require.Equal(t, leaky, mu.Min().Item() < 0)
			require.InDelta(t, 0, eps.Mean().Item(), 0.05)
		}
	})
}

func conditioningAugmentation(t *testing.T, c *parity.Case) {
	a := gan.NewConditioningAugmentation(c.Int("TEXT_DIMENSION", 0), c.Int("CONDITION_DIM", 0))
	load(t, c, a)
	code, mu, logVar := a.Forward(input(c, "text"), input(c, "eps0"))
	check(c, a, parity.State{"c_code": code, "mu": mu, "logvar": logVar})
}

func upFirDn(_ *testing.T, c *parity.Case) {
	x, kernel := c.Inputs["x"], c.Outputs["kernel"]
	taps := torch.FromSlice([]float32{1, 3, 3, 1}).ToDevice(c.Device())
	c.Check("kernel", taps.View(4, 1).Mul(taps).DivScalar(64))
	c.Check("blur", gan.UpFirDn2d(x, kernel, gan.UpFirDnOptions{Pad: [4]int{2, 1, 2, 1}}))
	c.Check("up2", gan.UpFirDn2d(x, kernel.MulScalar(4), gan.UpFirDnOptions{Up: 2, Pad: [4]int{2, 1, 2, 1}}))
	c.Check("down2", gan.UpFirDn2d(x, kernel, gan.UpFirDnOptions{Down: 2, Pad: [4]int{1, 1, 1, 1}}))
	c.Check("crop", gan.UpFirDn2d(x, kernel, gan.UpFirDnOptions{Pad: [4]int{-1, 2, -1, 2}}))
}
