package metrics

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/numpyrandom"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/audio"
	"github.com/forgergan/forger/torch/nn"
)

// parityClasses makes the outputs of a case of each class. A case of another class fails.
var parityClasses = map[string]func(t *testing.T, c *parity.Case){
	"torch_fidelity.metric_fid":                     testFrechet,
	"torch_fidelity.metric_isc":                     testInceptionScore,
	"torch_fidelity.metric_prc; PRDC by definition": testPRDC,
	"PSNR":                        testPSNR,
	"SSIM in several conventions": testSSIM,
	"MS-SSIM":                     testMSSSIM,
	"LPIPS v0.1":                  testLPIPS,
	"MCD":                         testMelCepstralDistortion,
	"pysptk.sp2mc / mc2sp":        testMelCepstrum,
}

func TestParity(t *testing.T) {
	parity.RunCore(t, "metrics", func(t *testing.T, c *parity.Case) {
		run, ok := parityClasses[c.Meta.Class]
		require.True(t, ok, "no test for a case of class %s", c.Meta.Class)
		run(t, c)
	})
}

// check compares a number.
func check(c *parity.Case, name string, got float64) { c.Check(name, torch.Of(got)) }

// testFrechet compares moments and distance. Where the covariances lack rank, the references themselves differ by
// rounding and the kit asks for a relative tolerance of 1e-3. Means are recorded in float32.
func testFrechet(t *testing.T, c *parity.Case) {
	a, b := momentsOf(t, c.Inputs["features_1"]), momentsOf(t, c.Inputs["features_2"])
	for suffix, m := range map[string]*Moments{"_1": a, "_2": b} {
		cov, err := m.Covariance()
		require.NoError(t, err)
		c.Check("mu"+suffix, m.Mean().ToDType(torch.Float32))
		c.Check("sigma"+suffix, cov)
	}
	if c.Inputs["features_1"].Size(0) <= c.Inputs["features_1"].Size(1) {
		c.Meta.Tolerance["rtol"] = json.RawMessage("1e-3")
	}
	d, err := Frechet(a, b)
	require.NoError(t, err)
	check(c, "fid", d)
	check(c, "fid_sqrtm", d)
}

// momentsOf takes in features in batches of uneven length.
func momentsOf(t *testing.T, features *torch.Tensor) *Moments {
	m := new(Moments)
	for n, at := features.Size(0), 0; at < n; {
		k := min(7+at/2, n-at)
		require.NoError(t, m.Add(features.Narrow(0, at, k)))
		at += k
	}
	return m
}

func testInceptionScore(t *testing.T, c *parity.Case) {
	for name, o := range map[string]InceptionOptions{
		"split10_shuffled": {}, "split1": {Splits: 1, InOrder: true}, "split7": {Splits: 7, InOrder: true},
	} {
		score, err := InceptionScore(c.Inputs["logits"], o)
		require.NoError(t, err)
		check(c, name+".mean", score.Mean)
		check(c, name+".std", score.Std)
	}
	c.Check("permutation", torch.FromSlice(numpyrandom.New(referenceSeed).Permutation(c.Inputs["logits"].Size(0))))
}

func testPRDC(t *testing.T, c *parity.Case) {
	generated, real := c.Inputs["generated"], c.Inputs["real"]
	for _, k := range []int{3, 5} {
		s, err := PRDC(generated, real, PRDCOptions{K: k, Closed: true})
		require.NoError(t, err)
		name := fmt.Sprintf("k%d.", k)
		check(c, name+"precision", s.Precision)
		check(c, name+"recall", s.Recall)
		check(c, name+"f_score", s.FScore())
		s, err = PRDC(generated, real, PRDCOptions{K: k})
		require.NoError(t, err)
		name = "prdc." + name
		check(c, name+"precision", s.Precision)
		check(c, name+"recall", s.Recall)
		check(c, name+"density", s.Density)
		check(c, name+"coverage", s.Coverage)
		c.Check(fmt.Sprintf("radius_real.k%d", k), squaredRadii(real.ToDType(torch.Float64), k).Sqrt())
		c.Check(fmt.Sprintf("radius_generated.k%d", k), squaredRadii(generated.ToDType(torch.Float64), k).Sqrt())
	}
}

// planes is pictures (H, W, C) or (H, W) as (1, C, H, W).
func planes(x *torch.Tensor) *torch.Tensor {
	if x.Dim() == 2 {
		return x.Unsqueeze(0).Unsqueeze(0)
	}
	return x.Permute(2, 0, 1).Unsqueeze(0)
}

func testPSNR(t *testing.T, c *parity.Case) {
	a, b := planes(c.Inputs["a"]), planes(c.Inputs["b"])
	score := func(name string, o PSNROptions, prepare func(x *torch.Tensor) *torch.Tensor) {
		c.Check(name, PSNR(prepare(a), prepare(b), o).Select(0, 0))
	}
	rounded := func(x *torch.Tensor) *torch.Tensor { return Luma(x).Round() }
	for suffix, border := range map[string]int{"": 0, "_shave2": 2, "_shave4": 4} {
		shave := func(f func(x *torch.Tensor) *torch.Tensor) func(x *torch.Tensor) *torch.Tensor {
			return func(x *torch.Tensor) *torch.Tensor { return Shave(f(x), border) }
		}
		score("rgb"+suffix, PSNROptions{}, shave(floating))
		score("Y"+suffix, PSNROptions{}, shave(Luma))
		score("Y_rounded"+suffix, PSNROptions{}, shave(rounded))
	}
	score("gray_full_range", PSNROptions{}, Grey)
	score("minus1_1", PSNROptions{Peak: 2}, func(x *torch.Tensor) *torch.Tensor { return floating(x).DivScalar(127.5).SubScalar(1) })
	c.Check("luma_a", Luma(a).View(c.Inputs["a"].Shape()[:2]...))
}

func testSSIM(t *testing.T, c *parity.Case) {
	a, b := planes(c.Inputs["a"]), planes(c.Inputs["b"])
	red := func(x *torch.Tensor) *torch.Tensor { return x.Narrow(1, 0, 1) }
	for name, score := range map[string]*torch.Tensor{
		"sk_gauss_rgb":      SSIM(a, b, SSIMOptions{}),
		"valid_gauss":       SSIM(a, b, SSIMOptions{}),
		"piq_no_downsample": SSIM(a, b, SSIMOptions{}),
		"piq_downsample":    SSIM(a, b, SSIMOptions{Downsample: true}),
		"sk_uniform7_rgb":   SSIM(a, b, SSIMOptions{Uniform: true}),
		"sk_gauss_red":      SSIM(red(a), red(b), SSIMOptions{}),
		"sk_gauss_Y":        SSIM(Luma(a), Luma(b), SSIMOptions{}),
		"sk_gauss_Y_shave4": SSIM(Shave(Luma(a), 4), Shave(Luma(b), 4), SSIMOptions{}),
	} {
		c.Check(name, score.Select(0, 0))
	}
	c.Check("sk_gauss_red_map", SSIMMap(red(a), red(b), SSIMOptions{}).Select(0, 0).Select(0, 0))
}

func testMSSSIM(t *testing.T, c *parity.Case) {
	a, b := floating(planes(c.Inputs["a"])), floating(planes(c.Inputs["b"]))
	c.Check("pytorch_msssim", MSSSIM(a, b, MSSSIMOptions{}).Select(0, 0))
	c.Check("piq", MSSSIM(a, b, MSSSIMOptions{Replicate: true}).Select(0, 0))
	for scale := range scaleWeights {
		c.Check(fmt.Sprintf("ssim_scale%d", scale), SSIM(a, b, SSIMOptions{}).Select(0, 0))
		a, b = MSSSIMOptions{}.halve(a), MSSSIMOptions{}.halve(b)
	}
}

// smallTrunk is the trunk of the kit: 3×3 convolutions, a tap after each.
type smallTrunk struct {
	Convs []*nn.Conv2d `nn:"convs"`

	channels []int
}

func (s *smallTrunk) Channels() []int { return s.channels }

func (s *smallTrunk) Taps(x *torch.Tensor) []*torch.Tensor {
	taps := make([]*torch.Tensor, len(s.Convs))
	for i, conv := range s.Convs {
		x = conv.Forward(x).ReLU()
		taps[i] = x
	}
	return taps
}

func testLPIPS(t *testing.T, c *parity.Case) {
	var trunk struct {
		Channels []int
		Stride2  []int `json:"stride2_at"`
	}
	c.Setting("trunk", &trunk)
	net, in := &smallTrunk{channels: trunk.Channels}, 3
	for i, out := range trunk.Channels {
		o := nn.Conv{Padding: 1, Stride: 1}
		if slices.Contains(trunk.Stride2, i) {
			o.Stride = 2
		}
		if i > 0 {
			o.Groups = gcd(in, out)
		}
		net.Convs = append(net.Convs, nn.NewConv2d(in, out, 3, o))
		in = out
	}
	l := NewLPIPS(net)
	var state []nn.Entry
	for name, tensor := range c.Weights {
		if head, ok := strings.CutSuffix(name, ".weight"); ok && strings.HasPrefix(name, "lin") {
			name = head + ".model.1.weight" // as in the published files
		}
		if !strings.HasPrefix(name, "scale.") {
			state = append(state, nn.Entry{Name: name, Tensor: tensor})
		}
	}
	require.NoError(t, nn.LoadStateDict(l, state, true))
	nn.To(l, nn.ToOptions{Device: new(c.Inputs["a"].Device())})

	a, b := c.Inputs["a"], c.Inputs["b"].SetRequiresGrad(true)
	distance := l.Forward(a, b)
	c.Check("lpips", distance.View(-1, 1, 1, 1))
	for i, layer := range l.Layers(a, b) {
		c.Check(fmt.Sprintf("layer%d", i), layer.View(-1, 1, 1, 1))
	}
	c.Check("spatial_map", l.Map(a, b))
	distance.Sum().Backward()
	c.Check("grad.input.b", b.Grad())
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func testMelCepstralDistortion(t *testing.T, c *parity.Case) {
	a, b := c.Inputs["mcep_a"], c.Inputs["mcep_b"]
	for name, o := range map[string]MelCepstralOptions{
		"mcd": {}, "mcd_with_c0": {Energy: true}, "mcd_dtw": {Align: true},
	} {
		d, err := MelCepstralDistortion(a, b, o)
		require.NoError(t, err)
		check(c, name, d)
	}
	var frames []float64
	for i := range b.Size(0) {
		d, err := MelCepstralDistortion(a.Narrow(0, i, 1), b.Narrow(0, i, 1), MelCepstralOptions{})
		require.NoError(t, err)
		frames = append(frames, d)
	}
	c.Check("frame_mcd", torch.FromSlice(frames))

	x, y := rows(a.ToDType(torch.Float64)), rows(b.ToDType(torch.Float64))
	pairs, cost := warp(len(x), len(y), func(i, j int) float64 { return euclidean(x[i][1:], y[j][1:]) })
	var path []int64
	for _, p := range pairs {
		path = append(path, int64(p[0]), int64(p[1]))
	}
	c.Check("dtw_path", torch.FromSlice(path, len(pairs), 2))
	check(c, "dtw_cost", cost)
}

func testMelCepstrum(t *testing.T, c *parity.Case) {
	power, order, alpha := c.Inputs["power"], c.Int("order", 0), 0.0
	c.Setting("alpha", &alpha)
	c.Check("mcep", audio.SP2MC(power, order, alpha))
	c.Check("cep_noalpha", audio.SP2MC(power, order, 0))
	c.Check("power_back", audio.MC2SP(c.Outputs["mcep"], alpha, c.Int("fftlen", 0)))
}
