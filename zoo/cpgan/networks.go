package cpgan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/zoo/internal/dcgan32"
	"github.com/forgergan/forger/zoo/internal/resnet32"
)

// Generator maps latents z (N, Latent) and weights of labels (N, labels) to pictures (N, Channels, Size, Size) in [−1, 1].
type Generator interface {
	Forward(z, weights *torch.Tensor) *torch.Tensor
}

func newGenerator(c Config, labels int) Generator {
	o := resnet32.GeneratorOptions{Classes: labels, Latent: c.Latent, Width: c.Width, Channels: c.Channels, Size: c.Size, UniformGains: true}
	if c.Net == "dcgan" {
		return dcgan32.NewGenerator(o)
	}
	return resnet32.NewGenerator(o)
}

func newDiscriminator(c Config, labels int) *resnet32.Discriminator {
	o := resnet32.DiscriminatorOptions{
		Classes: labels, Width: c.DWidth, Channels: c.Channels, Size: c.Size, Pool: resnet32.Pool(c.Pool),
		Projection: c.Method == "cgan", Dropout: !c.NoDropout, SpectralNorm: c.Spectral,
	}
	if c.Net == "dcgan" {
		return dcgan32.NewDiscriminator(o)
	}
	return resnet32.NewDiscriminator(o)
}
