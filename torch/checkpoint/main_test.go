package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
)

// childTask names, in the environment of a copy of the test program, what it does instead of testing.
const childTask = "FORGER_CHECKPOINT_CHILD"

func TestMain(m *testing.M) {
	switch task := os.Getenv(childTask); task {
	case "":
		os.Exit(m.Run())
	case "save-for-ever":
		saveForEver(os.Args[1])
	case "save-beyond-limit":
		saveBeyondLimit(os.Args[1])
	default:
		fmt.Fprintln(os.Stderr, "unknown task", task)
		os.Exit(2)
	}
}

// child prepares a copy of the test program that does the task on path.
func child(t *testing.T, task, path string) *exec.Cmd {
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), program, path)
	cmd.Env = append(os.Environ(), childTask+"="+task)
	return cmd
}

// fileWith writes a safetensors file of the given header and data, with no regard for sense.
func fileWith(t *testing.T, header string, data []byte) string {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	require.NoError(t, os.WriteFile(path, bytesWith(header, data), 0o644))
	return path
}

func bytesWith(header string, data []byte) []byte {
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(file, header...), data...)
}

func floats(values ...float32) []byte {
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return data
}

// sample is a set of tensors of all types that a file can hold, with a scalar, an empty tensor and an odd name.
func sample() []Tensor {
	tensors := []Tensor{
		{Name: "flags", DType: torch.Bool, Shape: []int{3}, Data: []byte{1, 0, 1}},
		{Name: "weight", DType: torch.Float32, Shape: []int{2, 2}, Data: floats(1, -2, 0.5, 1e-20)},
		{Name: "scalar", DType: torch.Int64, Shape: []int{}, Data: binary.LittleEndian.AppendUint64(nil, 7)},
		{Name: "empty", DType: torch.Float64, Shape: []int{0, 3}, Data: nil},
		{Name: "naïve \"key\"\n<Ω>", DType: torch.BFloat16, Shape: []int{1}, Data: []byte{0x80, 0x3f}},
	}
	for _, dtype := range []torch.DType{
		torch.Uint8, torch.Int8, torch.Int16, torch.Int32, torch.Float16, torch.Float64, torch.Complex64,
	} {
		data := make([]byte, 5*dtype.Size())
		for i := range data {
			data[i] = byte(i)
		}
		tensors = append(tensors, Tensor{Name: dtype.String(), DType: dtype, Shape: []int{5}, Data: data})
	}
	return tensors
}

func open(t *testing.T, path string) *File {
	f, err := Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}
