package svg

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

type point struct{ x, y float64 }

func (p point) add(q point) point         { return point{p.x + q.x, p.y + q.y} }
func (p point) sub(q point) point         { return point{p.x - q.x, p.y - q.y} }
func (p point) scale(k float64) point     { return point{k * p.x, k * p.y} }
func (p point) length() float64           { return math.Hypot(p.x, p.y) }
func between(p, q point, t float64) point { return p.add(q.sub(p).scale(t)) }
func polar(radius, angle float64) point {
	return point{radius * math.Cos(angle), radius * math.Sin(angle)}
}

// line is a part of an outline, its curves flattened.
type line struct {
	points []point
	closed bool
}

// outliner collects an outline.
type outliner struct {
	lines     []line
	at, start point
	tolerance float64
}

func (o *outliner) moveTo(p point) {
	o.lines = append(o.lines, line{points: []point{p}})
	o.at, o.start = p, p
}

func (o *outliner) lineTo(p point) {
	if len(o.lines) == 0 || o.lines[len(o.lines)-1].closed { // after a close a part begins where the last one did
		o.moveTo(o.at)
	}
	last := &o.lines[len(o.lines)-1]
	last.points = append(last.points, p)
	o.at = p
}

func (o *outliner) close() {
	if len(o.lines) > 0 {
		o.lines[len(o.lines)-1].closed = true
		o.at = o.start
	}
}

// cubicTo flattens a Bézier curve. Its distance from the chords falls with the square of their number.
func (o *outliner) cubicTo(b, c, d point) {
	a := o.at
	bend := max(a.sub(b.scale(2)).add(c).length(), b.sub(c.scale(2)).add(d).length())
	n := o.steps(math.Sqrt(0.75 * bend / o.tolerance))
	for i := 1; i < n; i++ {
		t := float64(i) / float64(n)
		ab, bc, cd := between(a, b, t), between(b, c, t), between(c, d, t)
		o.lineTo(between(between(ab, bc, t), between(bc, cd, t), t))
	}
	o.lineTo(d)
}

func (o *outliner) quadTo(b, c point) {
	o.cubicTo(between(o.at, b, 2./3), between(c, b, 2./3), c)
}

// steps keeps the number of chords of a curve sane, whatever the numbers in the file.
func (o *outliner) steps(n float64) int {
	if !(n < 200) {
		return 200
	}
	return max(1, int(math.Ceil(n)))
}

// arcTo follows an ellipse (SVG 1.1, appendix F.6.5): from the end points to the centre.
func (o *outliner) arcTo(rx, ry, turn float64, large, sweep bool, to point) {
	rx, ry = math.Abs(rx), math.Abs(ry)
	if rx == 0 || ry == 0 || o.at == to {
		o.lineTo(to)
		return
	}
	sin, cos := math.Sincos(turn * math.Pi / 180)
	half := o.at.sub(to).scale(0.5)
	x, y := (cos*half.x+sin*half.y)/rx, (cos*half.y-sin*half.x)/ry
	if short := math.Hypot(x, y); short > 1 { // the radii do not reach
		rx, ry, x, y = rx*short, ry*short, x/short, y/short
	}
	k := math.Sqrt(max(0, 1/(x*x+y*y)-1))
	if large == sweep {
		k = -k
	}
	cx, cy := k*y, -k*x // the centre on the unit circle
	from := math.Atan2(y-cy, x-cx)
	angle := math.Atan2(-y-cy, -x-cx) - from
	if sweep && angle < 0 {
		angle += 2 * math.Pi
	} else if !sweep && angle > 0 {
		angle -= 2 * math.Pi
	}
	middle := between(o.at, to, 0.5).add(point{cos*rx*cx - sin*ry*cy, sin*rx*cx + cos*ry*cy})
	n := o.steps(math.Abs(angle) / chord(max(rx, ry), o.tolerance))
	for i := 1; i < n; i++ {
		p := polar(1, from+angle*float64(i)/float64(n))
		o.lineTo(middle.add(point{cos*rx*p.x - sin*ry*p.y, sin*rx*p.x + cos*ry*p.y}))
	}
	o.lineTo(to)
}

// chord is the angle whose chord is within the tolerance of a circle.
func chord(radius, tolerance float64) float64 {
	return 2 * math.Acos(max(0, 1-tolerance/radius))
}

// path reads path data: "M36,13v46c1-2".
func (o *outliner) path(data string) error {
	s := scanner{text: data}
	var command byte
	var control point // of the curve before, for a smooth one
	var before byte
	for !s.done() {
		if c := s.command(); c != 0 {
			command = c
		} else if command == 0 || command|32 == 'z' {
			return fmt.Errorf("path data %q: a number where a command should be", data)
		} else if command == 'M' { // further pairs are lines
			command = 'L'
		} else if command == 'm' {
			command = 'l'
		}
		origin := point{}
		if command >= 'a' {
			origin = o.at
		}
		next := func() point { return origin.add(point{s.number(), s.number()}) }
		reflected := func(kind byte) point {
			if before == kind || before == smooth(kind) {
				return o.at.scale(2).sub(control)
			}
			return o.at
		}
		kind := command &^ 32
		if len(o.lines) == 0 && kind != 'M' {
			return fmt.Errorf("path data %q does not begin with a move", data)
		}
		switch kind {
		case 'M':
			p := next()
			o.moveTo(p)
		case 'L':
			o.lineTo(next())
		case 'H':
			o.lineTo(point{origin.x + s.number(), o.at.y})
		case 'V':
			o.lineTo(point{o.at.x, origin.y + s.number()})
		case 'C', 'S':
			b := reflected('C')
			if kind == 'C' {
				b = next()
			}
			control = next()
			o.cubicTo(b, control, next())
		case 'Q', 'T':
			control = reflected('Q')
			if kind == 'Q' {
				control = next()
			}
			o.quadTo(control, next())
		case 'A':
			rx, ry, turn := s.number(), s.number(), s.number()
			large, sweep := s.flag(), s.flag()
			o.arcTo(rx, ry, turn, large, sweep, next())
		case 'Z':
			o.close()
		default:
			return fmt.Errorf("path data %q: there is no command %q", data, command)
		}
		if s.err != nil {
			return fmt.Errorf("path data %q: %w", data, s.err)
		}
		before = kind
	}
	return nil
}

func smooth(kind byte) byte { return map[byte]byte{'C': 'S', 'Q': 'T'}[kind] }

// scanner reads the numbers of SVG, which need no space between them where none is needed: "1.5.5-2".
type scanner struct {
	text string
	err  error
}

func (s *scanner) done() bool {
	s.text = strings.TrimLeft(s.text, " \t\r\n,")
	return s.text == "" || s.err != nil
}

// command takes a letter, if one is next.
func (s *scanner) command() byte {
	if c := s.text[0]; c|32 >= 'a' && c|32 <= 'z' {
		s.text = s.text[1:]
		return c
	}
	return 0
}

func (s *scanner) number() float64 {
	if s.done() {
		s.err = errors.Join(s.err, errors.New("a number is missing"))
		return 0
	}
	n, dot, exp := 0, false, false
scan:
	for ; n < len(s.text); n++ {
		switch c := s.text[n]; {
		case c >= '0' && c <= '9':
		case (c == '-' || c == '+') && (n == 0 || s.text[n-1]|32 == 'e'):
		case c == '.' && !dot && !exp:
			dot = true
		case c|32 == 'e' && n > 0 && !exp:
			exp = true
		default:
			break scan
		}
	}
	v, err := strconv.ParseFloat(s.text[:n], 64)
	if err == nil && math.Abs(v) > 1e6 {
		err = fmt.Errorf("the number %g is too large", v)
	}
	s.err = errors.Join(s.err, err)
	s.text = s.text[n:]
	return v
}

// flag reads a 0 or 1 of an arc, which may be followed by a number directly.
func (s *scanner) flag() bool {
	if s.done() || s.text[0] != '0' && s.text[0] != '1' {
		s.err = errors.Join(s.err, errors.New("an arc's flag is not 0 or 1"))
		return false
	}
	on := s.text[0] == '1'
	s.text = s.text[1:]
	return on
}

// numbers reads a list of numbers.
func numbers(text string) ([]float64, error) {
	s := scanner{text: text}
	var out []float64
	for !s.done() {
		out = append(out, s.number())
	}
	return out, s.err
}
