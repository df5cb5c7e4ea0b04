// Package gan is the toolkit that the systems of the zoo share: adversarial losses, penalties, regularisers, matching
// and classification terms, and initialisations.
//
// # Losses
//
// A [Loss] is an adversarial game. A system holds one and asks it for three scalars:
//
//	game := gan.Hinge
//	lossD := game.Discriminator(d.Forward(real), d.Forward(fake.Detach()))
//	lossG := game.Generator(d.Forward(fake))
//
// The outputs are of any shape, (N, 1) or a map (N, 1, H, W), and are averaged over all elements. A discriminator of
// several scales gives a list of them; [SumOver] and [MeanOver] apply a game to each.
//
// # Penalties
//
// [GradientPenalty], [R1], [R2], [DRAGAN] and [PathLength] differentiate a network by its input and record that, so that
// the result can be minimised. The network is a closure; one with labels, several heads or several scales is wrapped:
//
//	penalty := gan.GradientPenalty(func(x *torch.Tensor) *torch.Tensor {
//		return d.Forward(x, labels).Score
//	}, real, fake).MulScalar(10)
//
// Of the derivatives only those by the input are computed, none by parameters, until the sum of losses is
// differentiated.
//
// # Weights
//
// A function computes the term that its paper defines, without the weight λ in front, unless an official implementation
// applies the weight inside ([R1], [Consistency]). [torch.Tensor.MulScalar] weighs.
//
// The cycle, identity and reconstruction terms of translation systems are the mean absolute difference,
// [torch.Tensor.L1Loss].
package gan
