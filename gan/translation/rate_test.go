package translation

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/torchtest"
)

// The numbers are those of the official get_scheduler in PyTorch 2.11, stepped before each pass.
func TestLearningRatesAreTheOfficialOnesInEveryPass(t *testing.T) {
	torchtest.Native(t)
	for _, test := range []struct {
		rate Rate
		want map[int]float64 // by pass, from 1 on
	}{
		{Rate{}, map[int]float64{1: 1, 200: 1}},
		{Rate{Policy: "constant"}, map[int]float64{1: 1, 200: 1}},
		{Rate{Policy: "linear", Full: 100, Decay: 100}, map[int]float64{1: 1, 99: 1, 100: 100. / 101, 150: 50. / 101, 199: 1. / 101, 200: 0, 201: 0}},
		{Rate{Policy: "step", Every: 50}, map[int]float64{1: 1, 49: 1, 50: 0.1, 99: 0.1, 100: 0.01, 150: 0.001}},
		{Rate{Policy: "cosine", Full: 100}, map[int]float64{1: 0.9997532801828658, 50: 0.5, 75: 0.1464466094067262, 100: 0, 150: 0.5}},
	} {
		w := torch.Zeros([]int{1}).SetRequiresGrad(true)
		opt := optim.NewAdam([]*torch.Tensor{w}, optim.AdamOptions{LR: 2e-4})
		s := test.rate.Schedule(opt)
		for pass := 1; pass <= 201; pass++ {
			if want, ok := test.want[pass]; ok {
				require.InDelta(t, want, opt.Groups()[0].LR/2e-4, 1e-9, "%+v, pass %d", test.rate, pass)
			}
			s.Step()
		}
	}
}

func TestARateWithoutItsPassesPanics(t *testing.T) {
	torchtest.Native(t)
	opt := optim.NewAdam([]*torch.Tensor{torch.Zeros([]int{1}).SetRequiresGrad(true)}, optim.AdamOptions{LR: 2e-4})
	for _, r := range []Rate{{Policy: "plateau"}, {Policy: "step"}, {Policy: "cosine"}, {Policy: "linear", Decay: -1}} {
		require.Error(t, torch.Try(func() { r.Schedule(opt) }), "%+v", r)
	}
}
