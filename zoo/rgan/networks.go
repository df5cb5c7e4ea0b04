package rgan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/zoo/internal/dcgan32"
	"github.com/forgergan/forger/zoo/internal/resnet32"
)

// Generator maps latents z (N, Latent) and labels y (N), int64, to pictures (N, Channels, Size, Size) in [−1, 1].
type Generator interface {
	Forward(z, y *torch.Tensor) *torch.Tensor
}

// NewGenerator makes the generator of the settings, with its initial weights.
func NewGenerator(c Config) Generator {
	o := resnet32.GeneratorOptions{
		Classes: c.Classes, Latent: c.Latent, Width: c.Width, Channels: c.Channels, Size: c.Size, UniformGains: c.Gains == "uniform",
	}
	if c.Net == "dcgan" {
		return dcgan32.NewGenerator(o)
	}
	return resnet32.NewGenerator(o)
}

// NewDiscriminator makes the discriminator of the settings, with its initial weights.
func NewDiscriminator(c Config) *resnet32.Discriminator {
	o := resnet32.DiscriminatorOptions{
		Classes: c.Classes, Width: c.DWidth, Channels: c.Channels, Size: c.Size, Pool: resnet32.Pool(c.Pool),
		Projection: c.D == "projection", Dropout: c.Dropout, SpectralNorm: c.Spectral, Xavier: c.Xavier,
	}
	if c.Net == "dcgan" {
		return dcgan32.NewDiscriminator(o)
	}
	return resnet32.NewDiscriminator(o)
}
