package metrics

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/goldentest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/torchtest"
)

// later lists the cases of scores that this package does not have yet. Any other unknown case fails.
var later = map[string]string{
	"inception_score":         "the inception score is not here yet",
	"lpips_alex_heads":        "LPIPS is not here yet",
	"lpips_squeeze_heads":     "LPIPS is not here yet",
	"lpips_vgg_heads":         "LPIPS is not here yet",
	"mel_cepstral_distortion": "no score of sound is here yet",
	"ms_ssim":                 "SSIM is not here yet",
	"precision_recall_prdc":   "precision and recall are not here yet",
	"psnr":                    "PSNR is not here yet",
	"sp2mc":                   "no score of sound is here yet",
	"ssim":                    "SSIM is not here yet",
}

// parityCase is one case of the kit.
type parityCase struct {
	meta struct {
		Class     string
		Tolerance struct{ RTol, ATol float64 }
	}
	name    string
	in, out map[string]*torch.Tensor
}

var parityClasses = map[string]func(t *testing.T, c *parityCase){
	"torch_fidelity.metric_fid": testFrechet,
}

func TestParity(t *testing.T) {
	torchtest.Native(t)
	root := goldentest.Core()
	metas, err := filepath.Glob(filepath.Join(root, "metrics", "*", "meta.json"))
	require.NoError(t, err)
	require.NotEmpty(t, metas, "no cases in %s", root)
	for _, meta := range metas {
		dir := filepath.Dir(meta)
		c := &parityCase{name: filepath.Base(dir)}
		t.Run("metrics/"+c.name, func(t *testing.T) {
			if why, ok := later[c.name]; ok {
				t.Skip(why)
			}
			text, err := os.ReadFile(meta)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(text, &c.meta))
			run, ok := parityClasses[c.meta.Class]
			require.True(t, ok, "no test for a case of class %s", c.meta.Class)
			torch.Scope(func() {
				c.in, c.out = load(t, dir, "inputs"), load(t, dir, "outputs")
				run(t, c)
			})
		})
	}
}

func load(t *testing.T, dir, name string) map[string]*torch.Tensor {
	entries, err := checkpoint.Load(filepath.Join(dir, name+".safetensors"))
	require.NoError(t, err)
	out := map[string]*torch.Tensor{}
	for _, e := range entries {
		out[e.Name] = e.Tensor
	}
	return out
}

// within checks a number or tensor against an output of the case.
func (c *parityCase) within(t *testing.T, name string, got *torch.Tensor, rtol float64) {
	t.Helper()
	want := c.out[name]
	require.NotNil(t, want, "the case has no output %s", name)
	diff, magnitude := torchtest.MaxDiff(t, got, want)
	require.LessOrEqual(t, diff, c.meta.Tolerance.ATol+rtol*magnitude, "%s, largest %g", name, magnitude)
}

// testFrechet compares moments and distance. Where the covariances lack rank, the references themselves differ by
// rounding and the kit asks for a relative tolerance of 1e-3.
func testFrechet(t *testing.T, c *parityCase) {
	a, b := momentsOf(t, c.in["features_1"]), momentsOf(t, c.in["features_2"])
	for suffix, m := range map[string]*Moments{"_1": a, "_2": b} {
		cov, err := m.Covariance()
		require.NoError(t, err)
		c.within(t, "mu"+suffix, m.Mean(), 1e-6) // recorded in float32
		c.within(t, "sigma"+suffix, cov, c.meta.Tolerance.RTol)
	}
	rtol := c.meta.Tolerance.RTol
	if c.in["features_1"].Size(0) <= c.in["features_1"].Size(1) {
		rtol = 1e-3
	}
	d, err := Frechet(a, b)
	require.NoError(t, err)
	c.within(t, "fid", torch.Of(d), rtol)
	c.within(t, "fid_sqrtm", torch.Of(d), rtol)
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
