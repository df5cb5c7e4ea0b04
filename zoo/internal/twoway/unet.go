package twoway

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// UNet maps pictures (N, C, H, W) in [−1, 1] to pictures of the same size; H and W are multiples of 2^levels.
//
// It is the generator of DiscoGAN (6 levels) and DualGAN (7 levels) in eriklindernoren/PyTorch-GAN, with its names of
// layers. All convolutions are 4×4 with stride 2, IN is an instance norm, and a level's output is joined to what the level
// below gives back. At 7 levels:
//
//	1/2      C → Width            LeakyReLU 0.2
//	1/4      → 2·Width            IN, LeakyReLU 0.2
//	1/8      → 4·Width            IN, LeakyReLU 0.2
//	1/16     → 8·Width            IN, LeakyReLU 0.2, dropout
//	1/32     8·Width              IN, LeakyReLU 0.2, dropout
//	1/64     8·Width              IN, LeakyReLU 0.2, dropout
//	1/128    8·Width              LeakyReLU 0.2, dropout
//	1/64     8·Width              IN, ReLU, dropout
//	1/32     16·Width → 8·Width   IN, ReLU, dropout
//	1/16     16·Width → 8·Width   IN, ReLU, dropout
//	1/8      16·Width → 4·Width   IN, ReLU
//	1/4      8·Width → 2·Width    IN, ReLU
//	1/2      4·Width → Width      IN, ReLU
//	1        2·Width → C          tanh
//
// At 6 levels the first at 1/32 is missing, as is the second on the way back, and dropout begins at 1/8.
type UNet struct {
	Down1 *UNetBlock     `nn:"down1"`
	Down2 *UNetBlock     `nn:"down2"`
	Down3 *UNetBlock     `nn:"down3"`
	Down4 *UNetBlock     `nn:"down4"`
	Down5 *UNetBlock     `nn:"down5"`
	Down6 *UNetBlock     `nn:"down6"`
	Down7 *UNetBlock     `nn:"down7"` // nil at 6 levels
	Up1   *UNetBlock     `nn:"up1"`
	Up2   *UNetBlock     `nn:"up2"`
	Up3   *UNetBlock     `nn:"up3"`
	Up4   *UNetBlock     `nn:"up4"`
	Up5   *UNetBlock     `nn:"up5"`
	Up6   *UNetBlock     `nn:"up6"` // nil at 6 levels
	Final *nn.Sequential `nn:"final"`
}

// UNetBlock is a convolution with what follows it.
type UNetBlock struct {
	Model *nn.Sequential `nn:"model"`
}

// UNetOptions say how the two U-Nets differ.
type UNetOptions struct {
	Levels          int
	Channels, Width int
	Affine          bool // norms scale and shift, and convolutions have no bias: DualGAN's
	Resize          bool // the last layer doubles by repeating pixels before a convolution: DiscoGAN's
}

// NewUNet makes the network with PyTorch's weights. It panics unless there are 6 or 7 levels.
func NewUNet(o UNetOptions) *UNet {
	halve := nn.Conv{Stride: 2, Padding: 1, NoBias: o.Affine}
	down := func(in, out int, norm, drop bool) *UNetBlock {
		layers := []nn.Layer{nn.NewConv2d(in, out, 4, halve)}
		if norm {
			layers = append(layers, nn.NewInstanceNorm2d(out, nn.InstanceNorm{Affine: o.Affine}))
		}
		layers = append(layers, nn.LeakyReLU{Slope: 0.2, InPlace: true})
		return newUNetBlock(layers, drop)
	}
	up := func(in, out int, drop bool) *UNetBlock {
		return newUNetBlock([]nn.Layer{
			nn.NewConvTranspose2d(in, out, 4, halve),
			nn.NewInstanceNorm2d(out, nn.InstanceNorm{Affine: o.Affine}), nn.ReLU{InPlace: true},
		}, drop)
	}
	w := o.Width
	u := &UNet{Down1: down(o.Channels, w, false, false), Down2: down(w, 2*w, true, false)}
	switch o.Levels {
	case 6:
		u.Down3, u.Down4 = down(2*w, 4*w, true, true), down(4*w, 8*w, true, true)
		u.Down5, u.Down6 = down(8*w, 8*w, true, true), down(8*w, 8*w, false, true)
		u.Up1, u.Up2, u.Up3 = up(8*w, 8*w, true), up(16*w, 8*w, true), up(16*w, 4*w, true)
		u.Up4, u.Up5 = up(8*w, 2*w, false), up(4*w, w, false)
	case 7:
		u.Down3, u.Down4 = down(2*w, 4*w, true, false), down(4*w, 8*w, true, true)
		u.Down5, u.Down6, u.Down7 = down(8*w, 8*w, true, true), down(8*w, 8*w, true, true), down(8*w, 8*w, false, true)
		u.Up1, u.Up2, u.Up3 = up(8*w, 8*w, true), up(16*w, 8*w, true), up(16*w, 8*w, true)
		u.Up4, u.Up5, u.Up6 = up(16*w, 4*w, false), up(8*w, 2*w, false), up(4*w, w, false)
	default:
		panic(&torch.Error{Op: "NewUNet", Code: torch.ValueError, Msg: fmt.Sprintf("%d levels, not 6 or 7", o.Levels)})
	}
	if o.Resize {
		u.Final = nn.NewSequential(nn.Upsample{Scale: 2}, shifted, nn.NewConv2d(2*w, o.Channels, 4, nn.Conv{Padding: 1}), nn.Tanh{})
	} else {
		u.Final = nn.NewSequential(nn.NewConvTranspose2d(2*w, o.Channels, 4, nn.Conv{Stride: 2, Padding: 1}), nn.Tanh{})
	}
	return u
}

// shifted lets a 4×4 convolution that pads by 1 keep the size.
var shifted = nn.ZeroPad2d{Padding: []int{1, 0, 1, 0}}

func newUNetBlock(layers []nn.Layer, drop bool) *UNetBlock {
	if drop {
		layers = append(layers, nn.NewDropout(0.5))
	}
	return &UNetBlock{nn.NewSequential(layers...)}
}

// Forward translates pictures.
func (u *UNet) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		var skips []*torch.Tensor
		for _, down := range []*UNetBlock{u.Down1, u.Down2, u.Down3, u.Down4, u.Down5, u.Down6, u.Down7} {
			if down != nil {
				x = down.Model.Forward(x)
				skips = append(skips, x)
			}
		}
		level := len(skips) - 1
		for _, up := range []*UNetBlock{u.Up1, u.Up2, u.Up3, u.Up4, u.Up5, u.Up6} {
			if up != nil {
				level--
				x = torch.Cat([]*torch.Tensor{up.Model.Forward(x), skips[level]}, torch.CatOptions{Dim: 1})
			}
		}
		return u.Final.Forward(x)
	})
}

// PatchD judges the patches of pictures (N, C, H, W) in [−1, 1]: unbounded outputs (N, 1, H/8, W/8), or two less a side.
// It is the discriminator of DiscoGAN and DualGAN in eriklindernoren/PyTorch-GAN, with its names of layers:
//
//	1/2   4×4 stride 2   C → Width    LeakyReLU 0.2
//	1/4   4×4 stride 2   → 2·Width    norm, LeakyReLU 0.2
//	1/8   4×4 stride 2   → 4·Width    norm, LeakyReLU 0.2
//	1/8   4×4            → 1
type PatchD struct {
	Model *nn.Sequential `nn:"model"`
}

// NewPatchD makes the network with PyTorch's weights. The last convolution pads by padding beside what its kernel of even
// size needs.
func NewPatchD(channels, width, padding int, norm func(channels int) nn.Layer) *PatchD {
	halve, leaky := nn.Conv{Stride: 2, Padding: 1}, nn.LeakyReLU{Slope: 0.2, InPlace: true}
	return &PatchD{nn.NewSequential(
		nn.NewConv2d(channels, width, 4, halve), leaky,
		nn.NewConv2d(width, 2*width, 4, halve), norm(2*width), leaky,
		nn.NewConv2d(2*width, 4*width, 4, halve), norm(4*width), leaky,
		shifted, nn.NewConv2d(4*width, 1, 4, nn.Conv{Padding: padding}),
	)}
}

// Forward judges pictures.
func (d *PatchD) Forward(x *torch.Tensor) *torch.Tensor { return d.Model.Forward(x) }

// Features also returns what each LeakyReLU gives.
func (d *PatchD) Features(x *torch.Tensor) (out *torch.Tensor, features []*torch.Tensor) {
	all := torch.TidyAll(func() (all []*torch.Tensor) {
		h := x
		for _, layer := range d.Model.Layers {
			h = layer.Forward(h)
			if _, ok := layer.(nn.LeakyReLU); ok {
				all = append(all, h)
			}
		}
		return append(all, h)
	})
	last := len(all) - 1
	return all[last], all[:last]
}
