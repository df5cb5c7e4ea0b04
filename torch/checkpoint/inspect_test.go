package checkpoint

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// inspectOne saves one tensor and returns what Inspect says about it.
func inspectOne(t *testing.T, dtype torch.DType, data []byte) TensorReport {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	require.NoError(t, Save(path, []Tensor{{Name: "a", DType: dtype, Shape: []int{len(data) / dtype.Size()}, Data: data}}, nil))
	r, err := Inspect(path)
	require.NoError(t, err)
	require.Equal(t, "ok", r.Checksum)
	return r.Tensors[0]
}

func fromHex(t *testing.T, text string) []byte {
	data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	require.NoError(t, err)
	return data
}

func TestInspectSummarisesEveryType(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		dtype               torch.DType
		hex                 string // little-endian
		min, max, mean, std float64
		nan, inf            int64
	}{
		{torch.Bool, "01 00 02 01", 0, 1, 0.75, math.Sqrt(0.1875), 0, 0},
		{torch.Uint8, "00 ff", 0, 255, 127.5, 127.5, 0, 0},
		{torch.Int8, "80 7f 00 00 01", -128, 127, 0, math.Sqrt(32514.0 / 5), 0, 0},
		{torch.Int16, "0080 ff7f", -32768, 32767, -0.5, 32767.5, 0, 0},
		{torch.Int32, "ffffffff 03000000", -1, 3, 1, 2, 0, 0},
		{torch.Int64, "ffffffffffffffff 0300000000000000", -1, 3, 1, 2, 0, 0},
		{torch.Float16, "003c 00c0 007c 00fc 007e 01fc", -2, 1, -0.5, 1.5, 2, 2},
		{torch.Float16, "0100 0180", -0x1p-24, 0x1p-24, 0, 0x1p-24, 0, 0},
		{torch.Float16, "ff7b ff7b", 65504, 65504, 65504, 0, 0, 0},
		{torch.BFloat16, "803f 00c0 807f 80ff c07f 81ff", -2, 1, -0.5, 1.5, 2, 2},
		{torch.Float32, "0000803f 000000c0 0000807f 000080ff 0000c07f 010080ff", -2, 1, -0.5, 1.5, 2, 2},
		{torch.Float64, "000000000000f03f 00000000000000c0 000000000000f07f 000000000000f87f", -2, 1, -0.5, 1.5, 1, 1},
		{torch.Complex64, "0000803f 000000c0 0000807f 0000c07f", -2, 1, -0.5, 1.5, 1, 1},
		{torch.Uint16, "0000 ffff", 0, 65535, 32767.5, 32767.5, 0, 0},
		{torch.Uint32, "00000000 ffffffff", 0, 4294967295, 2147483647.5, 2147483647.5, 0, 0},
		{torch.Uint64, "0000000000000000 0000000000000080", 0, 0x1p63, 0x1p62, 0x1p62, 0, 0},
		{torch.Float8E5M2, "3c c0 7c fd", -2, 1, -0.5, 1.5, 1, 1},
		{torch.Float8E4M3FN, "38 c0 7f", -2, 1, -0.5, 1.5, 1, 0},
		{torch.Float32, "0000c07f", nan, nan, nan, nan, 1, 0},
		{torch.Float32, "", nan, nan, nan, nan, 0, 0},
		{torch.Float64, "ffffffffffffef7f ffffffffffffefff", -math.MaxFloat64, math.MaxFloat64, inf, inf, 0, 0},
	} {
		got := inspectOne(t, c.dtype, fromHex(t, c.hex))
		check := func(what string, want float64, got *float64) {
			if math.IsNaN(want) || math.IsInf(want, 0) {
				require.Nil(t, got, "%s of %s %s", what, c.dtype, c.hex)
				return
			}
			require.InDelta(t, want, *got, 1e-12*math.Abs(want), "%s of %s %s", what, c.dtype, c.hex)
		}
		check("min", c.min, got.Min)
		check("max", c.max, got.Max)
		check("mean", c.mean, got.Mean)
		check("std", c.std, got.Std)
		require.Equal(t, c.nan, got.NaN, "%s %s", c.dtype, c.hex)
		require.Equal(t, c.inf, got.Inf, "%s %s", c.dtype, c.hex)
	}
}

// A mean far from zero is where a sum of squares loses everything.
func TestInspectIsExactForManyValuesFarFromZero(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const n = 3_000_001 // several parts, and blocks that are not full
	data := make([]byte, 0, 8*n)
	values := make([]float64, n)
	mean := 0.0
	for i := range values {
		values[i] = 1e9 + r.NormFloat64()
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(values[i]))
		mean += (values[i] - 1e9) / n
	}
	spread := 0.0
	for _, v := range values {
		spread += (v - 1e9 - mean) * (v - 1e9 - mean)
	}
	got := inspectOne(t, torch.Float64, data)
	require.InDelta(t, 1e9+mean, *got.Mean, 1e-6)
	require.InDelta(t, math.Sqrt(spread/n), *got.Std, 1e-7)
}

func TestInspectAgreesWithTheConversionOfEveryHalfFloat(t *testing.T) {
	for bits := range 1 << 16 {
		data := []byte{byte(bits), byte(bits >> 8)}
		sign, exponent, fraction := 1-2*float64(bits>>15), bits>>10&31, float64(bits&1023)
		s := summarise(torch.Float16, data)
		switch {
		case exponent == 31 && fraction == 0:
			require.EqualValues(t, 1, s.inf)
		case exponent == 31:
			require.EqualValues(t, 1, s.nan)
		case exponent == 0:
			require.Equal(t, sign*fraction*0x1p-24, s.min)
		default:
			require.Equal(t, sign*math.Ldexp(1024+fraction, exponent-25), s.min)
		}
	}
}

func TestInspectAgreesWithTheConversionOfEveryFloat8(t *testing.T) {
	torchtest.Native(t)
	for _, dtype := range []torch.DType{
		torch.Float8E5M2, torch.Float8E4M3FN, torch.Float8E5M2FNUZ, torch.Float8E4M3FNUZ, torch.Float8E8M0FNU,
	} {
		data := make([]byte, 256)
		for i := range data {
			data[i] = byte(i)
		}
		for i, want := range torch.Values[float32](torch.FromBytes(dtype, data, 256).ToDType(torch.Float32)) {
			if got := float8(dtype, byte(i)); got == got || want == want { // one of them is a number
				require.Equal(t, float64(want), got, "%s %#x", dtype, i)
			}
		}
	}
}

func TestTheReportIsJSONAndATable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	tensors := append(sample(), Tensor{Name: "nan", DType: torch.Float32, Shape: []int{1}, Data: floats(float32(math.NaN()))})
	require.NoError(t, Save(path, tensors, map[string]string{"note": "a\x1b[31m\nb"}))
	r, err := Inspect(path)
	require.NoError(t, err)
	text, err := json.Marshal(r)
	require.NoError(t, err)
	var again Report
	require.NoError(t, json.Unmarshal(text, &again))
	require.Equal(t, r, again)
	require.Equal(t, Total{Tensors: 13, Elements: 45, Bytes: 163, NaN: 1}, r.Total)

	var table strings.Builder
	require.NoError(t, r.WriteTable(&table))
	lines := strings.Split(strings.TrimSuffix(table.String(), "\n"), "\n")
	require.Equal(t, "content "+r.Content, lines[len(lines)-1])
	require.Contains(t, lines, `metadata note = "a\x1b[31m\nb"`)
	require.Contains(t, lines, "total 13 tensors, 45 elements, 163 bytes, 1 NaN, 0 Inf")
	require.Regexp(t, `^weight +F32 +\[2, 2\] +4 +16 +-2 +1 +-0.125 +1.1388 +0 +0$`, lines[2])
	require.Len(t, lines, 1+13+1+2+2)
}

func TestInspectReadsForeignFiles(t *testing.T) {
	path := fileWith(t, `{"u":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"f":{"dtype":"F32","shape":[2],"data_offsets":[1,9]},"w":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[9,10]}}`,
		append(append([]byte{9}, floats(1, 3)...), 0x38))
	r, err := Inspect(path)
	require.NoError(t, err)
	require.Equal(t, "none", r.Checksum)
	require.Equal(t, 2.0, *r.Tensors[1].Mean)
	require.Equal(t, 1.0, *r.Tensors[2].Mean)
	_, err = Inspect(path + "x")
	require.ErrorContains(t, err, path+"x")
}
