package checkpoint

import (
	"encoding/binary"
	"math"

	"github.com/forgergan/forger/torch"
)

// blockLen is the number of values decoded at a time: few enough to stay in the processor's first cache.
const blockLen = 2048

// summarise computes the statistics of little-endian values. Complex numbers count as two values, the other types of
// torch.DType as one; data of another type give no statistics.
func summarise(dtype torch.DType, data []byte) stats {
	switch dtype {
	case torch.Bool, torch.Uint8, torch.Int8, torch.Float8E5M2, torch.Float8E4M3FN, torch.Float8E5M2FNUZ,
		torch.Float8E4M3FNUZ, torch.Float8E8M0FNU:
		return summariseBytes(dtype, data)
	case torch.Float32, torch.Complex64:
		return blocks(data, 4, decodeFloat32)
	case torch.Float64, torch.Complex128:
		return blocks(data, 8, decodeFloat64)
	case torch.Float16, torch.Complex32:
		return blocks(data, 2, decodeFloat16)
	case torch.BFloat16:
		return blocks(data, 2, decodeBFloat16)
	case torch.Int16:
		return blocks(data, 2, decodeInt16)
	case torch.Int32:
		return blocks(data, 4, decodeInt32)
	case torch.Int64:
		return blocks(data, 8, decodeInt64)
	case torch.Uint16:
		return blocks(data, 2, decodeUint16)
	case torch.Uint32:
		return blocks(data, 4, decodeUint32)
	case torch.Uint64:
		return blocks(data, 8, decodeUint64)
	}
	return newStats()
}

// blocks runs a decoder, which turns a block of elements into as many values, over the data.
func blocks(data []byte, size int, decode func(values []float64, data []byte)) stats {
	s := newStats()
	var block [blockLen]float64
	for len(data) > 0 {
		values := block[:min(len(data)/size, blockLen)]
		decode(values, data)
		s.addBlock(values)
		data = data[len(values)*size:]
	}
	return s
}

// summariseBytes counts how often each byte occurs, which is all that there is to know.
func summariseBytes(dtype torch.DType, data []byte) stats {
	// Four tables, so that a run of one value does not wait for its own counter.
	var tables [4][256]int64
	for ; len(data) >= 4; data = data[4:] {
		tables[0][data[0]]++
		tables[1][data[1]]++
		tables[2][data[2]]++
		tables[3][data[3]]++
	}
	for _, c := range data {
		tables[0][c]++
	}
	var values [256]float64
	for i := range values {
		tables[0][i] += tables[1][i] + tables[2][i] + tables[3][i]
		switch {
		case dtype == torch.Int8:
			values[i] = float64(int8(i))
		case dtype == torch.Bool:
			values[i] = float64(min(i, 1)) // any other byte than 0 is true
		case dtype == torch.Uint8:
			values[i] = float64(i)
		default:
			values[i] = float8(dtype, byte(i))
		}
	}
	s := newStats()
	s.addCounts(&values, &tables[0])
	return s
}

// float8 is the value of an 8-bit float. The types are those of Micikevicius et al. 2022 (E5M2 is a short float16; E4M3FN
// has no infinities and one NaN of each sign), of Noune et al. 2022 (FNUZ: no infinities, the pattern of −0 is the NaN,
// and the exponent's bias is one larger), and the powers of two of the OCP microscaling formats (E8M0FNU).
func float8(dtype torch.DType, b byte) float64 {
	mantissa, bias := 3, 7
	switch dtype {
	case torch.Float8E8M0FNU:
		if b == 0xff {
			return math.NaN()
		}
		return math.Ldexp(1, int(b)-127)
	case torch.Float8E5M2:
		mantissa, bias = 2, 15
		if b&0x7c == 0x7c && b&3 == 0 {
			return math.Inf(1 - int(b>>7)*2)
		}
		if b&0x7c == 0x7c {
			return math.NaN()
		}
	case torch.Float8E4M3FN:
		if b&0x7f == 0x7f {
			return math.NaN()
		}
	case torch.Float8E5M2FNUZ, torch.Float8E4M3FNUZ:
		bias = 8
		if dtype == torch.Float8E5M2FNUZ {
			mantissa, bias = 2, 16
		}
		if b == 0x80 {
			return math.NaN()
		}
	}
	exponent, fraction := int(b&0x7f)>>mantissa, int(b)&(1<<mantissa-1)
	if exponent == 0 {
		exponent++ // subnormal
	} else {
		fraction += 1 << mantissa
	}
	x := math.Ldexp(float64(fraction), exponent-bias-mantissa)
	return math.Copysign(x, float64(1-int(b>>7)*2))
}

func decodeFloat32(values []float64, data []byte) {
	for i := range values {
		values[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
	}
}

func decodeBFloat16(values []float64, data []byte) {
	for i := range values {
		values[i] = float64(math.Float32frombits(uint32(binary.LittleEndian.Uint16(data[2*i:])) << 16))
	}
}

func decodeFloat16(values []float64, data []byte) {
	for i := range values {
		half := uint32(binary.LittleEndian.Uint16(data[2*i:]))
		sign, rest := half&0x8000<<16, half&0x7fff
		switch {
		case rest < 0x0400: // subnormal or zero
			values[i] = float64(math.Float32frombits(math.Float32bits(float32(rest)*0x1p-24) | sign))
		case rest < 0x7c00: // the exponent is biased by 15 here and by 127 in a float32
			values[i] = float64(math.Float32frombits(rest<<13 + (127-15)<<23 | sign))
		default: // infinite or NaN
			values[i] = float64(math.Float32frombits(rest<<13 | 0x7f800000 | sign))
		}
	}
}

func decodeFloat64(values []float64, data []byte) {
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
	}
}

func decodeInt16(values []float64, data []byte) {
	for i := range values {
		values[i] = float64(int16(binary.LittleEndian.Uint16(data[2*i:])))
	}
}

func decodeInt32(values []float64, data []byte) {
	for i := range values {
		values[i] = float64(int32(binary.LittleEndian.Uint32(data[4*i:])))
	}
}

func decodeInt64(values []float64, data []byte) {
	for i := range values {
		values[i] = float64(int64(binary.LittleEndian.Uint64(data[8*i:])))
	}
}

func decodeUint16(values []float64, data []byte) {
	for i := range values {
		values[i] = float64(binary.LittleEndian.Uint16(data[2*i:]))
	}
}

func decodeUint32(values []float64, data []byte) {
	for i := range values {
		values[i] = float64(binary.LittleEndian.Uint32(data[4*i:]))
	}
}

func decodeUint64(values []float64, data []byte) {
	for i := range values {
		values[i] = float64(binary.LittleEndian.Uint64(data[8*i:]))
	}
}
