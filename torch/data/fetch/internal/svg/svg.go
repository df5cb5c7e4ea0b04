// Package svg renders the part of SVG that icon sets such as OpenMoji consist of: groups and plain shapes that are
// filled and stroked in one colour, with transforms, opacity and dashes.
//
//	im, err := svg.Render("1F600.svg", data, 256)      // on white
//
// What would change the picture and is not known (text, images, gradients) is an error, never left out silently.
// Clip paths and markers are the exception: they are ignored. The opacity of a group is applied to each of its shapes.
package svg

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/forgergan/forger/torch/vision"
)

// Render draws the document on a white square of size x size pixels, RGB; the view box is fitted into it, centred.
// name is for the error, which says what the document has that this package cannot draw.
func Render(name string, document []byte, size int) (*vision.Image, error) {
	r := renderer{canvas: newCanvas(size)}
	if err := r.document(document); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r.image(), nil
}

// style is what an element hands on to its children.
type style struct {
	fill, stroke           paint
	fillAlpha, strokeAlpha float64
	opacity                float64 // the product along the way down
	evenOdd                bool
	strokeFirst            bool
	pen
	to matrix
}

// paint is a colour, 0 to 255 each, or none.
type paint struct {
	none bool
	rgb  [3]float32
}

type renderer struct {
	*canvas
	seen bool // the root element
}

func (r *renderer) document(text []byte) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	stack := []style{{
		stroke: paint{none: true}, fillAlpha: 1, strokeAlpha: 1, opacity: 1, to: identity,
		pen: pen{width: 1, cap: "butt", join: "miter", miter: 4},
	}}
	for {
		token, err := d.Token()
		if err == io.EOF {
			if !r.seen {
				return errors.New("this is no SVG document")
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			s := stack[len(stack)-1]
			shown, err := r.element(t, &s)
			if err != nil {
				return fmt.Errorf("<%s>: %w", t.Name.Local, err)
			}
			if !shown {
				if err := d.Skip(); err != nil {
					return err
				}
				continue
			}
			stack = append(stack, s)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		}
	}
}

// element reads the attributes into s, the style inherited, and draws what has a shape. Of what is not shown the
// content is to be skipped.
func (r *renderer) element(e xml.StartElement, s *style) (shown bool, err error) {
	attr := map[string]string{}
	for _, a := range e.Attr {
		attr[a.Name.Local] = strings.TrimSpace(a.Value)
	}
	name := e.Name.Local
	switch name {
	case "defs", "title", "desc", "metadata", "namedview":
		return false, nil
	case "svg":
		if r.seen {
			return false, errors.New("a document in a document is not supported")
		}
		r.seen = true
		if s.to, err = r.viewBox(attr["viewBox"]); err != nil {
			return false, err
		}
	default:
		if !r.seen {
			return false, errors.New("this is no SVG document")
		}
	}
	if attr["display"] == "none" {
		return false, nil
	}
	if err := s.read(attr); err != nil {
		return false, err
	}
	if name == "svg" || name == "g" {
		return true, nil
	}
	outline, err := r.shape(name, attr, r.tolerance(s.to))
	if err != nil {
		return false, err
	}
	fill := func() {
		if !s.fill.none {
			r.fill(outline, s.to, s.evenOdd, s.fill.rgb, s.opacity*s.fillAlpha)
		}
	}
	if !s.strokeFirst {
		fill()
	}
	if !s.stroke.none && s.width > 0 {
		r.fill(s.outline(outline, r.tolerance(s.to)), s.to, false, s.stroke.rgb, s.opacity*s.strokeAlpha)
	}
	if s.strokeFirst {
		fill()
	}
	return true, nil
}

// viewBox returns the map from the document onto the canvas.
func (r *renderer) viewBox(text string) (matrix, error) {
	v, err := numbers(text)
	if err != nil || len(v) != 4 || !(v[2] > 0) || !(v[3] > 0) {
		return identity, fmt.Errorf("there is no view box of four numbers but %q", text)
	}
	k := float64(r.size) / max(v[2], v[3])
	return matrix{k, 0, 0, k, (float64(r.size)-k*v[2])/2 - k*v[0], (float64(r.size)-k*v[3])/2 - k*v[1]}, nil
}

// tolerance is how far, in the units of a shape, its flattened outline may be off: a fiftieth of a pixel.
func (r *renderer) tolerance(to matrix) float64 {
	k := math.Sqrt(math.Abs(to[0]*to[3] - to[1]*to[2]))
	return 0.02 / max(k, 1e-3)
}

// read takes in the presentation attributes of one element.
func (s *style) read(attr map[string]string) error {
	var problem error
	number := func(name string, at *float64) {
		if text, ok := attr[name]; ok {
			v, err := strconv.ParseFloat(strings.TrimSuffix(text, "px"), 64)
			if err != nil || math.Abs(v) > 1e6 {
				problem = errors.Join(problem, fmt.Errorf("%s is no number that can be drawn: %q", name, text))
				return
			}
			*at = v
		}
	}
	colour := func(name string, at *paint) {
		if text, ok := attr[name]; ok {
			p, err := parsePaint(text)
			problem = errors.Join(problem, err)
			*at = p
		}
	}
	opacity := 1.0
	colour("fill", &s.fill)
	colour("stroke", &s.stroke)
	number("fill-opacity", &s.fillAlpha)
	number("stroke-opacity", &s.strokeAlpha)
	number("opacity", &opacity)
	number("stroke-width", &s.width)
	number("stroke-miterlimit", &s.miter)
	s.opacity *= opacity
	if v, ok := attr["stroke-linecap"]; ok {
		s.cap = v
	}
	if v, ok := attr["stroke-linejoin"]; ok {
		s.join = v
	}
	if v, ok := attr["fill-rule"]; ok {
		s.evenOdd = v == "evenodd"
	}
	if v, ok := attr["paint-order"]; ok {
		s.strokeFirst = strings.HasPrefix(v, "stroke")
	}
	if v, ok := attr["stroke-dasharray"]; ok {
		s.dashes = nil
		if v != "none" {
			var err error
			s.dashes, err = numbers(v)
			problem = errors.Join(problem, err)
		}
	}
	if v, ok := attr["transform"]; ok {
		m, err := parseTransform(v)
		problem = errors.Join(problem, err)
		s.to = s.to.times(m)
	}
	if _, ok := attr["style"]; ok {
		problem = errors.Join(problem, errors.New("a style attribute is not supported"))
	}
	return problem
}

// parsePaint reads none, #rgb or #rrggbb.
func parsePaint(text string) (paint, error) {
	if text == "none" {
		return paint{none: true}, nil
	}
	hex := strings.TrimPrefix(text, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	v, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 6 || hex == text {
		return paint{}, fmt.Errorf("the colour %q is not none, #rgb or #rrggbb", text)
	}
	return paint{rgb: [3]float32{float32(v >> 16), float32(v >> 8 & 255), float32(v & 255)}}, nil
}
