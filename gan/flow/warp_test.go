package flow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestParityWithVid2vid(t *testing.T) {
	parity.Run(t, "vid2vid/resample", func(t *testing.T, c *parity.Case) {
		image, f := c.Inputs["image"].SetRequiresGrad(true), c.Inputs["flow"].SetRequiresGrad(true)
		out := flow.Warp(image, f)
		c.Check("out", out)
		c.Check("identity", flow.Warp(image, f.ZerosLike()))
		loss := out.Mul(c.Inputs["proj"]).Sum()
		c.Check("loss", loss)
		grads := torch.Grad([]*torch.Tensor{loss}, []*torch.Tensor{image, f})
		c.Check("grad.input.image", grads[0])
		c.Check("grad.input.flow", grads[1])

		h, w := image.Size(2), image.Size(3)
		across, down := torch.Linspace(-1, 1, w).View(1, w).Expand([]int{h, w}), torch.Linspace(-1, 1, h).View(h, 1).Expand([]int{h, w})
		grid := torch.Stack([]*torch.Tensor{across, down}).ToDevice(c.Device())
		c.Check("grid", grid.Unsqueeze(0).Expand([]int{image.Size(0), 2, h, w}))
		// what the official code gives where PyTorch's later default holds, for which it was not written
		half := torch.FromSlice([]float32{float32(w-1) / 2, float32(h-1) / 2}, 2, 1, 1).ToDevice(c.Device())
		edges := torch.GridSample(image, grid.Add(f.Div(half)).Permute(0, 2, 3, 1), torch.GridSampleOptions{PaddingMode: "border"})
		c.Check("out_align_corners_false", edges)

		again := flow.Resample(image, f)
		c.CheckWith("out", again, c.Outputs["out"])
		grads = torch.Grad([]*torch.Tensor{again.Mul(c.Inputs["proj"]).Sum()}, []*torch.Tensor{image, f})
		c.CheckWith("grad.input.image", grads[0], c.Outputs["grad.input.image"])
		c.CheckWith("grad.input.flow", grads[1], c.Outputs["grad.input.flow"])
	})
}

func TestResampleCopiesBitsAtWholePixels(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Randn([]int{2, 3, 5, 7})
		f := torch.Ones([]int{2, 2, 5, 7}).MulScalar(2)
		got := flow.Resample(x, f)
		require.Equal(t, 1, got.Narrow(2, 0, 3).Narrow(3, 0, 5).Eq(x.Narrow(2, 2, 3).Narrow(3, 2, 5)).All().Int())
		require.Equal(t, 1, got.At(0, 1, 4, 6).Eq(x.At(0, 1, 4, 6)).Int(), "beyond the border is what is on it")
	})
}
