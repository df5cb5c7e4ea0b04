package features

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// TestTrunksAreThoseOfTorchvision compares with torchvision 0.26 on weights that a formula gives.
func TestTrunksAreThoseOfTorchvision(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	type tap struct {
		shape         []int
		mean, largest float64
	}
	for _, test := range []struct {
		name    string
		trunk   func() *ClassifierTrunk
		tensors int
		last    string
		want    []tap
	}{
		{"alexnet", NewAlexNet, 10, "features.10.bias", []tap{
			{[]int{2, 64, 15, 11}, 0.0669601, 0.45732}, {[]int{2, 192, 7, 5}, 0.0312888, 0.133463},
			{[]int{2, 384, 3, 2}, 0.0322032, 0.103406}, {[]int{2, 256, 3, 2}, 0.0321925, 0.114008},
			{[]int{2, 256, 3, 2}, 0.0318285, 0.101493},
		}},
		{"vgg16", NewVGG16, 26, "features.28.bias", []tap{
			{[]int{2, 64, 64, 48}, 0.0377412, 0.434254}, {[]int{2, 128, 32, 24}, 0.0335756, 0.109992},
			{[]int{2, 256, 16, 12}, 0.0319568, 0.115695}, {[]int{2, 512, 8, 6}, 0.0324936, 0.124169},
			{[]int{2, 512, 4, 3}, 0.0331616, 0.174215},
		}},
		{"squeezenet1_1", NewSqueezeNet, 50, "features.12.expand3x3.bias", []tap{
			{[]int{2, 64, 31, 23}, 0.0906993, 0.387154}, {[]int{2, 128, 15, 11}, 0.17458, 1.15319},
			{[]int{2, 256, 7, 5}, 0.200448, 1.33526}, {[]int{2, 384, 3, 2}, 0.0726273, 0.490832},
			{[]int{2, 384, 3, 2}, 0.0501735, 0.263675}, {[]int{2, 512, 3, 2}, 0.0669129, 0.336008},
			{[]int{2, 512, 3, 2}, 0.0709969, 0.439203},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			torch.Scope(func() {
				torch.NoGrad(func() {
					trunk := test.trunk()
					state := nn.StateDict(trunk)
					require.Len(t, state, test.tensors)
					require.Equal(t, "features.0.weight", state[0].Name)
					require.Equal(t, test.last, state[len(state)-1].Name)
					fill(t, trunk)
					defer free(trunk)
					x := torch.Arange(0, 2*3*64*48).ToDType(torch.Float64).MulScalar(0.11).Sin().View(2, 3, 64, 48).ToDType(torch.Float32)
					taps := trunk.Taps(x)
					require.Len(t, taps, len(test.want))
					for i, want := range test.want {
						require.Equal(t, want.shape, taps[i].Shape())
						require.Equal(t, want.shape[1], trunk.Channels()[i])
						require.InEpsilon(t, want.mean, taps[i].Mean().Item(), 1e-5)
						require.InEpsilon(t, want.largest, taps[i].Max().Item(), 1e-5)
					}
				})
			})
		})
	}
}
