package jpeg

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// lookup is the number of bits that one step of a table decodes.
const lookup = 10

// huffman is one code. A symbol of an AC table stands for a run of zeros and the number of bits of a value that
// follow it; where code and value fit into lookup bits, fast has all of it.
type huffman struct {
	short [1 << lookup]uint16 // symbol<<8 | length of the code; 0: longer than lookup bits
	fast  [1 << lookup]int32  // value<<16 | run<<8 | bits; 0: take the long way
	// The longer codes: the code of length n that follows the last one, left-aligned in 16 bits, and what to add to
	// a code for its place among the symbols.
	limit   [18]uint32
	offset  [17]int32
	symbols []uint8
}

func (d *decoder) huffmanTables(body []byte) error {
	for len(body) > 0 {
		class, to := body[0]>>4, body[0]&15
		if class > 1 || to > 3 {
			return fmt.Errorf("a Huffman table with the header 0x%02x", body[0])
		}
		if len(body) < 17 {
			return errors.New("a Huffman table that is too short")
		}
		n := 0
		for _, count := range body[1:17] {
			n += int(count)
		}
		if n > 256 || len(body) < 17+n {
			return errors.New("a Huffman table that is too short")
		}
		table, err := newHuffman(body[1:17], body[17:17+n])
		if err != nil {
			return err
		}
		d.huffmans[class][to] = table
		body = body[17+n:]
	}
	return nil
}

func newHuffman(counts, symbols []byte) (*huffman, error) {
	t := &huffman{symbols: append([]uint8(nil), symbols...)}
	code, k := uint32(0), 0
	for length := 1; length <= 16; length++ {
		t.offset[length] = int32(k) - int32(code)
		for range counts[length-1] {
			if code >= 1<<length {
				return nil, errors.New("a Huffman table with more codes than there are")
			}
			if length <= lookup {
				first := code << (lookup - length)
				for i := first; i < first+1<<(lookup-length); i++ {
					t.short[i] = uint16(symbols[k])<<8 | uint16(length)
					t.fast[i] = fastEntry(i, length, symbols[k])
				}
			}
			code, k = code+1, k+1
		}
		t.limit[length] = code << (16 - length)
		code <<= 1
	}
	t.limit[17] = 1 << 16
	return t, nil
}

// fastEntry is what the lookup bits i mean, which begin with the code of an AC symbol, or 0 if they do not tell all.
func fastEntry(i uint32, length int, symbol uint8) int32 {
	run, size := int32(symbol>>4), int(symbol&15)
	if size == 0 || length+size > lookup {
		return 0
	}
	value := extend(i>>(lookup-length-size)&(1<<size-1), size)
	return value<<16 | run<<8 | int32(length+size)
}

// extend gives the value of the size bits that follow a symbol (T.81, figure F.12).
func extend(bits uint32, size int) int32 {
	v := int32(bits)
	if size > 0 && v < 1<<(size-1) {
		v += -1<<size + 1
	}
	return v
}

// bits reads a stretch of entropy-coded data, its stuffed zeros removed. Beyond the end it gives zeros: see over.
type bits struct {
	data []byte
	pos  int
	acc  uint64 // the next bits, from the top
	n    uint   // how many of them count
}

// fill makes at least 56 bits count.
func (b *bits) fill() {
	if b.pos+8 <= len(b.data) {
		b.acc |= binary.BigEndian.Uint64(b.data[b.pos:]) >> b.n
	} else {
		for i := b.n; i < 56; i += 8 {
			if at := b.pos + int(i-b.n)/8; at < len(b.data) {
				b.acc |= uint64(b.data[at]) << (56 - i)
			}
		}
	}
	b.pos += int(63-b.n) >> 3
	b.n |= 56
}

// over reports whether more bits were taken than there are.
func (b *bits) over() bool { return 8*b.pos-int(b.n) > 8*len(b.data) }

func (b *bits) skip(n uint) { b.acc, b.n = b.acc<<n, b.n-n }

// take returns n bits, at most 16.
func (b *bits) take(n uint) uint32 {
	if b.n < n {
		b.fill()
	}
	v := uint32(b.acc >> 1 >> (63 - n))
	b.skip(n)
	return v
}

// symbol decodes one symbol of t. A code that t does not have gives ok = false.
func (b *bits) symbol(t *huffman) (s uint8, ok bool) {
	if b.n < 16 {
		b.fill()
	}
	if e := t.short[b.acc>>(64-lookup)]; e != 0 {
		b.skip(uint(e & 255))
		return uint8(e >> 8), true
	}
	code := uint32(b.acc >> 48)
	for length := lookup + 1; length <= 16; length++ {
		if code < t.limit[length] {
			b.skip(uint(length))
			return t.symbols[int32(code>>(16-length))+t.offset[length]], true
		}
	}
	return 0, false
}
