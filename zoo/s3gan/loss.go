package s3gan

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
)

// turnedItems is how many of n pictures are turned: a quarter of n/RotatedFraction, and 0 without self-supervision.
func (c Config) turnedItems(n int) int {
	if !c.rotates() {
		return 0
	}
	k := n / c.RotatedFraction / 4
	if k == 0 {
		panic(&torch.Error{Op: "s3gan", Code: torch.ValueError, Msg: fmt.Sprintf(
			"a batch of %d has no picture to turn: it takes %d for --rotated-fraction %d", n, 4*c.RotatedFraction, c.RotatedFraction)})
	}
	return k
}

// withTurns appends the last k of pictures x (N, C, S, S), turned by one, two and three quarters, and their labels y
// (N, K): (N + 3k, …).
func withTurns(x, y *torch.Tensor, k int) (pictures, labels *torch.Tensor) {
	if k == 0 {
		return x, y
	}
	out := torch.TidyAll(func() []*torch.Tensor {
		n := x.Size(0)
		turned, _ := gan.Rotate4(x.Narrow(0, n-k, k))
		return []*torch.Tensor{
			torch.Cat([]*torch.Tensor{x, turned.Narrow(0, k, 3*k)}),
			torch.Cat([]*torch.Tensor{y, y.Narrow(0, n-k, k).Repeat(3, 1)}),
		}
	})
	return out[0], out[1]
}

// discriminatorLosses are the terms, unweighted, that D minimises: the hinge on the n upright pictures of each half, then
// the turns of the real ones, and the classes of those with a label in y (N, K), where D has heads for them.
func (c Config) discriminatorLosses(real, fake Judgement, y *torch.Tensor) []train.Value {
	n := y.Size(0)
	losses := []train.Value{{Name: "D", Value: gan.Hinge.Discriminator(real.part(0, n).Score, fake.part(0, n).Score)}}
	if real.Turns != nil {
		losses = append(losses, train.Value{Name: "D/turns", Value: turnLoss(real.Turns, c.turnedItems(n))})
	}
	if real.Classes != nil {
		losses = append(losses, train.Value{Name: "D/classes", Value: classLoss(real.part(0, n).Classes, y)})
	}
	return losses
}

// generatorLosses are those of G, for n upright pictures and their turns.
func (c Config) generatorLosses(fake Judgement, n int) []train.Value {
	losses := []train.Value{{Name: "G", Value: gan.Hinge.Generator(fake.part(0, n).Score)}}
	if fake.Turns != nil {
		losses = append(losses, train.Value{Name: "G/turns", Value: turnLoss(fake.Turns, c.turnedItems(n))})
	}
	return losses
}

// total is the first term, the game's, plus the weighted others.
func (c Config) total(losses []train.Value) *torch.Tensor {
	weights := map[string]float64{"D/turns": *c.RotationD, "D/classes": *c.ClassWeight, "G/turns": *c.RotationG}
	return torch.Tidy(func() *torch.Tensor {
		sum := losses[0].Value
		for _, l := range losses[1:] {
			sum = sum.Add(l.Value.MulScalar(weights[l.Name]))
		}
		return sum
	})
}

// turnLoss is the cross entropy of the last 4k logits (N, 4): k pictures upright, then k after each quarter.
func turnLoss(logits *torch.Tensor, k int) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		turns := torch.Arange(0, 4, torch.ArangeOptions{TensorOptions: torch.TensorOptions{DType: torch.Int64, Device: logits.Device()}})
		p := logits.Narrow(0, logits.Size(0)-4*k, 4*k).Softmax(-1)
		return p.AddScalar(1e-10).Log().NLLLoss(turns.RepeatInterleave(k))
	})
}

// classLoss is the cross entropy of logits (N, K) and labels y (N, K), averaged over the rows that have a label; 0 if
// none has.
func classLoss(logits, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		known := labelled(y)
		sum := logits.LogSoftmax(-1).Mul(y).Mul(known).Sum().Neg()
		return sum.Div(known.Sum().ClampMin(1))
	})
}
