package transforms

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/goldentest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/torch/vision"
)

var modes = map[string]Interpolation{"nearest": Nearest, "nearest_exact": NearestExact, "bilinear": Bilinear, "bicubic": Bicubic}

// TestParity makes the tensors of the kit's group vision; the tests of package vision make its pictures. The tolerance
// of resizing is 1 of 255 levels, 1e-5 on the scale [0, 1]. Turned pictures may differ by 1 where a half is rounded
// (the kit allows 2).
func TestParity(t *testing.T) {
	torchtest.Native(t)
	for name, run := range map[string]func(x *torch.Tensor, name string, want []int) *torch.Tensor{"resize_tensor": resized, "rotate": warped} {
		dir := filepath.Join(goldentest.Core(), "vision", name)
		image := goldentest.Load(t, filepath.Join(dir, "inputs.safetensors"))["image"]
		for output, want := range goldentest.Load(t, filepath.Join(dir, "outputs.safetensors")) {
			if strings.HasSuffix(output, "pil") {
				continue
			}
			t.Run("vision/"+name+"/"+output, func(t *testing.T) {
				torch.Scope(func() {
					x := torch.FromSlice(image.Uint8(), image.Shape...).Permute(2, 0, 1).Unsqueeze(0).Contiguous()
					tolerance := 1.0
					if strings.Contains(output, ".float.") {
						x, tolerance = x.ToDType(torch.Float32).DivScalar(255), 1e-5
					}
					got := run(x, output, want.Shape).SqueezeDim(0)
					require.Equal(t, want.Shape, got.Shape())
					require.Equal(t, x.DType(), got.DType())
					diff := got.ToDType(torch.Float64).Sub(torch.FromSlice(want.Float64(), want.Shape...)).Abs()
					require.LessOrEqual(t, diff.Max().Item(), tolerance)
				})
			})
		}
	}
}

// resized makes what a name such as down.bicubic.u8.antialias1 says.
func resized(x *torch.Tensor, name string, want []int) *torch.Tensor {
	return Resize(x, want[1], want[2], modes[strings.Split(name, ".")[1]], strings.HasSuffix(name, "antialias1"))
}

// warped makes affine.tensor, perspective.tensor, or what a name such as rotate_17.5.bilinear.tensor says.
func warped(x *torch.Tensor, name string, _ []int) *torch.Tensor {
	switch rest, turn := strings.CutPrefix(name, "rotate_"); {
	case turn:
		angle, mode, _ := strings.Cut(strings.TrimSuffix(rest, ".tensor"), ".b")
		degrees, err := strconv.ParseFloat(angle, 64)
		if err != nil {
			panic(err)
		}
		return Rotate(x, degrees, Warp{Mode: modes["b"+mode]})
	case name == "affine.tensor":
		return Affine(x, vision.Affine{Angle: 10, Translate: [2]float64{3, -2}, Scale: 1.2, Shear: [2]float64{5, 0}}, Warp{})
	}
	// The kit does not say where the corners went; these give its numbers in torchvision, all of them.
	w, h := float64(x.Size(3)-1), float64(x.Size(2)-1)
	start, end := [4][2]float64{{0, 0}, {w, 0}, {w, h}, {0, h}}, [4][2]float64{{3, 2}, {40, 1}, {43, 33}, {2, 35}}
	return Perspective(x, start, end, Warp{})
}

func TestTurnedPicturesAreFilledAndGrow(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Ones([]int{2, 3, 20, 30})
		y := Rotate(x, 90, Warp{Mode: Nearest, Fill: []float64{5, 6, 7}, Expand: true})
		require.Equal(t, []int{2, 3, 30, 20}, y.Shape())
		require.Equal(t, 1.0, y.Max().Item(), "nothing comes from outside")
		y = Rotate(x, 45, Warp{Fill: []float64{5, 6, 7}})
		require.InDeltaSlice(t, []float64{5, 6, 7}, torch.Values[float32](y.Narrow(2, 0, 1).Narrow(3, 0, 1).Narrow(0, 1, 1).Contiguous()), 1e-6)
		require.Panics(t, func() { Rotate(x, 45, Warp{Fill: []float64{5}}) })
		require.Panics(t, func() { Rotate(x, 45, Warp{Mode: Bicubic}) })
	})
}

// The sizes are torchvision 0.26's.
func TestExpandedSizesAreThoseOfTorchvision(t *testing.T) {
	sizes := map[[2]int][][2]int{
		{20, 30}:  {{30, 20}, {34, 36}, {36, 36}, {30, 36}, {20, 30}, {36, 34}, {30, 20}},
		{37, 45}:  {{45, 37}, {55, 59}, {59, 59}, {49, 55}, {37, 45}, {59, 55}, {45, 37}},
		{7, 8}:    {{9, 8}, {11, 12}, {11, 12}, {11, 10}, {7, 8}, {11, 12}, {9, 8}},
		{100, 33}: {{34, 101}, {104, 79}, {96, 95}, {106, 63}, {100, 33}, {80, 105}, {34, 101}},
	}
	for size, want := range sizes {
		for i, degrees := range []float64{90, 30, 45, 17.5, 180, -60, 270} {
			h, w := turned(vision.Affine{Angle: -degrees}.Inverse(0, 0), size[0], size[1])
			require.Equal(t, want[i], [2]int{h, w}, "%v by %v", size, degrees)
		}
	}
}
