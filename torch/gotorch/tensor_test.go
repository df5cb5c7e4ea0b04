//go:build gotorch

package gotorch_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	their "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn/initializer"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/gotorch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestTheProcessHasOneLibTorchAndNoCUDA(t *testing.T) {
	torchtest.Native(t)
	maps, err := os.ReadFile("/proc/self/maps")
	require.NoError(t, err)
	mapped := map[string]map[string]bool{}
	for line := range strings.Lines(string(maps)) {
		fields := strings.Fields(line)
		if path := fields[len(fields)-1]; strings.HasPrefix(path, "/") {
			name := filepath.Base(path)
			if mapped[name] == nil {
				mapped[name] = map[string]bool{}
			}
			mapped[name][path] = true
		}
	}
	for _, name := range []string{"libtorch_cpu.so", "libc10.so", "libcgotorch.so", "libforger.so"} {
		require.Len(t, mapped[name], 1, name)
	}
	require.Empty(t, mapped["libtorch.so"])
	require.Contains(t, mapped["libtorch_cpu.so"], filepath.Join(os.Getenv("LIBTORCH"), "lib", "libtorch_cpu.so"))
	system, err := torch.System()
	require.NoError(t, err)
	require.Equal(t, "2.11.0", system.LibTorch)
}

func TestBothSidesSeeOneMemory(t *testing.T) {
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		ours := torch.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
		theirs := gotorch.ToGoTorch(ours)
		require.Equal(t, []int64{2, 3}, theirs.Shape())
		theirs.AddI(their.Full([]int64{2, 3}, 10, false), 1)
		require.Equal(t, []float32{11, 12, 13, 14, 15, 16}, torch.Values[float32](ours))

		view := theirs.Transpose(0, 1)
		back := gotorch.FromGoTorch(view)
		require.Equal(t, []int{1, 3}, back.Stride(), "strides are those of the view")
		back.SetAt(0, 0, 1)
		require.Equal(t, []float32{11, 12, 13, 0, 15, 16}, torch.Values[float32](ours))
		require.EqualValues(t, 0, theirs.Index(1, 0).Item())
	})
}

func TestTensorsOfAnyTypeAndShapeCross(t *testing.T) {
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		for _, x := range []*torch.Tensor{
			torch.FromSlice([]float64{1.5}), torch.FromSlice([]int64{1, -2}, 2), torch.FromSlice([]bool{true, false}, 1, 2),
			torch.Zeros([]int{0, 3}), torch.Ones([]int{2, 1, 2, 1, 2}).ToDType(torch.BFloat16),
		} {
			back := gotorch.FromGoTorch(gotorch.ToGoTorch(x))
			require.Equal(t, x.DType(), back.DType())
			require.Equal(t, x.Shape(), back.Shape())
			require.Equal(t, x.Bytes(), back.Bytes())
		}
	})
}

func TestWhatIsNoTensorIsNilOnBothSides(t *testing.T) {
	require.Nil(t, gotorch.ToGoTorch(nil).T)
	require.Nil(t, gotorch.FromGoTorch(their.Tensor{}))
	leaf := their.RandN([]int64{2}, true)
	require.Nil(t, gotorch.FromGoTorch(leaf.Grad()), "it has no gradient yet")
}

func TestNeitherSideFreesWhatTheOtherUses(t *testing.T) {
	torchtest.NoLeaks(t)
	want := make([]float32, 1<<16)
	for i := range want {
		want[i] = float32(i)
	}
	numbers := func() *torch.Tensor { return torch.FromSlice(want, len(want)) }
	// churn hands memory that was freed to others.
	churn := func() {
		torch.Scope(func() {
			for range 64 {
				torch.Full([]int{len(want)}, -1)
			}
		})
	}
	value := func(a their.Tensor) []float32 {
		x := gotorch.FromGoTorch(a)
		defer x.Free()
		return torch.Values[float32](x)
	}
	t.Run("gotorch's tensor outlives Free", func(t *testing.T) {
		ours := numbers()
		theirs := gotorch.ToGoTorch(ours)
		ours.Free()
		churn()
		require.Equal(t, want, value(theirs))
		require.ErrorContains(t, torch.Try(func() { gotorch.ToGoTorch(ours) }), "freed")
	})
	t.Run("gotorch's tensor outlives the scope", func(t *testing.T) {
		var theirs their.Tensor
		torch.Scope(func() { theirs = gotorch.ToGoTorch(numbers()) })
		churn()
		require.Equal(t, want, value(theirs))
	})
	t.Run("Forger's tensor outlives gotorch's finalizer", func(t *testing.T) {
		finalized := make(chan bool)
		ours := func() *torch.Tensor {
			source := numbers()
			defer source.Free()
			theirs := gotorch.ToGoTorch(source)
			runtime.AddCleanup(theirs.T, func(done chan bool) { close(done) }, finalized)
			return gotorch.FromGoTorch(theirs)
		}()
		defer ours.Free()
		collect(t, finalized)
		churn()
		require.Equal(t, want, torch.Values[float32](ours))
	})
	t.Run("an autograd graph outlives both", func(t *testing.T) {
		leaf := torch.Ones([]int{4}).SetRequiresGrad(true)
		defer leaf.Free()
		finalized := make(chan bool)
		var loss *torch.Tensor
		torch.Scope(func() {
			theirs := gotorch.ToGoTorch(leaf.MulScalar(3))
			square := their.Mul(theirs, theirs)
			runtime.AddCleanup(square.T, func(done chan bool) { close(done) }, finalized)
			loss = gotorch.FromGoTorch(square.Sum()).Own()
		})
		defer loss.Free()
		collect(t, finalized)
		churn()
		loss.Backward()
		torch.Scope(func() { require.Equal(t, []float32{18, 18, 18, 18}, torch.Values[float32](leaf.Grad())) })
	})
}

// collect runs the garbage collector until what done belongs to is gone, cleanups and the finalizers before them.
func collect(t *testing.T, done chan bool) {
	t.Helper()
	for range 100 {
		runtime.GC()
		select {
		case <-done:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	require.Fail(t, "gotorch's tensor is still reachable")
}

func TestGradientsFlowThroughGotorchsOperators(t *testing.T) {
	torchtest.NoLeaks(t)
	torch.ManualSeed(1)
	torch.Scope(func() {
		double := torch.RandnOptions{TensorOptions: torch.TensorOptions{DType: torch.Float64}}
		x := torch.Randn([]int{3, 4}, double).SetRequiresGrad(true)
		w := torch.Randn([]int{4, 2}, double).SetRequiresGrad(true)
		mixed := func(in []*torch.Tensor) *torch.Tensor { // ours, theirs, ours
			h := gotorch.ToGoTorch(in[0].Sin())
			h = their.Tanh(their.MM(h, gotorch.ToGoTorch(in[1])))
			return gotorch.FromGoTorch(h).Exp()
		}
		require.NoError(t, torchtest.GradCheck(mixed, x, w))
		require.NoError(t, torchtest.GradGradCheck(mixed, x, w))
	})
}

func TestBackwardOfEitherSideFillsTheGradientsOfBoth(t *testing.T) {
	torchtest.NoLeaks(t)
	for name, backward := range map[string]func(loss *torch.Tensor){
		"Forger's":  func(loss *torch.Tensor) { loss.Backward() },
		"gotorch's": func(loss *torch.Tensor) { gotorch.ToGoTorch(loss).Backward() },
	} {
		torch.Scope(func() {
			ours := torch.FromSlice([]float32{1, 2}, 2).SetRequiresGrad(true)
			theirs := their.Full([]int64{2}, 3, true)
			y := their.Mul(gotorch.ToGoTorch(ours.Square()), theirs)
			backward(gotorch.FromGoTorch(y).Sum())
			require.Equal(t, []float32{6, 12}, torch.Values[float32](ours.Grad()), name)
			require.Equal(t, []float32{1, 4}, torch.Values[float32](gotorch.FromGoTorch(theirs.Grad())), name)
		})
	}
}

func TestModesAndRandomNumbersAreOne(t *testing.T) {
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		leaf := torch.Ones([]int{2}).SetRequiresGrad(true)
		torch.NoGrad(func() {
			x := gotorch.ToGoTorch(leaf)
			require.False(t, gotorch.FromGoTorch(x.Tanh()).RequiresGrad())
		})
		torch.ManualSeed(3)
		want := torch.Randn([]int{5})
		initializer.ManualSeed(3)
		require.Equal(t, want.Bytes(), gotorch.FromGoTorch(their.RandN([]int64{5}, false)).Bytes())
	})
}
