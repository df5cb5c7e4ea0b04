package gan

import "github.com/forgergan/forger/torch"

// Dequantize spreads the 256 values of pictures in [−1, 1], v/127.5 − 1, over the range between them: v/128 − 1 + u with u
// from U(0, 1/128) for each number, from the default generator. Pictures are in [−1, 1) then, too. The data of Miyato et
// al. 2018 and of rGAN, pfnet-research/sngan_projection datasets/cifar10.py.
func Dequantize(images *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		noise := images.RandLike().MulScalar(1.0 / 128)
		return images.AddScalar(1).MulScalar(127.5 / 128).SubScalar(1).Add(noise)
	})
}
