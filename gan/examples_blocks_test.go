package gan_test

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// A generator's block of SNGAN for ten classes, with spectral norm as SAGAN has it.
func ExampleNewGBlock() {
	torch.Scope(func() {
		block := gan.NewGBlock(256, 128, gan.GBlockOptions{
			Upsample: true, Classes: 10, Rule: func(l nn.Weighted) { nn.SpectralNorm(l) },
		})
		classes := torch.FromSlice([]int64{3, 9})
		fmt.Println(block.Forward(torch.Randn([]int{2, 256, 4, 4}), classes).Shape())
	})
	// Output: [2 128 8 8]
}

// The head of a projection discriminator.
func ExampleProject() {
	torch.Scope(func() {
		linear, embed := gan.SpectralNormMimicry(nn.NewLinear(128, 1)), gan.SpectralNormMimicry(nn.NewEmbedding(10, 128))
		features := torch.Randn([]int{2, 128, 8, 8}).ReLU().SumDim([]int{2, 3})
		fmt.Println(gan.Project(features, torch.FromSlice([]int64{3, 9}), linear, embed).Shape())
	})
	// Output: [2 1]
}

// What each spectral norm puts into a checkpoint.
func ExampleSpectralNormBigGAN() {
	for _, norm := range []struct {
		name  string
		layer *nn.Linear
	}{
		{"PyTorch", nn.SpectralNorm(nn.NewLinear(3, 2))},
		{"mimicry", gan.SpectralNormMimicry(nn.NewLinear(3, 2))},
		{"BigGAN", gan.SpectralNormBigGAN(nn.NewLinear(3, 2))},
	} {
		for _, e := range nn.StateDict(norm.layer) {
			fmt.Print(e.Name, e.Tensor.Shape(), "; ")
		}
		fmt.Println("of", norm.name)
	}
	// Output:
	// bias[2]; weight_orig[2 3]; weight_u[2]; weight_v[3]; of PyTorch
	// weight[2 3]; bias[2]; sn_u[1 2]; sn_sigma[1]; of mimicry
	// weight[2 3]; bias[2]; u0[1 2]; sv0[1]; of BigGAN
}

// A pool's buffers are what a model lists in its Parts, so that a resumed run gives out the same pictures.
func ExampleImagePool() {
	torch.Scope(func() {
		pool := gan.NewImagePool(50, []int{3, 8, 8}, 1)
		pool.Query(torch.Randn([]int{4, 3, 8, 8}))
		for _, e := range nn.StateDict(pool) {
			fmt.Println(e.Name, e.Tensor.Shape())
		}
		fmt.Println(pool.Count.Item(), "pictures")
	})
	// Output:
	// images [50 3 8 8]
	// count []
	// stream [20]
	// 4 pictures
}

// Both nets see pictures through the same augmentations; gradients for the generator pass through them.
func ExampleDiffAugment() {
	torch.Scope(func() {
		augment, err := gan.ParseDiffAugment("color,translation,cutout")
		if err != nil {
			fmt.Println(err)
			return
		}
		torch.ManualSeed(3)
		x := torch.Ones([]int{1, 1, 6, 6})
		fmt.Println(gan.DiffAugment{gan.Cutout}.Forward(x))
		fmt.Println(augment.Forward(torch.Rand([]int{5, 3, 32, 32})).Shape())
	})
	// Output:
	// tensor([[[[1., 1., 1., 1., 1., 1.],
	//           [1., 1., 1., 1., 1., 1.],
	//           [1., 1., 1., 1., 1., 1.],
	//           [1., 0., 0., 0., 1., 1.],
	//           [1., 0., 0., 0., 1., 1.],
	//           [1., 0., 0., 0., 1., 1.]]]])
	// [5 3 32 32]
}

// P grows while the discriminator is too sure of real pictures.
func ExampleADA() {
	torch.Scope(func() {
		ada := gan.NewADA(gan.ADAOptions{Images: 1000})
		for range 8 {
			real := ada.Forward(torch.Rand([]int{16, 3, 16, 16}))
			outputs := real.MeanDim([]int{1, 2, 3}).Abs().AddScalar(1) // of a discriminator
			ada.Observe(outputs)
		}
		fmt.Printf("%.3f\n", ada.P.Item())
	})
	// Output: 0.128
}
