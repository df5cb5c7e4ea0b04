package features

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// ResNet is a residual classifier of He et al. 2016, trained here for GAN-train, GAN-test and the classification accuracy
// score. Its tensors have torchvision's names.
type ResNet struct {
	Conv1  *nn.Conv2d      `nn:"conv1"`
	BN1    *nn.BatchNorm2d `nn:"bn1"`
	Layer1 *nn.Sequential  `nn:"layer1"`
	Layer2 *nn.Sequential  `nn:"layer2"`
	Layer3 *nn.Sequential  `nn:"layer3"`
	Layer4 *nn.Sequential  `nn:"layer4"` // nil in the one of 32 layers
	FC     *nn.Linear      `nn:"fc"`

	name string
	pool bool
}

// NewResNet18 is torchvision's resnet18 for pictures (N, channels, H, W) of about 224 pixels: 7×7 convolution of stride
// 2, pooling, four stages of two blocks with 64, 128, 256 and 512 channels.
func NewResNet18(channels, classes int) *ResNet {
	r := &ResNet{
		Conv1: nn.NewConv2d(channels, 64, 7, nn.Conv{Stride: 2, Padding: 3, NoBias: true}), BN1: nn.NewBatchNorm2d(64),
		Layer1: stage(64, 64, 2, 1), Layer2: stage(64, 128, 2, 2), Layer3: stage(128, 256, 2, 2), Layer4: stage(256, 512, 2, 2),
		FC: nn.NewLinear(512, classes), name: "ResNet18", pool: true,
	}
	r.init()
	return r
}

// NewResNet32 is the network of 32 layers that He et al. trained on CIFAR (§4.2), for pictures (N, channels, H, W) of about
// 32 pixels: 3×3 convolution, three stages of five blocks with 16, 32 and 64 channels. Where the channels change, the
// shortcut is a 1×1 convolution (their option B).
func NewResNet32(channels, classes int) *ResNet {
	r := &ResNet{
		Conv1: nn.NewConv2d(channels, 16, 3, nn.Conv{Padding: 1, NoBias: true}), BN1: nn.NewBatchNorm2d(16),
		Layer1: stage(16, 16, 5, 1), Layer2: stage(16, 32, 5, 2), Layer3: stage(32, 64, 5, 2),
		FC: nn.NewLinear(64, classes), name: "ResNet32",
	}
	r.init()
	return r
}

// init draws the convolutions' weights as He et al. 2015 and torchvision do: normal, of variance 2/(outputs·kernel).
func (r *ResNet) init() {
	torch.NoGrad(func() {
		nn.Apply(r, func(m any) {
			if conv, ok := m.(*nn.Conv2d); ok {
				initializer.KaimingNormal(conv.Weight, 0, initializer.FanOut, initializer.ReLU)
			}
		})
	})
}

// Name is ResNet18 or ResNet32.
func (r *ResNet) Name() string { return r.name }

// Embed maps pictures (N, C, H, W) in [−1, 1] to features (N, 512 or 64), at least 0, and logits (N, classes).
func (r *ResNet) Embed(x *torch.Tensor) (features, logits *torch.Tensor) {
	x = r.BN1.Forward(r.Conv1.Forward(x)).ReLU()
	if r.pool {
		x = nn.MaxPool2d{Size: 3, Stride: 2, Padding: 1}.Forward(x)
	}
	for _, layer := range []*nn.Sequential{r.Layer1, r.Layer2, r.Layer3, r.Layer4} {
		if layer != nil {
			x = layer.Forward(x)
		}
	}
	features = mean(x)
	return features, r.FC.Forward(features)
}

// Forward maps pictures (N, C, H, W) in [−1, 1] to logits (N, classes).
func (r *ResNet) Forward(x *torch.Tensor) *torch.Tensor {
	_, logits := r.Embed(x)
	return logits
}

func stage(in, out, blocks, stride int) *nn.Sequential {
	s := nn.NewSequential()
	for range blocks {
		s.Layers = append(s.Layers, newBasicBlock(in, out, stride))
		in, stride = out, 1
	}
	return s
}

// basicBlock is two 3×3 convolutions with a shortcut around them.
type basicBlock struct {
	Conv1      *nn.Conv2d      `nn:"conv1"`
	BN1        *nn.BatchNorm2d `nn:"bn1"`
	Conv2      *nn.Conv2d      `nn:"conv2"`
	BN2        *nn.BatchNorm2d `nn:"bn2"`
	Downsample *nn.Sequential  `nn:"downsample"` // nil where the shape stays
}

func newBasicBlock(in, out, stride int) *basicBlock {
	b := &basicBlock{
		Conv1: nn.NewConv2d(in, out, 3, nn.Conv{Stride: stride, Padding: 1, NoBias: true}), BN1: nn.NewBatchNorm2d(out),
		Conv2: nn.NewConv2d(out, out, 3, nn.Conv{Padding: 1, NoBias: true}), BN2: nn.NewBatchNorm2d(out),
	}
	if in != out || stride != 1 {
		b.Downsample = nn.NewSequential(nn.NewConv2d(in, out, 1, nn.Conv{Stride: stride, NoBias: true}), nn.NewBatchNorm2d(out))
	}
	return b
}

// Forward maps (N, in, H, W) to (N, out, H/stride, W/stride).
func (b *basicBlock) Forward(x *torch.Tensor) *torch.Tensor {
	y := b.BN1.Forward(b.Conv1.Forward(x)).ReLU()
	y = b.BN2.Forward(b.Conv2.Forward(y))
	if b.Downsample != nil {
		x = b.Downsample.Forward(x)
	}
	return y.Add(x).ReLU()
}
