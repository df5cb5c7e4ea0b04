package translation_test

import (
	"fmt"

	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

func Example() {
	torch.ManualSeed(0)
	torch.Scope(func() {
		g := translation.NewUnetGenerator(3, 3, translation.Unet{Downs: 5, Width: 8})
		d := translation.NewNLayerDiscriminator(3+3, translation.PatchGAN{Width: 8})
		translation.Initialise(g, translation.Init{})
		translation.Initialise(d, translation.Init{})

		outlines := torch.Randn([]int{1, 3, 64, 64})
		pictures := g.Forward(outlines)
		patches := d.Forward(torch.Cat([]*torch.Tensor{outlines, pictures}, torch.CatOptions{Dim: 1}))
		fmt.Println(pictures.Shape(), patches.Shape())
		fmt.Println(nn.StateDict(g)[0].Name, nn.NumParameters(g))
	})
	// Output:
	// [1 3 64 64] [1 1 6 6]
	// model.model.0.weight 261715
}
