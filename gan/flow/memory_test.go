package flow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// counted counts the pairs that an estimator is asked for.
type counted struct {
	flow.Estimator
	pairs int
}

func (c *counted) Flow(im1, im2 *torch.Tensor) *torch.Tensor {
	c.pairs += im1.Size(0)
	return c.Estimator.Flow(im1, im2)
}

func TestAMemoryEstimatesAPairOnceAndAlwaysTheSame(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		a1, a2, _, _ := pairOf(texture(4, 96, 112), motion{2, 1, 3, 1}, 32)
		b1, b2, _, _ := pairOf(texture(5, 96, 112), motion{0, 1, -5, 2}, 32)
		all := func(x ...*torch.Tensor) *torch.Tensor { return torch.Cat(x) }
		for _, c := range []struct {
			name  string
			bytes int
			pairs []int // estimated after each call
		}{
			{"room for all", 1 << 20, []int{2, 2, 3, 3}},
			{"room for one", 2 * 4 * 32 * 48, []int{2, 4, 5, 7}},
		} {
			e := &counted{Estimator: flow.NewLucasKanade()}
			m := flow.NewMemory(e, c.bytes)
			for i, call := range [][2]*torch.Tensor{
				{all(a1, b1), all(a2, b2)},
				{all(b1, a1, b1), all(b2, a2, b2)},
				{a1.Flip(3), a2.Flip(3)},
				{all(b1, b1), all(b2, b2)},
			} {
				f, sure := flow.Reference(m, call[0], call[1])
				require.Equal(t, c.pairs[i], e.pairs, "%s, call %d", c.name, i)
				for k := range call[0].Size(0) {
					one := func(x *torch.Tensor) *torch.Tensor { return x.Narrow(0, k, 1) }
					want, trust := flow.Reference(flow.NewLucasKanade(), one(call[0]), one(call[1]))
					require.True(t, one(f).Equal(want), "%s, call %d, pair %d", c.name, i, k)
					require.True(t, one(sure).Equal(trust), "%s, call %d, pair %d", c.name, i, k)
				}
			}
		}
	})
}
