package torch_test

import (
	"encoding/binary"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func roundTrip[T torch.Element](t *testing.T, want torch.DType, data ...T) {
	t.Helper()
	torch.Scope(func() {
		x := torch.FromSlice(data)
		require.Equal(t, want, x.DType())
		require.Equal(t, []int{len(data)}, x.Shape())
		require.Equal(t, data, torch.Values[T](x))
		require.Equal(t, data, torch.Values[T](torch.FromBytes(want, x.Bytes(), len(data))))
		require.Len(t, x.Bytes(), len(data)*want.Size())
		scalar := torch.Of(data[0])
		require.Zero(t, scalar.Dim())
		require.Equal(t, data[:1], torch.Values[T](scalar))

		matrix := torch.FromSlice(append(data, data...), 2, len(data))
		transposed := torch.Values[T](matrix.T())
		require.Equal(t, []T{data[0], data[0], data[1], data[1]}, transposed[:4], "values come in the order of the dimensions")

		empty := torch.FromSlice([]T{}, 0, 3)
		require.Equal(t, []int{0, 3}, empty.Shape())
		require.Empty(t, torch.Values[T](empty))
	})
}

func TestSlicesOfEveryElementTypeSurviveTheTrip(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	roundTrip[uint8](t, torch.Uint8, 0, 255)
	roundTrip[int8](t, torch.Int8, -128, 127)
	roundTrip[int16](t, torch.Int16, math.MinInt16, math.MaxInt16)
	roundTrip[int32](t, torch.Int32, math.MinInt32, math.MaxInt32)
	roundTrip[int64](t, torch.Int64, math.MinInt64, math.MaxInt64)
	roundTrip[uint16](t, torch.Uint16, 0, math.MaxUint16)
	roundTrip[uint32](t, torch.Uint32, 0, math.MaxUint32)
	roundTrip[uint64](t, torch.Uint64, 0, math.MaxUint64)
	roundTrip[float32](t, torch.Float32, math.SmallestNonzeroFloat32, float32(math.Inf(-1)))
	roundTrip[float64](t, torch.Float64, math.MaxFloat64, -0.1)
	roundTrip(t, torch.Bool, true, false)
	roundTrip[complex64](t, torch.Complex64, 1-2i, 3i)
	roundTrip[complex128](t, torch.Complex128, 1-2i, 3i)
}

func TestFromSliceCopies(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		data := []float32{1, 2}
		x := torch.FromSlice(data)
		data[0] = 9
		require.Equal(t, []float32{1, 2}, torch.Values[float32](x))
		torch.Values[float32](x)[1] = 9
		require.Equal(t, []float32{1, 2}, torch.Values[float32](x))
	})
}

func TestHalfPrecisionCrossesAsBytes(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		bits := binary.LittleEndian.AppendUint16(nil, 0x3e00) // 1.5 in float16
		require.Equal(t, 1.5, torch.FromBytes(torch.Float16, bits).Item())
		require.Equal(t, bits, torch.Of(float32(1.5)).ToDType(torch.Float16).Bytes())
		require.Equal(t, []byte{0xc0, 0x3f}, torch.Of(float32(1.5)).ToDType(torch.BFloat16).Bytes())
	})
}

func TestAWrongTypeOrShapeIsRefused(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for says, wrong := range map[string]func(){
			"torch.Values: the tensor is float32, not float64: convert it with ToDType": func() { torch.Values[float64](one()) },
			"torch.Values: the tensor is bool, not uint8: convert it with ToDType":      func() { torch.Values[uint8](torch.Of(true)) },
			"torch.FromBytes: 8 bytes do not fill (3,) elements of float32":             func() { torch.FromSlice([]float32{1, 2}, 3) },
			"torch.FromBytes: 8 bytes do not fill (-2,) elements of float32":            func() { torch.FromSlice([]float32{1, 2}, -2) },
			"torch.FromBytes: 0 bytes do not fill (4611686018427387904, 4) elements of float32": func() {
				torch.FromSlice([]float32{}, 1<<62, 4)
			},
			"torch.FromBytes: 3 bytes do not fill () elements of int32": func() { torch.FromBytes(torch.Int32, []byte{1, 2, 3}) },
		} {
			require.EqualError(t, torch.Try(wrong), says)
		}
	})
}

func TestCreatorsTakeTypeAndDefaultToFloat32(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for want, x := range map[torch.DType]*torch.Tensor{
			torch.Float32: torch.Zeros([]int{2}), torch.Float64: torch.Ones([]int{2}, of(torch.Float64)),
			torch.Int64: torch.Arange(0, 3), torch.Int32: torch.Full([]int{2}, 3, of(torch.Int32)), torch.BFloat16: torch.Eye(2, of(torch.BFloat16)),
		} {
			require.Equal(t, want, x.DType())
			require.Equal(t, torch.Device{}, x.Device())
		}
		require.Equal(t, torch.Float32, torch.Arange(0.0, 1.0, torch.ArangeOptions{Step: 0.25}).DType())
		require.Equal(t, []float32{0, 0.25, 0.5, 0.75}, torch.Values[float32](torch.Arange(0.0, 1.0, torch.ArangeOptions{Step: 0.25})))
		require.Equal(t, torch.Int64, torch.RandInt(0, 9, []int{2}).DType())
		require.Equal(t, torch.Int64, torch.RandPerm(3).DType())
	})
}

func TestToChangesOnlyWhatItIsAsked(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Randn([]int{2, 3, 4, 4})
		same := x.To(torch.ToOptions{})
		same.FillInPlace(1)
		require.Equal(t, 96.0, x.Sum().Item(), "nothing changes, so it is the same memory")

		copied := x.To(torch.ToOptions{Copy: true})
		copied.FillInPlace(2)
		require.Equal(t, 96.0, x.Sum().Item())

		last := x.To(torch.ToOptions{MemoryFormat: torch.ChannelsLast, DType: torch.Float64})
		require.Equal(t, []int{48, 1, 12, 3}, last.Stride())
		require.True(t, last.IsContiguous(torch.ChannelsLast))
		require.False(t, last.IsContiguous())
		require.Equal(t, torch.Float64, last.DType())
		require.True(t, last.Contiguous().IsContiguous())
		back := last.To(torch.ToOptions{DType: torch.Float32, MemoryFormat: torch.ContiguousFormat})
		require.True(t, back.IsContiguous())

		volume := torch.Ones([]int{1, 2, 3, 3, 3}).Contiguous(torch.ContiguousOptions{MemoryFormat: torch.ChannelsLast3d})
		require.True(t, volume.IsContiguous(torch.ChannelsLast3d))
		require.False(t, volume.IsContiguous())
		require.Equal(t, torch.Device{}, x.ToDevice(torch.Device{}).Device())

		w := torch.Ones([]int{2}).SetRequiresGrad(true)
		w.ToDType(torch.Float64).Sum().Backward()
		require.Equal(t, torch.Float32, w.Grad().DType(), "gradients flow back through a conversion")
	})
}

func TestItemAndIntReadOneElementOfAnyRealType(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		require.Equal(t, 2.5, torch.Of(float32(2.5)).Item())
		require.Equal(t, 2, torch.Of(2.5).Int())
		require.Equal(t, math.MaxInt64, torch.Of(int64(math.MaxInt64)).Int())
		require.Equal(t, 1.0, torch.Of(true).Item())
		require.Equal(t, -3, torch.Of(int8(-3)).Int())
		require.Equal(t, 7.0, torch.FromSlice([]int32{7}, 1, 1).Item())
	})
}

func TestDTypesKnowNameAndSize(t *testing.T) {
	require.Equal(t, "bfloat16", torch.BFloat16.String())
	require.Equal(t, 2, torch.BFloat16.Size())
	require.Equal(t, 16, torch.Complex128.Size())
	require.Equal(t, "dtype(42)", torch.DType(42).String())
	require.Equal(t, "float8_e4m3fn", torch.Float8E4M3FN.String())
	require.True(t, torch.Float16.IsFloat())
	require.True(t, torch.Float8E5M2.IsFloat())
	require.False(t, torch.Complex64.IsFloat())
}

func TestAGeneratorLivesUntilTheDrawEnds(t *testing.T) {
	torchtest.Native(t)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	torch.Scope(func() {
		for range 300 {
			torch.Randn([]int{2}, torch.RandnOptions{Generator: torch.NewGenerator(torch.Device{})})
			torch.NewGenerator(torch.Device{}).State()
		}
	})
}
