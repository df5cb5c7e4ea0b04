package gan

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
)

// System is the first GAN's entry in the zoo.
var System = train.System{
	Name:        "gan",
	Title:       "the first GAN: points of the plane, or digits, from noise",
	Paper:       "Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville, Bengio: Generative Adversarial Nets, NIPS 2014",
	Data:        "ring8",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"ring8": "ring8", "grid25": "grid25", "mnist": "mnist", "fashion-mnist": "mnist"},
	New:         train.NewOf(New),
	DataOptions: func(any) data.Options { return data.Options{Size: side, Channels: 1} },
	Example: func(_ any, n int) map[string]*torch.Tensor {
		return map[string]*torch.Tensor{"image": torch.Rand([]int{n, 1, side, side}).MulScalar(2).SubScalar(1), "point": torch.Randn([]int{n, 2})}
	},
}
