// Package jpeg decodes JPEG files to the samples that libjpeg gives: its accurate integer transform, bit for bit.
// The standard library's transform differs by a unit here and there, which becomes up to 3 in a colour.
//
// It reads baseline, extended and progressive Huffman files of 8 bits with 1, 3 or 4 components (ITU-T T.81, and
// Adobe's marker). Arithmetic coding, lossless and hierarchical files and 12 bits are an [UnsupportedError].
// Upsampling and colours are left to the caller, as they depend on what the samples are for.
package jpeg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Space is what the components of a file mean.
type Space int

// The colour spaces.
const (
	Gray Space = iota
	YCbCr
	RGB
	CMYK
	YCCK // CMYK whose first three are stored as YCbCr
)

// Picture is a decoded file.
type Picture struct {
	W, H   int
	Space  Space
	Planes []Plane
}

// Plane holds the samples of one component: sample (y, x) is Pix[y*Stride+x]. It is smaller than the picture by the
// factors ScaleX and ScaleY; W and H count real samples, the padding of blocks beyond them is not meant to be seen.
type Plane struct {
	W, H, Stride   int
	ScaleX, ScaleY int
	Pix            []uint8
}

// Row returns the real samples of line y.
func (p Plane) Row(y int) []uint8 { return p.Pix[y*p.Stride:][:p.W] }

// UnsupportedError names a kind of JPEG file that is not read.
type UnsupportedError string

// Error says what is wrong.
func (e UnsupportedError) Error() string { return string(e) }

// component is what frame and scan headers say of one component, and its coefficients.
type component struct {
	id           uint8
	h, v         int // sampling factors
	table        uint8
	blocksX      int // with the padding of an interleaved scan
	blocksY      int
	realX, realY int // in a scan of its own
	coefficients []int16
	dc, ac       *huffman
	predictor    int32
	dequantiser  [64]uint16
	scanned      bool
	plane        Plane
}

type decoder struct {
	data        []byte // what is left
	w, h        int
	progressive bool
	components  []component
	inScan      []*component
	scans       int
	maxH, maxV  int
	quantiser   [4]*[64]uint16
	huffmans    [2][4]*huffman
	interval    int // of restarts, in units; 0 is none
	jfif        bool
	adobe       int // transform of the Adobe marker, -1 without one
	eobRun      int
	bits        bits
}

var errCutOff = io.ErrUnexpectedEOF

// Config returns the size that a file announces.
func Config(data []byte) (w, h int, err error) {
	d := &decoder{data: data[2:]}
	for {
		marker, body, err := d.segment()
		if err != nil {
			return 0, 0, err
		}
		if isFrame(marker) {
			if len(body) < 6 {
				return 0, 0, errors.New("a frame header that is too short")
			}
			return int(binary.BigEndian.Uint16(body[3:])), int(binary.BigEndian.Uint16(body[1:])), nil
		}
		if marker == 0xd9 || marker == 0xda {
			return 0, 0, errors.New("no frame header before the data")
		}
	}
}

// isFrame tells the markers of frame headers from DHT, JPG and DAC, which lie between them.
func isFrame(marker byte) bool {
	return 0xc0 <= marker && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc
}

// Decode reads a whole file. A file that ends early is io.ErrUnexpectedEOF. Memory is bounded by the size that
// [Config] gives: about 6 bytes a pixel, 12 for a progressive file.
func Decode(data []byte) (*Picture, error) {
	d := &decoder{data: data[2:], adobe: -1}
	for {
		marker, body, err := d.segment()
		if err != nil {
			return nil, err
		}
		switch {
		case marker == 0xd9:
			return d.finish()
		case marker == 0xda:
			err = d.scan(body)
		case marker == 0xdb:
			err = d.quantisers(body)
		case marker == 0xc4:
			err = d.huffmanTables(body)
		case marker == 0xdd:
			if len(body) < 2 {
				return nil, errors.New("a restart interval that is too short")
			}
			d.interval = int(binary.BigEndian.Uint16(body))
		case marker == 0xe0 && len(body) >= 5 && string(body[:5]) == "JFIF\x00":
			d.jfif = true
		case marker == 0xee && len(body) >= 12 && string(body[:5]) == "Adobe":
			d.adobe = int(body[11])
		case marker == 0xcc:
			return nil, UnsupportedError("arithmetic coding")
		case isFrame(marker):
			err = d.frame(marker, body)
		}
		if err != nil {
			return nil, err
		}
	}
}

// segment returns the next marker and its body. Bytes between segments that are no marker are passed over, as in libjpeg.
func (d *decoder) segment() (marker byte, body []byte, err error) {
	for {
		for len(d.data) > 0 && d.data[0] != 0xff {
			d.data = d.data[1:]
		}
		for len(d.data) > 0 && d.data[0] == 0xff {
			d.data = d.data[1:]
		}
		if len(d.data) == 0 {
			return 0, nil, errCutOff
		}
		marker, d.data = d.data[0], d.data[1:]
		switch {
		case marker == 0 || marker == 1 || 0xd0 <= marker && marker <= 0xd8: // without a body
			continue
		case marker == 0xd9:
			return marker, nil, nil
		}
		if len(d.data) < 2 {
			return 0, nil, errCutOff
		}
		size := int(binary.BigEndian.Uint16(d.data))
		if size < 2 {
			return 0, nil, fmt.Errorf("marker 0xff%02x has a length of %d", marker, size)
		}
		if size > len(d.data) {
			return 0, nil, errCutOff
		}
		body, d.data = d.data[2:size], d.data[size:]
		return marker, body, nil
	}
}

// frame reads a frame header and lays out the components.
func (d *decoder) frame(marker byte, body []byte) error {
	switch {
	case d.components != nil:
		return errors.New("a second frame header")
	case marker > 0xc2:
		return UnsupportedError("a lossless, hierarchical or arithmetically coded file")
	case len(body) < 6 || len(body) < 6+3*int(body[5]):
		return errors.New("a frame header that is too short")
	case body[0] != 8:
		return UnsupportedError(fmt.Sprintf("samples of %d bits", body[0]))
	}
	d.progressive = marker == 0xc2
	d.h, d.w = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	n := int(body[5])
	if n != 1 && n != 3 && n != 4 {
		return UnsupportedError(fmt.Sprintf("%d components", n))
	}
	if d.w == 0 || d.h == 0 {
		return fmt.Errorf("a size of %d x %d pixels", d.w, d.h)
	}
	components := make([]component, n)
	for i := range components {
		c, b := &components[i], body[6+3*i:]
		c.id, c.h, c.v, c.table = b[0], int(b[1]>>4), int(b[1]&15), b[2]
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || c.table > 3 {
			return fmt.Errorf("component %d has sampling factors %d x %d and quantisation table %d", c.id, c.h, c.v, c.table)
		}
		for _, other := range components[:i] {
			if other.id == c.id {
				return fmt.Errorf("two components are called %d", c.id)
			}
		}
		d.maxH, d.maxV = max(d.maxH, c.h), max(d.maxV, c.v)
	}
	unitsX, unitsY := ceil(d.w, 8*d.maxH), ceil(d.h, 8*d.maxV)
	for i := range components {
		c := &components[i]
		if d.maxH%c.h != 0 || d.maxV%c.v != 0 {
			return UnsupportedError(fmt.Sprintf("sampling factors %d x %d beside %d x %d", c.h, c.v, d.maxH, d.maxV))
		}
		p := &c.plane
		p.ScaleX, p.ScaleY = d.maxH/c.h, d.maxV/c.v
		p.W, p.H = ceil(d.w, p.ScaleX), ceil(d.h, p.ScaleY)
		c.blocksX, c.blocksY = unitsX*c.h, unitsY*c.v
		c.realX, c.realY = ceil(p.W, 8), ceil(p.H, 8)
		p.Stride = 8 * c.blocksX
		p.Pix = make([]uint8, 64*c.blocksX*c.blocksY)
	}
	d.components = components
	return nil
}

func ceil(a, b int) int { return (a + b - 1) / b }

func (d *decoder) quantisers(body []byte) error {
	for len(body) > 0 {
		size, to := 1+int(body[0]>>4), body[0]&15
		if size > 2 || to > 3 {
			return fmt.Errorf("a quantisation table with the header 0x%02x", body[0])
		}
		if len(body) < 1+64*size {
			return errors.New("a quantisation table that is too short")
		}
		table := new([64]uint16)
		for i := range 64 {
			if size == 1 {
				table[zigzag[i]] = uint16(body[1+i])
			} else {
				table[zigzag[i]] = binary.BigEndian.Uint16(body[1+2*i:])
			}
		}
		d.quantiser[to] = table
		body = body[1+64*size:]
	}
	return nil
}

// finish transforms what waits for the end of the file and says what the planes mean.
func (d *decoder) finish() (*Picture, error) {
	if d.components == nil {
		return nil, errors.New("no frame header")
	}
	p := &Picture{W: d.w, H: d.h, Space: d.space()}
	for i := range d.components {
		c := &d.components[i]
		if !c.scanned {
			return nil, fmt.Errorf("no data of component %d", c.id)
		}
		if c.coefficients != nil {
			c.transform(0, c.blocksY)
		}
		p.Planes = append(p.Planes, c.plane)
	}
	return p, nil
}

// space follows libjpeg: JFIF is YCbCr, Adobe's marker says what it is, and else the identifiers tell RGB.
func (d *decoder) space() Space {
	c := d.components
	switch {
	case len(c) == 1:
		return Gray
	case len(c) == 4 && d.adobe == 2:
		return YCCK
	case len(c) == 4:
		return CMYK
	case !d.jfif && (d.adobe == 0 || d.adobe < 0 && c[0].id == 'R' && c[1].id == 'G' && c[2].id == 'B'):
		return RGB
	}
	return YCbCr
}
