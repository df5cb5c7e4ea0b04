package stackgan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Discriminator tells whether a picture is real and belongs to a text. Zhang et al. 2017, §3.3 and 3.4; the programs'
// tables, with DWidth w:
//
//	size/2         4×4 stride 2  3 → w                      LeakyReLU
//	halved to 4×4  4×4 stride 2  → 2w, 4w, 8w …             BN, LeakyReLU; in tf's Stage I no LeakyReLU after 4w and 8w
//	Stage II       to 8w in steps of ½: tf 1×1, pt 3×3      BN, LeakyReLU
//	tf             + bottleneck block                       LeakyReLU
//	head           tf 1×1, pt 3×3 of [h, condition] → 8w    BN, LeakyReLU; 4×4 → 1
//	pt, Stage II   a second head of h alone: 4×4 → 1
//
// The condition is an embedding, of which tf makes Condition numbers by a linear layer and LeakyReLU, or, in pt, the μ of
// G's condition. Outputs are logits, of which the pt program takes the sigmoid at once.
type Discriminator struct {
	Encode    *nn.Sequential `nn:"encode_img"`
	EmbedText *nn.Sequential `nn:"embed_text"` // nil in pt
	Cond      *head          `nn:"get_cond_logits"`
	Uncond    *head          `nn:"get_uncond_logits"` // nil but in Stage II of pt
}

type head struct {
	Layers *nn.Sequential `nn:"outlogits"`
}

// NewDiscriminator makes the network.
func NewDiscriminator(c Config) *Discriminator {
	pt, w := c.Flavour == "pt", c.DWidth
	e := nn.NewSequential(nn.NewConv2d(3, w, 4, halve), leaky)
	add := func(layers ...nn.Layer) { e.Layers = append(e.Layers, layers...) }
	for side := c.Size / 2; side > 4; side /= 2 {
		add(nn.NewConv2d(w, 2*w, 4, halve), nn.NewBatchNorm2d(2*w))
		w *= 2
		if pt || c.Stage == 2 || side > 16 {
			add(leaky)
		}
	}
	for ; w > 8*c.DWidth; w /= 2 {
		if pt {
			add(nn.NewConv2d(w, w/2, 3, same), nn.NewBatchNorm2d(w/2), leaky)
			continue
		}
		add(nn.NewConv2d(w, w/2, 1, point), nn.NewBatchNorm2d(w/2))
		if w > 16*c.DWidth {
			add(leaky)
		}
	}
	if pt {
		end := nn.Conv{Stride: 4}
		d := &Discriminator{Encode: e, Cond: &head{nn.NewSequential(
			nn.NewConv2d(w+c.Condition, w, 3, same), nn.NewBatchNorm2d(w), leaky, nn.NewConv2d(w, 1, 4, end),
		)}}
		if c.Stage == 2 {
			d.Uncond = &head{nn.NewSequential(nn.NewConv2d(w, 1, 4, end))}
		}
		return d
	}
	add(newBottleneck(w, leaky))
	return &Discriminator{
		Encode:    e,
		EmbedText: nn.NewSequential(nn.NewLinear(c.Text, c.Condition), leaky),
		Cond: &head{nn.NewSequential(
			nn.NewConv2d(w+c.Condition, w, 1, point), nn.NewBatchNorm2d(w), leaky, nn.NewConv2d(w, 1, 4, whole),
		)},
	}
}

// Features maps pictures (N, 3, Size, Size) to (N, 8·DWidth, 4, 4).
func (d *Discriminator) Features(x *torch.Tensor) *torch.Tensor { return d.Encode.Forward(x) }

// Matches maps features and conditions, (N, Text) in tf, (N, Condition) in pt, to logits (N): real, and of that text.
func (d *Discriminator) Matches(h, condition *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		if d.EmbedText != nil {
			condition = d.EmbedText.Forward(condition)
		}
		return d.Cond.Layers.Forward(beside(h, condition)).View(-1)
	})
}

// Real maps features to logits (N): real, whatever the text. Only a D with Uncond has it.
func (d *Discriminator) Real(h *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return d.Uncond.Layers.Forward(h).View(-1) })
}
