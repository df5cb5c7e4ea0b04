package svg

import "math"

// pen is how a line is drawn along an outline.
type pen struct {
	width, miter float64
	cap, join    string
	dashes       []float64
}

// outline returns pieces whose union is the stroke of the lines: a rectangle for each segment, and what joins and
// ends add. All turn the same way round, so that the rule of non-zero winding makes their union.
func (p pen) outline(lines []line, tolerance float64) []line {
	var out pieces
	for _, l := range lines {
		for _, part := range p.dash(l) {
			p.stroke(&out, part, tolerance)
		}
	}
	return out
}

type pieces []line

// add appends a convex piece, turned to have a positive area.
func (out *pieces) add(points ...point) {
	area := 0.0
	for i, a := range points {
		b := points[(i+1)%len(points)]
		area += a.x*b.y - a.y*b.x
	}
	if area < 0 {
		for i, j := 0, len(points)-1; i < j; i, j = i+1, j-1 {
			points[i], points[j] = points[j], points[i]
		}
	}
	*out = append(*out, line{points: points, closed: true})
}

func (p pen) stroke(out *pieces, l line, tolerance float64) {
	r := p.width / 2
	points := distinct(l)
	if len(points) == 1 { // a dot
		switch c := points[0]; p.cap {
		case "round":
			out.fan(c, r, 0, 2*math.Pi, tolerance)
		case "square":
			out.add(point{c.x - r, c.y - r}, point{c.x + r, c.y - r}, point{c.x + r, c.y + r}, point{c.x - r, c.y + r})
		}
		return
	}
	n := len(points)
	segments := n - 1
	if l.closed {
		segments = n
	}
	for i := range segments {
		a, b := points[i], points[(i+1)%n]
		side := normal(a, b, r)
		out.add(a.add(side), b.add(side), b.sub(side), a.sub(side))
		if i+1 < segments || l.closed {
			p.joint(out, a, b, points[(i+2)%n], tolerance)
		}
	}
	if !l.closed {
		p.end(out, points[1], points[0], tolerance)
		p.end(out, points[n-2], points[n-1], tolerance)
	}
}

// distinct drops points that repeat the one before.
func distinct(l line) []point {
	var out []point
	for _, p := range l.points {
		if len(out) == 0 || p.sub(out[len(out)-1]).length() > 1e-9 {
			out = append(out, p)
		}
	}
	for l.closed && len(out) > 1 && out[0].sub(out[len(out)-1]).length() <= 1e-9 {
		out = out[:len(out)-1]
	}
	return out
}

// normal is of length r, to the left of the way from a to b where y points down to the right.
func normal(a, b point, r float64) point {
	d := b.sub(a)
	return point{-d.y, d.x}.scale(r / d.length())
}

// joint fills the gap on the outer side of the corner b.
func (p pen) joint(out *pieces, a, b, c point, tolerance float64) {
	r := p.width / 2
	from, to := normal(a, b, r), normal(b, c, r)
	turn := math.Atan2(from.x*to.y-from.y*to.x, from.x*to.x+from.y*to.y)
	if turn > 0 { // the gap is on the other side
		from, to = from.scale(-1), to.scale(-1)
	}
	switch half := math.Cos(turn / 2); { // the miter's length is 1/half of the width
	case p.join == "round":
		out.fan(b, r, math.Atan2(from.y, from.x), turn, tolerance)
	case p.join == "miter" && half > 1e-6 && 1/half <= p.miter:
		tip := from.add(to).scale(0.5 / (half * half))
		out.add(b, b.add(from), b.add(tip), b.add(to))
	default:
		out.add(b, b.add(from), b.add(to))
	}
}

// end puts the cap on the end at b of the segment from a.
func (p pen) end(out *pieces, a, b point, tolerance float64) {
	r := p.width / 2
	side := normal(a, b, r)
	switch p.cap {
	case "round":
		out.fan(b, r, math.Atan2(side.y, side.x), -math.Pi, tolerance)
	case "square":
		on := point{side.y, -side.x}
		out.add(b.add(side), b.add(side).add(on), b.sub(side).add(on), b.sub(side))
	}
}

// fan adds a sector of a disc.
func (out *pieces) fan(c point, r, from, angle, tolerance float64) {
	n := min(200, max(1, int(math.Ceil(math.Abs(angle)/chord(r, tolerance)))))
	points := []point{c}
	for i := range n + 1 {
		points = append(points, c.add(polar(r, from+angle*float64(i)/float64(n))))
	}
	out.add(points...)
}

// dash cuts a line into its dashes; without dashes it is one.
func (p pen) dash(l line) []line {
	sum := 0.0
	for _, d := range p.dashes {
		sum += max(0, d)
	}
	total := 0.0
	points := l.points
	if l.closed {
		points = append(append([]point(nil), points...), points[0])
	}
	for i := range len(points) - 1 {
		total += points[i+1].sub(points[i]).length()
	}
	if sum <= 0 || !(total/sum < 1000) {
		return []line{l}
	}
	var out []line
	k, left, on := 0, max(0, p.dashes[0]), true
	current := []point{points[0]}
	for i := range len(points) - 1 {
		a, b := points[i], points[i+1]
		length := b.sub(a).length()
		at := 0.0
		for length-at > left {
			at += left
			q := between(a, b, at/length)
			if on {
				out = append(out, line{points: append(current, q)})
			}
			on, current = !on, []point{q}
			k = (k + 1) % len(p.dashes)
			left = max(0, p.dashes[k])
		}
		left -= length - at
		current = append(current, b)
	}
	if on {
		out = append(out, line{points: current})
	}
	return out
}
