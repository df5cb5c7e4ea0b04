package torch_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/goldentest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// TestParityResize resizes a picture as torchvision resizes tensors. Package torch/vision has the same for pictures of
// bytes, as Pillow does it. The tolerance is the kit's: 1 of 255 levels, 1e-5 on the scale [0, 1].
func TestParityResize(t *testing.T) {
	torchtest.Native(t)
	dir := filepath.Join(goldentest.Core(), "vision", "resize_tensor")
	image := goldentest.Load(t, filepath.Join(dir, "inputs.safetensors"))["image"]
	for name, want := range goldentest.Load(t, filepath.Join(dir, "outputs.safetensors")) {
		t.Run("vision/resize_tensor/"+name, func(t *testing.T) {
			torch.Scope(func() {
				x := torch.FromSlice(image.Uint8(), image.Shape...).Permute(2, 0, 1).Unsqueeze(0).Contiguous()
				tolerance := 1.0
				if strings.Contains(name, ".float.") {
					x, tolerance = x.ToDType(torch.Float32).DivScalar(255), 1e-5
				}
				// torchvision resizes bytes by cubes in float32, where they may overshoot.
				throughFloat := strings.Contains(name, ".bicubic.u8")
				if throughFloat {
					x = x.ToDType(torch.Float32)
				}
				got := resize(t, x, name, want.Shape[1:]).SqueezeDim(0)
				if throughFloat {
					got = got.Clamp(torch.ClampOptions{Min: 0, Max: 255}).Round()
				}
				require.Equal(t, want.Shape, got.Shape())
				expected := torch.FromSlice(want.Float64(), want.Shape...)
				require.LessOrEqual(t, got.ToDType(torch.Float64).Sub(expected).Abs().Max().Item(), tolerance)
			})
		})
	}
}

// resize makes what a name such as down.bicubic.u8.antialias1 says.
func resize(t *testing.T, x *torch.Tensor, name string, size []int) *torch.Tensor {
	smooth := strings.HasSuffix(name, "antialias1")
	switch filter := strings.Split(name, ".")[1]; {
	case filter == "nearest":
		return x.UpsampleNearest2d(size)
	case filter == "nearest_exact":
		return x.UpsampleNearestExact2d(size)
	case filter == "bilinear" && smooth:
		return x.UpsampleBilinear2dAA(size, false)
	case filter == "bilinear":
		return x.UpsampleBilinear2d(size, false)
	case filter == "bicubic" && smooth:
		return x.UpsampleBicubic2dAA(size, false)
	case filter == "bicubic":
		return x.UpsampleBicubic2d(size, false)
	}
	t.Fatalf("unknown output %s", name)
	return nil
}
