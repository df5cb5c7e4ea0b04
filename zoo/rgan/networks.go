package rgan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/zoo/internal/resnet32"
)

// Generator maps latents z (N, Latent) and labels y (N), int64, to pictures (N, Channels, Size, Size) in [−1, 1].
type Generator interface {
	Forward(z, y *torch.Tensor) *torch.Tensor
}

// NewGenerator makes the generator of the settings, with its initial weights.
func NewGenerator(c Config) Generator {
	if c.Net == "dcgan" {
		return NewDCGenerator(c)
	}
	return resnet32.NewGenerator(resnet32.GeneratorOptions{
		Classes: c.Classes, Latent: c.Latent, Width: c.Width, Channels: c.Channels, Size: c.Size,
	})
}

// NewDiscriminator makes the discriminator of the settings, with its initial weights.
func NewDiscriminator(c Config) *resnet32.Discriminator {
	o := resnet32.DiscriminatorOptions{
		Classes: c.Classes, Width: c.DWidth, Channels: c.Channels, Sum: c.Pool == "sum",
		Dropout: c.Dropout, SpectralNorm: c.Spectral, Xavier: c.Xavier,
	}
	if c.Net == "dcgan" {
		o.Width = 4 * c.DWidth
		d := &resnet32.Discriminator{Body: newDCBody(c), Sum: o.Sum}
		if c.D == "projection" {
			d.Head = resnet32.NewProjectionHead(o)
		} else {
			d.Head = resnet32.NewClassHead(o)
		}
		return d
	}
	if c.D == "projection" {
		return resnet32.NewProjectionDiscriminator(o)
	}
	return resnet32.NewACGANDiscriminator(o)
}
