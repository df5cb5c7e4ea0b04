package video

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch/vision"
)

// faceChannels are the edges and a distance map of each curve.
const faceChannels = 15

// faceCurves are the lines of a face by the numbers of its keypoints, part by part: the 68 of iBUG, and 68 to 82 of the upper
// outline, which mirror the jaw.
var faceCurves = [][][]int{
	{append(append(upTo(0, 17), upTo(68, 83)...), 0)},
	{upTo(17, 22)}, {upTo(22, 27)}, // brows
	{{28, 31}, upTo(31, 36), {35, 28}},                                         // nose
	{{36, 37, 38, 39}, {39, 40, 41, 36}}, {{42, 43, 44, 45}, {45, 46, 47, 42}}, // eyes
	{upTo(48, 55), {54, 55, 56, 57, 58, 59, 48}}, // mouth
	{upTo(60, 65), {64, 65, 66, 67, 60}},         // between the lips
}

func upTo(from, to int) (all []int) {
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}

// readFace reads 68 lines "x,y" and adds the upper outline.
func readFace(path string) ([]point, error) {
	raw, err := vision.Read(path)
	if err != nil {
		return nil, err
	}
	return parseFace(path, raw)
}

func parseFace(path string, raw []byte) ([]point, error) {
	var pts []point
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		var p point
		if n, err := fmt.Sscanf(strings.ReplaceAll(line, ",", " "), "%g %g", &p.x, &p.y); n != 2 || err != nil || !sane(p.x) || !sane(p.y) {
			return nil, fmt.Errorf("keypoints %s: line %d is %.40q, not x,y", path, len(pts)+1, line)
		}
		pts = append(pts, p)
	}
	if len(pts) != 68 {
		return nil, fmt.Errorf("keypoints %s: there are %d, not the 68 of a face", path, len(pts))
	}
	base := math.Trunc(pts[0].y)/2 + math.Trunc(pts[16].y)/2
	for i := 15; i > 0; i-- {
		pts = append(pts, point{math.Trunc(pts[i].x), math.Trunc(base + math.Floor((base-math.Trunc(pts[i].y))*2/3))})
	}
	return pts, nil
}

// sane limits a coordinate to what a picture may have, and a little outside of it.
func sane(v float64) bool { return math.Abs(v) < 1<<16 }

// around is the square that a face is cut out by, of 2.5 times its width, as far as that lies within the frame of h x w.
func around(pts []point, h, w int) (r region) {
	lo, hi := pts[0], pts[0]
	for _, p := range pts[:68] {
		lo, hi = point{min(lo.x, p.x), min(lo.y, p.y)}, point{max(hi.x, p.x), max(hi.y, p.y)}
	}
	side := min(max(int(2.5*(hi.x-lo.x)), 1), h, w)
	r.h, r.w = side, side
	r.left = min(max(int(lo.x+hi.x)/2-side/2, 0), w-side)
	r.top = min(max(int(3*lo.y+hi.y)/4-side/2, 0), h-side)
	return r
}

// drawFace draws the edges of a face, with those of the frame outside of it, and the distance map of each curve.
func drawFace(pts []point, frame *vision.Image) []*vision.Image {
	edges := vision.NewImage(frame.H, frame.W, 1)
	out := []*vision.Image{edges}
	white := []uint8{255}
	inside := make([]bool, frame.H*frame.W)
	for _, part := range faceCurves {
		var outline []point
		for _, line := range part {
			one := vision.NewImage(frame.H, frame.W, 1)
			for i := 0; i < len(line)-1; i += 2 {
				var knots []point
				for _, k := range line[i:min(i+3, len(line))] {
					knots = append(knots, pts[k])
				}
				stroke(one, curve(knots), 1, white, false)
			}
			for i, v := range one.Pix {
				edges.Pix[i] = max(edges.Pix[i], v)
			}
			for i, d := range cityBlock(one) {
				one.Pix[i] = uint8(min(d/3, 255))
			}
			out = append(out, one)
			for _, k := range line {
				outline = append(outline, pts[k])
			}
		}
		fill(inside, frame.W, outline)
	}
	for i, v := range frame.Convert(vision.Gray).Canny(1, 25.5, 51).Pix {
		if !inside[i] {
			edges.Pix[i] = max(edges.Pix[i], v)
		}
	}
	return out
}

// fill marks the pixels inside a polygon, those that an odd number of its sides lie to the left of.
func fill(mask []bool, w int, polygon []point) {
	for y := range len(mask) / w {
		var crossings []float64
		for i, a := range polygon {
			b, at := polygon[(i+1)%len(polygon)], float64(y)
			if (a.y <= at) != (b.y <= at) {
				crossings = append(crossings, a.x+(at-a.y)/(b.y-a.y)*(b.x-a.x))
			}
		}
		slices.Sort(crossings)
		for i := 0; i+1 < len(crossings); i += 2 {
			for x := max(0, int(math.Ceil(crossings[i]))); x < w && float64(x) <= crossings[i+1]; x++ {
				mask[y*w+x] = true
			}
		}
	}
}
