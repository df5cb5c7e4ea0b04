package nn_test

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// A small discriminator: pictures of 8×8 pixels to one logit each.
func ExampleSequential() {
	torch.Scope(func() {
		net := nn.NewSequential(
			nn.NewConv2d(3, 16, 4, nn.Conv{Stride: 2, Padding: 1, NoBias: true}),
			nn.NewBatchNorm2d(16),
			nn.LeakyReLU{Slope: 0.2},
			nn.NewConv2d(16, 1, 4),
			nn.Flatten{},
		)
		logits := net.Forward(torch.Randn([]int{5, 3, 8, 8}))
		fmt.Println(logits.Shape(), nn.NumParameters(net))
	})
	// Output: [5 1] 1057
}

// Names and order are those of PyTorch's state_dict().
func ExampleStateDict() {
	torch.Scope(func() {
		net := nn.NewSequential(nn.NewLinear(3, 2), nn.ReLU{}, nn.NewLinear(2, 1, nn.LinearOptions{NoBias: true}))
		for _, e := range nn.StateDict(net) {
			fmt.Println(e.Name, e.Tensor.Shape())
		}
	})
	// Output:
	// 0.weight [2 3]
	// 0.bias [2]
	// 2.weight [1 2]
}

// A module is a struct whose tagged fields are its tensors and children.
func ExampleParameters() {
	type head struct {
		Body *nn.Sequential `nn:"body"`
		Gain *torch.Tensor  `nn:"gain"`
		Mean *torch.Tensor  `nn:"mean,buffer"`
	}
	torch.Scope(func() {
		h := &head{nn.NewSequential(nn.NewLinear(4, 4)), torch.Ones([]int{4}).Own(), torch.Zeros([]int{4}).Own()}
		for _, e := range nn.StateDict(h) {
			fmt.Println(e.Name, e.Buffer)
		}
		fmt.Println(len(nn.Parameters(h)), "parameters")
	})
	// Output:
	// gain false
	// mean true
	// body.0.weight false
	// body.0.bias false
	// 3 parameters
}

// Without gradients for the discriminator a generator's backward pass is cheaper.
func ExampleFreeze() {
	torch.Scope(func() {
		d := nn.NewLinear(2, 1)
		unfreeze := nn.Freeze(d)
		x := torch.Ones([]int{1, 2}).SetRequiresGrad(true)
		d.Forward(x).Sum().Backward()
		fmt.Println(x.Grad() != nil, d.Weight.Grad() != nil)
		unfreeze()
		d.Forward(x).Sum().Backward()
		fmt.Println(d.Weight.Grad() != nil)
	})
	// Output:
	// true false
	// true
}

// Sequences of 5 and 3 steps through an LSTM that reads them in both directions.
func ExampleLSTM() {
	torch.Scope(func() {
		lstm := nn.NewLSTM(80, 16, nn.Recurrent{BatchFirst: true, Bidirectional: true})
		x := torch.Randn([]int{2, 5, 80})

		out, h, c := lstm.Forward(x, nil, nil) // as if both had 5 steps
		fmt.Println(out.Shape(), h.Shape(), c.Shape())

		packed := nn.PackPaddedSequence(x, []int{5, 3}, nn.PackOptions{BatchFirst: true})
		packed, h, _ = lstm.ForwardPacked(packed, nil, nil)
		out, lengths := nn.PadPackedSequence(packed, nn.PadOptions{BatchFirst: true})
		fmt.Println(packed.Data.Shape(), out.Shape(), lengths, out.At(1, 3).Abs().Sum().Item())
	})
	// Output:
	// [2 5 32] [2 2 16] [2 2 16]
	// [8 32] [2 5 32] [5 3] 0
}

// Each of 4 positions attends to itself and those before it.
func ExampleMultiheadAttention() {
	torch.Scope(func() {
		attention := nn.NewMultiheadAttention(32, 8, nn.Attention{BatchFirst: true})
		x := torch.Randn([]int{2, 4, 32})
		out, weights := attention.ForwardWeights(x, x, x, nn.AttentionMasks{IsCausal: true})
		fmt.Println(out.Shape(), weights.Shape(), torch.Values[float32](weights.At(0, 0, 0)))
	})
	// Output: [2 4 32] [2 8 4 4] [1 0 0 0]
}

// One step of training with gradients of norm 1 at most.
func ExampleClipGradNorm() {
	torch.Scope(func() {
		net := nn.NewLinear(1, 1)
		net.Forward(torch.Full([]int{4, 1}, 0.75)).Sum().Backward() // the gradients are 3 and 4
		before := nn.ClipGradNorm(nn.Parameters(net), 1)
		fmt.Printf("%.1f %.1f %.1f\n", before.Item(), net.Weight.Grad().Item(), net.Bias.Grad().Item())
	})
	// Output: 5.0 0.6 0.8
}

// A discriminator of spectrally normalised layers, as in SN-GAN.
func ExampleSpectralNorm() {
	torch.Scope(func() {
		d := nn.NewSequential(
			nn.SpectralNorm(nn.NewConv2d(3, 8, 3, nn.Conv{Padding: 1})),
			nn.LeakyReLU{Slope: 0.1},
			nn.SpectralNorm(nn.NewConv2d(8, 16, 4, nn.Conv{Stride: 2, Padding: 1})),
			nn.LeakyReLU{Slope: 0.1},
			nn.Flatten{},
			nn.SpectralNorm(nn.NewLinear(16*4*4, 1)),
		)
		fmt.Println(d.Forward(torch.Randn([]int{5, 3, 8, 8})).Shape())
		for _, e := range nn.StateDict(d)[:4] {
			fmt.Println(e.Name, e.Tensor.Shape())
		}
	})
	// Output:
	// [5 1]
	// 0.bias [8]
	// 0.weight_orig [8 3 3 3]
	// 0.weight_u [8]
	// 0.weight_v [27]
}

// What a network is made of, and which shapes go through it.
func ExampleSummary() {
	torch.Scope(func() {
		g := nn.NewSequential(
			nn.NewConvTranspose2d(100, 16, 4, nn.Conv{NoBias: true}),
			nn.NewBatchNorm2d(16),
			nn.ReLU{},
			nn.NewConvTranspose2d(16, 3, 4, nn.Conv{Stride: 2, Padding: 1}),
			nn.Tanh{},
		)
		nn.Freeze(g.Layers[0])
		fmt.Print(nn.Summary(g, []int{1, 100, 1, 1}))
	})
	// Output:
	// name   type             output    parameters  buffers
	// 0      ConvTranspose2d  1×16×4×4       25600        0  frozen
	// 1      BatchNorm2d      1×16×4×4          32       33
	// 2      ReLU             1×16×4×4           0        0
	// 3      ConvTranspose2d  1×3×8×8          771        0
	// 4      Tanh             1×3×8×8            0        0
	// total                   1×3×8×8        26403       33  803 trainable
}
