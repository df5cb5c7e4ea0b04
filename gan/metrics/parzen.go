package metrics

import (
	"context"
	"fmt"
	"math"

	"github.com/forgergan/forger/torch"
)

// ParzenScore is a mean log-likelihood in nats, per vector or picture.
type ParzenScore struct {
	Mean     float64
	StdError float64   // of the mean over the test vectors
	Sigmas   []float64 // the deviation of the windows, of each scale
}

// windows are the deviations among which a validation set chooses: ten a decade.
var windows = func() (all []float64) {
	for i := -20; i <= 10; i++ {
		all = append(all, math.Pow(10, float64(i)/10))
	}
	return all
}()

// Parzen is the mean log-likelihood of test vectors (T, D) under Gaussian windows around generated ones (N, D): the density
//
//	p(x) = 1/N · Σᵢ N(x; sᵢ, σ²)
//
// with the σ, from 0.01 to 10, under which validation vectors (V, D) of the data are the likeliest. It is what Goodfellow et al. 2014
// and Denton et al. 2015 report. It computes in float64.
//
// The score is a poor one in many dimensions: it may rank a generator above another whose pictures are better, it favours copies and
// centres of clusters of the training data, even above the data themselves, and it goes on rising with N (Theis, van den Oord
// and Bethge 2016, §3.2). It is for comparison with papers that have it.
//
// The error tells sets that are not vectors of one length or not finite, and empty ones.
func Parzen(samples, validation, test *torch.Tensor) (score ParzenScore, err error) {
	err = scoped(func() error {
		chosen, err := chances(samples, validation)
		if err != nil {
			return err
		}
		tested, err := chances(samples, test)
		if err != nil {
			return err
		}
		at := likeliest(chosen)
		values := torch.Values[float64](tested.Select(1, at).Contiguous())
		score = summary(values, []float64{windows[at]})
		return nil
	})
	return score, err
}

// chances are the log-likelihoods (T, windows) of vectors under windows of each deviation around samples.
func chances(samples, x *torch.Tensor) (*torch.Tensor, error) {
	const name = "Parzen windows"
	samples, x, err := twoSets(name, samples, x)
	if err != nil {
		return nil, err
	}
	n, width := samples.Size(0), float64(samples.Size(1))
	if n == 0 || x.Size(0) == 0 {
		return nil, fmt.Errorf("%s: there are %d samples and %d vectors", name, n, x.Size(0))
	}
	var rows []*torch.Tensor
	eachBlock(x, samples, func(_ int, squares *torch.Tensor) {
		squares = squares.Clamp(torch.ClampOptions{Min: 0})
		var columns []*torch.Tensor
		for _, sigma := range windows {
			around := squares.DivScalar(-2 * sigma * sigma).LogSumExp([]int{1})
			columns = append(columns, around.SubScalar(math.Log(float64(n))+width/2*math.Log(2*math.Pi*sigma*sigma)))
		}
		rows = append(rows, torch.Stack(columns, torch.StackOptions{Dim: 1}).Keep())
	})
	return torch.Cat(rows), nil
}

// likeliest is the column of the window with the highest mean.
func likeliest(chances *torch.Tensor) int {
	return int(chances.MeanDim([]int{0}).ArgMax().Int())
}

func summary(values []float64, sigmas []float64) ParzenScore {
	s := meanStd(values) // population deviation
	stdError := 0.0
	if n := float64(len(values)); n > 1 {
		stdError = s.Std / math.Sqrt(n-1)
	}
	return ParzenScore{s.Mean, stdError, sigmas}
}

// Scales is a generator that makes pictures from coarse to fine, as ParzenScales sees it.
type Scales struct {
	// Split gives the coordinates of pictures (n, C, H, W) in [−1, 1] at each scale, (n, D) each, the coarsest first. Together
	// they are the picture, up to a linear map, the logarithm of whose factor of volume is volume: that of the density of
	// the picture with pixels from 0 to 1 is that of the coordinates, plus volume.
	Split func(pictures *torch.Tensor) (scales []*torch.Tensor, volume float64)
	// Sample makes n coordinates (n, D) of a scale; those of a finer one for the coarser scales of the picture (1, C, H, W).
	Sample func(scale, n int, picture *torch.Tensor) *torch.Tensor
}

// ParzenScales is Parzen for a generator that works from coarse to fine: the log-likelihood of the coarsest scale under windows
// around n samples, plus that of each finer one under windows around as many samples as each asks for the true coarser picture. Denton
// et al. 2015, appendix A. Each scale has a σ of its own. The error is that of Parzen, or the end of ctx.
func ParzenScales(ctx context.Context, g Scales, n, each int, validation, test *torch.Tensor) (score ParzenScore, err error) {
	err = scoped(func() error {
		chosen, _, err := g.chances(ctx, n, each, validation)
		if err != nil {
			return err
		}
		tested, volume, err := g.chances(ctx, n, each, test)
		if err != nil {
			return err
		}
		values := make([]float64, test.Size(0))
		var sigmas []float64
		for k := range chosen {
			at := likeliest(chosen[k])
			sigmas = append(sigmas, windows[at])
			for i, v := range torch.Values[float64](tested[k].Select(1, at).Contiguous()) {
				values[i] += v
			}
		}
		for i := range values {
			values[i] += volume
		}
		score = summary(values, sigmas)
		return nil
	})
	return score, err
}

// chances are those of pictures at each scale.
func (g Scales) chances(ctx context.Context, n, each int, pictures *torch.Tensor) (all []*torch.Tensor, volume float64, err error) {
	scales, volume := g.Split(pictures)
	for k, x := range scales {
		if k == 0 {
			c, err := chances(g.Sample(0, n, nil), x)
			if err != nil {
				return nil, 0, err
			}
			all = append(all, c)
			continue
		}
		var rows []*torch.Tensor
		for i := range x.Size(0) {
			if err := ctx.Err(); err != nil {
				return nil, 0, err
			}
			if err := scoped(func() error {
				c, err := chances(g.Sample(k, each, pictures.Narrow(0, i, 1)), x.Narrow(0, i, 1))
				if err == nil {
					rows = append(rows, c.Keep())
				}
				return err
			}); err != nil {
				return nil, 0, err
			}
		}
		all = append(all, torch.Cat(rows))
	}
	return all, volume, nil
}
