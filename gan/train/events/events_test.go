package events_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/forgergan/forger/gan/train/events"
)

func TestRecordsAreFramedWithMaskedChecksums(t *testing.T) {
	payloads := frames(t, write(t, t.TempDir(), 1, func(w *events.Writer) {
		require.NoError(t, w.Scalar(7, "loss/G", 1.5))
	}))
	require.Len(t, payloads, 3)

	// Decoded here by hand, not by the package's reader, so that the two cannot agree on a mistake.
	require.Equal(t, "brain.Event:2", string(bytesField(t, payloads[0], 3)))
	require.Equal(t, []byte{0x08, 0x01}, bytesField(t, payloads[1], 7), "session log with status START")
	value := bytesField(t, bytesField(t, payloads[2], 5), 1)
	require.Equal(t, "loss/G", string(bytesField(t, value, 1)))
	require.Equal(t, append([]byte{0x15}, binary.LittleEndian.AppendUint32(nil, math.Float32bits(1.5))...), value[8:])
}

func TestScalarsAndImagesAreReadBack(t *testing.T) {
	picture := pngOf(t, image.NewGray(image.Rect(0, 0, 4, 2)))
	path := write(t, t.TempDir(), 11, func(w *events.Writer) {
		require.NoError(t, w.Scalar(11, "loss/D", -0.25))
		require.NoError(t, w.Scalar(12, "loss/D", math.NaN()))
		require.NoError(t, w.Image(12, "samples", picture, 4, 2))
	})
	got := readAll(t, path)
	require.Len(t, got, 5)
	require.True(t, got[1].Start)
	require.Equal(t, 11, got[1].Step)
	require.Equal(t, []events.Value{{Name: "loss/D", Scalar: -0.25}}, got[2].Values)
	require.True(t, math.IsNaN(got[3].Values[0].Scalar))
	require.Equal(t, []events.Value{{Name: "samples", PNG: picture, Width: 4, Height: 2}}, got[4].Values)
	require.Greater(t, got[4].Time, 1.6e9)
}

func TestColorspaceIsTheNumberOfChannelsOfThePNG(t *testing.T) {
	r := image.Rect(0, 0, 2, 2)
	alpha := image.NewNRGBA(r)
	alpha.Set(0, 0, color.NRGBA{1, 2, 3, 4})
	opaque := image.NewRGBA(r)
	for i := range opaque.Pix {
		opaque.Pix[i] = 255
	}
	for want, img := range map[byte]image.Image{1: image.NewGray(r), 3: opaque, 4: alpha} {
		payloads := frames(t, write(t, t.TempDir(), 1, func(w *events.Writer) {
			require.NoError(t, w.Image(1, "x", pngOf(t, img), 2, 2))
		}))
		fields := bytesField(t, bytesField(t, bytesField(t, payloads[2], 5), 1), 4)
		require.Equal(t, []byte{0x08, 2, 0x10, 2, 0x18, want}, fields[:6])
	}
}

func TestAPictureThatIsNoPNGIsRefused(t *testing.T) {
	write(t, t.TempDir(), 1, func(w *events.Writer) {
		require.EqualError(t, w.Image(3, "samples", []byte("GIF89a"), 1, 1),
			`events: image "samples" of step 3 is not a PNG file`)
	})
}

func TestAResumedRunOpensAFileThatSortsAfterAllOthers(t *testing.T) {
	dir := t.TempDir()
	future := filepath.Join(dir, "events.out.tfevents.9000000000.elsewhere.1")
	require.NoError(t, os.WriteFile(future, nil, 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "events.out.tfevents.99.odd"), nil, 0o666))
	first := write(t, dir, 1, func(*events.Writer) {})
	second := write(t, dir, 1, func(*events.Writer) {})
	require.Less(t, future, first)
	require.Less(t, first, second)
}

func TestATornLastRecordIsAnUnexpectedEndAndADamagedOneIsCorrupt(t *testing.T) {
	path := write(t, t.TempDir(), 1, func(w *events.Writer) { require.NoError(t, w.Scalar(1, "x", 1)) })
	whole, err := os.ReadFile(path)
	require.NoError(t, err)

	require.ErrorIs(t, drain(bytes.NewReader(whole)), io.EOF)
	require.ErrorIs(t, drain(bytes.NewReader(whole[:len(whole)-1])), io.ErrUnexpectedEOF)
	for _, at := range []int{3, 14, len(whole) - 2} {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0x40
		require.ErrorIs(t, drain(bytes.NewReader(damaged)), events.ErrCorrupt)
	}
}

func TestADirectoryThatCannotBeMadeIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	_, err := events.Create(filepath.Join(file, "run"), 1)
	require.ErrorContains(t, err, file)
}

func FuzzReader(f *testing.F) {
	whole, err := os.ReadFile(write(f, f.TempDir(), 1, func(w *events.Writer) {
		require.NoError(f, w.Scalar(1, "x", 1))
		require.NoError(f, w.Image(1, "y", pngOf(f, image.NewGray(image.Rect(0, 0, 1, 1))), 1, 1))
	}))
	require.NoError(f, err)
	f.Add(whole, false)
	f.Add(whole[12:len(whole)-4], true)
	f.Fuzz(func(t *testing.T, b []byte, frame bool) {
		if frame { // chance alone never finds a payload with the right checksums
			head := binary.LittleEndian.AppendUint64(nil, uint64(len(b)))
			head = binary.LittleEndian.AppendUint32(head, masked(head))
			b = binary.LittleEndian.AppendUint32(append(head, b...), masked(b))
		}
		err := drain(bytes.NewReader(b))
		require.True(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, events.ErrCorrupt), "%v", err)
	})
}

func ExampleCreate() {
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	w, err := events.Create(dir, 1)
	if err != nil {
		panic(err)
	}
	w.Scalar(100, "loss/G", 1.25)
	w.Scalar(100, "loss/D", 0.5)
	if err := w.Close(); err != nil {
		panic(err)
	}

	f, err := os.Open(w.Path())
	if err != nil {
		panic(err)
	}
	defer f.Close()
	for r := events.NewReader(f); ; {
		e, err := r.Next()
		if err != nil {
			break
		}
		for _, v := range e.Values {
			fmt.Println(e.Step, v.Name, v.Scalar)
		}
	}
	// Output:
	// 100 loss/G 1.25
	// 100 loss/D 0.5
}

func write(t testing.TB, dir string, next int, f func(*events.Writer)) string {
	t.Helper()
	w, err := events.Create(dir, next)
	require.NoError(t, err)
	f(w)
	require.NoError(t, w.Close())
	return w.Path()
}

func readAll(t *testing.T, path string) (all []events.Event) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	for r := events.NewReader(bytes.NewReader(b)); ; {
		e, err := r.Next()
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		all = append(all, e)
	}
}

func drain(r io.Reader) error {
	for er := events.NewReader(r); ; {
		if _, err := er.Next(); err != nil {
			return err
		}
	}
}

// frames splits a file into payloads and checks every checksum.
func frames(t *testing.T, path string) (payloads [][]byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	for len(b) > 0 {
		n := binary.LittleEndian.Uint64(b)
		require.Equal(t, masked(b[:8]), binary.LittleEndian.Uint32(b[8:]))
		require.Equal(t, masked(b[12:12+n]), binary.LittleEndian.Uint32(b[12+n:]))
		payloads = append(payloads, b[12:12+n])
		b = b[16+n:]
	}
	return payloads
}

func masked(b []byte) uint32 {
	c := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	return (c>>15 | c<<17) + 0xa282ead8
}

// bytesField is the content of the first length-delimited field with this number.
func bytesField(t *testing.T, b []byte, want protowire.Number) []byte {
	t.Helper()
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		require.Positive(t, n)
		if num == want {
			v, m := protowire.ConsumeBytes(b[n:])
			require.Positive(t, m)
			return v
		}
		b = b[n+protowire.ConsumeFieldValue(num, typ, b[n:]):]
	}
	require.Fail(t, "field is missing")
	return nil
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}
