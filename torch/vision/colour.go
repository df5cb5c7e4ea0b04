package vision

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// blend is Pillow's Image.blend of one value: from + factor*(to-from) in float32, cut off, not rounded.
func blend(from, to uint8, factor float32) uint8 {
	v := float32(from) + factor*(float32(to)-float32(from))
	return uint8(max(0, min(255, v)))
}

// enhance moves every colour value away from (factor > 1) or towards (factor < 1) that of a degenerate picture, which
// from gives for value i; alpha stays. It panics on a negative factor, as torchvision refuses it.
func (im *Image) enhance(factor float64, from func(i int) uint8) *Image {
	if factor < 0 {
		panic(fmt.Sprintf("vision: a colour factor of %v is negative", factor))
	}
	out := im.clone()
	for i, v := range im.Pix {
		if im.C == 4 && i%4 == 3 {
			continue
		}
		out.Pix[i] = blend(from(i), v, float32(factor))
	}
	return out
}

// Brightness scales the colours: 0 is black, 1 the picture itself (torchvision adjust_brightness on a Pillow image).
func (im *Image) Brightness(factor float64) *Image {
	return im.enhance(factor, func(int) uint8 { return 0 })
}

// Contrast moves the colours from the mean grey of the picture: 0 is plain grey, 1 the picture itself.
func (im *Image) Contrast(factor float64) *Image {
	grey, sum := im.Convert(Gray).Pix, 0
	for _, v := range grey {
		sum += int(v)
	}
	mean := uint8(float64(sum)/float64(len(grey)) + 0.5)
	return im.enhance(factor, func(int) uint8 { return mean })
}

// Saturation moves the colours from their grey: 0 is a grey picture, 1 the picture itself.
func (im *Image) Saturation(factor float64) *Image {
	grey := im.Convert(Gray).Pix
	return im.enhance(factor, func(i int) uint8 { return grey[i/im.C] })
}

// Sharpness moves the picture from its smoothed form (3 x 3, centre 5, sum 13; borders as they are): 0 is smooth, 1 the
// picture itself.
func (im *Image) Sharpness(factor float64) *Image {
	smooth, line := im.clone(), im.W*im.C
	for y := 1; y < im.H-1; y++ {
		for i := y*line + im.C; i < (y+1)*line-im.C; i++ {
			sum := float32(0)
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					weight := float32(1)
					if dy == 0 && dx == 0 {
						weight = 5
					}
					sum += float32(im.Pix[i+dy*line+dx*im.C]) * (weight / 13)
				}
			}
			smooth.Pix[i] = uint8(sum + 0.5)
		}
	}
	return im.enhance(factor, func(i int) uint8 { return smooth.Pix[i] })
}

// Gamma maps each colour value v to 255 (v/255)^gamma, as torchvision's adjust_gamma. It panics on a negative gamma.
func (im *Image) Gamma(gamma float64) *Image {
	if gamma < 0 {
		panic(fmt.Sprintf("vision: a gamma of %v is negative", gamma))
	}
	var table [256]uint8
	for v := range table {
		table[v] = uint8(min(255, 255.999*math.Pow(float64(v)/255, gamma)))
	}
	out := im.clone()
	for i, v := range im.Pix {
		if im.C != 4 || i%4 != 3 {
			out.Pix[i] = table[v]
		}
	}
	return out
}

// Hue turns the hue by factor circles, -0.5 to 0.5, by way of Pillow's 8-bit HSV; grey pictures stay. It panics on
// another factor.
func (im *Image) Hue(factor float64) *Image {
	if factor < -0.5 || factor > 0.5 {
		panic(fmt.Sprintf("vision: a hue of %v is not in -0.5..0.5", factor))
	}
	out := im.clone()
	if im.C == 1 {
		return out
	}
	turn := uint8(int32(factor * 255)) // wraps, as intended
	for p := out.Pix; len(p) > 0; p = p[im.C:] {
		h, s, v := toHSV(p[0], p[1], p[2])
		p[0], p[1], p[2] = fromHSV(h+turn, s, v)
	}
	return out
}

// toHSV and fromHSV are Pillow's conversions (Convert.c), each value in 0..255. Which steps round to float32 and which
// do not decides ties, so it is as there.
func toHSV(r, g, b uint8) (h, s, v uint8) {
	high, low := max(r, g, b), min(r, g, b)
	if high == low {
		return 0, 0, high
	}
	spread := float32(high) - float32(low)
	rc, gc, bc := (float32(high)-float32(r))/spread, (float32(high)-float32(g))/spread, (float32(high)-float32(b))/spread
	var hue float32
	switch high {
	case r:
		hue = bc - gc
	case g:
		hue = float32(2 + float64(rc) - float64(bc))
	default:
		hue = float32(4 + float64(gc) - float64(rc))
	}
	hue = float32(math.Mod(float64(hue)/6+1, 1))
	return uint8(float64(hue) * 255), uint8(float64(spread/float32(high)) * 255), high
}

func fromHSV(h, s, v uint8) (r, g, b uint8) {
	if s == 0 {
		return v, v, v
	}
	hue, saturation, value := float32(float64(h)*6/255), float32(float64(s)/255), float64(v)
	sector := int(hue)
	f := hue - float32(sector)
	p := uint8(math.Round(value * (1 - float64(saturation))))
	q := uint8(math.Round(value * (1 - float64(saturation*f))))
	t := uint8(math.Round(value * (1 - float64(saturation)*(1-float64(f)))))
	switch sector % 6 {
	case 0:
		return v, t, p
	case 1:
		return q, v, p
	case 2:
		return p, v, t
	case 3:
		return p, q, v
	case 4:
		return t, p, v
	}
	return v, p, q
}

// ColorJitter draws colour changes as torchvision's transform of that name: factors from 1-x to 1+x (not below 0),
// the hue from -x to x, applied in a random order. Zero leaves a change out.
type ColorJitter struct {
	Brightness, Contrast, Saturation, Hue float64
}

// Apply returns the changed picture.
func (j ColorJitter) Apply(im *Image, rng *rand.Rand) *Image {
	around := func(x float64) float64 { return max(0, 1-x) + rng.Float64()*(1+x-max(0, 1-x)) }
	order := rng.Perm(4)
	brightness, contrast, saturation := around(j.Brightness), around(j.Contrast), around(j.Saturation)
	hue := j.Hue * (2*rng.Float64() - 1)
	for _, k := range order {
		switch {
		case k == 0 && j.Brightness > 0:
			im = im.Brightness(brightness)
		case k == 1 && j.Contrast > 0:
			im = im.Contrast(contrast)
		case k == 2 && j.Saturation > 0:
			im = im.Saturation(saturation)
		case k == 3 && j.Hue > 0:
			im = im.Hue(hue)
		}
	}
	return im
}

// GaussianBlur smooths with a size x size kernel of standard deviation sigma, borders mirrored, rounded half to even,
// as torchvision's gaussian_blur. It panics on an even size, one that the picture cannot mirror, and a sigma of 0 or less.
func (im *Image) GaussianBlur(size int, sigma float64) *Image {
	if size < 1 || size%2 == 0 || sigma <= 0 {
		panic(fmt.Sprintf("vision: cannot blur with size %d and sigma %v", size, sigma))
	}
	kernel, half, total := make([]float64, size), size/2, 0.0
	for i := range kernel {
		x := float64(i-half) / sigma
		kernel[i] = math.Exp(-0.5 * x * x)
		total += kernel[i]
	}
	padded, out := im.Pad(half, half, half, half, Reflect, 0), im.clone()
	rows := make([]float64, padded.W*im.C) // one line, blurred vertically
	for y := range im.H {
		clear(rows)
		for k, weight := range kernel {
			for i, v := range padded.row(y + k) {
				rows[i] += weight / total * float64(v)
			}
		}
		dst := out.row(y)
		for i := range dst {
			sum := 0.0
			for k, weight := range kernel {
				sum += weight / total * rows[i+k*im.C]
			}
			dst[i] = uint8(math.RoundToEven(min(255, sum)))
		}
	}
	return out
}
