package gan_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/internal/goldentest"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
)

// aLoss says which cases of the kit of official implementations are losses: those whose class names one. Cases of networks
// are the systems' own, and so are traces of training, whatever their class is called.
var aLoss = regexp.MustCompile(`(?i)loss|penalty|regulari[sz]e|ortho|divergence|noise2clean`)

// TestParity computes every loss, penalty and regulariser of the kit of official implementations, whatever system it
// belongs to. A case of an unknown class fails.
func TestParity(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(goldentest.Kit("FORGER_PARITY", "parity"), "*", "*", "meta.json"))
	require.NoError(t, err)
	cases := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var meta struct{ System, Case, Class string }
		require.NoError(t, json.Unmarshal(text, &meta), path)
		if !aLoss.MatchString(meta.Class) || strings.HasPrefix(meta.Case, "trace") {
			continue
		}
		cases++
		parity.Run(t, meta.System+"/"+meta.Case, func(t *testing.T, c *parity.Case) {
			for name, w := range c.Weights {
				for output := range c.Outputs {
					if strings.Contains(output, "grad.") && strings.HasSuffix(output, "."+name) {
						w.SetRequiresGrad(true)
					}
				}
			}
			f, ok := official[meta.System+": "+meta.Class]
			require.True(t, ok, "a loss of an unknown class: %s", meta.Class)
			f(t, c)
		})
	}
	require.NotZero(t, cases, "no losses in %s", paths)
}

var official = map[string]func(t *testing.T, c *parity.Case){
	"biggan: losses": games(map[string]gan.Loss{"hinge": gan.Hinge, "dcgan": gan.NonSaturatingLogits}),
	"biggan: utils.ortho, utils.default_ortho":                         orthogonal,
	"cpgan: util.kl_divergence":                                        posterior,
	"mimicry: modules.losses":                                          games(map[string]gan.Loss{"minimax": gan.NonSaturatingLogits, "ns": gan.NonSaturatingLogits, "hinge": gan.Hinge, "wasserstein": gan.Wasserstein}),
	"mimicry: compute_infomax_loss":                                    infoMax,
	"pix2pix: GANLoss":                                                 pix2pix,
	"pix2pixhd: GANLoss":                                               pix2pixHD,
	"rgan: CIFAR10NoisyLabels.T, util.noise2clean, util.clean2noise":   corrected,
	"spade: GANLoss, KLDLoss":                                          spade,
	"srgan: GeneratorLoss, TVLoss":                                     srgan,
	"stackgan: KL_loss":                                                stackGAN,
	"mimicry: WGANGPBaseDiscriminator.compute_gradient_penalty_loss":   mimicryPenalty,
	"mimicry: SSGANBaseDiscriminator._rotate_batch, compute_ss_loss":   ssgan,
	"stylegan2: d_r1_loss, d_logistic_loss, g_nonsaturating_loss":      styleGAN2R1,
	"stylegan2: g_path_regularize":                                     styleGAN2PathLength,
	"vid2vid: Vid2VidModelD.forward (image and temporal) + get_losses": vid2vid,
	"pix2pix: cal_gradient_penalty + NLayerDiscriminator":              pix2pixPenalty,
	"progan: discriminator loss of train.py":                           proGAN,
	"stargan: Solver.gradient_penalty":                                 starGANPenalty,
	"stargan: Solver.classification_loss":                              starGANClasses,
}

// games compares D's loss, whole (d) or in its two parts (d0, d1), and G's.
func games(of map[string]gan.Loss) func(t *testing.T, c *parity.Case) {
	return func(t *testing.T, c *parity.Case) {
		real, fake := c.Inputs["real"], c.Inputs["fake"]
		for name, game := range of {
			for suffix, loss := range map[string]func() *torch.Tensor{
				".d":  func() *torch.Tensor { return game.Discriminator(real, fake) },
				".d0": func() *torch.Tensor { return game.Real(real) },
				".d1": func() *torch.Tensor { return game.Fake(fake) },
				".g":  func() *torch.Tensor { return game.Generator(fake) },
			} {
				if c.Outputs[name+suffix] != nil {
					c.Check(name+suffix, loss())
				}
			}
		}
	}
}

func pix2pix(t *testing.T, c *parity.Case) {
	pred := c.Inputs["pred"].SetRequiresGrad(true)
	for name, game := range map[string]gan.Loss{
		"lsgan": gan.LeastSquares(0, 1, 1), "vanilla": gan.NonSaturatingLogits, "wgangp": gan.Wasserstein,
	} {
		for suffix, loss := range map[string]func(*torch.Tensor) *torch.Tensor{".real": game.Real, ".fake": game.Fake} {
			out := loss(pred)
			c.Check(name+suffix, out)
			c.Check("grad."+name+suffix, torch.Grad([]*torch.Tensor{out}, []*torch.Tensor{pred})[0])
		}
	}
}

func pix2pixHD(t *testing.T, c *parity.Case) {
	p := []*torch.Tensor{c.Inputs["p0"].SetRequiresGrad(true), c.Inputs["p1"]}
	squares := gan.LeastSquares(0, 1, 1)
	real := gan.SumOver(squares.Real, p)
	c.Check("lsgan.multi.real", real)
	c.Check("grad.p0", torch.Grad([]*torch.Tensor{real}, p[:1])[0])
	c.Check("lsgan.multi.fake", gan.SumOver(squares.Fake, p))
	probabilities := []*torch.Tensor{p[0].Sigmoid(), p[1].Sigmoid()}
	c.Check("bce.multi.real", gan.SumOver(gan.NonSaturating.Real, probabilities))
	c.Check("bce.multi.fake", gan.SumOver(gan.NonSaturating.Fake, probabilities))
}

func spade(t *testing.T, c *parity.Case) {
	p := []*torch.Tensor{c.Inputs["p0"], c.Inputs["p1"]}
	for name, game := range map[string]gan.Loss{
		"hinge": gan.Hinge, "ls": gan.LeastSquares(0, 1, 1), "original": gan.NonSaturatingLogits, "w": gan.Wasserstein,
	} {
		for suffix, loss := range map[string]func(*torch.Tensor) *torch.Tensor{
			".d_real": game.Real, ".d_fake": game.Fake, ".g": game.Generator} {
			c.Check(name+suffix, gan.MeanOver(loss, p).View(1)) // recorded with one element
		}
	}
	c.Check("kld", gan.KLStandardNormal(c.Inputs["mu"], c.Inputs["logvar"], torch.Sum))
}

func orthogonal(t *testing.T, c *parity.Case) {
	var strength float64
	c.Setting("strength", &strength)
	names := slices.Sorted(maps.Keys(c.Weights))
	weights := make([]*torch.Tensor, len(names))
	for i, name := range names {
		weights[i] = c.Weights[name]
	}
	for prefix, diagonal := range map[string]bool{"ortho.grad.": false, "default_ortho.grad.": true} {
		value := gan.Orthogonal(weights, gan.OrthogonalOptions{Diagonal: diagonal})
		if !diagonal {
			c.Check("value_half_offdiag_frobenius_sq", value)
		}
		torch.ClearGrads(weights)
		value.MulScalar(strength).Backward()
		for name, w := range c.Weights {
			g := w.Grad()
			if g == nil {
				g = w.ZerosLike()
			}
			c.Check(prefix+name, g)
		}
	}
}

func posterior(t *testing.T, c *parity.Case) {
	logits := c.Inputs["logits"].SetRequiresGrad(true)
	kl := gan.PosteriorLoss(logits, c.Inputs["target"])
	c.Check("kl", kl)
	c.Check("kl_onehot", gan.PosteriorLoss(logits, c.Inputs["onehot"]))
	kl.Backward()
	c.Check("grad.input.logits", logits.Grad())
}

func corrected(t *testing.T, c *parity.Case) {
	for name, given := range c.Outputs { // the matrices are package label's
		if strings.HasPrefix(name, "T.") || strings.Contains(name, "_probs.") {
			c.Check(name, given)
		}
	}
	logits := c.Inputs["logits"].SetRequiresGrad(true)
	loss := gan.ClassLoss(logits, c.Inputs["labels"], c.Outputs["T.asymmetric.0.3"])
	c.Check("corrected_loss", loss)
	loss.Backward()
	c.Check("grad.input.logits", logits.Grad())
}

func infoMax(t *testing.T, c *parity.Case) {
	var scale float64
	c.Setting("scale", &scale)
	local, global := c.Inputs["local"].SetRequiresGrad(true), c.Inputs["global"].SetRequiresGrad(true)
	loss := gan.InfoMax(local, global).MulScalar(scale)
	c.Check("loss", loss)
	loss.Backward()
	c.Check("grad.input.local", local.Grad())
	c.Check("grad.input.global", global.Grad())
}

func stackGAN(t *testing.T, c *parity.Case) {
	mu, logVar := c.Inputs["mu"].SetRequiresGrad(true), c.Inputs["logvar"].SetRequiresGrad(true)
	kl := gan.KLStandardNormal(mu, logVar, torch.Mean)
	c.Check("kl", kl)
	kl.Backward()
	c.Check("grad.input.mu", mu.Grad())
	c.Check("grad.input.logvar", logVar.Grad())
}

func starGANClasses(t *testing.T, c *parity.Case) {
	c.Check("celeba", gan.AttributeLoss(c.Inputs["logit"], c.Inputs["attr"]))
	c.Check("rafd", gan.ClassLoss(c.Inputs["logit"], c.Inputs["label"], nil))
}

// srganFeatures is the recorded stand-in for VGG: conv, ReLU, max pooling, conv, ReLU.
type srganFeatures struct{ w parity.State }

func (f srganFeatures) Taps(x *torch.Tensor) []*torch.Tensor {
	h := conv(f.w, "loss_network.0", x, 1, 1).ReLU().MaxPool2d([]int{2})
	return []*torch.Tensor{conv(f.w, "loss_network.3", h, 1, 1).ReLU()}
}

func srgan(t *testing.T, c *parity.Case) {
	fake, real := c.Inputs["fake"].SetRequiresGrad(true), c.Inputs["real"]
	mse := fake.MSELoss(real)
	features := gan.Perceptual(srganFeatures{c.Weights}, fake, real, gan.PerceptualOptions{Squared: true})
	tv := gan.SquaredVariation(fake)
	c.Check("mse", mse)
	c.Check("perception", features)
	c.Check("tv", tv)
	adversarial := gan.Wasserstein.Generator(c.Inputs["d_fake"]).AddScalar(1) // of probabilities: 1 − mean
	loss := mse.Add(adversarial.MulScalar(0.001)).Add(features.MulScalar(0.006)).Add(tv.MulScalar(2e-8))
	c.Check("loss", loss)
	loss.Backward()
	c.Check("grad.input.fake", fake.Grad())
}
