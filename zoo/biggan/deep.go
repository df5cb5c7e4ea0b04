package biggan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// bottleneck is how many times fewer channels a block of BigGAN-deep has inside.
const bottleneck = 4

// DeepGBlock is the residual block of BigGAN-deep's generator: 1×1, 3×3, 3×3 and 1×1 convolutions with a norm and a ReLU
// before each, the size doubled before the first 3×3. Beside them x passes as it is: channels beyond out are dropped.
// Brock et al. 2019, figure 16; BigGANdeep.py, GBlock.
type DeepGBlock struct {
	Conv1 *nn.Conv2d          `nn:"conv1"`
	Conv2 *nn.Conv2d          `nn:"conv2"`
	Conv3 *nn.Conv2d          `nn:"conv3"`
	Conv4 *nn.Conv2d          `nn:"conv4"`
	BN1   gan.ConditionalNorm `nn:"bn1"`
	BN2   gan.ConditionalNorm `nn:"bn2"`
	BN3   gan.ConditionalNorm `nn:"bn3"`
	BN4   gan.ConditionalNorm `nn:"bn4"`

	out      int
	upsample bool
}

// newDeepGBlock makes a block from in to at most as many channels.
func (c Config) newDeepGBlock(in, out int, upsample bool, norm func(channels int) gan.ConditionalNorm) *DeepGBlock {
	inside := in / bottleneck
	b := &DeepGBlock{
		Conv1: c.conv(in, inside, 1), Conv2: c.conv(inside, inside, 3), Conv3: c.conv(inside, inside, 3),
		Conv4: c.conv(inside, out, 1), out: out, upsample: upsample,
	}
	b.BN1, b.BN2, b.BN3, b.BN4 = norm(in), norm(inside), norm(inside), norm(inside)
	return b
}

// Forward maps x (N, in, H, W) and what the norms take as y to (N, out, H, W), or with upsample to (N, out, 2H, 2W).
func (b *DeepGBlock) Forward(x, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := b.Conv1.Forward(b.BN1.Forward(x, y).ReLU())
		h = b.BN2.Forward(h, y).ReLU()
		x := x.Narrow(1, 0, b.out)
		if b.upsample {
			h, x = nn.Interpolate(h, nn.Interpolation{Scale: 2}), nn.Interpolate(x, nn.Interpolation{Scale: 2})
		}
		h = b.Conv3.Forward(b.BN3.Forward(b.Conv2.Forward(h), y).ReLU())
		return b.Conv4.Forward(b.BN4.Forward(h, y).ReLU()).Add(x)
	})
}

// DeepDBlock is the residual block of BigGAN-deep's discriminator: ReLU and a convolution, 1×1, 3×3, 3×3 and 1×1, the size
// halved by averages before the last. Beside them x passes as it is, halved too; a 1×1 convolution of it makes the channels
// that it lacks. Brock et al. 2019, figure 16; BigGANdeep.py, DBlock.
type DeepDBlock struct {
	Conv1  *nn.Conv2d `nn:"conv1"`
	Conv2  *nn.Conv2d `nn:"conv2"`
	Conv3  *nn.Conv2d `nn:"conv3"`
	Conv4  *nn.Conv2d `nn:"conv4"`
	ConvSC *nn.Conv2d `nn:"conv_sc"` // nil where in is out

	downsample bool
}

// newDeepDBlock makes a block from in to at least as many channels.
func (c Config) newDeepDBlock(in, out int, downsample bool) *DeepDBlock {
	inside := out / bottleneck
	b := &DeepDBlock{
		Conv1: c.conv(in, inside, 1), Conv2: c.conv(inside, inside, 3), Conv3: c.conv(inside, inside, 3),
		Conv4: c.conv(inside, out, 1), downsample: downsample,
	}
	if in != out {
		b.ConvSC = c.conv(in, out-in, 1)
	}
	return b
}

// Forward maps x (N, in, H, W) to (N, out, H, W), or with downsample to (N, out, H/2, W/2).
func (b *DeepDBlock) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := b.Conv2.Forward(b.Conv1.Forward(x.ReLU()).ReLU())
		h, x := b.Conv3.Forward(h.ReLU()).ReLU(), x
		if b.downsample {
			h, x = h.AvgPool2d([]int{2}), x.AvgPool2d([]int{2})
		}
		if b.ConvSC != nil {
			x = besides(x, b.ConvSC.Forward(x))
		}
		return b.Conv4.Forward(h).Add(x)
	})
}
