package translation

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Perceptual is a loss by what a frozen classifier sees, from a file of published weights that is read when the loss is
// first computed: a model that only translates needs no file.
//
//	vgg19          pix2pixHD's, SPADE's and vid2vid's: relu1_1 … relu5_1 by gan.VGGWeights, pictures in [−1, 1] as they are
//	effnet-lite0   EfficientNet-Lite0's maps at 1/4, 1/8 and 1/16 of the side, by 1/40, 1/20 and 1/10: a choice of ours, as
//	               its maps have no ReLU and are large, 11 apart without the tenth for pictures of an untrained generator.
//	               A package brings its file, for those without that of VGG19
type Perceptual struct {
	name    string
	net     gan.Taps
	weights []float64
}

// NewPerceptual makes the loss of a name; nil for "none". It panics with a *torch.Error on another name.
func NewPerceptual(name string) *Perceptual {
	switch name {
	case "none":
		return nil
	case "vgg19":
		return &Perceptual{name: name, weights: gan.VGGWeights}
	case "effnet-lite0":
		return &Perceptual{name: name, weights: []float64{1. / 40, 1. / 20, 1. / 10}}
	}
	panic(misuse("NewPerceptual", fmt.Sprintf("a perceptual loss is none, vgg19 or effnet-lite0, not %s", name)))
}

// Check is the error of a file that is missing or damaged, before anything is trained; a nil loss needs none.
func (p *Perceptual) Check() error {
	if p == nil {
		return nil
	}
	file, err := features.FindFile(p.name)
	if err == nil {
		_, err = file.Check("")
	}
	return err
}

// Loss compares pictures (N, 3, H, W) in [−1, 1], a scalar. Gradients go to fake only. It panics with a *torch.Error where
// the file is missing or damaged.
func (p *Perceptual) Loss(fake, real *torch.Tensor) *torch.Tensor {
	if p.net == nil {
		if err := p.load(fake.Device()); err != nil {
			panic(misuse("Perceptual", err.Error()))
		}
	}
	return gan.Perceptual(p.net, fake, real, gan.PerceptualOptions{Weights: p.weights})
}

func (p *Perceptual) load(device torch.Device) error {
	var net gan.Taps
	var module any
	torch.SkipInit(func() {
		if p.name == "vgg19" {
			vgg := features.NewVGG19()
			net, module = vgg, vgg
			return
		}
		small := features.NewEfficientNetLite0()
		net, module = lite{small}, small
	})
	if _, err := features.Load(p.name, module, ""); err != nil {
		return err
	}
	nn.To(module, nn.ToOptions{Device: &device})
	nn.Freeze(module)
	p.net = net
	return nil
}

// lite takes pictures in [−1, 1].
type lite struct{ *features.EfficientNetLite0 }

func (l lite) Taps(x *torch.Tensor) []*torch.Tensor {
	return l.EfficientNetLite0.Taps(l.Normalise(x))
}
