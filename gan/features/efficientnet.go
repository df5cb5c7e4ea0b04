package features

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// EfficientNetLite0 is the EfficientNet without squeeze and excitation, with ReLU6, of the TensorFlow TPU models (2020),
// trained on ImageNet. Its tensors have the names of the file efficientnet-lite0-57934424.pth. The convolutions pad as
// TensorFlow does: where the padding is odd, the extra row and column are at the end.
//
//	stem      3×3 stride 2, 32 channels
//	blocks    1 × 3×3 → 16, 2 × 3×3 → 24 (tap 0, 1/4 of the side), 2 × 5×5 → 40 (tap 1, 1/8), 3 × 3×3 → 80,
//	          3 × 5×5 → 112 (tap 2, 1/16), 4 × 5×5 → 192, 1 × 3×3 → 320
//	head      1×1 → 1280, mean, 1000 classes
//
// It takes pictures (N, 3, H, W) in (v − 127)/128, as [Lite] makes them of bytes at the side of 224.
type EfficientNetLite0 struct {
	Stem     *nn.Conv2d      `nn:"_conv_stem"`
	StemNorm *nn.BatchNorm2d `nn:"_bn0"`
	Blocks   []*mbConv       `nn:"_blocks"`
	Head     *nn.Conv2d      `nn:"_conv_head"`
	HeadNorm *nn.BatchNorm2d `nn:"_bn1"`
	FC       *nn.Linear      `nn:"_fc"`
}

// NewEfficientNetLite0 makes the network with PyTorch's default weights, in evaluation mode.
func NewEfficientNetLite0() *EfficientNetLite0 {
	n := &EfficientNetLite0{Stem: plainConv(3, 32, 3, 2, 1), StemNorm: liteNorm(32)}
	in := 32
	for _, s := range []struct{ repeat, kernel, stride, expand, out int }{
		{1, 3, 1, 1, 16}, {2, 3, 2, 6, 24}, {2, 5, 2, 6, 40}, {3, 3, 2, 6, 80}, {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192}, {1, 3, 1, 6, 320},
	} {
		for i := range s.repeat {
			stride := s.stride
			if i > 0 {
				stride = 1
			}
			n.Blocks = append(n.Blocks, newMBConv(in, s.out, s.kernel, stride, s.expand))
			in = s.out
		}
	}
	n.Head, n.HeadNorm, n.FC = plainConv(in, 1280, 1, 1, 1), liteNorm(1280), nn.NewLinear(1280, 1000)
	nn.Eval(n)
	return n
}

// Channels is 24, 40, 112.
func (n *EfficientNetLite0) Channels() []int { return []int{24, 40, 112} }

// Normalise maps pictures in [−1, 1] to what the network takes: (v − 127)/128 of the bytes v = 127.5·(x + 1), with
// gradients and of any size.
func (n *EfficientNetLite0) Normalise(x *torch.Tensor) *torch.Tensor {
	return x.MulScalar(127.5 / 128).AddScalar(0.5 / 128)
}

// Taps maps pictures to the feature maps after the stages of 24, 40 and 112 channels.
func (n *EfficientNetLite0) Taps(x *torch.Tensor) []*torch.Tensor {
	x = n.stem(x)
	var out []*torch.Tensor
	for i, b := range n.Blocks[:11] {
		x = b.Forward(x)
		if i == 2 || i == 4 || i == 10 {
			out = append(out, x)
		}
	}
	return out
}

func (n *EfficientNetLite0) stem(x *torch.Tensor) *torch.Tensor {
	return n.StemNorm.Forward(n.Stem.Forward(padSame(x, 3, 2))).ReLU6()
}

// Embed maps pictures to features (N, 1280), at least 0, and logits (N, 1000).
func (n *EfficientNetLite0) Embed(x *torch.Tensor) (features, logits *torch.Tensor) {
	x = n.stem(x)
	for _, b := range n.Blocks {
		x = b.Forward(x)
	}
	features = mean(n.HeadNorm.Forward(n.Head.Forward(x)).ReLU6())
	return features, n.FC.Forward(features)
}

// Forward maps pictures to logits (N, 1000).
func (n *EfficientNetLite0) Forward(x *torch.Tensor) *torch.Tensor {
	_, logits := n.Embed(x)
	return logits
}

// mbConv is a 1×1 expansion, a convolution of each channel, and a linear 1×1 projection, around which a block that keeps
// shape passes its input by.
type mbConv struct {
	Expand      *nn.Conv2d      `nn:"_expand_conv"` // nil where nothing is expanded
	ExpandNorm  *nn.BatchNorm2d `nn:"_bn0"`
	Depthwise   *nn.Conv2d      `nn:"_depthwise_conv"`
	Norm        *nn.BatchNorm2d `nn:"_bn1"`
	Project     *nn.Conv2d      `nn:"_project_conv"`
	ProjectNorm *nn.BatchNorm2d `nn:"_bn2"`

	kernel, stride int
	shortcut       bool
}

func newMBConv(in, out, kernel, stride, expand int) *mbConv {
	wide := in * expand
	b := &mbConv{
		Depthwise: plainConv(wide, wide, kernel, stride, wide), Norm: liteNorm(wide),
		Project: plainConv(wide, out, 1, 1, 1), ProjectNorm: liteNorm(out),
		kernel: kernel, stride: stride, shortcut: stride == 1 && in == out,
	}
	if expand != 1 {
		b.Expand, b.ExpandNorm = plainConv(in, wide, 1, 1, 1), liteNorm(wide)
	}
	return b
}

func (b *mbConv) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { // what a block widens is most of the memory
		y := x
		if b.Expand != nil {
			y = b.ExpandNorm.Forward(b.Expand.Forward(y)).ReLU6()
		}
		y = b.Norm.Forward(b.Depthwise.Forward(padSame(y, b.kernel, b.stride))).ReLU6()
		y = b.ProjectNorm.Forward(b.Project.Forward(y))
		if b.shortcut {
			y = y.Add(x)
		}
		return y
	})
}

func plainConv(in, out, kernel, stride, groups int) *nn.Conv2d {
	return nn.NewConv2d(in, out, kernel, nn.Conv{Stride: stride, Groups: groups, NoBias: true})
}

func liteNorm(channels int) *nn.BatchNorm2d {
	return nn.NewBatchNorm2d(channels, nn.BatchNorm{Eps: 1e-3, Momentum: 0.01})
}

// padSame is TensorFlow's padding SAME: the output has ⌈side/stride⌉ elements, the larger half of the padding at the end.
func padSame(x *torch.Tensor, kernel, stride int) *torch.Tensor {
	need := func(side int) int { return max(0, ((side+stride-1)/stride-1)*stride+kernel-side) }
	h, w := need(x.Size(2)), need(x.Size(3))
	return x.Pad([]int{w / 2, w - w/2, h / 2, h - h/2})
}
