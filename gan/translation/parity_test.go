package translation

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The numbers are those of junyanz/pytorch-CycleGAN-and-pix2pix at commit 00d5574. Its networks are the cases patchgan,
// pixel_d, resnet and unet; g… are losses and t… traces.
func TestParity(t *testing.T) {
	parity.Run(t, "pix2pix/[pru]*", func(t *testing.T, c *parity.Case) {
		var (
			norm    Norm
			dropout bool
			padding string
		)
		c.Setting("norm", &norm)
		c.Setting("use_dropout", &dropout)
		c.Setting("padding_type", &padding)
		in, out, width := c.Int("input_nc", 3), c.Int("output_nc", 3), c.Int("ngf", c.Int("ndf", 64))
		var net nn.Layer
		switch c.Meta.Class {
		case "UnetGenerator":
			net = NewUnetGenerator(in, out, Unet{Downs: c.Int("num_downs", 8), Width: width, Norm: norm, Dropout: dropout})
		case "ResnetGenerator":
			net = NewResnetGenerator(in, out, Resnet{
				Blocks: c.Int("n_blocks", 6), Width: width, Norm: norm, Dropout: dropout, Padding: padding,
			})
		case "NLayerDiscriminator":
			net = NewNLayerDiscriminator(in, PatchGAN{Layers: c.Int("n_layers", 3), Width: width, Norm: norm})
		case "PixelDiscriminator":
			net = NewPixelDiscriminator(in, PixelGAN{Width: width, Norm: norm})
		default:
			require.Fail(t, "a case of an unknown class", c.Meta.Class)
		}
		c.Load(net, "")
		require.Equal(t, c.Meta.KeyOrder, names(net))
		c.CheckNetwork(net, parity.State{"out": net.Forward(c.Inputs["x"].SetRequiresGrad(true))})
	})
}

func names(module any) (names []string) {
	for _, e := range nn.StateDict(module) {
		names = append(names, e.Name)
	}
	return names
}

func TestAPatchGANWithAGradientPenaltyIsDifferentiatedTwice(t *testing.T) {
	parity.Run(t, "pix2pix/gradient_penalty", func(t *testing.T, c *parity.Case) {
		var norm Norm
		var centre, weight float64
		c.Setting("norm", &norm)
		c.Setting("constant", &centre)
		c.Setting("lambda_gp", &weight)
		d := NewNLayerDiscriminator(3, PatchGAN{Layers: c.Int("n_layers", 3), Width: c.Int("ndf", 64), Norm: norm})
		c.Load(d, "")
		penalty := gan.GradientPenalty(func(x *torch.Tensor) *torch.Tensor {
			out := d.Forward(x)
			c.Check("input_gradients", gan.InputGradient(out, x))
			return out
		}, c.Inputs["real"], c.Inputs["fake"], gan.GradientPenaltyOptions{Alpha: c.Inputs["alpha"], Centre: &centre}).MulScalar(weight)
		c.Check("penalty", penalty)
		penalty.Backward()
		for _, e := range nn.StateDict(d) {
			if c.Outputs["grad."+e.Name] != nil {
				c.Check("grad."+e.Name, e.Tensor.Grad())
			}
		}
	})
}

func TestParameterCountsAreTheOfficialOnes(t *testing.T) {
	torchtest.Native(t)
	for want, build := range map[int]func() nn.Layer{
		54413955: func() nn.Layer { return NewUnetGenerator(3, 3, Unet{Dropout: true}) },
		54409603: func() nn.Layer { return NewUnetGenerator(3, 3, Unet{Norm: Instance}) },
		54409858: func() nn.Layer { return NewUnetGenerator(1, 2) }, // colouring
		41828995: func() nn.Layer { return NewUnetGenerator(3, 3, Unet{Downs: 7}) },
		7837699:  func() nn.Layer { return NewResnetGenerator(3, 3, Resnet{Blocks: 6, Norm: Instance}) },
		11378179: func() nn.Layer { return NewResnetGenerator(3, 3, Resnet{Norm: Instance}) },
		11383427: func() nn.Layer { return NewResnetGenerator(3, 3) },
		2768705:  func() nn.Layer { return NewNLayerDiscriminator(6) },
		2764737:  func() nn.Layer { return NewNLayerDiscriminator(3, PatchGAN{Norm: Instance}) },
		9024:     func() nn.Layer { return NewPixelDiscriminator(6) },
	} {
		torch.Scope(func() { require.Equal(t, want, nn.NumParameters(build())) })
	}
}
