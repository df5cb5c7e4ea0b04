package vision

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"
)

// rawPNG is a PNG file of given lines, of any kind and depth. extra, if not nil, is a chunk before the pixels.
func rawPNG(t testing.TB, w, h int, depth, kind byte, lines []byte, extra ...[]byte) []byte {
	out := bytes.NewBufferString("\x89PNG\r\n\x1a\n")
	chunk := func(name string, content []byte) {
		body := append([]byte(name), content...)
		require.NoError(t, binary.Write(out, binary.BigEndian, uint32(len(content))))
		out.Write(body)
		require.NoError(t, binary.Write(out, binary.BigEndian, crc32.ChecksumIEEE(body)))
	}
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h))
	chunk("IHDR", append(header, depth, kind, 0, 0, 0))
	for _, e := range extra {
		chunk(string(e[:4]), e[4:])
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	for y := range h {
		n := len(lines) / h
		_, err := z.Write(append([]byte{0}, lines[y*n:(y+1)*n]...))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	chunk("IDAT", packed.Bytes())
	chunk("IEND", nil)
	return out.Bytes()
}

func TestIDsAreTheStoredNumbers(t *testing.T) {
	palette := append([]byte("PLTE"), bytes.Repeat([]byte{9, 9, 9}, 16)...)
	for _, c := range []struct {
		name        string
		depth, kind byte
		line        []byte
		extra       [][]byte
		want        []uint16
	}{
		{"1 bit", 1, pngGray, []byte{0b01100000}, nil, []uint16{0, 1, 1}},
		{"2 bits", 2, pngGray, []byte{0b01111000}, nil, []uint16{1, 3, 2}},
		{"4 bits", 4, pngGray, []byte{0x0f, 0x70}, nil, []uint16{0, 15, 7}},
		{"8 bits", 8, pngGray, []byte{0, 255, 33}, nil, []uint16{0, 255, 33}},
		{"16 bits", 16, pngGray, []byte{0, 1, 0x5d, 0xc0, 255, 255}, nil, []uint16{1, 24000, 65535}},
		{"8 bits, one transparent", 8, pngGray, []byte{0, 255, 33}, [][]byte{[]byte("tRNS\x00\x21")}, []uint16{0, 255, 33}},
		{"4 bits, one transparent", 4, pngGray, []byte{0x0f, 0x70}, [][]byte{[]byte("tRNS\x00\x07")}, []uint16{0, 15, 7}},
		{"16 bits, one transparent", 16, pngGray, []byte{0, 1, 0x5d, 0xc0, 255, 255}, [][]byte{[]byte("tRNS\x00\x01")}, []uint16{1, 24000, 65535}},
		{"palette of 4 bits", 4, pngPaletted, []byte{0x0f, 0x70}, [][]byte{palette}, []uint16{0, 15, 7}},
		{"palette of 8 bits", 8, pngPaletted, []byte{0, 15, 3}, [][]byte{palette, []byte("tRNS\x00\x00")}, []uint16{0, 15, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := DecodeIDs("x.png", rawPNG(t, 3, 1, c.depth, c.kind, c.line, c.extra...))
			require.NoError(t, err)
			require.Equal(t, &IDs{1, 3, c.want}, got)
		})
	}
}

func TestIDsMirrorAndResizeByTheNearest(t *testing.T) {
	m := &IDs{2, 3, []uint16{1, 2, 3, 4, 5, 6}}
	require.Equal(t, []uint16{3, 2, 1, 6, 5, 4}, m.FlipH().Pix)
	require.Equal(t, []uint16{2, 2, 3, 2, 2, 3}, m.ResizeCrop(4, 6, 0, 2, 2, 3).Pix)
	require.Panics(t, func() { m.ResizeCrop(4, 6, 3, 0, 2, 2) })
}

func TestDeepPicturesAreReadWithoutLoss(t *testing.T) {
	grey := rawPNG(t, 3, 1, 16, pngGray, []byte{0, 1, 0x5d, 0xc0, 255, 255})
	require.True(t, IsDeep(grey))
	d, err := DecodeDeep("x.png", grey, Gray)
	require.NoError(t, err)
	require.Equal(t, []float32{1, 24000, 65535}, d.Pix)
	require.Equal(t, []float32{65535, 24000, 1}, d.FlipH().Pix)
	colour := rawPNG(t, 1, 1, 16, 2, []byte{1, 0, 2, 0, 3, 0})
	d, err = DecodeDeep("x.png", colour, RGB)
	require.NoError(t, err)
	require.Equal(t, []float32{256, 512, 768}, d.Pix)
	d, err = DecodeDeep("x.png", colour, Gray)
	require.NoError(t, err)
	require.InDelta(t, 0.299*256+0.587*512+0.114*768, d.Pix[0], 1e-3)
	shallow := rawPNG(t, 3, 1, 8, pngGray, []byte{0, 255, 33})
	require.False(t, IsDeep(shallow))
	_, err = DecodeDeep("x.png", shallow, Gray)
	require.EqualError(t, err, "picture x.png is not a PNG file of 16 bits a sample")
}

func FuzzDecodeIDs(f *testing.F) {
	f.Add(rawPNG(f, 3, 1, 4, pngGray, []byte{0x0f, 0x70}, []byte("tRNS\x00\x07")))
	f.Add(rawPNG(f, 3, 1, 8, pngPaletted, []byte{0, 1, 3}, []byte("PLTE\x00\x01\x02\x03\x04\x05")))
	f.Add(rawPNG(f, 3, 1, 16, pngGray, []byte{0, 1, 0x5d, 0xc0, 255, 255}))
	f.Add(rawPNG(f, 1, 1, 16, 6, make([]byte, 8)))
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if ids, err := DecodeIDs("x", content); err == nil {
			require.Len(t, ids.Pix, ids.H*ids.W)
			im, err := DecodeBytes("x", content, Native)
			require.NoError(t, err, "what holds ids is a picture")
			require.Equal(t, [2]int{im.H, im.W}, [2]int{ids.H, ids.W})
		}
		if d, err := DecodeDeep("x", content, RGB); err == nil {
			require.Len(t, d.Pix, d.H*d.W*3)
		}
	})
}
