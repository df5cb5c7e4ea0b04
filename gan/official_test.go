package gan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// numbersOf reads a file that a script in testdata wrote.
func numbersOf(t *testing.T, file string) map[string]*torch.Tensor {
	entries, err := checkpoint.Load("testdata/" + file + ".safetensors")
	require.NoError(t, err)
	out := map[string]*torch.Tensor{}
	for _, e := range entries {
		out[e.Name] = e.Tensor
	}
	return out
}

func TestBlocksStartWithTheNumbersThatTheOfficialOnesStartWith(t *testing.T) {
	torchtest.Native(t)
	bigSN := func(l nn.Weighted) { gan.SpectralNormBigGAN(l) }
	ccbn := func(channels int) gan.ConditionalNorm {
		linear := func() *nn.Linear {
			return gan.SpectralNormBigGAN(nn.NewLinear(2, channels, nn.LinearOptions{NoBias: true}))
		}
		gain := linear()
		return gan.NewCCBN(channels, gain, linear())
	}
	for name, build := range map[string]func() any{
		"mimicry.gblock":           func() any { return gan.NewGBlock(3, 4, gan.GBlockOptions{Upsample: true, Classes: 2, Rule: sn}) },
		"mimicry.dblock":           func() any { return gan.NewDBlock(3, 4, gan.DBlockOptions{Downsample: true, Rule: sn}) },
		"mimicry.dblock_optimized": func() any { return gan.NewDBlockOptimized(3, 4, sn) },
		"mimicry.attention":        func() any { return gan.NewSelfAttention(8, sn) },
		"mimicry.linear":           func() any { return gan.SpectralNormMimicry(nn.NewLinear(4, 3)) },
		"biggan.gblock":            func() any { return gan.NewBigGANGBlock(3, 4, true, bigSN, ccbn) },
		"biggan.dblock": func() any {
			return gan.NewBigGANDBlock(3, 4, gan.BigGANDBlockOptions{Downsample: true, Rule: bigSN})
		},
		"biggan.linear": func() any {
			return gan.SpectralNormBigGAN(nn.NewLinear(5, 4), gan.SpectralNormBigGANOptions{Values: 2})
		},
	} {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				want := map[string]*torch.Tensor{}
				for key, w := range numbersOf(t, "official") {
					if key, ok := strings.CutPrefix(key, "init."+name+"."); ok {
						want[key] = w
					}
				}
				torch.ManualSeed(7)
				for _, e := range nn.StateDict(build()) {
					require.NotNil(t, want[e.Name], e.Name)
					require.Equal(t, want[e.Name].Shape(), e.Tensor.Shape(), e.Name)
					// Vectors are scaled to length 1, whose sum may be taken in another order; all else is draws.
					diff, _ := torchtest.MaxDiff(t, e.Tensor, want[e.Name])
					require.LessOrEqual(t, diff, 1e-7, e.Name)
					delete(want, e.Name)
				}
				require.Empty(t, want)
			})
		})
	}
}

func TestBigGANsSpectralNormFollowsSeveralSingularValues(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		data := numbersOf(t, "official")
		torch.ManualSeed(7)
		l := gan.SpectralNormBigGAN(nn.NewLinear(5, 4), gan.SpectralNormBigGANOptions{Values: 2, Iterations: 3, Eps: 1e-6})
		near := func(name string, got *torch.Tensor) {
			diff, _ := torchtest.MaxDiff(t, got, data["values."+name])
			require.LessOrEqual(t, diff, 1e-6, name)
		}
		near("out0", l.Forward(data["values.x"]))
		near("out1", l.Forward(data["values.x"]))
		nn.Eval(l)
		near("eval", l.Forward(data["values.x"]))
		for _, e := range nn.StateDict(l) {
			near(e.Name, e.Tensor)
		}
	})
}

func TestDiffAugmentGivesTheBitsOfTheOfficialCode(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x, data := numbersOf(t, "augment")["x"], numbersOf(t, "official")
		for _, policy := range []string{"color", "translation", "cutout", "color,translation,cutout"} {
			d, err := gan.ParseDiffAugment(policy)
			require.NoError(t, err)
			torch.ManualSeed(7)
			diff, _ := torchtest.MaxDiff(t, d.Forward(x), data["diffaugment."+policy])
			if strings.Contains(policy, "color") { // has means, which may be summed in another order
				require.LessOrEqual(t, diff, 5e-7, policy)
			} else {
				require.Zero(t, diff, policy)
			}
		}
	})
}
