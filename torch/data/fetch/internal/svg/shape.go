package svg

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// shape returns the outline of an element.
func (r *renderer) shape(name string, attr map[string]string, tolerance float64) ([]line, error) {
	var problem error
	number := func(name string) float64 {
		text := strings.TrimSuffix(attr[name], "px")
		if text == "" {
			return 0
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !(math.Abs(v) <= 1e6) {
			problem = fmt.Errorf("%s is no number that can be drawn: %q", name, text)
		}
		return v
	}
	o := outliner{tolerance: tolerance}
	switch name {
	case "path":
		problem = o.path(attr["d"])
	case "line":
		o.moveTo(point{number("x1"), number("y1")})
		o.lineTo(point{number("x2"), number("y2")})
	case "polyline", "polygon":
		v, err := numbers(attr["points"])
		problem = err
		for i := 0; i+1 < len(v); i += 2 {
			if p := (point{v[i], v[i+1]}); i == 0 {
				o.moveTo(p)
			} else {
				o.lineTo(p)
			}
		}
		if name == "polygon" {
			o.close()
		}
	case "circle":
		o.ellipse(point{number("cx"), number("cy")}, number("r"), number("r"))
	case "ellipse":
		o.ellipse(point{number("cx"), number("cy")}, number("rx"), number("ry"))
	case "rect":
		x, y, w, h := number("x"), number("y"), number("width"), number("height")
		rx, ry := number("rx"), number("ry")
		if _, ok := attr["rx"]; !ok {
			rx = ry
		}
		if _, ok := attr["ry"]; !ok {
			ry = rx
		}
		o.rect(x, y, w, h, min(rx, w/2), min(ry, h/2))
	default:
		problem = fmt.Errorf("this element is not supported")
	}
	return o.lines, problem
}

func (o *outliner) ellipse(c point, rx, ry float64) {
	if rx <= 0 || ry <= 0 {
		return
	}
	left, right := point{c.x - rx, c.y}, point{c.x + rx, c.y}
	o.moveTo(right)
	o.arcTo(rx, ry, 0, false, true, left)
	o.arcTo(rx, ry, 0, false, true, right)
	o.close()
}

// rect is a rectangle, with rounded corners where the radii are not 0.
func (o *outliner) rect(x, y, w, h, rx, ry float64) {
	if w <= 0 || h <= 0 {
		return
	}
	o.moveTo(point{x + rx, y})
	o.lineTo(point{x + w - rx, y})
	o.arcTo(rx, ry, 0, false, true, point{x + w, y + ry})
	o.lineTo(point{x + w, y + h - ry})
	o.arcTo(rx, ry, 0, false, true, point{x + w - rx, y + h})
	o.lineTo(point{x + rx, y + h})
	o.arcTo(rx, ry, 0, false, true, point{x, y + h - ry})
	o.lineTo(point{x, y + ry})
	o.arcTo(rx, ry, 0, false, true, point{x + rx, y})
	o.close()
}

// matrix takes (x, y) to (ax + cy + e, bx + dy + f), its elements in SVG's order a to f.
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

func (m matrix) apply(p point) point {
	return point{m[0]*p.x + m[2]*p.y + m[4], m[1]*p.x + m[3]*p.y + m[5]}
}

// times is the map that applies n first.
func (m matrix) times(n matrix) matrix {
	x, y, o := m.apply(point{n[0], n[1]}), m.apply(point{n[2], n[3]}), m.apply(point{n[4], n[5]})
	return matrix{x.x - m[4], x.y - m[5], y.x - m[4], y.y - m[5], o.x, o.y}
}

// parseTransform reads a list such as "translate(36 36) rotate(-45)".
func parseTransform(text string) (matrix, error) {
	out := identity
	for rest := strings.TrimLeft(text, " ,\t\r\n"); rest != ""; rest = strings.TrimLeft(rest, " ,\t\r\n") {
		name, after, _ := strings.Cut(rest, "(")
		inside, after, closed := strings.Cut(after, ")")
		rest = after
		v, err := numbers(inside)
		m := identity
		switch name = strings.TrimSpace(name); {
		case err != nil || !closed:
			return out, fmt.Errorf("the transform %q cannot be read", text)
		case name == "matrix" && len(v) == 6:
			m = matrix(v)
		case name == "translate" && len(v) == 1:
			m[4] = v[0]
		case name == "translate" && len(v) == 2:
			m[4], m[5] = v[0], v[1]
		case name == "scale" && len(v) == 1:
			m[0], m[3] = v[0], v[0]
		case name == "scale" && len(v) == 2:
			m[0], m[3] = v[0], v[1]
		case name == "rotate" && (len(v) == 1 || len(v) == 3):
			sin, cos := math.Sincos(v[0] * math.Pi / 180)
			m = matrix{cos, sin, -sin, cos, 0, 0}
			if len(v) == 3 {
				m = matrix{1, 0, 0, 1, v[1], v[2]}.times(m).times(matrix{1, 0, 0, 1, -v[1], -v[2]})
			}
		case name == "skewX" && len(v) == 1:
			m[2] = math.Tan(v[0] * math.Pi / 180)
		default:
			return out, fmt.Errorf("the transform %q is not supported", text)
		}
		out = out.times(m)
	}
	return out, nil
}
