package jpeg

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/forgergan/forger/torch/vision/internal/kernel"
)

// zigzag gives the natural place of the coefficients in their order in the file.
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// progress is which part of the coefficients a scan holds: all of them in a sequential file.
type progress struct {
	from, to  int // in zigzag order
	high, low uint
}

var errCode = errors.New("a code that its Huffman table does not have")

// maxScans is more than any encoder writes. Each scan walks through the whole picture, however short its data, so that
// a small file of very many would take minutes.
const maxScans = 500

// scan reads the header of a scan and its data.
func (d *decoder) scan(body []byte) error {
	if d.scans++; d.scans > maxScans {
		return UnsupportedError(fmt.Sprintf("more than %d scans", maxScans))
	}
	p, err := d.scanHeader(body)
	if err != nil {
		return err
	}
	// A sequential scan of all components is transformed line by line, and keeps the coefficients of one line only.
	whole := d.progressive || len(d.inScan) < len(d.components)
	for _, c := range d.inScan {
		if c.scanned && !d.progressive {
			return fmt.Errorf("a second scan of component %d", c.id)
		}
		c.scanned = true
		lines := c.v
		if whole {
			lines = c.blocksY
		}
		if c.coefficients == nil {
			c.coefficients = make([]int16, 64*c.blocksX*lines)
		}
	}
	decode := baseline
	if d.progressive {
		decode = p.decoder()
	}
	if err := d.units(whole, func(c *component, block []int16) error { return decode(d, c, block, p) }); err != nil {
		return err
	}
	if !whole {
		for i := range d.components {
			d.components[i].coefficients = nil
		}
	}
	return nil
}

func (d *decoder) scanHeader(body []byte) (p progress, err error) {
	if d.components == nil {
		return p, errors.New("a scan before the frame header")
	}
	if len(body) < 1 || body[0] < 1 || body[0] > 4 || len(body) < 4+2*int(body[0]) {
		return p, errors.New("a scan header that is too short")
	}
	n := int(body[0])
	p = progress{int(body[1+2*n]), int(body[2+2*n]), uint(body[3+2*n] >> 4), uint(body[3+2*n] & 15)}
	if !d.progressive {
		p = progress{0, 63, 0, 0}
	}
	if p.from > p.to || p.to > 63 || p.from == 0 && p.to > 0 && d.progressive || p.from > 0 && n > 1 || p.low > 13 || p.high > 0 && p.high != p.low+1 {
		return p, fmt.Errorf("a scan of coefficients %d to %d, bits %d to %d", p.from, p.to, p.high, p.low)
	}
	d.inScan = d.inScan[:0]
	blocks := 0
	for i := range n {
		var c *component
		for k := range d.components {
			if d.components[k].id == body[1+2*i] {
				c = &d.components[k]
			}
		}
		if c == nil {
			return p, fmt.Errorf("a scan of component %d, which there is not", body[1+2*i])
		}
		for _, other := range d.inScan {
			if other == c {
				return p, fmt.Errorf("a scan of component %d twice", c.id)
			}
		}
		tables := body[2+2*i]
		if tables>>4 > 3 || tables&15 > 3 {
			return p, fmt.Errorf("a scan with the Huffman tables 0x%02x", tables)
		}
		c.dc, c.ac = d.huffmans[0][tables>>4], d.huffmans[1][tables&15]
		if c.dc == nil && p.from == 0 && p.high == 0 || c.ac == nil && p.to > 0 {
			return p, errors.New("a scan whose Huffman table is missing")
		}
		if !c.scanned {
			q := d.quantiser[c.table]
			if q == nil {
				return p, fmt.Errorf("quantisation table %d is missing", c.table)
			}
			c.dequantiser = *q
		}
		d.inScan = append(d.inScan, c)
		blocks += c.h * c.v
	}
	if n > 1 && blocks > 10 {
		return p, fmt.Errorf("%d blocks in a unit", blocks)
	}
	return p, nil
}

// units walks through the units of a scan, restarting where the file does.
func (d *decoder) units(whole bool, decode func(*component, []int16) error) error {
	if !d.stretch() {
		return errCutOff
	}
	alone := len(d.inScan) == 1
	unitsX, unitsY := ceil(d.w, 8*d.maxH), ceil(d.h, 8*d.maxV)
	if alone {
		unitsX, unitsY = d.inScan[0].realX, d.inScan[0].realY
	}
	left := d.interval
	for y := range unitsY {
		for x := range unitsX {
			if d.interval > 0 && left == 0 {
				if err := d.restart(); err != nil {
					return err
				}
				left = d.interval
			}
			left--
			for _, c := range d.inScan {
				h, v, top := c.h, c.v, 0
				if alone {
					h, v = 1, 1
				}
				if whole {
					top = y * v
				}
				for k := range h * v {
					at := 64 * ((top+k/h)*c.blocksX + x*h + k%h)
					if err := decode(c, c.coefficients[at:at+64:at+64]); err != nil {
						return d.broken(err)
					}
				}
			}
			if d.bits.over() {
				return d.broken(errors.New("a scan that ends early"))
			}
		}
		if !whole {
			for _, c := range d.inScan {
				lines := c.v
				if alone {
					lines = 1
				}
				c.transform(y*lines, lines)
			}
		}
	}
	return nil
}

// transform turns lines of blocks into samples. Coefficients of one line only are made ready for the next.
func (c *component) transform(from, lines int) {
	size := 64 * c.blocksX
	line := c.coefficients
	for i := range lines {
		kernel.IDCT(c.plane.Pix[(from+i)*size:], c.plane.Stride, line[i*size:(i+1)*size], &c.dequantiser)
	}
	clear(line)
}

// stretch takes the entropy-coded data up to the next marker. It is false at the end of the file.
func (d *decoder) stretch() bool {
	out := d.bits.data[:0]
	if out == nil {
		out = make([]byte, 0, len(d.data))
	}
	for {
		i := bytes.IndexByte(d.data, 0xff)
		if i < 0 || i+1 == len(d.data) {
			out = append(out, d.data...)
			d.data = nil
			break
		}
		out = append(out, d.data[:i]...)
		if d.data[i+1] != 0 {
			d.data = d.data[i:]
			break
		}
		out, d.data = append(out, 0xff), d.data[i+2:]
	}
	d.bits = bits{data: out}
	d.eobRun = 0
	for _, c := range d.inScan {
		c.predictor = 0
	}
	return len(out) > 0 || len(d.data) > 0
}

// restart passes the marker between two intervals.
func (d *decoder) restart() error {
	for len(d.data) > 1 && d.data[0] == 0xff && d.data[1] == 0xff {
		d.data = d.data[1:]
	}
	if len(d.data) < 2 {
		return errCutOff
	}
	if d.data[1] < 0xd0 || d.data[1] > 0xd7 {
		return fmt.Errorf("marker 0xff%02x where a restart is due", d.data[1])
	}
	d.data = d.data[2:]
	d.stretch()
	return nil
}

// broken tells a file that ends inside of a scan from one that is wrong there.
func (d *decoder) broken(err error) error {
	if len(d.data) == 0 && d.bits.over() {
		return errCutOff
	}
	return err
}

// baseline decodes a block of a sequential file.
func baseline(d *decoder, c *component, block []int16, _ progress) error {
	b, ac := &d.bits, c.ac
	size, ok := b.symbol(c.dc)
	if !ok || size > 11 {
		return errCode
	}
	c.predictor += extend(b.take(uint(size)), int(size))
	block = block[:64]
	block[0] = int16(c.predictor)
	for k := 1; k < 64; k++ {
		if b.n < 32 {
			b.fill()
		}
		if e := ac.fast[b.acc>>(64-lookup)]; e != 0 {
			b.skip(uint(e & 255))
			k += int(e >> 8 & 15)
			if k > 63 {
				return errors.New("a block of more than 64 coefficients")
			}
			block[zigzag[k]&63] = int16(e >> 16)
			continue
		}
		symbol, ok := b.symbol(ac)
		if !ok {
			return errCode
		}
		run, size := int(symbol>>4), uint(symbol&15)
		if size == 0 {
			if run < 15 {
				break
			}
			k += 15
			continue
		}
		k += run
		if k > 63 {
			return errors.New("a block of more than 64 coefficients")
		}
		block[zigzag[k]&63] = int16(extend(b.take(size), int(size)))
	}
	return nil
}
