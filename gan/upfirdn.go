package gan

import (
	"fmt"

	"github.com/forgergan/forger/torch"
)

// UpFirDnOptions are the optional arguments of UpFirDn2d; the zero value only filters.
type UpFirDnOptions struct {
	Up   int    // zeros are put between pixels to make so many times the size, 1 if 0
	Down int    // every so many-th pixel is kept, 1 if 0
	Pad  [4]int // pixels of 0 added after Up at the left, right, top and bottom; negative ones are cut off
}

// UpFirDn2d resamples x (N, C, H, W) as StyleGAN2's operator upfirdn2d does: it puts zeros between the pixels, pads,
// convolves every channel with kernel (h, w), not flipped as a convolutional layer's, and keeps some of the pixels. The
// result has ((H·Up + padding − h)/Down + 1, …) pixels, rounded down. Karras et al. 2020, appendix B.
func UpFirDn2d(x, kernel *torch.Tensor, o ...UpFirDnOptions) *torch.Tensor {
	c := only(o)
	up, down := otherwise(c.Up, 1), otherwise(c.Down, 1)
	if up < 1 || down < 1 || kernel.Dim() != 2 {
		panic(misuse("UpFirDn2d", fmt.Sprintf("%d up and %d down by a kernel (h, w)", up, down), kernel))
	}
	return torch.Tidy(func() *torch.Tensor {
		n, ch, h, w := x.Size(0), x.Size(1), x.Size(2), x.Size(3)
		x := x.Reshape(n*ch, 1, h, w)
		if up > 1 {
			x = x.View(n*ch, 1, h, 1, w, 1).Pad([]int{0, up - 1, 0, 0, 0, up - 1}).View(n*ch, 1, h*up, w*up)
		}
		x = torch.Conv2d(x.Pad(c.Pad[:]), kernel.Flip(0, 1).Unsqueeze(0).Unsqueeze(0), torch.Conv2dOptions{
			Stride: []int{down},
		})
		return x.View(n, ch, x.Size(2), x.Size(3))
	})
}
