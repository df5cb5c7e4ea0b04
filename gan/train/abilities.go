package train

import "github.com/forgergan/forger/torch"

// Latent is a model whose pictures are made of latents alone, so that walks between them can be shown, and truncation.
type Latent interface {
	Model
	// Latents draws n latents (n, …) as Sample does, on the device of the networks.
	Latents(n int) *torch.Tensor
	// Generate makes the pictures (n, C, H, W) in [−1, 1] of latents.
	Generate(z *torch.Tensor) *torch.Tensor
}

// Conditional is a model that makes pictures of a class.
type Conditional interface {
	Model
	// Classes is the number of classes.
	Classes() int
	// SampleClasses makes a new picture (n, C, H, W) in [−1, 1] of each of the labels (n), int64, on the CPU.
	SampleClasses(labels *torch.Tensor) *torch.Tensor
}
