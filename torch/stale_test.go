package torch_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestEveryUseOfAFreedTensorIsATypedPanic(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x, y := one(), one()
		x.Free()
		for name, use := range map[string]func(){
			"receiver":          func() { x.Add(y) },
			"operand":           func() { y.Add(x) },
			"in place":          func() { x.ZeroInPlace() },
			"in a list":         func() { torch.Cat([]*torch.Tensor{y, x}) },
			"optional":          func() { torch.Linear(y, y.View(1, 2), torch.LinearOptions{Bias: x}) },
			"index":             func() { y.At(x) },
			"shape":             func() { x.Shape() },
			"values":            func() { torch.Values[float32](x) },
			"bytes":             func() { x.Bytes() },
			"item":              func() { x.Item() },
			"print":             func() { _ = x.String() },
			"keep":              func() { x.Keep() },
			"own":               func() { x.Own() },
			"gradient":          func() { x.Grad() },
			"set the gradient":  func() { y.SetGrad(x) },
			"backward":          func() { x.Backward() },
			"many gradients":    func() { torch.Grads([]*torch.Tensor{y, x}) },
			"drop gradients":    func() { torch.ClearGrads([]*torch.Tensor{x}) },
			"requires gradient": func() { x.SetRequiresGrad(true) },
			"never made":        func() { new(torch.Tensor).Add(y) },
		} {
			err := torch.Try(use)
			var e *torch.Error
			require.ErrorAs(t, err, &e, name)
			require.Equal(t, torch.StaleTensor, e.Code, name)
			require.Contains(t, e.Error(), "the tensor was already freed, or its scope has ended", name)
		}
		isAlive(t, y)
	})
}

func TestANilTensorIsNamedInTheError(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		require.EqualError(t, torch.Try(func() { one().Add(nil) }), "torch.Add: argument 2 is a nil tensor")
		require.ErrorContains(t, torch.Try(func() { torch.Cat([]*torch.Tensor{one(), nil}) }), "tensor 1 of the list is nil")
		require.ErrorContains(t, torch.Try(func() { torch.Cat([]*torch.Tensor{new(torch.Tensor)}) }), "tensor 0 of the list is nil")
	})
}

// Eight goroutines make, use and free each other's tensors at random. Whatever the order, a use is right or
// panics with StaleTensor; and in the end nothing is left.
func TestRandomUseFromManyGoroutinesNeverCrashes(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	const goroutines, rounds = 8, 300
	var shared [32]atomic.Pointer[torch.Tensor]
	var stale, fine atomic.Int64
	var wg sync.WaitGroup
	failed := make(chan error, goroutines)
	for g := range goroutines {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			pick := func() *torch.Tensor { return shared[r.IntN(len(shared))].Load() }
			publish := func(x *torch.Tensor) { shared[r.IntN(len(shared))].Store(x) }
			step := func() {
				x, y := pick(), pick()
				if x == nil || y == nil {
					publish(one())
					return
				}
				switch r.IntN(12) {
				case 0:
					publish(one())
				case 1:
					publish(x.Add(y).Keep())
				case 2:
					publish(x.Mul(y).Own())
				case 3:
					x.Free()
				case 4:
					x.Keep()
				case 5:
					torch.Cat([]*torch.Tensor{x, y, x})
				case 6:
					publish(x.View(2))
				case 7:
					torch.Values[float32](x)
				case 8:
					publish(torch.Tidy(func() *torch.Tensor { return x.Neg().Add(y) }))
				case 9:
					x.CopyInPlace(y)
				case 10:
					_ = x.String()
				case 11:
					torch.Stack([]*torch.Tensor{x, y}).Chunk(2)
				}
			}
			for range rounds {
				err := torch.Try(func() {
					torch.Scope(func() {
						for range 8 {
							step()
						}
					})
				})
				var e *torch.Error
				switch {
				case err == nil:
					fine.Add(1)
				case errors.As(err, &e) && e.Code == torch.StaleTensor:
					stale.Add(1)
				default:
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(failed)
	require.NoError(t, <-failed)
	require.Positive(t, stale.Load(), "some use must have come too late, or the test tests nothing")
	require.Positive(t, fine.Load())
	for i := range shared {
		shared[i].Store(nil)
	}
}
