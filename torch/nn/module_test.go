package nn_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestApplyVisitsChildrenFirst(t *testing.T) {
	native(t, func() {
		var visited []string
		nn.Apply(newTower(), func(m any) { visited = append(visited, fmt.Sprintf("%T", m)) })
		require.Equal(t, []string{
			"*nn.ConvTranspose2d", "*nn.BatchNorm2d", "*nn_test.block",
			"*nn.ConvTranspose2d", "*nn.BatchNorm2d", "*nn_test.block",
			"*nn.Linear", "*nn_test.tower",
		}, visited)
		visited = nil
		nn.Apply(nn.NewSequential(nn.NewSequential(nn.ReLU{}), nn.Tanh{}), func(m any) { visited = append(visited, fmt.Sprintf("%T", m)) })
		require.Equal(t, []string{"nn.ReLU", "*nn.Sequential", "nn.Tanh", "*nn.Sequential"}, visited)
	})
}

func TestNumParametersCountsNumbersOfParametersOnly(t *testing.T) {
	native(t, func() {
		require.Equal(t, 2+(4*3*2*2+3)+2*3+3*2*2*2+(2+1), nn.NumParameters(newTower()))
		require.Zero(t, nn.NumParameters(nn.ReLU{}))
	})
}

func TestATiedParameterHasTwoNamesButIsLearntOnce(t *testing.T) {
	native(t, func() {
		a, b := nn.NewLinear(2, 2), nn.NewLinear(2, 2)
		b.Weight = a.Weight
		net := nn.NewSequential(a, b)
		require.Len(t, nn.StateDict(net), 4)
		require.Len(t, nn.Parameters(net), 3)
		require.Equal(t, 8, nn.NumParameters(net))
	})
}

func TestTrainAndEvalReachEveryBatchNorm(t *testing.T) {
	native(t, func() {
		net := nn.NewSequential(nn.NewSequential(nn.NewBatchNorm2d(1)), nn.Tanh{})
		x := torch.Full([]int{2, 1, 1, 1}, 0.5)
		require.Zero(t, net.Forward(x).Sum().Item(), "a new module is in training: x less its mean is 0")
		nn.Eval(net)
		y := net.Forward(x).Sum().Item()
		require.NotZero(t, y, "the running mean is still small")
		require.Equal(t, y, net.Forward(x).Sum().Item(), "evaluation leaves the averages alone")
		nn.Train(net)
		require.Zero(t, net.Forward(x).Sum().Item())
	})
}

func TestFreezeIsUndoneByItsFunctionAlsoNestedAndAfterAPanic(t *testing.T) {
	native(t, func() {
		l := nn.NewLinear(2, 1)
		l.Bias.SetRequiresGrad(false)
		state := func() [2]bool { return [2]bool{l.Weight.RequiresGrad(), l.Bias.RequiresGrad()} }
		require.Panics(t, func() {
			defer nn.Freeze(l)()
			func() {
				defer nn.Freeze(l)()
				require.Equal(t, [2]bool{false, false}, state())
			}()
			require.Equal(t, [2]bool{false, false}, state(), "the inner one does not undo the outer one")
			panic("a failed step")
		})
		require.Equal(t, [2]bool{true, false}, state(), "what was frozen before stays so")
	})
}

func TestToKeepsTheParametersThatAnOptimiserHolds(t *testing.T) {
	native(t, func() {
		net := nn.NewSequential(nn.NewConv2d(2, 2, 3), nn.NewBatchNorm2d(2))
		before := nn.StateDict(net)
		opt := optim.NewSGD(nn.Parameters(net), optim.SGDOptions{LR: 1})
		net.Forward(torch.Ones([]int{1, 2, 4, 4})).Square().Sum().Backward() // leaves float32 gradients
		nn.To(net, nn.ToOptions{DType: torch.Float64, MemoryFormat: torch.ChannelsLast})
		opt.Step()
		for i, e := range nn.StateDict(net) {
			require.Same(t, before[i].Tensor, e.Tensor, e.Name)
			require.Equal(t, !e.Buffer, e.Tensor.RequiresGrad(), e.Name)
			if e.Name == "1.num_batches_tracked" {
				require.Equal(t, torch.Int64, e.Tensor.DType())
				continue
			}
			require.Equal(t, torch.Float64, e.Tensor.DType(), e.Name)
			if !e.Buffer {
				require.Equal(t, torch.Float64, e.Tensor.Grad().DType(), e.Name)
			}
		}
		conv := net.Layers[0].(*nn.Conv2d)
		require.True(t, conv.Weight.IsContiguous(torch.ChannelsLast))

		opt.ZeroGrad()
		old := conv.Bias.Detach().Clone()
		net.Forward(torch.Ones([]int{1, 2, 4, 4}, torch.TensorOptions{DType: torch.Float64})).Sum().Backward()
		conv.Bias.SetGrad(torch.Ones([]int{2}, torch.TensorOptions{DType: torch.Float64}))
		opt.Step()
		require.True(t, conv.Bias.Detach().Equal(old.AddScalar(-1)))
	})
}

// probe is the identity; it notes what passes, and fails if one of those before is still alive.
type probe struct {
	t      *testing.T
	passed *[]*torch.Tensor
}

func (p probe) Forward(x *torch.Tensor) *torch.Tensor {
	for _, before := range *p.passed {
		if before != x {
			requireFreed(p.t, before)
		}
	}
	*p.passed = append(*p.passed, x)
	return x
}

func requireFreed(t *testing.T, x *torch.Tensor) {
	t.Helper()
	var e *torch.Error
	require.ErrorAs(t, torch.Try(func() { x.Shape() }), &e)
	require.Equal(t, torch.StaleTensor, e.Code)
}

func TestSequentialFreesEachTensorOnceItsReaderIsDone(t *testing.T) {
	native(t, func() {
		p := probe{t, &[]*torch.Tensor{}}
		net := nn.NewSequential(nn.NewLinear(4, 4), p, nn.Tanh{}, p, nn.NewLinear(4, 4), p, nn.Tanh{}, p, p, nn.Tanh{})
		x := torch.Ones([]int{3, 4})
		y := net.Forward(x)
		require.Len(t, *p.passed, 5)
		requireFreed(t, (*p.passed)[4])
		y.Sum().Backward()
		require.NotNil(t, net.Layers[0].(*nn.Linear).Weight.Grad(), "the graph kept what it needs")

		same := probe{t, &[]*torch.Tensor{}}
		require.Same(t, x, nn.NewSequential().Forward(x), "an empty one is the identity")
		require.Same(t, x, nn.NewSequential(same, same).Forward(x))
		require.Equal(t, []int{3, 4}, x.Shape(), "the input stays")
	})
}

func TestAModuleThatGoesTakesItsTensorsAlong(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() { newTower().Head.Forward(torch.Ones([]int{1, 2})).Sum().Backward() })
}

func TestPaddingSameKeepsTheSizeOfEvenKernelsToo(t *testing.T) {
	native(t, func() {
		x := torch.Of(float32(1)).View(1, 1, 1, 1)
		l := nn.NewConv2d(1, 1, 2, nn.Conv{Padding: "same", NoBias: true})
		y := l.Forward(x)
		require.Equal(t, []int{1, 1, 1, 1}, y.Shape())
		require.Equal(t, l.Weight.View(4).Select(0, 0).Item(), y.Item(), "the larger half of the padding is at the end")
		wide := nn.NewConv2d(1, 1, []int{3, 4}, nn.Conv{Padding: "same", Dilation: []int{2, 1}, PaddingMode: "circular"})
		require.Equal(t, []int{2, 1, 5, 6}, wide.Forward(torch.Ones([]int{2, 1, 5, 6})).Shape())
	})
}

func TestLayersRefuseSettingsThatNoLayerHas(t *testing.T) {
	native(t, func() {
		for message, build := range map[string]func(){
			"kernel [1 2 3] is neither a whole number nor a []int of 2":      func() { nn.NewConv2d(1, 1, []int{1, 2, 3}) },
			"stride 1.5 is neither a whole number nor a []int of 2":          func() { nn.NewConv2d(1, 1, 1, nn.Conv{Stride: 1.5}) },
			"padding full is neither a whole number nor a []int of 2":        func() { nn.NewConv2d(1, 1, 1, nn.Conv{Padding: "full"}) },
			"padding mode \"mirror\" is not zeros, reflect, replicate or ci": func() { nn.NewConv2d(1, 1, 1, nn.Conv{PaddingMode: "mirror"}) },
			"padding \"same\" needs stride 1, not 2":                         func() { nn.NewConv2d(1, 1, 3, nn.Conv{Padding: "same", Stride: 2}) },
			"2 groups do not divide 3 and 4 channels":                        func() { nn.NewConv2d(3, 4, 1, nn.Conv{Groups: 2}) },
			"a transposed convolution takes a number as padding":             func() { nn.NewConvTranspose2d(1, 1, 1, nn.Conv{Padding: "same"}) },
			"needs from 7 to 8 along dimension 1": func() {
				nn.NewConvTranspose2d(1, 1, 3, nn.Conv{Stride: 2, Padding: 1}).ForwardSize(torch.Ones([]int{1, 1, 4, 4}), []int{8, 9})
			},
		} {
			err := torch.Try(build)
			require.ErrorContains(t, err, message)
			require.NotContains(t, err.Error(), "\n")
		}
	})
}
