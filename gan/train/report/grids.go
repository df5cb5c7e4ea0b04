package report

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"slices"
)

const (
	maxGrids = 12
	maxBytes = 3 << 20 // of all pictures together, in base64
	maxSide  = 1120    // pixels of a picture that had to shrink: the page is not wider

	// The place of the large picture, in CSS pixels.
	stageWidth  = 560
	stageHeight = 720
)

// picture is a grid, ready for the template.
type picture struct {
	Step          string
	Src           template.URL
	Width, Height int  // on the page
	Pixels        bool // enlarged: with sharp pixels, as it was generated
}

// wide reports whether the large picture should have the whole width of the page, with the small ones below.
func wide(all []picture) bool {
	if len(all) == 0 {
		return false
	}
	last := all[len(all)-1]
	return last.Width > stageWidth && 2*last.Width > 3*last.Height
}

// pictures chooses and embeds grids. Where they would take too much room there are fewer of them.
func pictures(grids []Grid) ([]picture, error) {
	grids = slices.SortedStableFunc(slices.Values(grids), func(a, b Grid) int { return cmp.Compare(a.Step, b.Step) })
	for most := min(maxGrids, len(grids)); ; most = (most + 1) / 2 {
		n := evenly(len(grids), most)
		var out []picture
		total := 0
		for i := range n {
			g := grids[len(grids)-1]
			if n > 1 {
				g = grids[i*(len(grids)-1)/(n-1)]
			}
			p, err := embed(g, maxBytes/n*3/4)
			if err != nil {
				return nil, err
			}
			total += len(p.Src)
			out = append(out, p)
		}
		if total <= maxBytes || n <= 1 {
			return out, nil
		}
	}
}

// evenly is how many of all grids to show: most, or a few less if their distances are equal then.
func evenly(all, most int) int {
	for n := most; n > 1 && 3*n > 2*most; n-- {
		if (all-1)%(n-1) == 0 {
			return n
		}
	}
	return most
}

// embed makes a picture of at most about limit bytes: the PNG as it is, or a JPEG that is as large as the page can show.
func embed(g Grid, limit int) (picture, error) {
	c, err := png.DecodeConfig(bytes.NewReader(g.PNG))
	if err != nil {
		return picture{}, fmt.Errorf("report: grid of step %d: %w", g.Step, err)
	}
	p := picture{Step: thousands(g.Step), Width: c.Width, Height: c.Height}
	if times := stageWidth / max(c.Width, c.Height); times > 1 {
		p.Width, p.Height, p.Pixels = times*c.Width, times*c.Height, true
	} else if c.Height > stageHeight && c.Height > c.Width {
		p.Width, p.Height = max(c.Width*stageHeight/c.Height, 1), stageHeight
	}
	mime, content := "image/png", g.PNG
	if len(content) > limit {
		img, err := png.Decode(bytes.NewReader(g.PNG))
		if err != nil {
			return picture{}, fmt.Errorf("report: grid of step %d: %w", g.Step, err)
		}
		small := shrink(img, maxSide)
		for _, quality := range []int{90, 75, 60} {
			var b bytes.Buffer
			if err := jpeg.Encode(&b, small, &jpeg.Options{Quality: quality}); err != nil {
				return picture{}, fmt.Errorf("report: grid of step %d: %w", g.Step, err)
			}
			mime, content = "image/jpeg", b.Bytes()
			if len(content) <= limit {
				break
			}
		}
	}
	p.Src = template.URL("data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(content))
	return p, nil
}

// shrink averages squares of pixels so that no side is longer than side, over white where img is transparent.
func shrink(img image.Image, side int) *image.RGBA {
	r := img.Bounds()
	full := image.NewRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	draw.Draw(full, full.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(full, full.Rect, img, r.Min, draw.Over)
	k := (max(r.Dx(), r.Dy()) + side - 1) / side
	if k <= 1 {
		return full
	}
	out := image.NewRGBA(image.Rect(0, 0, max(r.Dx()/k, 1), max(r.Dy()/k, 1)))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			var sum [4]int
			count := 0
			for sy := y * k; sy < min((y+1)*k, r.Dy()); sy++ {
				for sx := x * k; sx < min((x+1)*k, r.Dx()); sx++ {
					for i, v := range full.Pix[full.PixOffset(sx, sy):][:4] {
						sum[i] += int(v)
					}
					count++
				}
			}
			for i, v := range sum {
				out.Pix[out.PixOffset(x, y)+i] = uint8((v + count/2) / count)
			}
		}
	}
	return out
}
