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
	case torch.Bool, torch.Uint8, torch.Int8:
		return summariseBytes(dtype, data)
	case torch.Float32, torch.Complex64:
		return blocks(data, 4, decodeFloat32)
	case torch.Float64:
		return blocks(data, 8, decodeFloat64)
	case torch.Float16:
		return blocks(data, 2, decodeFloat16)
	case torch.BFloat16:
		return blocks(data, 2, decodeBFloat16)
	case torch.Int16:
		return blocks(data, 2, decodeInt16)
	case torch.Int32:
		return blocks(data, 4, decodeInt32)
	case torch.Int64:
		return blocks(data, 8, decodeInt64)
	}
	return newStats()
}

// blocks runs a decoder over the data. A decoder fills values with the finite numbers among the elements of a block
// and returns how many they are, and how many are NaN.
func blocks(data []byte, size int, decode func(values *[blockLen]float64, data []byte) (finite, nan int)) stats {
	s := newStats()
	var values [blockLen]float64
	for len(data) > 0 {
		part := data[:min(len(data), blockLen*size)]
		data = data[len(part):]
		finite, nan := decode(&values, part)
		s.nan += int64(nan)
		s.inf += int64(len(part)/size - finite - nan)
		s.addBlock(values[:finite])
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
		default:
			values[i] = float64(i)
		}
	}
	s := newStats()
	s.addCounts(&values, &tables[0])
	return s
}

func decodeFloat32(values *[blockLen]float64, data []byte) (finite, nan int) {
	for ; len(data) >= 4; data = data[4:] {
		bits := binary.LittleEndian.Uint32(data)
		if bits&0x7f800000 == 0x7f800000 {
			nan += notZero(bits & 0x007fffff)
			continue
		}
		values[finite%blockLen] = float64(math.Float32frombits(bits))
		finite++
	}
	return finite, nan
}

func decodeBFloat16(values *[blockLen]float64, data []byte) (finite, nan int) {
	for ; len(data) >= 2; data = data[2:] {
		bits := uint32(binary.LittleEndian.Uint16(data))
		if bits&0x7f80 == 0x7f80 {
			nan += notZero(bits & 0x007f)
			continue
		}
		values[finite%blockLen] = float64(math.Float32frombits(bits << 16))
		finite++
	}
	return finite, nan
}

func decodeFloat16(values *[blockLen]float64, data []byte) (finite, nan int) {
	for ; len(data) >= 2; data = data[2:] {
		bits := uint32(binary.LittleEndian.Uint16(data))
		if bits&0x7c00 == 0x7c00 {
			nan += notZero(bits & 0x03ff)
			continue
		}
		// The exponent is biased by 15 here and by 127 there; the product is exact, for subnormal numbers too.
		x := math.Float32frombits(bits&0x7fff<<13) * 0x1p112
		values[finite%blockLen] = float64(math.Float32frombits(math.Float32bits(x) | bits&0x8000<<16))
		finite++
	}
	return finite, nan
}

func decodeFloat64(values *[blockLen]float64, data []byte) (finite, nan int) {
	for ; len(data) >= 8; data = data[8:] {
		x := math.Float64frombits(binary.LittleEndian.Uint64(data))
		switch {
		case x != x:
			nan++
		case math.Abs(x) <= math.MaxFloat64:
			values[finite%blockLen] = x
			finite++
		}
	}
	return finite, nan
}

func decodeInt16(values *[blockLen]float64, data []byte) (finite, nan int) {
	for ; len(data) >= 2; data = data[2:] {
		values[finite%blockLen] = float64(int16(binary.LittleEndian.Uint16(data)))
		finite++
	}
	return finite, 0
}

func decodeInt32(values *[blockLen]float64, data []byte) (finite, nan int) {
	for ; len(data) >= 4; data = data[4:] {
		values[finite%blockLen] = float64(int32(binary.LittleEndian.Uint32(data)))
		finite++
	}
	return finite, 0
}

func decodeInt64(values *[blockLen]float64, data []byte) (finite, nan int) {
	for ; len(data) >= 8; data = data[8:] {
		values[finite%blockLen] = float64(int64(binary.LittleEndian.Uint64(data)))
		finite++
	}
	return finite, 0
}

func notZero(bits uint32) int {
	if bits != 0 {
		return 1
	}
	return 0
}
