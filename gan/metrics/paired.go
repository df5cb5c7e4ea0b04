package metrics

import (
	"fmt"

	"github.com/forgergan/forger/torch"
)

// Paired scores made pictures against the true ones, pair by pair, and averages over pairs. The zero value has the
// scores of image translation: l1, psnr, ssim.
type Paired struct {
	Luma  int    // not 0: the scores of super-resolution, psnr-y, ssim-y and ssim-daala on Y without so many pixels of border
	LPIPS *LPIPS // adds its distance under the name Net
	Net   string // of the LPIPS: "perceptual-EffNetLite0"

	n    int
	sums map[string]float64
}

// pairedScore is the mean of a score over pairs.
type pairedScore struct {
	name, score string
	higher      bool
	of          func(made, target *torch.Tensor) *torch.Tensor // (N) of bytes as numbers
}

var translationScores = []pairedScore{
	{"l1", "L1[rgb; u8; /255", false, func(made, target *torch.Tensor) *torch.Tensor {
		return made.Sub(target).Abs().MeanDim([]int{1, 2, 3}).DivScalar(255)
	}},
	{"psnr", "PSNR[rgb; u8", true, decibels},
	{"ssim", "SSIM[rgb; u8; gauss11-1.5", true, func(made, target *torch.Tensor) *torch.Tensor { return SSIM(made, target, SSIMOptions{}) }},
}

var superResolutionScores = []pairedScore{
	{"psnr-y", "PSNR[y; u8", true, decibels},
	{"ssim-y", "SSIM[y; u8; gauss11-1.5", true, func(made, target *torch.Tensor) *torch.Tensor { return SSIM(made, target, SSIMOptions{}) }},
	{"ssim-daala", "SSIM[y; u8; " + DaalaProtocol, true, DaalaSSIM},
}

// decibels is the PSNR, 100 for equal pictures so that means stay finite.
func decibels(made, target *torch.Tensor) *torch.Tensor {
	return PSNR(made, target, PSNROptions{}).Clamp(torch.ClampOptions{Max: 100})
}

// Add takes in pairs of pictures (N, C, H, W) in [−1, 1]. The error tells shapes that differ, numbers that are not finite,
// and pictures that are too small for a score.
func (p *Paired) Add(made, target *torch.Tensor) error {
	return scoped(func() error {
		if made.IsFinite().All().Int() == 0 {
			return fmt.Errorf("the pictures hold numbers that are not finite")
		}
		if p.sums == nil {
			p.sums = map[string]float64{}
		}
		a, b := Quantise(made), Quantise(target)
		scores := translationScores
		if p.Luma > 0 {
			scores = superResolutionScores
			a, b = p.luma(a), p.luma(b)
		}
		for _, s := range scores {
			p.sums[s.name] += s.of(a, b).Sum().Item()
		}
		if p.LPIPS != nil {
			torch.NoGrad(func() { p.sums["perceptual"] += p.LPIPS.Forward(made, target).Sum().Item() })
		}
		p.n += made.Size(0)
		return nil
	})
}

// Merge takes in the pairs of o, which has the same settings.
func (p *Paired) Merge(o *Paired) {
	if p.sums == nil {
		p.sums = map[string]float64{}
	}
	for name, sum := range o.sums {
		p.sums[name] += sum
	}
	p.n += o.n
}

// luma is what super-resolution is scored on.
func (p *Paired) luma(x *torch.Tensor) *torch.Tensor {
	if x.Size(1) == 3 {
		x = Luma(x)
	}
	return Shave(x.Round(), p.Luma)
}

// Scores are the means over the pairs so far, each with its protocol; reference names the set of the true pictures.
func (p *Paired) Scores(reference string) (all []Score) {
	add := func(name, protocol string, higher bool) {
		all = append(all, Score{
			Metric: name, Protocol: fmt.Sprintf("%s; N=%d; ref=%s]", protocol, p.n, reference), Value: p.sums[name] / float64(p.n), Higher: higher,
		})
	}
	if p.n == 0 {
		return nil
	}
	scores := translationScores
	if p.Luma > 0 {
		scores = superResolutionScores
	}
	for _, s := range scores {
		protocol := s.score
		if p.Luma > 0 {
			protocol += fmt.Sprintf("; shave=%d", p.Luma)
		}
		add(s.name, protocol, s.higher)
	}
	if p.LPIPS != nil {
		add("perceptual", p.Net+"[heads=1", false)
	}
	return all
}
