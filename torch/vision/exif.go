package vision

import (
	"bytes"
	"encoding/binary"
)

// Orientation returns the EXIF orientation in the bytes of a JPEG, PNG or WebP file: 1 to 8, and 1 where there is
// none. Pass it to [Image.Upright].
func Orientation(data []byte) int {
	var exif []byte
	switch {
	case formats[0].is(data):
		exif = pngChunk(data, "eXIf")
	case formats[1].is(data):
		segments(data, func(marker byte, body []byte) bool {
			if marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
				exif = body[6:]
			}
			return exif == nil
		})
	case formats[2].is(data):
		exif = bytes.TrimPrefix(riffChunk(data, "EXIF"), []byte("Exif\x00\x00"))
	}
	return tiffOrientation(exif)
}

// tiffOrientation reads tag 0x0112 of the first directory.
func tiffOrientation(b []byte) int {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return 1
	}
	if len(b) < 8 {
		return 1
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 1
	}
	count := uint64(order.Uint16(b[at:]))
	for i := range count {
		entry := at + 2 + 12*i
		if entry+12 > uint64(len(b)) {
			return 1
		}
		if order.Uint16(b[entry:]) == 0x0112 {
			if o := int(order.Uint16(b[entry+8:])); 1 <= o && o <= 8 {
				return o
			}
			return 1
		}
	}
	return 1
}

func pngChunk(data []byte, name string) []byte {
	for b := data[8:]; len(b) >= 12; {
		size := binary.BigEndian.Uint32(b)
		if uint64(size)+12 > uint64(len(b)) {
			return nil
		}
		if string(b[4:8]) == name {
			return b[8 : 8+size]
		}
		b = b[12+size:]
	}
	return nil
}

func riffChunk(data []byte, name string) []byte {
	for b := data[12:]; len(b) >= 8; {
		size := uint64(binary.LittleEndian.Uint32(b[4:]))
		if 8+size > uint64(len(b)) {
			return nil
		}
		if string(b[:4]) == name {
			return b[8 : 8+size]
		}
		b = b[min(uint64(len(b)), 8+size+size%2):]
	}
	return nil
}

// segments calls f on each marker segment of a JPEG up to and with the first start of scan, until f returns false.
func segments(data []byte, f func(marker byte, body []byte) bool) {
	for b := data[2:]; len(b) >= 4 && b[0] == 0xff; {
		marker := b[1]
		if marker == 0xff { // fill byte
			b = b[1:]
			continue
		}
		size := int(binary.BigEndian.Uint16(b[2:]))
		if size < 2 || 2+size > len(b) || !f(marker, b[4:2+size]) || marker == 0xda {
			return
		}
		b = b[2+size:]
	}
}
