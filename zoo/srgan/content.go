package srgan

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/vision"
)

// featureTaps are the layers of VGG19 of a content loss: φ₂,₂ and φ₅,₄, after their ReLUs.
var featureTaps = map[string]int{"vgg22": 8, "vgg54": 35}

// sees is a network with the normalisation that its weights want.
type sees struct {
	net       gan.Taps
	normalise func(x *torch.Tensor) *torch.Tensor
}

// Taps maps pictures in [−1, 1] to features.
func (s sees) Taps(x *torch.Tensor) []*torch.Tensor { return s.net.Taps(s.normalise(x)) }

// openFeatures reads the network of a content loss, or nil of pixels. It is no part of the model: it does not learn, and
// what it is is known.
func openFeatures(content string, device torch.Device) (gan.Taps, error) {
	var net gan.Taps
	var normalise func(x *torch.Tensor) *torch.Tensor
	file := "vgg19"
	switch content {
	case "mse":
		return nil, nil
	case "effnet-lite0":
		lite := features.NewEfficientNetLite0()
		file, net, normalise = content, lite, lite.Normalise
	default:
		net, normalise = features.NewVGG19(featureTaps[content]), imageNet
	}
	if _, err := features.Load(file, net, ""); err != nil {
		return nil, fmt.Errorf("srgan: --content %s: %w", content, err)
	}
	nn.Freeze(net)
	nn.To(net, nn.ToOptions{Device: &device})
	return sees{net, normalise}, nil
}

// checkFeatures says what openFeatures would, without opening them.
func checkFeatures(content string) error {
	name := "vgg19"
	switch content {
	case "mse":
		return nil
	case "effnet-lite0":
		name = content
	}
	file, err := features.FindFile(name)
	if err == nil {
		_, err = file.Find("")
	}
	if err != nil {
		return fmt.Errorf("srgan: --content %s: %w", content, err)
	}
	return nil
}

// imageNet maps pictures in [−1, 1] to what torchvision's classifiers take.
func imageNet(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		of := func(v []float32) *torch.Tensor { return torch.FromSlice(v, 1, 3, 1, 1).ToDevice(x.Device()) }
		return unit(x).Sub(of(vision.ImageNetMean)).Div(of(vision.ImageNetStd))
	})
}
