package features

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Inception is the Inception-v3 of the TensorFlow graph of 2015-12-05, whose features are those of FID, KID and IS
// (Heusel et al. 2017; Salimans et al. 2016). Its tensors have the names of the ported file that torch-fidelity and
// pytorch-fid share, weights-inception-2015-12-05-6726825d.pth.
//
// It differs from torchvision's inception_v3: an average pooling does not count the padding, the last block pools by the
// largest element (a slip of that graph), there are 1008 classes, and no auxiliary head.
//
//	stem      3 → 32 → 32 → 64, pool            73×73  tap 0, 64 channels
//	          80 → 192, pool                    35×35  tap 1, 192
//	Mixed_5   A, A, A    256, 288, 288          35×35
//	Mixed_6   B, C ×4    768                    17×17  tap 2, 768
//	Mixed_7   D, E, E    1280, 2048, 2048       8×8    tap 3, 2048
//
// It takes pictures (N, 3, 299, 299) in (v − 128)/128, as [TF1] makes them of bytes.
type Inception struct {
	Conv1a *convNorm   `nn:"Conv2d_1a_3x3"`
	Conv2a *convNorm   `nn:"Conv2d_2a_3x3"`
	Conv2b *convNorm   `nn:"Conv2d_2b_3x3"`
	Conv3b *convNorm   `nn:"Conv2d_3b_1x1"`
	Conv4a *convNorm   `nn:"Conv2d_4a_3x3"`
	Mix5b  *inceptionA `nn:"Mixed_5b"`
	Mix5c  *inceptionA `nn:"Mixed_5c"`
	Mix5d  *inceptionA `nn:"Mixed_5d"`
	Mix6a  *inceptionB `nn:"Mixed_6a"`
	Mix6b  *inceptionC `nn:"Mixed_6b"`
	Mix6c  *inceptionC `nn:"Mixed_6c"`
	Mix6d  *inceptionC `nn:"Mixed_6d"`
	Mix6e  *inceptionC `nn:"Mixed_6e"`
	Mix7a  *inceptionD `nn:"Mixed_7a"`
	Mix7b  *inceptionE `nn:"Mixed_7b"`
	Mix7c  *inceptionE `nn:"Mixed_7c"`
	FC     *nn.Linear  `nn:"fc"`
}

// NewInception makes the network with PyTorch's default weights, in evaluation mode.
func NewInception() *Inception {
	n := &Inception{
		Conv1a: newConvNorm(3, 32, 3, nn.Conv{Stride: 2}),
		Conv2a: newConvNorm(32, 32, 3),
		Conv2b: newConvNorm(32, 64, 3, nn.Conv{Padding: 1}),
		Conv3b: newConvNorm(64, 80, 1),
		Conv4a: newConvNorm(80, 192, 3),
		Mix5b:  newInceptionA(192, 32),
		Mix5c:  newInceptionA(256, 64),
		Mix5d:  newInceptionA(288, 64),
		Mix6a:  newInceptionB(288),
		Mix6b:  newInceptionC(768, 128),
		Mix6c:  newInceptionC(768, 160),
		Mix6d:  newInceptionC(768, 160),
		Mix6e:  newInceptionC(768, 192),
		Mix7a:  newInceptionD(768),
		Mix7b:  newInceptionE(1280, around),
		Mix7c:  newInceptionE(2048, nn.MaxPool2d{Size: 3, Stride: 1, Padding: 1}),
		FC:     nn.NewLinear(2048, 1008),
	}
	nn.Eval(n)
	return n
}

// Channels is 64, 192, 768, 2048.
func (n *Inception) Channels() []int { return []int{64, 192, 768, 2048} }

// Taps maps pictures to the feature maps of the four taps. The vectors that scores use are their means over places.
func (n *Inception) Taps(x *torch.Tensor) []*torch.Tensor {
	pool := nn.MaxPool2d{Size: 3, Stride: 2}
	stem := chain(x, n.Conv1a, n.Conv2a, n.Conv2b, pool)
	second := chain(stem, n.Conv3b, n.Conv4a, pool)
	third := chain(second, n.Mix5b, n.Mix5c, n.Mix5d, n.Mix6a, n.Mix6b, n.Mix6c, n.Mix6d, n.Mix6e)
	return []*torch.Tensor{stem, second, third, chain(third, n.Mix7a, n.Mix7b, n.Mix7c)}
}

// Embed maps pictures to the features (N, 2048) of FID, KID and PRDC and to the logits (N, 1008) of IS, which are those
// without the bias of the last layer.
func (n *Inception) Embed(x *torch.Tensor) (features, logits *torch.Tensor) {
	features = mean(n.Taps(x)[3])
	return features, features.MM(n.FC.Weight.T())
}

// Forward maps pictures to logits (N, 1008) with the bias.
func (n *Inception) Forward(x *torch.Tensor) *torch.Tensor { return n.FC.Forward(mean(n.Taps(x)[3])) }

func chain(x *torch.Tensor, layers ...nn.Layer) *torch.Tensor {
	for _, l := range layers {
		in := x
		x = torch.Tidy(func() *torch.Tensor { return l.Forward(in) })
	}
	return x
}

// mean is the mean (N, C) over the places of a feature map.
func mean(x *torch.Tensor) *torch.Tensor { return x.MeanDim([]int{2, 3}) }
