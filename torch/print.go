package torch

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// How String prints; PyTorch's defaults.
const (
	printPrecision = 4    // digits after the point
	printThreshold = 1000 // more elements are summarised
	printEdge      = 3    // elements shown at each end of a summarised dimension
	printWidth     = 80   // characters of a line
)

// String writes t as Python's print does: the values, summarised where there are more than 1000, and what is not the
// default of element type, device and gradient.
func (t *Tensor) String() (s string) {
	const prefix = "tensor("
	m := t.mustInfo()
	body := "[]"
	if m.numel > 0 {
		Scope(func() { NoGrad(func() { body = format(t, m, len(prefix)) }) })
	}
	return joinSuffixes(prefix+body, t.suffixes(m), len(prefix))
}

// suffixes lists what follows the values.
func (t *Tensor) suffixes(m info) (all []string) {
	if m.device.Type != CPU {
		all = append(all, fmt.Sprintf("device='%s'", m.device))
	}
	if m.numel == 0 && len(m.sizes) != 1 {
		all = append(all, "size="+shapeString(m.sizes))
	}
	shown := m.dtype != Float32
	if m.numel > 0 { // the values tell these from one another
		shown = !slices.Contains([]DType{Float32, Complex64, Int64, Bool}, m.dtype)
	}
	if shown {
		all = append(all, "dtype=torch."+m.dtype.String())
	}
	switch fn, err := t.gradFn(); {
	case err != nil: // a view that was changed where nothing is recorded
		all = append(all, "grad_fn=<Invalid>")
	case fn != "":
		all = append(all, "grad_fn=<"+fn+">")
	case m.flags&flagRequiresGrad != 0:
		all = append(all, "requires_grad=True")
	}
	return all
}

// joinSuffixes appends the suffixes, each on the last line where it fits.
func joinSuffixes(s string, suffixes []string, indent int) string {
	length := len(s) - strings.LastIndexByte(s, '\n') + 1
	for _, x := range suffixes {
		if length+len(x)+2 > printWidth {
			s += ",\n" + strings.Repeat(" ", indent) + x
			length = indent + len(x)
			continue
		}
		s += ", " + x
		length += len(x) + 2
	}
	return s + ")"
}

// A printer writes the elements of a tensor in the order of its dimensions.
type printer struct {
	shape []int    // the whole shape
	cut   bool     // dimensions of more than 2·printEdge show their ends only
	cells []string // the elements that are shown, padded to one width
	width int      // of a cell with the comma and blank after it
}

func format(t *Tensor, m info, indent int) string {
	p := &printer{shape: m.sizes, cut: m.numel > printThreshold}
	if p.cut {
		t = ends(t, m)
	}
	p.cells, p.width = cells(t, m.dtype)
	return p.write(p.shape, indent)
}

// ends is t with the middle of each long dimension left out.
func ends(t *Tensor, m info) *Tensor {
	for dim, n := range m.sizes {
		if n > 2*printEdge {
			t = Cat([]*Tensor{t.Narrow(dim, 0, printEdge), t.Narrow(dim, n-printEdge, printEdge)}, CatOptions{Dim: dim})
		}
	}
	return t
}

// write takes the cells of a tensor of this shape from p.
func (p *printer) write(shape []int, indent int) string {
	if len(shape) == 0 {
		return p.next()
	}
	gap := p.cut && shape[0] > 2*printEdge
	n := shape[0]
	if gap {
		n = 2 * printEdge
	}
	var parts []string
	for i := range n {
		if gap && i == printEdge {
			if len(shape) == 1 {
				parts = append(parts, " ...")
			} else {
				parts = append(parts, "...")
			}
		}
		parts = append(parts, p.write(shape[1:], indent+1))
	}
	margin := strings.Repeat(" ", indent+1)
	if len(shape) > 1 {
		return "[" + strings.Join(parts, ","+strings.Repeat("\n", len(shape)-1)+margin) + "]"
	}
	var lines []string
	for line := range slices.Chunk(parts, max(1, (printWidth-indent)/p.width)) {
		lines = append(lines, strings.Join(line, ", "))
	}
	return "[" + strings.Join(lines, ",\n"+margin) + "]"
}

func (p *printer) next() string {
	c := p.cells[0]
	p.cells = p.cells[1:]
	return c
}

// cells are the elements of t in text, and the width of one in a row.
func cells(t *Tensor, d DType) (out []string, width int) {
	switch {
	case d == Bool:
		for _, v := range Values[bool](t) {
			out = append(out, map[bool]string{true: "True", false: "False"}[v])
		}
		width = pad(out)
	case d == Complex32 || d == Complex64 || d == Complex128:
		return complexCells(t)
	case d.IsFloat():
		out, width = floatCells(Values[float64](t.ToDType(Float64)))
	case d == Uint64:
		for _, v := range Values[uint64](t) {
			out = append(out, strconv.FormatUint(v, 10))
		}
		width = pad(out)
	default:
		for _, v := range Values[int64](t.ToDType(Int64)) {
			out = append(out, strconv.FormatInt(v, 10))
		}
		width = pad(out)
	}
	return out, width + 2
}

// pad brings all cells to the width of the widest.
func pad(cells []string) (width int) {
	for _, c := range cells {
		width = max(width, len(c))
	}
	for i, c := range cells {
		cells[i] = strings.Repeat(" ", width-len(c)) + c
	}
	return width
}

// complexCells joins real and imaginary parts, each printed in a form of its own.
func complexCells(t *Tensor) (out []string, width int) {
	var re, im []float64
	for _, v := range Values[complex128](t.ToDType(Complex128)) {
		re, im = append(re, real(v)), append(im, imag(v))
	}
	out, width = floatCells(re)
	imag, w := floatCells(im)
	for i, s := range imag {
		s = strings.TrimLeft(s, " ") + "j"
		if s[0] != '-' && s[0] != '+' {
			s = "+" + s
		}
		out[i] += s
	}
	return out, width + w + 3
}

// floatCells prints real numbers in one of three forms: whole numbers with a point, a fixed number of digits, or an
// exponent where the numbers are very large, very small or far apart. The width is that of the widest finite
// number that is not 0.
func floatCells(v []float64) (out []string, width int) {
	whole, smallest, largest := true, math.Inf(1), 0.0
	for _, x := range v {
		if a := math.Abs(x); a != 0 && !math.IsInf(a, 0) && !math.IsNaN(a) {
			smallest, largest = min(smallest, a), max(largest, a)
			whole = whole && x == math.Ceil(x)
		}
	}
	exponent := largest > 0 && (largest/smallest > 1000 || largest > 1e8 || smallest < 1e-4)
	width = 1
	for _, x := range v {
		s := floatCell(x, whole, exponent)
		out = append(out, s)
		if x != 0 && !math.IsInf(x, 0) && !math.IsNaN(x) {
			width = max(width, len(s))
		}
	}
	for i, s := range out {
		out[i] = strings.Repeat(" ", max(0, width-len(s))) + s
	}
	return out, width
}

func floatCell(x float64, whole, exponent bool) string {
	switch {
	case math.IsNaN(x):
		return "nan"
	case math.IsInf(x, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(x, 'f', 0, 64)), "+")
	case exponent:
		return strconv.FormatFloat(x, 'e', printPrecision, 64)
	case whole:
		return strconv.FormatFloat(x, 'f', 0, 64) + "."
	}
	return strconv.FormatFloat(x, 'f', printPrecision, 64)
}
