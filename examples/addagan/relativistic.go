// Package addagan is the relativistic GAN of Jolicoeur-Martineau, "The relativistic discriminator: a key element missing
// from standard GAN", ICLR 2019, for grey pictures of 32×32. docs/add-a-gan.md explains it.
package addagan

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
)

// Config are the settings. The zero value of a field is its default.
type Config struct {
	Latent int     `default:"64" help:"length of the latent vector z"`
	Width  int     `default:"32" help:"feature maps at the highest resolution of both networks"`
	LR     float64 `default:"0.0002" help:"learning rate of both Adams"`
}

func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	if c.Latent < 1 || c.Width < 1 || c.LR < 0 {
		return c, fmt.Errorf("addagan: --latent %d and --width %d must be at least 1, --lr %g must not be negative", c.Latent, c.Width, c.LR)
	}
	return c, nil
}

var (
	first = nn.Conv{NoBias: true}                        // between a 1×1 and a 4×4 map
	twice = nn.Conv{Stride: 2, Padding: 1, NoBias: true} // halves or doubles the size
	leaky = nn.LeakyReLU{Slope: 0.2, InPlace: true}
)

// NewGenerator makes the network that maps latents z (N, Latent, 1, 1) to pictures (N, 1, 32, 32) in [−1, 1].
//
//	4×4    transposed 4×4 stride 1   Latent → 4·Width   BN, ReLU
//	8×8    transposed 4×4 stride 2   → 2·Width          BN, ReLU
//	16×16  transposed 4×4 stride 2   → Width            BN, ReLU
//	32×32  transposed 4×4 stride 2   → 1                tanh
func NewGenerator(c Config) *nn.Sequential {
	w := c.Width
	return nn.NewSequential(
		nn.NewConvTranspose2d(c.Latent, 4*w, 4, first), nn.NewBatchNorm2d(4*w), nn.ReLU{InPlace: true},
		nn.NewConvTranspose2d(4*w, 2*w, 4, twice), nn.NewBatchNorm2d(2*w), nn.ReLU{InPlace: true},
		nn.NewConvTranspose2d(2*w, w, 4, twice), nn.NewBatchNorm2d(w), nn.ReLU{InPlace: true},
		nn.NewConvTranspose2d(w, 1, 4, twice), nn.Tanh{},
	)
}

// NewDiscriminator makes the network that maps pictures (N, 1, 32, 32) in [−1, 1] to outputs (N, 1, 1, 1), of which only
// differences count.
//
//	16×16  4×4 stride 2   1 → Width   LeakyReLU 0.2
//	8×8    4×4 stride 2   → 2·Width   BN, LeakyReLU 0.2
//	4×4    4×4 stride 2   → 4·Width   BN, LeakyReLU 0.2
//	1×1    4×4 stride 1   → 1
func NewDiscriminator(c Config) *nn.Sequential {
	w := c.Width
	return nn.NewSequential(
		nn.NewConv2d(1, w, 4, twice), leaky,
		nn.NewConv2d(w, 2*w, 4, twice), nn.NewBatchNorm2d(2*w), leaky,
		nn.NewConv2d(2*w, 4*w, 4, twice), nn.NewBatchNorm2d(4*w), leaky,
		nn.NewConv2d(4*w, 1, 4, first),
	)
}

// Model is a relativistic GAN in training.
type Model struct {
	G, D *nn.Sequential

	config     Config
	optG, optD *optim.Adam
	fixed      *torch.Tensor // latents of the sample grid
}

// New makes the networks, their optimisers and the latents of the sample grid.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c, G: NewGenerator(c), D: NewDiscriminator(c)}
	gan.InitNormal(m.G)
	gan.InitNormal(m.D)
	m.fixed = torch.Randn([]int{64, c.Latent, 1, 1}).Own()
	adam := optim.AdamOptions{LR: c.LR, Betas: [2]float64{0.5, 0.999}}
	m.optG, m.optD = optim.NewAdam(nn.Parameters(m.G), adam), optim.NewAdam(nn.Parameters(m.D), adam)
	return m, nil
}

// System is the name in the zoo.
func (m *Model) System() string { return "addagan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers and the latents of the sample grid.
func (m *Model) Parts() train.Parts {
	return train.Parts{
		Networks: []train.Network{
			{Name: "G", Module: m.G, Generator: true, Inputs: [][]int{{2, m.config.Latent, 1, 1}}},
			{Name: "D", Module: m.D, Inputs: [][]int{{2, 1, 32, 32}}},
		},
		Optimizers: []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}},
		Tensors:    []nn.Entry{{Name: "fixed", Tensor: m.fixed}},
	}
}

// moreReal is the loss of a network that wants a to look more real than b.
func moreReal(a, b *torch.Tensor) *torch.Tensor { return gan.BCEWithLogits(a.Sub(b), 1) }

// Step updates D, then G with the same fakes.
func (m *Model) Step(b *train.Batch) (out train.Metrics) {
	m.optD.ZeroGrad()
	var fakes []*torch.Tensor
	for _, part := range b.Parts() {
		fake := m.G.Forward(m.latents(part.Len))
		fakes = append(fakes, fake)
		loss := moreReal(m.D.Forward(part.Images()), m.D.Forward(fake.Detach()))
		part.Backward(loss)
		out.Losses = append(out.Losses, train.Value{Name: "D", Value: loss})
	}
	b.Step(m.optD)

	defer nn.Freeze(m.D)() // no gradient that nobody reads
	m.optG.ZeroGrad()
	for i, part := range b.Parts() {
		loss := moreReal(m.D.Forward(fakes[i]), m.D.Forward(part.Images()))
		part.Backward(loss)
		out.Losses = append(out.Losses, train.Value{Name: "G", Value: loss})
	}
	b.Step(m.optG)
	return out
}

func (m *Model) latents(n int) *torch.Tensor {
	return torch.Randn([]int{n, m.config.Latent, 1, 1}, torch.RandnOptions{TensorOptions: torch.TensorOptions{Device: m.fixed.Device()}})
}

// Preview generates from the same latents each time.
func (m *Model) Preview() *torch.Tensor { return m.generate(m.fixed) }

// Sample generates n pictures from new latents.
func (m *Model) Sample(n int) *torch.Tensor { return m.generate(m.latents(n)) }

func (m *Model) generate(z *torch.Tensor) (images *torch.Tensor) {
	torch.NoGrad(func() { images = m.G.Forward(z) })
	return images
}

// System is the entry in the zoo.
var System = train.System{
	Name:        "addagan",
	Title:       "relativistic GAN: grey pictures from noise",
	Paper:       "Jolicoeur-Martineau: The relativistic discriminator: a key element missing from standard GAN, ICLR 2019",
	Data:        "mnist",
	NewConfig:   func() any { return new(Config) },
	Presets:     map[string]any{"small": &Config{Width: 16}},
	DataPresets: map[string]string{"mnist": "small"},
	New:         train.NewOf(New),
	DataOptions: func(any) data.Options { return data.Options{Size: 32, Channels: 1} },
}
