package gan

import "github.com/forgergan/forger/torch"

// inFloat32 computes a loss of x in float32, outside Autocast, where x is in half precision: LibTorch refuses cross
// entropies of probabilities in Autocast on a GPU, and means lose digits.
func inFloat32(x *torch.Tensor, loss func(x *torch.Tensor) *torch.Tensor) (y *torch.Tensor) {
	if d := x.DType(); d != torch.Float16 && d != torch.BFloat16 {
		return loss(x)
	}
	torch.Autocast(torch.AutocastOptions{Device: x.Device().Type, Off: true}, func() { y = loss(x.ToDType(torch.Float32)) })
	return y
}
