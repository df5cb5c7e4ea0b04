package torch_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// block is a piece of network with a parameter that it uses twice, dropout and an in-place operation.
func block(w *torch.Tensor) func(in tensors) tensors {
	return func(in tensors) tensors {
		h := torch.Dropout(in[0].MM(w).Tanh(), 0.5, true)
		h = h.MulScalar(2).MulInPlace(in[0].Sigmoid()).MM(w)
		return tensors{h, h.Exp()}
	}
}

// A runner is torch.Checkpoint or its like.
type runner func(f func(tensors) tensors, in ...*torch.Tensor) tensors

func directly(f func(tensors) tensors, in ...*torch.Tensor) tensors { return f(in) }

// deep runs two blocks, one of them twice, by run and returns everything that gradients have an effect on, as bytes.
func deep(run runner) (all [][]byte) {
	torch.Scope(func() {
		torch.ManualSeed(3)
		x := torch.Randn([]int{4, 5}).SetRequiresGrad(true)
		w1, w2 := torch.Randn([]int{5, 5}).SetRequiresGrad(true), torch.Randn([]int{5, 5}).SetRequiresGrad(true)
		leaves := tensors{x, w1, w2}
		h := run(block(w1), x.MulScalar(1))
		h = run(func(in tensors) tensors { // a checkpoint inside another
			return run(block(w2), run(block(w1), in[1])[0].Add(in[0]))
		}, h...)
		loss := h[0].Square().Mean().Add(h[1].Mean())
		g := torch.Grad(tensors{loss}, leaves, torch.GradOptions{CreateGraph: true})
		penalty := g[0].Square().Sum().Add(loss)
		penalty.Backward(torch.BackwardOptions{RetainGraph: true})
		for _, t := range append(append(h, g...), torch.Grads(leaves)...) {
			all = append(all, t.Detach().Bytes())
		}
		penalty.Backward()
		for _, t := range append(torch.Grads(leaves), torch.Rand([]int{3})) {
			all = append(all, t.Bytes())
		}
	})
	return all
}

func TestACheckpointChangesNoBitOfAnyGradient(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	require.Equal(t, deep(directly), deep(torch.Checkpoint))
}

func TestACheckpointRunsItsFunctionAgainOnlyForABackwardPass(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		runs := 0
		f := func(in tensors) tensors { runs++; return tensors{in[0].Exp().Sin().Sum()} }
		torch.NoGrad(func() { torch.Checkpoint(f, leaf(1)) })
		require.Equal(t, 1, runs)
		y := torch.Checkpoint(f, leaf(1))[0]
		require.Equal(t, 2, runs)
		y.Backward(torch.BackwardOptions{RetainGraph: true})
		require.Equal(t, 3, runs)
		y.Backward()
		require.Equal(t, 4, runs, "once a pass")
		require.ErrorContains(t, torch.Try(func() { y.Backward() }), "a second time")
		w := leaf(2)
		torch.Checkpoint(func(tensors) tensors { return tensors{w.Square().Sum()} })[0].Backward()
		require.Equal(t, []float64{4}, grads(t, w), "no input, one captured parameter")
	})
}

func TestACheckpointedFunctionMustDoTheSameTwice(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := leaf(1, 2)
		for want, second := range map[string]func(*torch.Tensor) *torch.Tensor{
			"torch.Backward: the function saved 2 tensors for its gradient and, run again, 1": (*torch.Tensor).Exp,
			"was Double [2] and, run again, Float [2]; it must do the same both times": func(x *torch.Tensor) *torch.Tensor {
				return x.ToDType(torch.Float32).Exp().Exp()
			},
		} {
			run := 0
			y := torch.Checkpoint(func(in tensors) tensors {
				if run++; run == 2 {
					return tensors{second(in[0])}
				}
				return tensors{in[0].Exp().Exp()}
			}, x)[0]
			require.ErrorContains(t, torch.Try(func() { y.Sum().Backward() }), want)
		}
		h := x.MulScalar(1)
		y := torch.Checkpoint(func(in tensors) tensors { return tensors{in[0].Exp()} }, h)[0]
		h.AddScalarInPlace(1)
		require.ErrorContains(t, torch.Try(func() { y.Sum().Backward() }), "has been modified by an inplace operation")
	})
}

func TestAPanicInACheckpointLeavesNothingBehind(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := leaf(1, 2)
		require.PanicsWithValue(t, "first run", func() {
			torch.Checkpoint(func(in tensors) tensors { in[0].Exp(); panic("first run") }, x)
		})
		run := 0
		y := torch.Checkpoint(func(in tensors) tensors {
			if run++; run == 2 {
				in[0].Exp()
				panic("second run")
			}
			return tensors{in[0].Exp()}
		}, x)[0].Sum()
		require.PanicsWithValue(t, "second run", func() { y.Backward(torch.BackwardOptions{RetainGraph: true}) })
		y.Backward()
		require.NotNil(t, x.Grad(), "the third run went well")
		require.Zero(t, torch.CurrentStats().Depth-1)
	})
}

// A penalty inside a checkpointed function takes gradients within both runs.
func TestAFunctionWithGradientsInsideCanBeCheckpointed(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := leaf(0.5, 2)
		f := func(in tensors) tensors {
			g := torch.Grad(tensors{in[0].Pow(3).Exp().Sum()}, in, torch.GradOptions{CreateGraph: true})[0]
			return tensors{g.Square().Sum()}
		}
		want := torch.Grad(f(tensors{x}), tensors{x})[0]
		got := torch.Grad(torch.Checkpoint(f, x), tensors{x})[0]
		require.Equal(t, want.Bytes(), got.Bytes())
	})
}

// TestCheckpointsLowerTheMemoryOfADeepNetwork runs ten blocks of ten layers in processes of their own, whose peak of
// resident memory the system knows. Checkpointed, the activations of one block exist at a time.
func TestCheckpointsLowerTheMemoryOfADeepNetwork(t *testing.T) {
	torchtest.Native(t)
	const variable = "FORGER_TEST_CHECKPOINT"
	const width, batch, blocks, layers = 64, 4096, 10, 10 // 1 MiB an activation
	if kind := os.Getenv(variable); kind != "" {
		run := map[string]runner{"checkpointed": torch.Checkpoint, "plain": func(f func(tensors) tensors, in ...*torch.Tensor) tensors {
			return torch.TidyAll(func() tensors { return f(in) })
		}}[kind]
		torch.SetThreads(1)
		torch.Scope(func() {
			w := torch.Ones([]int{width, width}).DivScalar(width).SetRequiresGrad(true)
			step := func(blocks int) {
				torch.Scope(func() {
					h := tensors{torch.Ones([]int{batch, width})}
					for range blocks {
						h = run(func(in tensors) tensors {
							h := in[0]
							for range layers {
								h = h.MM(w).Tanh()
							}
							return tensors{h}
						}, h...)
					}
					h[0].Mean().Backward()
				})
			}
			step(1)
			before := peakMemory(t)
			step(blocks)
			fmt.Printf("%s: %d\n", variable, peakMemory(t)-before)
		})
		return
	}
	peak := func(kind string) (bytes int) {
		c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		c.Env = append(os.Environ(), variable+"="+kind, "MALLOC_TRIM_THRESHOLD_=1000000") // give memory back at once
		out, err := c.CombinedOutput()
		require.NoError(t, err, string(out))
		_, rest, _ := strings.Cut(string(out), variable+": ")
		_, err = fmt.Sscan(rest, &bytes)
		require.NoError(t, err, string(out))
		return bytes
	}
	plain, checkpointed := peak("plain"), peak("checkpointed")
	t.Logf("activations of %d layers take %.0f MB more than those of %d, checkpointed %.0f MB", blocks*layers, float64(plain)/1e6, layers, float64(checkpointed)/1e6)
	require.Greater(t, plain, (blocks-1)*layers<<20)
	require.Less(t, checkpointed, plain/4)
}

// peakMemory is the most resident memory that this process ever had, in bytes.
func peakMemory(t *testing.T) int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("the peak of resident memory is read on Linux only")
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kilobytes int
	_, err = fmt.Sscan(rest, &kilobytes)
	require.NoError(t, err)
	return kilobytes << 10
}
