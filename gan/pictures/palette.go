package pictures

import (
	"image/color"
	"slices"

	"github.com/forgergan/forger/torch/vision"
)

// bins are colours of 5 bits a channel, the resolution at which a palette is chosen.
const bins = 1 << 15

func binOf(r, g, b uint8) int { return int(r>>3)<<10 | int(g>>3)<<5 | int(b>>3) }

// bin is the pixels of similar colour.
type bin struct {
	at  int
	n   int
	sum [3]int
}

func (b bin) mean(channel int) int { return b.sum[channel] / b.n }

// palette chooses at most 256 colours for frames and says for each bin which it is: grey frames keep all their greys;
// others are cut at the median of the widest box until there are enough (Heckbert 1982), and each box is its mean.
func palette(frames []*vision.Image) (color.Palette, func(r, g, b uint8) uint8) {
	if gray(frames) {
		p := make(color.Palette, 256)
		for i := range p {
			p[i] = color.Gray{Y: uint8(i)}
		}
		return p, func(r, g, b uint8) uint8 { return r }
	}
	boxes := cut(histogram(frames))
	index, p := make([]uint8, bins), color.Palette{}
	for i, box := range boxes {
		var total bin
		for _, b := range box {
			index[b.at] = uint8(i)
			total.n += b.n
			for c := range total.sum {
				total.sum[c] += b.sum[c]
			}
		}
		p = append(p, color.RGBA{uint8(total.mean(0)), uint8(total.mean(1)), uint8(total.mean(2)), 255})
	}
	return p, func(r, g, b uint8) uint8 { return index[binOf(r, g, b)] }
}

func gray(frames []*vision.Image) bool {
	for _, f := range frames {
		for i := 0; i < len(f.Pix); i += 3 {
			if f.Pix[i] != f.Pix[i+1] || f.Pix[i] != f.Pix[i+2] {
				return false
			}
		}
	}
	return true
}

// histogram is the bins that occur.
func histogram(frames []*vision.Image) []bin {
	counts := make([]bin, bins)
	for _, f := range frames {
		for i := 0; i < len(f.Pix); i += 3 {
			b := &counts[binOf(f.Pix[i], f.Pix[i+1], f.Pix[i+2])]
			b.n++
			for c := range b.sum {
				b.sum[c] += int(f.Pix[i+c])
			}
		}
	}
	var out []bin
	for at, b := range counts {
		if b.n > 0 {
			b.at = at
			out = append(out, b)
		}
	}
	return out
}

// cut divides the bins into at most 256 boxes.
func cut(all []bin) [][]bin {
	boxes := [][]bin{all}
	for len(boxes) < 256 {
		widest, channel, width := 0, 0, 0
		for i, box := range boxes {
			if c, w := extent(box); w > width {
				widest, channel, width = i, c, w
			}
		}
		if width == 0 {
			break
		}
		box := boxes[widest]
		slices.SortStableFunc(box, func(a, b bin) int { return a.mean(channel) - b.mean(channel) })
		pixels := 0
		for _, b := range box {
			pixels += b.n
		}
		at, below := 1, box[0].n
		for at < len(box)-1 && below+box[at].n/2 < pixels/2 {
			below += box[at].n
			at++
		}
		boxes[widest] = box[:at]
		boxes = append(boxes, box[at:])
	}
	return boxes
}

// extent is the channel in which a box is widest, and how wide.
func extent(box []bin) (channel, width int) {
	for c := range 3 {
		lo, hi := 255, 0
		for _, b := range box {
			lo, hi = min(lo, b.mean(c)), max(hi, b.mean(c))
		}
		if hi-lo > width {
			channel, width = c, hi-lo
		}
	}
	return channel, width
}
